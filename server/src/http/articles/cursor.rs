//! Places among articles, as text that clients hand back unread.
//!
//! ```text
//! version u8 | sort u8 | key i64 | sequence i64 | the filters as a query
//! string
//! ```
//!
//! Sealed (`http/sealed.rs`). Numbers are little endian. A place that somebody
//! made up shows nothing that its filters and the tier would not show.

use crate::articles::{After, Sort};
use crate::http::sealed::{seal, unseal};

const VERSION: u8 = 1;
/// Bytes before the filters.
const FIXED: usize = 2 + 2 * 8;

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
        seal(bytes)
    }

    /// `None` if the text is no cursor that this server gave.
    pub(super) fn decode(text: &str) -> Option<Cursor> {
        let bytes = unseal(text)?;
        let (fixed, filters) = bytes.split_at_checked(FIXED)?;
        if fixed[0] != VERSION {
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
