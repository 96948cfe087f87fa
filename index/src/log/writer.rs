//! Appending batches.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::segment::{PLAIN, SEGMENT_HEADER, Segment, header, plain_path};
use super::{Address, LogSettings, clean};
use crate::error::IndexError;
use crate::files::{AppendFailure, OpenFile, Opening, append};

/// Largest batch in bytes.
const MAX_BATCH: usize = 1 << 30;

/// What [`Writer::append`] did to the log.
pub(crate) struct Appended {
    pub(super) new_segments: Vec<(u32, Segment)>,
    pub(super) end: Address,
}

/// The end of the log, for writing. There is one.
pub(crate) struct Writer {
    pub(super) dir: PathBuf,
    pub(super) settings: LogSettings,
    pub(super) key: [u8; 16],
    /// The segment written to; none before the first one is begun.
    pub(super) file: Option<Box<dyn OpenFile>>,
    /// Number of the first one.
    pub(super) first: u32,
    /// The end of the log.
    pub(super) segment: u32,
    pub(super) position: u32,
    /// Segments that were begun and hold no batch yet: readers do not know them.
    begun: Vec<(u32, Segment)>,
    /// Why no more batches are taken, if so; shared with those who ask.
    stopped: Arc<OnceLock<String>>,
}

impl Writer {
    /// The end of a log of which nothing has been read yet.
    pub(super) fn new(dir: &Path, settings: LogSettings, key: [u8; 16]) -> Writer {
        Writer {
            dir: dir.to_owned(),
            settings,
            key,
            file: None,
            first: 0,
            segment: 0,
            position: 0,
            begun: Vec::new(),
            stopped: Arc::default(),
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn key(&self) -> [u8; 16] {
        self.key
    }

    /// Where a batch of `len` bytes would begin.
    pub(crate) fn place(&self, len: usize) -> Address {
        if self.needs_segment(len) {
            Address::new(self.next_segment(), SEGMENT_HEADER)
        } else {
            Address::new(self.segment, self.position)
        }
    }

    fn next_segment(&self) -> u32 {
        if self.file.is_some() {
            self.segment + 1
        } else {
            self.first
        }
    }

    fn needs_segment(&self, len: usize) -> bool {
        self.file.is_none() || self.position as usize + len > self.settings.segment_size as usize
    }

    /// Appends a batch and makes it durable. If this fails, nothing of the
    /// batch is kept.
    pub(crate) fn append(&mut self, batch: &[u8]) -> Result<Appended, IndexError> {
        self.check_open()?;
        if batch.len() > MAX_BATCH {
            return Err(IndexError::TooLarge {
                what: "the batch is larger than 1 GiB: record it in parts",
            });
        }
        if self.needs_segment(batch.len()) {
            self.begin_segment(batch.len())?;
        }
        let file = self.file.as_ref().expect("a segment is open");
        if let Err(failure) = append(&**file, batch, u64::from(self.position)) {
            return Err(self.fail(plain_path(&self.dir, self.segment), failure));
        }
        self.position += u32::try_from(batch.len()).expect("checked above");
        Ok(Appended {
            new_segments: std::mem::take(&mut self.begun),
            end: Address::new(self.segment, self.position),
        })
    }

    /// Begins another segment, unless the one written to has no batch yet: so
    /// that those before it are no longer written to. Gives its number.
    pub(crate) fn roll(&mut self) -> Result<u32, IndexError> {
        self.check_open()?;
        if self.file.is_none() || self.position > SEGMENT_HEADER {
            self.begin_segment(0)?;
        }
        Ok(self.segment)
    }

    /// Forgets segments without batches that are before this one.
    pub(crate) fn forget_before(&mut self, first: u32) {
        self.begun.retain(|&(number, _)| number >= first);
    }

    /// Where it will say why no more batches are taken.
    pub(crate) fn stopped(&self) -> Arc<OnceLock<String>> {
        Arc::clone(&self.stopped)
    }

    /// Fails with the reason why no more batches are taken, if so.
    pub(crate) fn check_open(&self) -> Result<(), IndexError> {
        self.stopped.get().map_or(Ok(()), |reason| {
            Err(IndexError::ReadOnly {
                reason: reason.clone(),
            })
        })
    }

    /// Fails if there may not be so many versions and ends of claims.
    pub(crate) fn check_room(&self, versions: u64) -> Result<(), IndexError> {
        if versions <= u64::from(self.settings.most_versions) {
            return Ok(());
        }
        Err(IndexError::TooLarge {
            what: "the store has no room for more versions of claims: 4,294,967,295 are all it can hold. Compact it: iocd store compact",
        })
    }

    /// Takes note of a failure to append to the log or to a file beside it.
    pub(crate) fn fail(&mut self, path: PathBuf, failure: AppendFailure) -> IndexError {
        if let Some(reason) = failure.is_final {
            self.stop(format!("{}: {reason}", path.display()));
        }
        IndexError::io(path)(failure.source)
    }

    /// Takes no more batches, for a reason.
    pub(crate) fn stop(&mut self, reason: String) {
        self.stopped.get_or_init(|| reason);
    }

    /// Begins the next segment, with room for its first batch.
    fn begin_segment(&mut self, first_batch: usize) -> Result<(), IndexError> {
        let number = self.next_segment();
        let path = plain_path(&self.dir, number);
        let files = Arc::clone(&self.settings.files);
        let opened = files.open(&path, Opening::New);
        let file = opened.map_err(IndexError::io(&path))?;
        match self.head_segment(&*file, number, first_batch) {
            Ok(segment) => {
                self.begun.push((number, segment));
                (self.file, self.segment, self.position) = (Some(file), number, SEGMENT_HEADER);
                Ok(())
            }
            Err(mut failure) => {
                // While batches go on into the segment before, this one would
                // have that one's last batch taken for damage after a crash.
                let removed = files.remove(&path).and_then(|()| files.sync_dir(&self.dir));
                let again = removed.err().map(|again| again.to_string());
                failure.is_final = failure.is_final.or(again);
                Err(self.fail(path, failure))
            }
        }
    }

    /// Makes a new file durably a segment without batches.
    fn head_segment(
        &self,
        file: &dyn OpenFile,
        number: u32,
        first_batch: usize,
    ) -> Result<Segment, AppendFailure> {
        append(file, &header(PLAIN, number, self.key), 0)?;
        let synced = self.settings.files.sync_dir(&self.dir);
        synced.map_err(|source| AppendFailure {
            is_final: Some(source.to_string()),
            source,
        })?;
        let needed = u32::try_from(first_batch).expect("checked by the caller") + SEGMENT_HEADER;
        let capacity = needed.max(self.settings.segment_size);
        Segment::map(file.file(), SEGMENT_HEADER, capacity).map_err(|source| AppendFailure {
            source,
            is_final: None,
        })
    }

    /// Notes that the log is closed in order and where it ends, so that the
    /// next opening can tell damage from an unfinished batch; takes no more
    /// batches.
    pub(crate) fn close(&mut self) -> Result<(), IndexError> {
        if self.stopped.get().is_some() {
            return Ok(());
        }
        self.stop("the store was closed".to_owned());
        if self.position == 0 {
            return Ok(());
        }
        let end = Address::new(self.segment, self.position);
        clean::write_clean_marker(&*self.settings.files, &self.dir, end)
    }
}
