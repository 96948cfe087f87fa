//! A claim as another server holds it, and the one rule for what mirroring it
//! does: theirs takes the place of ours.

use jiff::{SignedDuration, Timestamp};

use super::Status;
use super::retained::{Retained, Takeover};

/// For how long after its time a mirrored claim is left for the other server
/// to end. It may hold there all along: that a list was seen again is heard of
/// without any word about the claims on it.
pub const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// After which time without a word from the other server everything is to be
/// compared again. Well before [`GRACE`] is over: what was ended here by then
/// may hold there, and nothing that changes there would tell.
pub const COMPARE_AFTER: SignedDuration = SignedDuration::from_hours(12);

impl Retained {
    /// What has to be done so that a store that has `own` of the same identity
    /// has this claim instead. Nothing is merged. Takeover it once more does
    /// nothing.
    pub fn mirror(self, own: Option<&Retained>) -> Takeover {
        let end = Some(self.status).filter(|&status| status != Status::Active);
        let Some(own) = own else {
            return Takeover {
                version: Some(self.held),
                touched: None,
                end,
            };
        };
        let holds_on = own.status == Status::Active;
        if own.status == self.status {
            if own.held == self.held {
                return Takeover::default();
            }
            if holds_on && let Some(seen) = self.seen_since(own) {
                return Takeover {
                    touched: Some(seen),
                    ..Takeover::default()
                };
            }
        }
        // What has ended ends otherwise only after it has held again.
        let is_written = own.held != self.held || !holds_on;
        Takeover {
            version: is_written.then_some(self.held),
            touched: None,
            end,
        }
    }

    /// The last sighting, if a later one is all that is new: that makes no
    /// revision there, and makes none here.
    fn seen_since(&self, own: &Retained) -> Option<Timestamp> {
        let seen = self.held.claim.last_seen;
        let is_later = own.held.claim.last_seen.is_some() && own.held.claim.last_seen < seen;
        let mut moved = own.held.clone();
        moved.claim.last_seen = seen;
        seen.filter(|_| is_later && moved == self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Claim;
    use crate::claim::held::Held;
    use crate::value::{Kind, Value};

    const ALL: [Status; 4] = [
        Status::Active,
        Status::Expired,
        Status::Removed,
        Status::FalsePositive,
    ];

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn retained(confidence: u8, seen: Option<i64>, status: Status) -> Retained {
        let value = Value::parse(Kind::Domain, "bad.example.com").unwrap();
        Retained {
            held: Held {
                claim: Claim {
                    last_seen: seen.map(at),
                    ..Claim::new(value, confidence)
                },
                first_heard_at: at(10),
                heard_at: at(20),
            },
            status,
            updated_at: at(20),
        }
    }

    /// What a store has that does as it is told, as a store would do it.
    fn done(own: Option<&Retained>, mirroring: Takeover) -> Retained {
        let mut now = own.cloned();
        if let Some(held) = mirroring.version {
            let (status, updated_at) = (Status::Active, at(99));
            now = Some(Retained {
                held,
                status,
                updated_at,
            });
        }
        let mut now = now.expect("something is written of what was not there");
        if let Some(seen) = mirroring.touched {
            assert_eq!(now.status, Status::Active);
            now.held.claim.last_seen = Some(seen);
        }
        if let Some(status) = mirroring.end {
            assert_eq!(now.status, Status::Active, "only what holds is ended");
            now.status = status;
        }
        now
    }

    #[test]
    fn whatever_there_was_theirs_is_there_then() {
        let seen = [None, Some(5), Some(15)];
        let every = || {
            let of = move |status| {
                let of = move |seen| [40, 90].map(|sure| retained(sure, seen, status));
                seen.into_iter().flat_map(of)
            };
            ALL.into_iter().flat_map(of)
        };
        for theirs in every() {
            for own in every().map(Some).chain([None]) {
                let own = own.as_ref();
                let now = done(own, theirs.clone().mirror(own));
                assert_eq!((&now.held, now.status), (&theirs.held, theirs.status));
                let again = theirs.clone().mirror(Some(&now));
                assert_eq!(again, Takeover::default(), "{own:?}");
            }
        }
    }

    #[test]
    fn a_later_sighting_alone_writes_no_version() {
        let own = retained(50, Some(5), Status::Active);
        let theirs = retained(50, Some(15), Status::Active);
        let mirroring = theirs.mirror(Some(&own));
        assert_eq!(mirroring.touched, Some(at(15)));
        assert_eq!(mirroring.version, None);
    }
}
