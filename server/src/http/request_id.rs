//! Names of requests, for the client's ticket and the operator's log.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// `req_` and 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct RequestId([u8; 20]);

impl RequestId {
    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("made of ASCII characters")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Gives out ids: never the same one twice in a process, and hardly ever the
/// same ones in another.
pub(super) struct RequestIds(AtomicU64);

impl RequestIds {
    pub(super) fn new() -> RequestIds {
        // Ids are names, not secrets: a failing random source only makes them
        // start where another process may have started.
        RequestIds(AtomicU64::new(getrandom::u64().unwrap_or_default()))
    }

    pub(super) fn next(&self) -> RequestId {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        // The finaliser of SplitMix64 is a bijection: distinct counts give
        // distinct ids that do not look like counts.
        let mut mixed = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let mut text = *b"req_0000000000000000";
        for (pair, byte) in text[4..].chunks_exact_mut(2).zip(mixed.to_be_bytes()) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        RequestId(text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_differ_and_have_the_documented_form() {
        let ids = RequestIds::new();
        let given: HashSet<String> = (0..10_000).map(|_| ids.next().to_string()).collect();
        assert_eq!(given.len(), 10_000);
        assert!(
            given
                .iter()
                .all(|id| id.starts_with("req_") && id.len() == 20)
        );
    }
}
