//! The embedded claim store: files under one directory, indexes in memory.
//!
//! ```text
//! claims-000000.log …   checksummed records in batches (log, record)
//! fetches.log           when snapshot sources were last seen whole (fetches)
//! epoch                 within which revisions mean the same (epoch)
//! generation            which files the log is, once it was compacted (compaction)
//! checkpoint            the indexes as of some batch (checkpoint)
//! clean                 present while the store is closed in order
//! lock                  held by the process that has the store open
//! ```
//!
//! Every claim version and every end of a claim has a *revision* (public,
//! never reused) and a *slot* (dense, internal, another after compaction) in the same order; the
//! columns are indexed by slot, the table leads from a value to
//! its newest slot, facets are sets of slots. The log is the truth: opening
//! reads a checkpoint of the indexes and replays the log from there on through the
//! code that live batches go through (`state`).
//!
//! What a new statement does to a claim is decided in
//! [`iocd_core::claim::held`], which stored values answer a question in
//! [`iocd_core::matching`]. This crate keeps and finds.

mod best;
mod cascade;
mod check;
mod checkpoint;
mod columns;
mod compaction;
mod contain;
mod epoch;
mod error;
mod expiry;
mod facets;
mod fetches;
mod files;
mod follow;
mod kept;
mod labels;
mod list;
mod log;
mod many;
mod mirror;
mod moment;
mod opening;
mod order;
mod posting;
mod prefetch;
mod read;
mod reading;
mod record;
mod restate;
mod revisions;
mod score;
mod scored;
mod snapshot;
mod state;
mod stats;
mod strings;
mod table;
mod ties;
mod time;
mod transfer;
mod trigrams;
mod write;

use std::fs::File;
use std::sync::{Arc, OnceLock};

use iocd_core::claim::Source;
use parking_lot::{Mutex, RwLock};

pub use check::{Checked, Problem, check};
pub use compaction::{Compacted, Retention};
pub use epoch::begin_epoch;
pub use error::IndexError;
pub use log::Recovery;
pub use snapshot::{Snapshot, SnapshotFile};
pub use transfer::Walk;
pub use write::Recorded;

use checkpoint::Schedule;
use state::State;
use write::Writer;

/// How much the index holds, and of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Entries that are not ended.
    pub active: u64,
    /// Entries, ended ones too.
    pub retained: u64,
    /// Latest revision.
    pub revision: u64,
    /// Bytes of the log.
    pub disk: u64,
    /// Bytes of the indexes on the heap, about.
    pub memory: u64,
}

/// An open claim store. There is one for a directory at a time.
pub struct Index {
    state: RwLock<State>,
    writer: Mutex<Writer>,
    /// Locked before the writer.
    schedule: Mutex<Schedule>,
    /// Locked while the store is compacted, before all others.
    compaction: Mutex<()>,
    recovery: Recovery,
    epoch: u64,
    stopped: Arc<OnceLock<String>>,
    /// Locked for as long as it is open.
    _lock: File,
}

impl Index {
    /// What opening found.
    pub fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// The number within which revisions mean the same: it is made at random
    /// with the store, and anew when a backup is restored.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Why the store takes no writes until it is opened anew, if so. It goes
    /// on answering.
    pub fn refusal(&self) -> Option<&str> {
        self.stopped.get().map(String::as_str)
    }

    /// How much there is. Constant time but for `memory`, which walks shards,
    /// lists and strings.
    pub fn size(&self) -> Size {
        let state = self.state.read();
        Size {
            active: state.active,
            retained: state.retained,
            revision: state.revision(),
            disk: state.log.size(),
            memory: state.memory() as u64,
        }
    }

    /// Active entries, retained entries, latest revision.
    pub fn counts(&self) -> (u64, u64, u64) {
        let state = self.state.read();
        (state.active, state.retained, state.revision())
    }

    /// The sources in the order in which they came.
    pub fn sources(&self) -> Vec<Source> {
        self.state
            .read()
            .sources
            .iter()
            .map(|known| known.source.clone())
            .collect()
    }
}

impl Drop for Index {
    /// Closes the store in order where nobody did: after an error, too, the
    /// log is whole.
    fn drop(&mut self) {
        // A note that cannot be written means a slower look at the next opening.
        let _ = self.close();
    }
}

/// Reads the body of a record as opening a store does.
#[cfg(fuzzing)]
pub fn decode_for_fuzzing(body: &[u8]) {
    if let Ok(record) = record::Record::decode(body) {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        let again = record::Record::decode(&bytes[record::HEADER..]);
        assert_eq!(again.as_ref(), Ok(&record));
    }
}

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod lib_tests;
