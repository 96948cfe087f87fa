//! Places in a list, as text that clients hand back unread.
//!
//! ```text
//! version u8 | kind u8 | epoch u64 | revision u64 | offset u64 | time u64 |
//! the filters as a query string
//! ```
//!
//! Sealed (`http/sealed.rs`). Numbers are little endian. A place that somebody
//! made up shows nothing that its filters and the tier would not show.

use jiff::Timestamp;

use crate::http::sealed::{seal, unseal};

const VERSION: u8 = 1;
/// Bytes before the filters.
const FIXED: usize = 2 + 4 * 8;

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Of the store: in another one revisions mean something else.
    pub(super) epoch: u64,
    pub(super) revision: u64,
    pub(super) place: Place,
    /// What the list is narrowed to, as a query string.
    pub(super) filters: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// So many entries into the list as it was at the revision and then.
    Page { offset: u64, at: Timestamp },
    /// After what happened up to the revision.
    Changes,
}

/// The text is no cursor that this server gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoCursor;

impl Cursor {
    pub(super) fn encode(&self) -> String {
        let (kind, offset, at) = match self.place {
            Place::Page { offset, at } => (0, offset, at.as_second()),
            Place::Changes => (1, 0, 0),
        };
        let mut bytes = vec![VERSION, kind];
        for number in [self.epoch, self.revision, offset, at.cast_unsigned()] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(self.filters.as_bytes());
        seal(bytes)
    }

    pub(super) fn decode(text: &str) -> Result<Cursor, NoCursor> {
        let bytes = unseal(text).ok_or(NoCursor)?;
        let (fixed, filters) = bytes.split_at_checked(FIXED).ok_or(NoCursor)?;
        let number = |place: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&fixed[2 + 8 * place..10 + 8 * place]);
            u64::from_le_bytes(number)
        };
        let place = match (fixed[0], fixed[1]) {
            (VERSION, 0) => Place::Page {
                offset: number(2),
                at: Timestamp::from_second(number(3).cast_signed()).map_err(|_| NoCursor)?,
            },
            (VERSION, 1) => Place::Changes,
            _ => return Err(NoCursor),
        };
        Ok(Cursor {
            epoch: number(0),
            revision: number(1),
            place,
            filters: std::str::from_utf8(filters)
                .map_err(|_| NoCursor)?
                .to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_survive(
            epoch: u64, revision: u64, offset: u64, at in 0..4_000_000_000_i64,
            filters in "[a-z=&]{0,40}", is_page: bool,
        ) {
            let at = Timestamp::from_second(at).unwrap();
            let place = if is_page { Place::Page { offset, at } } else { Place::Changes };
            let cursor = Cursor { epoch, revision, place, filters };
            let text = cursor.encode();
            prop_assert_eq!(Cursor::decode(&text), Ok(cursor));
            // Cut off or mistyped, it is none.
            prop_assert_eq!(Cursor::decode(&text[..text.len() - 1]), Err(NoCursor));
            let wrong = format!("B{}", &text[1..]);
            prop_assert_eq!(Cursor::decode(&wrong), Err(NoCursor));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,100}") {
            let _ = Cursor::decode(&text);
        }
    }
}
