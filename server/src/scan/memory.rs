//! What a worker remembers of texts that are nothing known.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use iocd_core::value::Kind;

/// Texts that are remembered, a power of two; a newer one takes the place of
/// an older.
const PLACES: usize = 1 << 16;

/// Hashes of texts. Their key is random: nobody can make two collide.
pub(super) struct Memory {
    places: Vec<u64>,
    state: RandomState,
}

/// What a text was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No value.
    Nothing,
    /// A value that nobody knows.
    Unknown,
}

impl Memory {
    pub(super) fn new() -> Memory {
        Memory {
            places: vec![0; PLACES],
            state: RandomState::new(),
        }
    }

    /// The hash to remember a text by.
    pub(super) fn hash(&self, kind: Kind, text: &str) -> u64 {
        let mut hasher = self.state.build_hasher();
        hasher.write_u8(kind as u8);
        hasher.write(text.as_bytes());
        // the lowest bit is the verdict's, and 0 is an empty place
        hasher.finish() | 2
    }

    pub(super) fn verdict(&self, hash: u64) -> Option<Verdict> {
        let known = self.places[place(hash)];
        if known | 1 != hash | 1 {
            None
        } else if known & 1 == 1 {
            Some(Verdict::Unknown)
        } else {
            Some(Verdict::Nothing)
        }
    }

    pub(super) fn remember(&mut self, hash: u64, verdict: Verdict) {
        let bit = u64::from(verdict == Verdict::Unknown);
        self.places[place(hash)] = hash & !1 | bit;
    }
}

fn place(hash: u64) -> usize {
    #[allow(clippy::cast_possible_truncation)] // the highest bits, fewer than 32
    let place = (hash >> (64 - PLACES.trailing_zeros())) as usize;
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_remembered() {
        let mut memory = Memory::new();
        let hash = memory.hash(Kind::Domain, "example.com");
        assert_eq!(memory.verdict(hash), None);
        for verdict in [Verdict::Unknown, Verdict::Nothing] {
            memory.remember(hash, verdict);
            assert_eq!(memory.verdict(hash), Some(verdict));
        }
        assert_ne!(hash, memory.hash(Kind::Url, "example.com"));
    }
}
