//! Checkpoints: everything in memory as of one batch, in one file, so that
//! opening reads that and the log from there on, and not the whole log.
//!
//! A checkpoint never holds anything that the log does not. One that is
//! missing, of another version, of another store or damaged is passed over, and
//! the log is read from its start.
//!
//! It is a header and sections, one for each part of the state. Each part says
//! itself, as a [`Part`], how it is written and read.

mod header;
mod load;
mod number;
mod save;
mod section;
mod sink;
#[cfg(test)]
mod tests;

use parking_lot::MutexGuard;
use std::io;

use crate::Index;
use crate::error::IndexError;
use crate::files::place;
use crate::log::LogSettings;
use crate::write::Writer;

pub(crate) use load::Saved;
pub(crate) use number::Number;
pub(crate) use section::Section;
pub(crate) use sink::Sink;

/// The file's name in the store's directory.
pub(crate) const FILE: &str = "checkpoint";
/// Sections of a checkpoint: columns, table, order, trigrams, ties, expiries,
/// sets, labels, and what is small.
const SECTIONS: usize = 9;

/// Why a checkpoint is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unfit(pub(crate) &'static str);

impl Unfit {
    pub(crate) const OTHER_VERSION: Unfit = Unfit("it has another version of the format");
    pub(crate) const OTHER_GENERATION: Unfit = Unfit("the log has been compacted since");
    pub(crate) const NOT_OF_THIS_LOG: Unfit =
        Unfit("the log does not have the batch that it ends with");
}

/// A part of the state that a checkpoint has.
pub(crate) trait Part: Sized {
    /// Writes it.
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()>;
    /// Reads what [`Part::save`] wrote.
    fn load(section: &mut Section<'_>) -> Result<Self, Unfit>;
}

/// When the next checkpoint is due. Held while one is written.
pub(crate) struct Schedule {
    pub(crate) settings: LogSettings,
    /// Bytes of the log that are not to be read again, or that the last
    /// attempt to see to that had: one that failed, most often for want of
    /// space, is not repeated at once.
    covered: u64,
}

impl Schedule {
    /// Of a store whose checkpoint covers so much of the log.
    pub(crate) fn new(settings: LogSettings, covered: u64) -> Schedule {
        Schedule { settings, covered }
    }

    /// Nothing of the log is covered any more.
    pub(crate) fn begin_anew(&mut self) {
        self.covered = 0;
    }
}

impl Index {
    /// Writes a checkpoint if enough was written since the last one that
    /// opening the store would take a while. Gives whether it did. To be
    /// called every second or so by whoever owns the store.
    ///
    /// Readers are not held up. A writer waits while memory is copied into the
    /// system's cache, not while it reaches the disk. A failure leaves the
    /// store, and the checkpoint before, as they were.
    pub fn checkpoint_if_due(&self) -> Result<bool, IndexError> {
        let mut schedule = self.schedule.lock();
        let behind = self.state.read().log.size() - schedule.covered;
        if behind < schedule.settings.checkpoint_every {
            return Ok(false);
        }
        let writer = self.writer.lock();
        if writer.log.check_open().is_err() {
            return Ok(false);
        }
        self.write_checkpoint(&mut schedule, writer)?;
        Ok(true)
    }

    /// Writes a checkpoint now, if the store holds anything. Fails where it
    /// takes no writes.
    pub fn checkpoint(&self) -> Result<(), IndexError> {
        let mut schedule = self.schedule.lock();
        let writer = self.writer.lock();
        writer.log.check_open()?;
        self.write_checkpoint(&mut schedule, writer)
    }

    /// Closes the store in order, so that the next opening can tell damage
    /// from a crash. It answers on until it is dropped, and takes no writes.
    ///
    /// If this fails, what was acknowledged is on the disk nevertheless.
    pub fn close(&self) -> Result<(), IndexError> {
        let mut schedule = self.schedule.lock();
        let mut writer = self.writer.lock();
        if writer.log.check_open().is_err() {
            return Ok(());
        }
        writer.log.close()?;
        let behind = self.state.read().log.size() - schedule.covered;
        if behind < schedule.settings.checkpoint_at_close {
            return Ok(());
        }
        self.write_checkpoint(&mut schedule, writer)
    }

    /// Writes a checkpoint of what the writer has come to, which goes on once
    /// that is in the system's cache.
    fn write_checkpoint(
        &self,
        schedule: &mut Schedule,
        writer: MutexGuard<'_, Writer>,
    ) -> Result<(), IndexError> {
        let files = &*schedule.settings.files;
        let path = writer.log.dir().join(FILE);
        let draft = path.with_extension("new");
        let state = self.state.read();
        let Some(anchor) = save::anchor(&state) else {
            return Ok(());
        };
        schedule.covered = state.log.size();
        let written = save::write(files, &draft, &state, &writer, anchor, self.epoch);
        // Whoever writes now changes what is not in it.
        drop((state, writer));
        let placed = written.and_then(|file| {
            file.sync()?;
            drop(file);
            place(files, &draft, &path)
        });
        placed.map_err(|error| {
            // What is left of it is written over the next time, if not now.
            let _ = files.remove(&draft);
            IndexError::io(path)(error)
        })
    }
}
