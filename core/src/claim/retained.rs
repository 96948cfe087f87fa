//! A claim as a store retains it, ended or not, and the one rule for what taking
//! it over from another store does.

use jiff::Timestamp;

use super::Status;
use super::held::Held;

/// A claim with all that a store knows about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Retained {
    /// What the source says, and when the store heard it.
    pub held: Held,
    /// Whether it holds, or why not.
    pub status: Status,
    /// When it last changed in the store: its version's time, or that of its end.
    pub updated_at: Timestamp,
}

/// A retained claim and who says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// Short name of the source.
    pub source: String,
    /// The claim.
    pub claim: Retained,
}

/// How much somebody has been told of what changed in a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The revision of the store when telling everything began.
    pub begun: u64,
    /// The revision up to which all was told.
    pub reached: u64,
}

impl Progress {
    /// Nothing so far, of a store that is at this revision.
    pub fn beginning(revision: u64) -> Progress {
        Progress {
            begun: revision,
            reached: 0,
        }
    }

    /// The revision after which no change may be missing, or something that was
    /// told is not told to be otherwise. What changed before and is still
    /// there was told, or will be.
    pub fn relies_on(self) -> u64 {
        self.begun.max(self.reached)
    }
}

/// Claims in the order of their last change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Each as it is now.
    pub claims: Vec<Transfer>,
    /// The revision up to which these are all.
    pub reached: u64,
}

/// What a store has to do for a claim that it is told of by another store:
/// write it, end it, both, or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Takeover {
    /// Write this version, which holds.
    pub version: Option<Held>,
    /// Or note this sighting beside the version that there is.
    pub touched: Option<Timestamp>,
    /// Then end it.
    pub end: Option<Status>,
}

impl Retained {
    /// What taking this claim over does to what a store has of the same
    /// identity. What both say is merged as a source's own statements are;
    /// whether it holds is said by who heard of it last: an end counts unless
    /// the claim was heard after it. `listed_at` is when a complete fetch last
    /// showed the store the whole list of its snapshot source.
    ///
    /// Taking it over once more does nothing.
    pub fn take_over(self, own: Option<&Retained>, listed_at: Option<Timestamp>) -> Takeover {
        let Some(own) = own else {
            return Takeover {
                version: Some(self.held),
                touched: None,
                end: Some(self.status).filter(|&status| status != Status::Active),
            };
        };
        let mut merged = own.held.clone();
        merged.claim.merge(&self.held.claim);
        merged.first_heard_at = merged.first_heard_at.min(self.held.first_heard_at);
        merged.heard_at = merged.heard_at.max(self.held.heard_at);
        let status = match (own.status, self.status) {
            (Status::Active, Status::Active) => Status::Active,
            (Status::Active, ended) => {
                let heard_at = Some(own.held.heard_at).max(listed_at);
                if heard_at > Some(self.updated_at) {
                    Status::Active
                } else {
                    ended
                }
            }
            (_, Status::Active) if self.held.heard_at > own.updated_at => Status::Active,
            (ended, _) => ended,
        };
        let is_revived = status == Status::Active && own.status != Status::Active;
        let version = (is_revived || merged != own.held).then_some(merged);
        let holds_before = version.is_some() || own.status == Status::Active;
        Takeover {
            version,
            touched: None,
            end: Some(status).filter(|&status| status != Status::Active && holds_before),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Claim;
    use crate::value::{Kind, Value};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn retained(heard: i64, status: Status, updated: i64) -> Retained {
        let value = Value::parse(Kind::Domain, "bad.example.com").unwrap();
        Retained {
            held: Held {
                claim: Claim::new(value, 50),
                first_heard_at: at(heard),
                heard_at: at(heard),
            },
            status,
            updated_at: at(updated),
        }
    }

    #[test]
    fn what_is_new_is_as_it_was() {
        let gone = retained(10, Status::Removed, 20);
        let taken = gone.clone().take_over(None, None);
        assert_eq!(taken.version, Some(gone.held));
        assert_eq!(taken.end, Some(Status::Removed));
    }

    #[test]
    fn the_same_again_does_nothing() {
        for status in [Status::Active, Status::Removed, Status::FalsePositive] {
            let claim = retained(10, status, 20);
            let taken = claim.clone().take_over(Some(&claim), None);
            assert_eq!(taken, Takeover::default(), "{status:?}");
        }
    }

    #[test]
    fn an_end_counts_unless_the_claim_was_heard_after_it() {
        let ended = || retained(10, Status::Removed, 20);
        let before = retained(10, Status::Active, 10);
        assert_eq!(
            ended().take_over(Some(&before), None).end,
            Some(Status::Removed)
        );
        let taken = ended().take_over(Some(&before), Some(at(21)));
        assert_eq!(taken, Takeover::default(), "it was on a list since");
        let after = retained(30, Status::Active, 30);
        assert_eq!(ended().take_over(Some(&after), None).end, None);
        // And the other way round.
        let taken = after.take_over(Some(&ended()), None);
        assert_eq!(taken.end, None);
        assert_eq!(taken.version.unwrap().heard_at, at(30));
        let taken = before.take_over(Some(&ended()), None);
        assert_eq!(taken, Takeover::default());
    }

    #[test]
    fn what_says_more_ends_again() {
        let own = retained(10, Status::Expired, 20);
        let mut more = retained(5, Status::Removed, 15);
        more.held.claim.confidence = 90;
        let taken = more.take_over(Some(&own), None);
        let version = taken.version.unwrap();
        assert_eq!(version.claim.confidence, 90);
        assert_eq!((version.first_heard_at, version.heard_at), (at(5), at(10)));
        assert_eq!(taken.end, Some(Status::Expired));
    }
}
