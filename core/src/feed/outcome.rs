//! What reading a feed's bytes gives: rows, a summary, or why it is no feed.

use std::borrow::Cow;

use crate::article::Article;
use crate::article::syndication::Item;
use crate::claim::Claim;
use crate::value::Value;

/// Longest excerpt of a refused row, in characters.
pub const MAX_EXCERPT: usize = 200;

/// One data row, read. Every data row gives exactly one of these.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// The row says something about at least one value.
    Claims {
        /// The line on which the row begins, from 1.
        line: u64,
        /// What it says: one claim for each value of the row.
        claims: Vec<Claim>,
        /// Why further values of the same row were left out.
        partly: Option<String>,
    },
    /// The row is an article.
    Article {
        /// The line on which it begins, from 1.
        line: u64,
        /// The article.
        article: Box<Article>,
        /// What it says of the indicators in it: often nothing.
        claims: Vec<Claim>,
        /// The item, where it is only the beginning of an article whose page
        /// the feed's TOML allows to be read.
        page_wanted: Option<Box<Item>>,
    },
    /// The source takes back what it said of these values.
    Withdrawn {
        /// The line on which the row begins, from 1.
        line: u64,
        /// At least one.
        values: Vec<Value>,
    },
    /// The row names no value that can be read.
    Refused {
        /// The line on which the row begins, from 1.
        line: u64,
        /// What stood there: printable, at most [`MAX_EXCERPT`] characters.
        text: String,
        /// Why it was refused, for a person.
        reason: String,
    },
}

/// What was read, when the whole input was this feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Index of the format in [`Feed::formats`](super::Feed::formats).
    pub format: usize,
    /// Data rows: each was given to the visitor once.
    pub rows: u64,
    /// Claims in those rows.
    pub claims: u64,
    /// Rows that are articles.
    pub articles: u64,
    /// Rows that take back what was said before.
    pub withdrawn: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// Rows of several values of which only some could be read.
    pub partly: u64,
    /// Comments, blank lines, headers, metadata records.
    pub skipped: u64,
    /// How many entries the list says it has.
    pub declared: Option<u64>,
    /// What an operator should hear about.
    pub warnings: Vec<FeedWarning>,
}

/// Something is odd, and the list was read all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedWarning {
    /// The list's own count differs from the rows found: it may be cut off.
    #[error("the list says that it has {declared} entries, {found} rows were found")]
    CountDiffers {
        /// As the list says.
        declared: u64,
        /// As counted.
        found: u64,
    },
    /// The document is damaged: what could be read of it was.
    #[error(
        "the document is not well formed, and was read as far as possible: line {line}: {what}"
    )]
    NotWellFormed {
        /// Where.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// Something of the document is of no use here.
    #[error("{0}")]
    LeftOut(String),
}

/// The input is not this feed, or not the whole of it. Rows that were visited
/// before are what they are, but nothing may be concluded from what is absent.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// Something else: a login page, another format, missing columns.
    #[error("not {expected}: {found}")]
    NotThisFormat {
        /// What the format needs.
        expected: String,
        /// What was found instead.
        found: String,
    },
    /// The input ends in the middle of a document.
    #[error("the input ends in the middle of the document (line {line}, after {rows} rows)")]
    Truncated {
        /// Where it ends.
        line: u64,
        /// Data rows until then.
        rows: u64,
    },
    /// Nothing but blanks and comments: not even the envelope of an empty list.
    #[error("the input is empty: even a list without entries has a header")]
    Empty,
    /// Most rows could not be read: this is some other format.
    #[error("{refused} of {rows} rows were refused, the first because: {first}")]
    TooManyRefused {
        /// Data rows.
        rows: u64,
        /// Refused ones.
        refused: u64,
        /// The first reason.
        first: String,
    },
    /// The document is nested or composed in a way that no feed is.
    #[error("line {line}: {what}")]
    Malformed {
        /// Where.
        line: u64,
        /// What is wrong.
        what: Cow<'static, str>,
    },
    /// The reader failed. The message has the cause, so it is no `source`.
    #[error("reading failed: {0}")]
    Io(std::io::Error),
}

impl From<std::io::Error> for FeedError {
    fn from(error: std::io::Error) -> FeedError {
        FeedError::Io(error)
    }
}
