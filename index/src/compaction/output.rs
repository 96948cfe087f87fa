//! The segments that compaction makes.

use std::path::PathBuf;

use crate::error::IndexError;
use crate::files::{OpenFile, Opening};
use crate::log::generation::Generation;
use crate::log::segment::{COMPACTED, SEGMENT_HEADER, Segment, header};
use crate::log::{Address, LogSettings};
use crate::record::{COMMIT_SIZE, Commit, Record};

/// Bytes that are gathered before they are written and synced: so few that
/// the sync of a batch that comes in meanwhile does not wait long for them.
const PIECE: usize = 4 << 20;

/// Takes batches, and lays them out in segments as the log does.
pub(super) struct Output<'a> {
    settings: &'a LogSettings,
    dir: PathBuf,
    key: [u8; 16],
    /// Names the files.
    generation: Generation,
    segments: Vec<Segment>,
    file: Option<Box<dyn OpenFile>>,
    /// Bytes of the open segment: those on the disk, those not yet.
    flushed: usize,
    pending: Vec<u8>,
}

impl<'a> Output<'a> {
    /// Of the generation of this number.
    pub(super) fn new(
        settings: &'a LogSettings,
        dir: PathBuf,
        key: [u8; 16],
        number: u32,
    ) -> Output<'a> {
        Output {
            settings,
            dir,
            key,
            generation: Generation {
                number,
                // How many there will be is not known yet.
                first: u32::MAX,
                ..Generation::default()
            },
            segments: Vec::new(),
            file: None,
            flushed: 0,
            pending: Vec::new(),
        }
    }

    /// Writes the records of a batch, and that it was committed.
    pub(super) fn put(&mut self, batch: &mut Vec<u8>, commit: Commit) -> Result<(), IndexError> {
        let end = self.position() + batch.len() + COMMIT_SIZE;
        if self.file.is_none() || end > self.settings.segment_size as usize {
            self.end_segment()?;
            self.begin_segment()?;
        }
        let start = Address::new(self.number(), to_u32(self.position())?);
        let start = start.0;
        Record::Commit(Commit { start, ..commit }).encode(batch);
        to_u32(self.position() + batch.len())?;
        for piece in batch.chunks(PIECE) {
            self.pending.extend_from_slice(piece);
            if self.pending.len() >= PIECE {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Makes what was put durable. Gives the segments, from number 0 on.
    pub(super) fn finish(mut self) -> Result<Vec<Segment>, IndexError> {
        self.end_segment()?;
        let files = &*self.settings.files;
        files
            .sync_dir(&self.dir)
            .map_err(IndexError::io(&self.dir))?;
        Ok(self.segments)
    }

    /// Bytes of the open segment.
    fn position(&self) -> usize {
        self.flushed + self.pending.len()
    }

    fn number(&self) -> u32 {
        u32::try_from(self.segments.len()).expect("numbers are u32")
    }

    fn path(&self) -> PathBuf {
        self.generation.path(&self.dir, self.number())
    }

    fn begin_segment(&mut self) -> Result<(), IndexError> {
        let path = self.path();
        let opened = self.settings.files.open(&path, Opening::New);
        self.file = Some(opened.map_err(IndexError::io(path))?);
        self.flushed = 0;
        self.pending = header(COMPACTED, self.number(), self.key);
        debug_assert_eq!(self.pending.len(), SEGMENT_HEADER as usize);
        Ok(())
    }

    fn end_segment(&mut self) -> Result<(), IndexError> {
        self.flush()?;
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        let length = to_u32(self.position())?;
        let segment = Segment::map(file.file(), length, length);
        let segment = segment.map_err(IndexError::io(self.path()))?;
        self.segments.push(segment);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), IndexError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let written = file.write_at(&self.pending, self.flushed as u64);
        let synced = written.and_then(|()| file.sync());
        synced.map_err(IndexError::io(self.path()))?;
        self.flushed += self.pending.len();
        self.pending.clear();
        Ok(())
    }
}

fn to_u32(bytes: usize) -> Result<u32, IndexError> {
    u32::try_from(bytes).map_err(|_| IndexError::TooLarge {
        what: "a batch of the log is too large to be copied into another segment",
    })
}
