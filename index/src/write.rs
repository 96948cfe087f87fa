//! Writing: what changes becomes one durable batch, and is taken into the
//! indexes.

use iocd_core::claim::Source;
use jiff::Timestamp;
use parking_lot::RwLockWriteGuard;

use crate::Index;
use crate::error::IndexError;
use crate::fetches::{Fetch, Fetches};
use crate::log::{self, Address, Appended};
use crate::record::{COMMIT_SIZE, Commit, Record};
use crate::state::{APPLIED_AT_ONCE, State};
use crate::time::seconds;

mod draft;
mod ends;
mod statements;

pub(crate) use draft::{Draft, Heard};
pub use statements::Recorded;

/// The parts that only the writer touches.
pub(crate) struct Writer {
    pub(crate) log: log::Writer,
    pub(crate) fetches: Fetches,
}

impl Writer {
    fn note_fetch(&mut self, fetch: Fetch) -> Result<(), IndexError> {
        self.log.check_open()?;
        let noted = self.fetches.append(fetch);
        noted.map_err(|failure| self.log.fail(self.fetches.path.clone(), failure))
    }
}

impl Index {
    /// Makes a draft a durable batch, and takes it in. If this fails, nothing of it
    /// is kept. An empty one writes nothing.
    pub(crate) fn commit(
        &self,
        writer: &mut Writer,
        mut draft: Draft,
        at: Timestamp,
    ) -> Result<(), IndexError> {
        if draft.bytes.is_empty() {
            return Ok(());
        }
        let start = writer.log.place(draft.bytes.len() + COMMIT_SIZE);
        let state = self.state.read();
        let versions = u64::from(state.columns.len()) + draft.revisions;
        writer.log.check_room(versions)?;
        let commit = Commit {
            start: start.0,
            revision: state.revision() + draft.revisions,
            time: seconds(at).max(state.last_commit),
        };
        drop(state);
        Record::Commit(commit).encode(&mut draft.bytes);
        let appended = writer.log.append(&draft.bytes)?;
        let addresses: Vec<_> = draft
            .starts
            .iter()
            .map(|&offset| start.plus(offset))
            .collect();
        // What was just written reads back, unless memory or disk are broken:
        // then the indexes no longer agree with the log.
        self.apply(appended, &addresses, commit)
            .inspect_err(|error| writer.log.stop(error.to_string()))
    }

    /// Takes a durable batch into the indexes. Readers have their turn after
    /// every few records: none waits for the whole of it.
    fn apply(
        &self,
        appended: Appended,
        records: &[Address],
        commit: Commit,
    ) -> Result<(), IndexError> {
        let mut state = self.state.write();
        state.log.extend(appended);
        for slice in records.chunks(APPLIED_AT_ONCE) {
            state.apply_slice(slice, commit.time)?;
            RwLockWriteGuard::bump(&mut state);
        }
        state.finish_batch(commit)
    }
}

pub(crate) fn source_number(state: &State, source: &Source) -> Option<u16> {
    let at = state
        .sources
        .iter()
        .position(|known| known.source.name == source.name)?;
    u16::try_from(at).ok()
}

/// The number of a source; its description goes into the draft if it is new.
pub(crate) fn describe(
    state: &State,
    draft: &mut Draft,
    source: &Source,
) -> Result<u16, IndexError> {
    let number = match source_number(state, source) {
        Some(number) if state.sources[number as usize].source == *source => return Ok(number),
        Some(number) => number,
        None => u16::try_from(state.sources.len()).map_err(|_| IndexError::TooLarge {
            what: "the store has 65,536 sources, which is all it can hold",
        })?,
    };
    let json = serde_json::to_string(source).expect("a source is plain data");
    draft.put(&Record::Source {
        number,
        json: &json,
    });
    Ok(number)
}
