//! Documents in which publishers announce what they have written: RSS 0.9x,
//! 1.0 (RDF) and 2.0, Atom 0.3 and 1.0 (RFC 4287), JSON Feed 1.0 and 1.1.
//!
//! Read as leniently as readers of news do: in whatever encoding, and as far
//! as a damaged document goes.

mod charset;
mod item;
mod json;
mod link;
mod xml;

pub use self::charset::{decode, decode_page};
pub use self::item::{Item, Markup};
pub use self::link::canonical_link;

use memchr::memchr_iter;

/// Longest document that is read, in bytes.
pub const MAX_DOCUMENT: usize = 16 << 20;
/// Items that are read of one document.
pub const MAX_ITEMS: usize = 10_000;
/// Longest text of one element, in bytes; what is longer is cut.
const MAX_TEXT: usize = 2 << 20;

/// What was read of a document.
#[derive(Debug, Default)]
pub struct Document {
    /// The name that it gives itself.
    pub title: String,
    /// Where people read what it announces.
    pub home: String,
    /// In the order of the document.
    pub items: Vec<Item>,
    /// Whether there were more items than are read.
    pub is_cut: bool,
    /// Where and how it is damaged, if it is: line and what is wrong.
    pub damage: Option<(u64, String)>,
}

/// Why a document is none of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFeed {
    /// Something else, by its outermost element or its beginning.
    #[error("{0}")]
    Other(String),
    /// It ends before anything shows what it is.
    #[error("the document is cut off")]
    Cut {
        /// The line on which it ends.
        line: u64,
    },
}

/// Reads the text of a document, see [`decode`].
pub fn read_document(text: &str) -> Result<Document, NoFeed> {
    match text.trim_start().as_bytes().first() {
        Some(b'<') => xml::read(text),
        Some(b'{') => json::read(text),
        _ => Err(NoFeed::Other(
            "neither XML nor a JSON object: it begins with neither < nor {".to_owned(),
        )),
    }
}

/// The line of a place, from 1.
fn line_at(text: &str, at: usize) -> u64 {
    let before = &text.as_bytes()[..at.min(text.len())];
    1 + memchr_iter(b'\n', before).count() as u64
}
