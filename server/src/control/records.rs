//! Where control data is kept.

use std::path::Path;

use iocd_core::warning::Pattern;
use jiff::Timestamp;

use super::{
    Account, ControlError, Counted, FeedState, FetchState, RefusedRow, Ruling, Stance, StoredKey,
    StoredUsage, WindowCount,
};

/// Keeps control data. Each method is one durable step: when it returns, what
/// it changed survives a crash. Methods may wait for a disk or a network.
pub trait Records: Send + Sync {
    /// Writes all of it, as it is at one moment, into a new file.
    fn copy_to(&self, path: &Path) -> Result<(), ControlError>;

    /// Every account, in the order of their names.
    fn accounts(&self) -> Result<Vec<Account>, ControlError>;

    /// Adds an account; `false` where there is one of that name.
    fn insert_account(&self, account: &Account) -> Result<bool, ControlError>;

    /// Every key, in the order in which they were made.
    fn keys(&self) -> Result<Vec<StoredKey>, ControlError>;

    /// Adds a key.
    fn insert_key(&self, key: &StoredKey) -> Result<(), ControlError>;

    /// Marks the key with this id as revoked, unless it is.
    fn revoke_key(&self, id: &str, at: Timestamp, reason: Option<&str>)
    -> Result<(), ControlError>;

    /// Adds or replaces a feed's state.
    fn put_feed_state(&self, state: &FeedState) -> Result<(), ControlError>;

    /// The state of every feed, in the order of their names.
    fn feed_states(&self) -> Result<Vec<FeedState>, ControlError>;

    /// Adds or replaces what is known of fetching a feed.
    fn put_fetch_state(&self, state: &FetchState) -> Result<(), ControlError>;

    /// What is known of fetching every feed, in the order of their names.
    fn fetch_states(&self) -> Result<Vec<FetchState>, ControlError>;

    /// Replaces the refused rows of a feed.
    fn put_refused(&self, feed: &str, rows: &[RefusedRow]) -> Result<(), ControlError>;

    /// The refused rows of a feed, as they were put.
    fn refused(&self, feed: &str) -> Result<Vec<RefusedRow>, ControlError>;

    /// The rulings of one stance, oldest first.
    fn rulings(&self, stance: Stance) -> Result<Vec<Ruling>, ControlError>;

    /// Adds a ruling, or replaces the one about the same pattern.
    fn put_ruling(&self, ruling: &Ruling) -> Result<(), ControlError>;

    /// Removes a ruling; `false` where there is none.
    fn remove_ruling(&self, stance: Stance, pattern: &Pattern) -> Result<bool, ControlError>;

    /// Adds to the counts of keys, all of it or nothing.
    fn add_usage(&self, counted: &[Counted]) -> Result<(), ControlError>;

    /// The counts of a key from a day on, in days since 1970.
    fn usage(&self, key_id: &str, day: i64) -> Result<StoredUsage, ControlError>;

    /// The rate windows of all keys; the buckets of one window oldest first.
    fn windows(&self) -> Result<Vec<WindowCount>, ControlError>;

    /// Removes counts from before a day, and rate windows that were over at `now`.
    fn forget_usage(&self, day: i64, now: Timestamp) -> Result<(), ControlError>;
}
