//! What is kept of the log, batch by batch.

use super::dropped::Dropped;
use super::output::Output;
use crate::Index;
use crate::error::IndexError;
use crate::log::{Address, Log};
use crate::record::{CLAIM, Commit, GAP, Record, TOMBSTONE, TOUCH};
use crate::state::damaged;

/// Copies what is kept of each batch, record by record and byte by byte.
pub(super) struct Sieve<'a, 'b> {
    index: &'a Index,
    dropped: &'a Dropped,
    output: &'a mut Output<'b>,
    /// The next slot of the log.
    slot: u32,
    /// The last revision that was read, and the last that was written.
    read: u64,
    written: u64,
    /// What is kept of the batch.
    batch: Vec<u8>,
    /// The end of the last batch, if nothing is kept of it.
    unsaid: Option<Commit>,
}

impl<'a, 'b> Sieve<'a, 'b> {
    pub(super) fn new(
        index: &'a Index,
        dropped: &'a Dropped,
        output: &'a mut Output<'b>,
    ) -> Sieve<'a, 'b> {
        Sieve {
            index,
            dropped,
            output,
            slot: 0,
            read: 0,
            written: 0,
            batch: Vec::new(),
            unsaid: None,
        }
    }

    /// Takes the next batch of the log.
    pub(super) fn take(
        &mut self,
        log: &Log,
        records: &[Address],
        commit: Commit,
    ) -> Result<(), IndexError> {
        self.batch.clear();
        for &address in records {
            let body = log.read(address)?;
            match body[0] {
                CLAIM | TOMBSTONE => {
                    self.read += 1;
                    let is_kept = !self.dropped.contains(self.slot);
                    self.slot += 1;
                    if is_kept {
                        self.move_on(self.read - 1);
                        self.written = self.read;
                        self.batch.extend_from_slice(log.raw(address)?);
                    }
                }
                TOUCH => {
                    if self.is_last_touch(&log.record(address)?) {
                        self.batch.extend_from_slice(log.raw(address)?);
                    }
                }
                GAP => match log.record(address)? {
                    Record::Gap(to) => self.read = to,
                    _ => return Err(damaged(address)),
                },
                _ => self.batch.extend_from_slice(log.raw(address)?),
            }
        }
        if self.read != commit.revision {
            return Err(damaged(Address(commit.start)));
        }
        if self.batch.is_empty() {
            self.unsaid = Some(commit);
            return Ok(());
        }
        self.put(commit)
    }

    /// Takes in that there are no more batches: what follows goes on from the
    /// revision that the last one reached.
    pub(super) fn finish(mut self) -> Result<(), IndexError> {
        match self.unsaid {
            Some(commit) if self.read > self.written => self.put(commit),
            _ => Ok(()),
        }
    }

    fn put(&mut self, commit: Commit) -> Result<(), IndexError> {
        self.unsaid = None;
        self.move_on(commit.revision);
        self.output.put(&mut self.batch, commit)
    }

    /// Writes that revisions up to this one are over.
    fn move_on(&mut self, to: u64) {
        if to > self.written {
            Record::Gap(to).encode(&mut self.batch);
            self.written = to;
        }
    }

    /// Whether a sighting is of a version that is kept, and the last one.
    fn is_last_touch(&self, record: &Record<'_>) -> bool {
        let &Record::Touch {
            revision,
            last_seen,
        } = record
        else {
            return false;
        };
        let state = self.index.state.read();
        let slot = state.slot_of(revision);
        slot.is_some_and(|slot| {
            !self.dropped.contains(slot) && state.columns.touched(slot) == last_seen
        })
    }
}
