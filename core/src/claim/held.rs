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

/// What a store has to do with a statement.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // moved once, never kept: a box would cost more
pub enum Decision {
    /// Write a new version under a new revision.
    Write(Held, Outcome),
    /// Keep the version; note that the source last saw the value then.
    Touch(Timestamp),
    /// Nothing.
    Keep,
}

/// A claim as a store has it, where a new statement about it arrives.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its last version.
    pub held: &'a Held,
    /// Whether it holds.
    pub status: Status,
    /// Last sighting that was noted beside the version.
    pub touched: Option<Timestamp>,
    /// When a complete fetch last showed the whole list of its snapshot source.
    pub listed_at: Option<Timestamp>,
}

impl Held {
    /// What hearing `claim` (tidied) from `source` at `heard_at` does to what
    /// the store has of the same identity.
    pub fn hear(
        known: Option<Known<'_>>,
        claim: Claim,
        source: &Source,
        heard_at: Timestamp,
    ) -> Decision {
        let Some(known) = known else {
            return Decision::Write(
                Held {
                    claim,
                    first_heard_at: heard_at,
                    heard_at,
                },
                Outcome::Added,
            );
        };
        let held = known.held;
        let versioned_last_seen = held.claim.last_seen;
        let known_last_seen = versioned_last_seen.max(known.touched);
        let mut merged = Claim {
            last_seen: known_last_seen,
            ..held.claim.clone()
        };
        merged.merge(&claim);
        let last_seen = merged.last_seen;

        merged.last_seen = versioned_last_seen;
        let same = merged == held.claim;
        merged.last_seen = last_seen;

        let next = Held {
            claim: merged,
            first_heard_at: held.first_heard_at.min(heard_at),
            heard_at: held.heard_at.max(heard_at),
        };
        // Said again, what is over is still over: only a later end revives it.
        let still_over = known.status == Status::Expired
            && next
                .expires_at(source, None)
                .is_some_and(|end| end <= heard_at);
        let settled = still_over
            || (known.status == Status::Active && !known.is_stale(last_seen, source, heard_at));
        if settled && same {
            return match last_seen {
                Some(moved) if last_seen > known_last_seen => Decision::Touch(moved),
                _ => Decision::Keep,
            };
        }
        Decision::Write(next, Outcome::Merged)
    }

    /// End of validity: the source's own, else the feed's rule, counted from
    /// when the store last heard the claim or, for one that is on the list of a
    /// snapshot source, from when that was last seen whole (`listed_at`).
    pub fn expires_at(&self, source: &Source, listed_at: Option<Timestamp>) -> Option<Timestamp> {
        self.claim.expires_at.or_else(|| {
            let after = SignedDuration::from_secs(i64::from(source.expires_after?));
            let known_at = Some(self.heard_at).max(listed_at)?;
            known_at.checked_add(after).ok()
        })
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

impl Known<'_> {
    /// Whether the soft parts have moved far enough to be worth a revision.
    fn is_stale(&self, last_seen: Option<Timestamp>, source: &Source, heard_at: Timestamp) -> bool {
        let seen_moved = match (last_seen, self.held.claim.last_seen) {
            (Some(new), Some(old)) => new.duration_since(old) >= SOFT_STEP,
            (new, old) => new != old,
        };
        let derives_expiry = source
            .expires_after
            .filter(|_| self.held.claim.expires_at.is_none());
        let hearing_moved = if source.extent == Extent::Snapshot {
            // "Still listed" is known from each complete fetch without writing
            // it to each claim. Only where files are read without being
            // declared complete has the expiry to be moved here.
            let known_at = self.listed_at.max(Some(self.held.heard_at));
            derives_expiry.is_some_and(|after| {
                let step = SOFT_STEP.max(SignedDuration::from_secs(i64::from(after / 2)));
                known_at.is_some_and(|known_at| heard_at.duration_since(known_at) >= step)
            })
        } else {
            (last_seen.is_none() || derives_expiry.is_some())
                && heard_at.duration_since(self.held.heard_at) >= SOFT_STEP
        };
        seen_moved || hearing_moved
    }
}
