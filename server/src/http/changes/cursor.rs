//! Places in what changed, as text that clients hand back unread.
//!
//! ```text
//! "C" | version u8 | epoch u64 | revision when it was begun u64 |
//! revision that was reached u64
//! ```
//!
//! Sealed (`http/sealed.rs`). Numbers are little endian. A place that somebody
//! made up shows nothing that the whole would not show.

use iocd_core::claim::retained::Progress;

use crate::http::sealed::{seal, unseal};

const HEAD: [u8; 2] = [b'C', 1];

/// A place in what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Of the store: in another one revisions mean something else.
    pub(super) epoch: u64,
    /// What was told.
    pub(super) told: Progress,
}

impl Cursor {
    pub(super) fn encode(self) -> String {
        let mut bytes = HEAD.to_vec();
        for number in [self.epoch, self.told.begun, self.told.reached] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        seal(bytes)
    }

    /// `None` if the text is no cursor that this server gave here.
    pub(super) fn decode(text: &str) -> Option<Cursor> {
        let bytes = unseal(text)?;
        let bytes = bytes.strip_prefix(&HEAD)?;
        let (numbers, rest) = bytes.as_chunks::<8>();
        let &[epoch, begun, reached] = numbers else {
            return None;
        };
        rest.is_empty().then_some(Cursor {
            epoch: u64::from_le_bytes(epoch),
            told: Progress {
                begun: u64::from_le_bytes(begun),
                reached: u64::from_le_bytes(reached),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_survive(epoch: u64, begun: u64, reached: u64) {
            let told = Progress { begun, reached };
            let cursor = Cursor { epoch, told };
            let text = cursor.encode();
            prop_assert_eq!(Cursor::decode(&text), Some(cursor));
            prop_assert_eq!(Cursor::decode(&text[..text.len() - 1]), None);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
            let _ = Cursor::decode(&text);
        }
    }
}
