//! Control data: accounts, keys, the state of feeds, usage, the operator's
//! rulings about values. Small, relational and precious.
//!
//! [`Control`] is what the server asks. It keeps in memory what every request
//! needs (who holds which key, how the feeds are) and leaves durability to
//! [`Records`], which SQLite implements here and another database may later.
//! Its methods that change something wait for a disk: call them off the
//! threads that serve requests, or accept a few milliseconds.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::config::{Tiers, UNLIMITED};
use arc_swap::ArcSwap;
use jiff::Timestamp;

mod account;
mod activity;
mod caller;
mod error;
mod feed;
mod fetching;
mod holding;
mod key;
mod keyring;
mod latency;
mod readings;
mod records;
mod ruling;
mod scope;
mod secret;
mod sqlite;
mod usage;

pub use account::Account;
pub use activity::{ABANDONED, Activity};
pub use caller::{AuthError, Caller};
pub use error::ControlError;
pub use feed::{Condition, Coverage, FeedState, Health, MAX_REFUSED, RefusedRow};
pub use fetching::{FetchState, HeldDocument};
pub use holding::{Holding, Shared};
pub use key::{KeyInfo, KeyRequest, MAX_EXPIRY_DAYS, MAX_REASON, StoredKey};
pub use latency::Latency;
pub use readings::{Readings, Runs};
pub use records::Records;
pub use ruling::{MAX_RULINGS, Ruling, Stance};
pub use scope::{Scope, Scopes};
pub(crate) use secret::MARK;
pub use secret::{Digest, Hasher, Secret};
pub use sqlite::{SqliteRecords, check_database};
pub(crate) use sqlite::{integrity, private_file};
pub use usage::{
    Counted, DEFAULT_USAGE_DAYS, MAX_USAGE_DAYS, StoredUsage, UsageReport, WindowCount,
};

/// The database, in the data directory.
pub const DATABASE: &str = "control.sqlite";
/// The key that digests of secrets are made with, in the data directory.
pub const KEY_FILE: &str = "key.secret";

/// The account of a fresh data directory.
pub const DEFAULT_ACCOUNT: &str = "default";

/// Accounts, keys, feed states and usage, with what requests need in memory.
pub struct Control {
    records: Box<dyn Records>,
    hasher: Hasher,
    tiers: Tiers,
    clock: Clock,
    callers: ArcSwap<HashMap<Digest, Arc<Caller>>>,
    /// Rate windows and counters by key id: they outlive a reload of the keys.
    activities: Mutex<HashMap<String, Arc<Activity>>>,
    feeds: Mutex<BTreeMap<String, FeedState>>,
    fetches: Mutex<BTreeMap<String, FetchState>>,
    /// Held by whoever changes the state of a feed: what is in memory is what
    /// was written last.
    noting: Mutex<()>,
    readings: Mutex<readings::ByFeed>,
    runs: Mutex<BTreeMap<String, Runs>>,
    /// [`Coverage`] as JSON, rendered when a feed's state changes.
    coverage: ArcSwap<RenderedCoverage>,
    /// Held by whoever changes accounts or keys, so that checks and changes are one step.
    changing: Mutex<()>,
    /// The day, since 1970, on which old usage was last removed.
    forgotten: Mutex<Option<i64>>,
}

impl Control {
    /// Opens the control data of a data directory that this process owns, and
    /// makes it where there is none.
    pub fn open(directory: &Path, tiers: Tiers, clock: Clock) -> Result<Control, ControlError> {
        let records = SqliteRecords::open(&directory.join(DATABASE))?;
        let hasher = Hasher::open(&directory.join(KEY_FILE), records.keys()?.is_empty())?;
        Control::new(Box::new(records), hasher, tiers, clock)
    }

    /// Control data that is gone when the process ends.
    pub fn in_memory(tiers: Tiers, clock: Clock) -> Result<Control, ControlError> {
        Control::new(
            Box::new(SqliteRecords::in_memory()?),
            Hasher::random()?,
            tiers,
            clock,
        )
    }

    /// Control data kept by `records`; `hasher` is the one that made its digests.
    pub fn new(
        records: Box<dyn Records>,
        hasher: Hasher,
        tiers: Tiers,
        clock: Clock,
    ) -> Result<Control, ControlError> {
        if records.accounts()?.is_empty() {
            records.insert_account(&Account {
                name: DEFAULT_ACCOUNT.to_owned(),
                tier: UNLIMITED.to_owned(),
                created_at: clock.now(),
            })?;
        }
        let feeds: BTreeMap<_, _> = records
            .feed_states()?
            .into_iter()
            .map(|state| (state.feed.clone(), state))
            .collect();
        let fetches: BTreeMap<_, _> = records
            .fetch_states()?
            .into_iter()
            .map(|state| (state.feed.clone(), state))
            .collect();
        let coverage = RenderedCoverage::of(&feeds, clock.now());
        let control = Control {
            records,
            hasher,
            tiers,
            clock,
            callers: ArcSwap::default(),
            activities: Mutex::default(),
            feeds: Mutex::new(feeds),
            fetches: Mutex::new(fetches),
            noting: Mutex::default(),
            readings: Mutex::default(),
            runs: Mutex::default(),
            coverage: ArcSwap::from_pointee(coverage),
            changing: Mutex::default(),
            forgotten: Mutex::default(),
        };
        control.restore_windows()?;
        control.reload_keys()?;
        Ok(control)
    }

