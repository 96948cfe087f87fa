//! What is told of a document that was read.

use serde::{Deserialize, Serialize};

/// How reading went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was read.
    Read,
    /// It is no feed that is known.
    #[default]
    Skipped,
    /// It is not what the feed's documents look like.
    Bad,
}

/// What became of a document. Each data row is counted once: `rows` is
/// `accepted + merged + unchanged + withdrawn + refused`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the document.
    pub name: String,
    /// The feed that it was read as.
    pub feed: Option<String>,
    /// Which of the feed's formats.
    pub format: Option<String>,
    /// How reading went.
    pub verdict: Verdict,
    /// Why it was skipped or is bad.
    pub reason: Option<String>,
    /// Data rows.
    pub rows: u64,
    /// Rows that named at least one value new to the store.
    pub accepted: u64,
    /// Rows that told more of values that the store had from this feed.
    pub merged: u64,
    /// Rows that told nothing new.
    pub unchanged: u64,
    /// Rows that took back what the feed said before.
    pub withdrawn: u64,
    /// Rows that named no value that can be read.
    pub refused: u64,
    /// Claims in all rows.
    pub claims: u64,
    /// Claims that ended because the list no longer has them.
    pub removed: u64,
    /// What an operator should hear about.
    pub warnings: Vec<String>,
    /// The refused rows, and values refused of rows that had others: the first
    /// `MAX_LISTED` of them.
    pub refused_rows: Vec<Refusal>,
    /// How many more there were.
    pub refused_unlisted: u64,
}

/// A refused row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Line in the document, from 1.
    pub line: u64,
    /// What stood there.
    pub text: String,
    /// Why it was refused.
    pub reason: String,
}
