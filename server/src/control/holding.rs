//! What a key has at this moment of what all keys share, so that none has all
//! of it.

use std::sync::atomic::{AtomicU64, Ordering};

/// What all keys share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// Requests that run.
    Requests,
    /// KiB of answers that have yet to be taken.
    Answers,
}

/// How much of each a key has.
#[derive(Debug, Default)]
pub struct Holding([AtomicU64; 2]);

impl Holding {
    /// Takes so much of it, unless that would be more than `most` in all.
    pub fn take(&self, of: Shared, much: u64, most: u64) -> bool {
        let held = &self.0[of as usize];
        let has_room = held.fetch_add(much, Ordering::Relaxed).saturating_add(much) <= most;
        if !has_room {
            held.fetch_sub(much, Ordering::Relaxed);
        }
        has_room
    }

    /// Gives back what was taken.
    pub fn give_back(&self, of: Shared, much: u64) {
        self.0[of as usize].fetch_sub(much, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_taken_than_may_be() {
        let holding = Holding::default();
        assert!(holding.take(Shared::Requests, 2, 3));
        assert!(!holding.take(Shared::Requests, 2, 3));
        assert!(holding.take(Shared::Requests, 1, 3));
        assert!(!holding.take(Shared::Requests, 1, 3));
        // Of another thing there is all.
        assert!(holding.take(Shared::Answers, 3, 3));
        holding.give_back(Shared::Requests, 2);
        assert!(holding.take(Shared::Requests, 2, 3));
    }
}