    /// Notes how a feed is. The answer to "what was searched" follows at once.
    pub fn set_feed_state(&self, state: &FeedState) -> Result<(), ControlError> {
        // Who asks how feeds are waits for memory only, never for this disk.
        let _noting = lock(&self.noting);
        self.records.put_feed_state(state)?;
        let mut feeds = lock(&self.feeds);
        feeds.insert(state.feed.clone(), state.clone());
        let rendered = RenderedCoverage::of(&feeds, self.clock.now());
        self.coverage.store(Arc::new(rendered));
        Ok(())
    }

    /// How every feed is, in the order of their names.
    pub fn feed_states(&self) -> Vec<FeedState> {
        lock(&self.feeds).values().cloned().collect()
    }

    /// Counts what became of a document of a feed.
    pub fn count_reading(&self, feed: &str, reading: Readings) {
        let mut readings = lock(&self.readings);
        readings.entry(feed.to_owned()).or_default().add(reading);
    }

    /// What became of documents since this process began, in the order of the
    /// feeds' names.
    pub fn readings(&self) -> Vec<(String, Readings)> {
        let readings = lock(&self.readings);
        readings
            .iter()
            .map(|(feed, sum)| (feed.clone(), *sum))
            .collect()
    }

    /// Counts a run of a feed, by the name of its outcome.
    pub fn count_run(&self, feed: &str, outcome: &'static str, received: u64) {
        let mut runs = lock(&self.runs);
        let runs = runs.entry(feed.to_owned()).or_default();
        *runs.outcomes.entry(outcome).or_default() += 1;
        runs.received += received;
    }

    /// Counts pages of a feed's articles.
    pub fn count_pages(&self, feed: &str, read: u32, failed: u32) {
        let mut runs = lock(&self.runs);
        let runs = runs.entry(feed.to_owned()).or_default();
        runs.pages_read += u64::from(read);
        runs.pages_failed += u64::from(failed);
    }

    /// The runs of feeds since this process began, in the order of their names.
    pub fn runs(&self) -> Vec<(String, Runs)> {
        let runs = lock(&self.runs);
        let all = runs.iter();
        all.map(|(feed, runs)| (feed.clone(), runs.clone()))
            .collect()
    }

    /// What a search without an answer has searched.
    pub fn coverage(&self) -> Coverage {
        Coverage::of(lock(&self.feeds).values(), self.clock.now())
    }

    /// Appends [`coverage`](Control::coverage) as JSON: rendered ahead.
    pub fn write_coverage(&self, out: &mut Vec<u8>) {
        let now = self.clock.now();
        let rendered = self.coverage.load();
        if rendered.holds_until.is_none_or(|end| now < end) {
            out.extend_from_slice(&rendered.json);
            return;
        }
        // A feed has grown stale since.
        let rendered = RenderedCoverage::of(&lock(&self.feeds), now);
        out.extend_from_slice(&rendered.json);
        self.coverage.store(Arc::new(rendered));
    }

    /// Replaces the refused rows of a feed; [`MAX_REFUSED`] are kept.
    pub fn put_refused(&self, feed: &str, rows: &[RefusedRow]) -> Result<(), ControlError> {
        self.records
            .put_refused(feed, &rows[..rows.len().min(MAX_REFUSED)])
    }

    /// The refused rows of a feed's latest reading, in its order.
    pub fn refused(&self, feed: &str) -> Result<Vec<RefusedRow>, ControlError> {
        self.records.refused(feed)
    }

    /// When a feed is to be fetched next.
    pub fn due_at(&self, feed: &str) -> Option<Timestamp> {
        lock(&self.fetches).get(feed)?.due_at
    }

    /// What is known of fetching a feed.
    pub fn fetch_state(&self, feed: &str) -> FetchState {
        let known = lock(&self.fetches).get(feed).cloned();
        known.unwrap_or_else(|| FetchState {
            feed: feed.to_owned(),
            ..FetchState::default()
        })
    }

    /// Notes what is known of fetching a feed.
    pub fn set_fetch_state(&self, state: &FetchState) -> Result<(), ControlError> {
        let mut fetches = lock(&self.fetches);
        self.records.put_fetch_state(state)?;
        fetches.insert(state.feed.clone(), state.clone());
        Ok(())
    }

    /// How a feed is, if it was ever tried.
    pub fn feed_state(&self, feed: &str) -> Option<FeedState> {
        lock(&self.feeds).get(feed).cloned()
    }

    /// Writes all that is durable of it, as it is at one moment, into a new
    /// file: a database of the same form.
    pub fn copy_to(&self, path: &Path) -> Result<(), ControlError> {
        self.records.copy_to(path)
    }
}

/// [`Coverage`] as it is written, and for how long that is true.
#[derive(Debug)]
struct RenderedCoverage {
    json: Vec<u8>,
    /// When the next feed grows stale.
    holds_until: Option<Timestamp>,
}

impl RenderedCoverage {
    fn of(feeds: &BTreeMap<String, FeedState>, now: Timestamp) -> RenderedCoverage {
        let ends = feeds.values().filter_map(|state| state.stale_at);
        RenderedCoverage {
            json: Coverage::of(feeds.values(), now).to_json(),
            holds_until: ends.filter(|end| now < *end).min(),
        }
    }
}

/// A lock whose holder panicked is taken all the same: what these locks guard
/// is replaced whole, never left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
