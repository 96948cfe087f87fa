//! Places among articles, as text that clients hand back unread.
//!
//! ```text
//! base64url (RFC 4648, section 5, no padding) of
//! version u8 | sort u8 | key i64 | sequence i64 | the filters as a query
//! string | first 4 bytes of a BLAKE3 hash of all this
//! ```
//!
//! Numbers are little endian. The hash is against accidents: a place that
//! somebody made up shows nothing that its filters and the tier would not show.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::articles::{After, Sort};

const VERSION: u8 = 1;
/// Bytes before the filters.
const FIXED: usize = 2 + 2 * 8;
/// Bytes of the hash.
const CHECK: usize = 4;
/// Longest text that is looked at.
pub(super) const MAX_TEXT: usize = 16 << 10;

/// A place among articles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) sort: Sort,
    pub(super) after: After,
    /// What the list is narrowed to, as a query string.
    pub(super) filters: String,
}

impl Cursor {
    pub(super) fn encode(&self) -> String {
        let sort = Sort::ALL.iter().position(|sort| *sort == self.sort);
        let sort = u8::try_from(sort.unwrap_or_default()).unwrap_or_default();
        let mut bytes = vec![VERSION, sort];
        for number in [self.after.key, self.after.sequence] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(self.filters.as_bytes());
        let check = check(&bytes);
        bytes.extend_from_slice(&check);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// `None` if the text is no cursor that this server gave.
    pub(super) fn decode(text: &str) -> Option<Cursor> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (bytes, sum) = bytes.split_last_chunk::<CHECK>()?;
        let (fixed, filters) = bytes.split_at_checked(FIXED)?;
        if check(bytes) != *sum || fixed[0] != VERSION {
            return None;
        }
        let number = |at: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&fixed[at..at + 8]);
            i64::from_le_bytes(number)
        };
        Some(Cursor {
            sort: *Sort::ALL.get(usize::from(fixed[1]))?,
            after: After {
                key: number(2),
                sequence: number(10),
            },
            filters: std::str::from_utf8(filters).ok()?.to_owned(),
        })
    }
}

fn check(bytes: &[u8]) -> [u8; CHECK] {
    let mut check = [0; CHECK];
    check.copy_from_slice(&blake3::hash(bytes).as_bytes()[..CHECK]);
    check
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_survive(sort in 0..5_usize, key: i64, sequence: i64, filters in "[a-z=&]{0,40}") {
            let cursor = Cursor { sort: Sort::ALL[sort], after: After { key, sequence }, filters };
            let text = cursor.encode();
            prop_assert_eq!(Cursor::decode(&text), Some(cursor));
            prop_assert_eq!(Cursor::decode(&text[..text.len() - 1]), None);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,100}") {
            let _ = Cursor::decode(&text);
        }
    }
}
