//! What is known of fetching a feed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is known of fetching a feed: all that a restart must not forget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchState {
    /// The feed's short name.
    pub feed: String,
    /// When it is to be fetched next, where it has a schedule.
    pub due_at: Option<Timestamp>,
    /// Attempts that failed since the last good one.
    pub failures: u32,
    /// Where to go on, in the words of what gets the documents. Noted once
    /// what came before it is durable in the claim store.
    pub bookmark: Option<String>,
    /// The epoch of the claim store that the bookmark is about: another store
    /// has not read what this one has.
    pub epoch: u64,
    /// Rows of the last good list.
    pub list_rows: Option<u64>,
    /// The list that broke the feed's contract.
    pub held: Option<HeldDocument>,
    /// Hash of the list that the operator rejected.
    pub rejected: Option<String>,
    /// Hash of the list that the operator accepted, while it is the latest.
    pub accepted: Option<String>,
}

/// A document that nothing was taken from, kept for the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDocument {
    /// When it came.
    pub held_at: Timestamp,
    /// What about it is not as expected.
    pub reason: String,
    /// BLAKE3 hash, in hexadecimal digits.
    pub hash: String,
    /// Its bytes.
    pub bytes: u64,
    /// Its data rows.
    pub rows: u64,
    /// Of them, those that were refused.
    pub refused: u64,
    /// The bookmark behind it.
    pub bookmark: String,
}
