//! Appending batches.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::segment::{SEGMENT_HEADER, SEGMENT_SIZE, Segment, header, segment_path};
use super::{Address, open};
use crate::error::IndexError;

/// Largest batch in bytes.
const MAX_BATCH: usize = 1 << 30;

/// What [`Writer::append`] did to the log.
pub(crate) struct Appended {
    pub(super) new_segment: Option<Segment>,
    pub(super) end: u32,
}

/// The end of the log, for writing. There is one.
pub(crate) struct Writer {
    pub(super) dir: PathBuf,
    pub(super) key: [u8; 16],
    /// The segment written to; none in a new store.
    pub(super) file: Option<File>,
    pub(super) segment: u32,
    pub(super) position: u32,
    pub(super) failed: Option<String>,
    #[cfg(test)]
    pub(super) fail_next: std::cell::Cell<bool>,
}

impl Writer {
    /// The end of a log of which nothing has been read yet.
    pub(super) fn new(dir: &Path, key: [u8; 16]) -> Writer {
        Writer {
            dir: dir.to_owned(),
            key,
            file: None,
            segment: 0,
            position: 0,
            failed: None,
            #[cfg(test)]
            fail_next: std::cell::Cell::new(false),
        }
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
            0
        }
    }

    fn needs_segment(&self, len: usize) -> bool {
        self.file.is_none() || self.position as usize + len > SEGMENT_SIZE as usize
    }

    /// Appends a batch and makes it durable. If this fails, nothing of the
    /// batch is kept.
    pub(crate) fn append(&mut self, batch: &[u8]) -> Result<Appended, IndexError> {
        if let Some(reason) = &self.failed {
            return Err(IndexError::ReadOnly {
                reason: reason.clone(),
            });
        }
        if batch.len() > MAX_BATCH {
            return Err(IndexError::TooLarge {
                what: "the batch is larger than 1 GiB: record it in parts",
            });
        }
        let begun = if self.needs_segment(batch.len()) {
            Some(self.begin_segment(self.next_segment(), batch.len())?)
        } else {
            None
        };
        let (file, segment, position) = match &begun {
            Some((file, _)) => (file, self.next_segment(), SEGMENT_HEADER),
            None => (
                self.file.as_ref().expect("a segment is open"),
                self.segment,
                self.position,
            ),
        };
        let path = segment_path(&self.dir, segment);
        let written = self.write(file, batch, position);
        if let Err(error) = written {
            // Most often the disk is full: give the space back and go on.
            let undone = match begun {
                Some(_) => fs::remove_file(&path),
                None => file.set_len(u64::from(position)),
            };
            if let Err(again) = undone {
                self.failed = Some(format!("{error}, then {again}"));
            }
            return Err(IndexError::io(path)(error));
        }
        if let Err(error) = file.sync_data() {
            // What the disk now holds is unknown, and syncing again would not
            // tell: the kernel forgets the pages it could not write.
            self.failed = Some(error.to_string());
            return Err(IndexError::io(path)(error));
        }
        let end = position + u32::try_from(batch.len()).expect("checked above");
        let new_segment = begun.map(|(file, segment)| {
            self.file = Some(file);
            segment
        });
        (self.segment, self.position) = (segment, end);
        Ok(Appended { new_segment, end })
    }

    #[cfg(not(test))]
    #[allow(clippy::unused_self)] // the tests' twin needs it
    fn write(&self, file: &File, batch: &[u8], position: u32) -> std::io::Result<()> {
        file.write_all_at(batch, u64::from(position))
    }

    /// As on a disk with room for half of it, if a test asked for that.
    #[cfg(test)]
    fn write(&self, file: &File, batch: &[u8], position: u32) -> std::io::Result<()> {
        if self.fail_next.replace(false) {
            file.write_all_at(&batch[..batch.len() / 2], u64::from(position))?;
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        file.write_all_at(batch, u64::from(position))
    }

    #[cfg(test)]
    pub(crate) fn fail_next_write(&mut self) {
        self.fail_next.set(true);
    }

    fn begin_segment(
        &self,
        number: u32,
        first_batch: usize,
    ) -> Result<(File, Segment), IndexError> {
        let path = segment_path(&self.dir, number);
        let create = || {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(&path)?;
            file.write_all_at(&header(number, self.key), 0)?;
            file.sync_all()?;
            Ok(file)
        };
        let file = create().map_err(|error| {
            // A segment without a batch is no harm, half a header would be.
            let _ = fs::remove_file(&path);
            IndexError::io(&path)(error)
        })?;
        sync_dir(&self.dir)?;
        let needed = u32::try_from(first_batch).expect("checked by the caller") + SEGMENT_HEADER;
        let segment = Segment::map(&file, &path, SEGMENT_HEADER, needed.max(SEGMENT_SIZE))?;
        Ok((file, segment))
    }

    /// Notes that the log is closed in order and where it ends, so that the
    /// next opening can tell damage from an unfinished batch; takes no more
    /// batches.
    pub(crate) fn close(&mut self) -> Result<(), IndexError> {
        if self.failed.is_some() {
            return Ok(());
        }
        self.failed = Some("the store was closed".to_owned());
        if self.file.is_none() {
            return Ok(());
        }
        open::write_clean_marker(&self.dir, Address::new(self.segment, self.position))
    }
}

/// Makes a file that was made or removed in `dir` so durably.
pub(super) fn sync_dir(dir: &Path) -> Result<(), IndexError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(IndexError::io(dir))
}
