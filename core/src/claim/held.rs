//! A claim as a store holds it, and the one rule for what a new statement
//! does to it. Stores never invent a merge rule of their own.

use jiff::{SignedDuration, Timestamp};

use super::{Claim, Extent, Source, Status};

/// How far the soft parts of a claim (last sighting, derived expiry) may move
/// before that alone makes a new revision.
pub const SOFT_STEP: SignedDuration = SignedDuration::from_hours(24);

/// A claim with what the store itself knows about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The merged statements of the source.
    pub claim: Claim,
    /// When the store first heard it.
    pub first_heard_at: Timestamp,
    /// When the store last heard it, to [`SOFT_STEP`].
    pub heard_at: Timestamp,
}

/// What recording one claim did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The store had no such claim.
    Added,
    /// It said more than what the store had, or holds again.
    Merged,
    /// The store knew.
    Unchanged,
}

/// What a store has to do with a statement about a claim that it has.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // moved once, never kept: a box would cost more
pub enum Decision {
    /// Write a new version under a new revision.
    Write(Held),
    /// Keep the version; note that the source last saw the value then.
    Touch(Timestamp),
    /// Nothing.
    Keep,
}

/// How a claim that a store has stands, where a new statement about it arrives.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Whether it holds.
    pub status: Status,
    /// Last sighting that was noted beside the version.
    pub touched: Option<Timestamp>,
    /// When a complete fetch last showed the whole list of its snapshot source.
    pub listed_at: Option<Timestamp>,
}

impl Held {
    /// A claim (tidied) of which the store had not heard.
    pub fn new(mut claim: Claim, heard_at: Timestamp) -> Held {
        claim.date_first_sighting(heard_at);
        Held {
            claim,
            first_heard_at: heard_at,
            heard_at,
        }
    }

    /// What hearing `claim` (tidied) from `source` at `heard_at` does to the
    /// last version that a store has of the same identity.
    pub fn hear(
        mut self,
        standing: Standing,
        claim: &Claim,
        source: &Source,
        heard_at: Timestamp,
    ) -> Decision {
        let times = Times {
            last_seen: self.claim.last_seen,
            expires_at: self.claim.expires_at,
            heard_at: self.heard_at,
        };
        self.claim.last_seen = times.last_seen.max(standing.touched);
        let says_more = self.claim.absorb(claim);
        if !says_more && let Some(decision) = times.settle(standing, claim, source, heard_at) {
            return decision;
        }
        self.claim.last_seen = self.claim.last_seen.max(claim.last_seen);
        self.first_heard_at = self.first_heard_at.min(heard_at);
        self.heard_at = self.heard_at.max(heard_at);
        Decision::Write(self)
    }

    /// End of validity: the source's own, else the feed's rule, counted from
    /// when the store last heard the claim or, for one that is on the list of a
    /// snapshot source, from when that was last seen whole (`listed_at`).
    pub fn expires_at(&self, source: &Source, listed_at: Option<Timestamp>) -> Option<Timestamp> {
        let known_at = listed_at.map_or(self.heard_at, |at| at.max(self.heard_at));
        let rule = source.holds_for(self.claim.value.kind());
        end_of_validity(self.claim.expires_at, rule, known_at)
    }

    /// First sighting: the source's own, else when the store first heard it.
    pub fn first_seen(&self) -> Timestamp {
        self.claim.first_seen.unwrap_or(self.first_heard_at)
    }

    /// Latest sighting: the source's own (also one noted beside the version),
    /// else when the store last heard it; `listed_at` is when a complete
    /// fetch of a snapshot source last showed its whole list, for claims that
    /// are still on it.
    pub fn last_seen(&self, touched: Option<Timestamp>, listed_at: Option<Timestamp>) -> Timestamp {
        self.claim
            .last_seen
            .max(touched)
            .unwrap_or(self.heard_at.max(listed_at.unwrap_or(self.heard_at)))
    }
}

/// The times of a version by which is decided whether a statement that says
/// nothing more than the version is worth another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// As the source says.
    pub last_seen: Option<Timestamp>,
    /// As the source says.
    pub expires_at: Option<Timestamp>,
    /// When the store last heard it, to [`SOFT_STEP`].
    pub heard_at: Timestamp,
}

impl Times {
    /// What to do with a statement that says nothing more than the version but
    /// maybe a later sighting; `None`: write a new version all the same.
    pub(super) fn settle(
        self,
        standing: Standing,
        claim: &Claim,
        source: &Source,
        heard_at: Timestamp,
    ) -> Option<Decision> {
        let rule = source.holds_for(claim.value.kind());
        let known_last_seen = self.last_seen.max(standing.touched);
        let last_seen = known_last_seen.max(claim.last_seen);
        let is_settled = match standing.status {
            Status::Active => !self.is_stale(standing, last_seen, (source.extent, rule), heard_at),
            // Said again, what is over is still over: only a later end revives it.
            Status::Expired => {
                let known_at = self.heard_at.max(heard_at);
                let end = end_of_validity(self.expires_at, rule, known_at);
                end.is_some_and(|end| end <= heard_at)
            }
            Status::Removed | Status::FalsePositive => false,
        };
        is_settled.then(|| match last_seen {
            Some(moved) if last_seen > known_last_seen => Decision::Touch(moved),
            _ => Decision::Keep,
        })
    }

    /// Whether the soft parts have moved far enough to be worth a revision.
    fn is_stale(
        self,
        standing: Standing,
        last_seen: Option<Timestamp>,
        (extent, rule): (Extent, Option<u32>),
        heard_at: Timestamp,
    ) -> bool {
        let seen_moved = match (last_seen, self.last_seen) {
            (Some(new), Some(old)) => new.duration_since(old) >= SOFT_STEP,
            (new, old) => new != old,
        };
        let derives_expiry = rule.filter(|_| self.expires_at.is_none());
        let hearing_moved = if extent == Extent::Snapshot {
            // "Still listed" is known from each complete fetch without writing
            // it to each claim. Only where files are read without being
            // declared complete has the expiry to be moved here.
            let known_at = standing.listed_at.max(Some(self.heard_at));
            derives_expiry.is_some_and(|after| {
                let step = SOFT_STEP.max(SignedDuration::from_secs(i64::from(after / 2)));
                known_at.is_some_and(|known_at| heard_at.duration_since(known_at) >= step)
            })
        } else {
            (last_seen.is_none() || derives_expiry.is_some())
                && heard_at.duration_since(self.heard_at) >= SOFT_STEP
        };
        seen_moved || hearing_moved
    }
}

/// The source's own end, else by the feed's rule, which is seconds counted from
/// `known_at`.
fn end_of_validity(
    own: Option<Timestamp>,
    rule: Option<u32>,
    known_at: Timestamp,
) -> Option<Timestamp> {
    own.or_else(|| {
        let after = SignedDuration::from_secs(i64::from(rule?));
        known_at.checked_add(after).ok()
    })
}
