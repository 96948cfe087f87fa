//! What became of documents and their rows, feed by feed, since this process
//! began.

use std::collections::BTreeMap;

/// Documents of one feed, and their rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    /// Documents that were read.
    pub read: u64,
    /// Documents that were not what the feed's look like.
    pub bad: u64,
    /// Rows that named at least one value new to the store.
    pub accepted: u64,
    /// Rows that told more of values that the store had.
    pub merged: u64,
    /// Rows that told nothing new.
    pub unchanged: u64,
    /// Rows that named no value that can be read.
    pub refused: u64,
}

impl Readings {
    /// Adds what became of more documents.
    pub(super) fn add(&mut self, more: Readings) {
        self.read += more.read;
        self.bad += more.bad;
        self.accepted += more.accepted;
        self.merged += more.merged;
        self.unchanged += more.unchanged;
        self.refused += more.refused;
    }
}

/// By the short names of feeds.
pub(super) type ByFeed = BTreeMap<String, Readings>;

/// Runs of one feed, and what came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// Runs by the name of their outcome.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Bytes of the documents that came.
    pub received: u64,
    /// Pages of articles that were read.
    pub pages_read: u64,
    /// Attempts at pages of articles that failed.
    pub pages_failed: u64,
}
