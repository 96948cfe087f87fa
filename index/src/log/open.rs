//! Opening: mapping the segments, reading the log from where a checkpoint ends
//! or from its start, and cutting off what a crash left unfinished.

use std::path::Path;

use super::clean::{CLEAN, read_clean_marker};
use super::generation::Generation;
use super::segment::{SEGMENT_HEADER, Segment, is_unfinished_header, plain_path, read_header};
use super::writer::Writer;
use super::{Address, Frame, Log, LogSettings, frame};
use crate::error::IndexError;
use crate::files::{OpenFile, Opening};
use crate::record::{COMMIT, COMMIT_BODY, Commit, HEADER, Record};

/// What was found at open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Bytes of an unfinished batch cut off the end.
    pub dropped_bytes: u64,
    /// Whether the store was closed in order the last time.
    pub was_clean: bool,
    /// Bytes of the log that were read: those after the checkpoint, or all.
    pub replayed_bytes: u64,
    /// Why the checkpoint that is there was not used, if so.
    pub ignored_checkpoint: Option<&'static str>,
}

/// What takes the batches in: the addresses of the batch's records, its commit.
type Replay<'a> = dyn FnMut(&[Address], Commit) -> Result<(), IndexError> + 'a;

/// A log whose segments are mapped, and whose records were not read.
pub(crate) struct Unread {
    log: Log,
    generation: Generation,
    writer: Writer,
    recovery: Recovery,
    clean_end: Option<Address>,
    /// The file of the last segment, if it may be written to.
    last: Option<Box<dyn OpenFile>>,
    /// Number of the segment whose end a crash may have torn.
    torn: Option<u32>,
}

/// Maps the log in `dir`, which exists and is locked. `new_key` is the key if
/// there is no log yet.
pub(crate) fn open(
    dir: &Path,
    settings: &LogSettings,
    new_key: [u8; 16],
) -> Result<Unread, IndexError> {
    let files = &*settings.files;
    let clean_end = read_clean_marker(dir)?;
    let generation = Generation::read(dir)?;
    let numbers = generation.segments(dir)?;
    let last = numbers.last().copied();
    let may_be_torn = |number: &u32| clean_end.is_none() && *number >= generation.first;
    let mut unread = Unread {
        log: Log::default(),
        generation,
        writer: Writer::new(dir, settings.clone(), new_key),
        recovery: Recovery {
            was_clean: clean_end.is_some(),
            ..Recovery::default()
        },
        clean_end,
        last: None,
        torn: last.filter(may_be_torn),
    };
    unread.writer.first = generation.first;
    for &number in &numbers {
        let path = generation.path(dir, number);
        let opened = files.open(&path, Opening::Existing);
        let file = opened.map_err(IndexError::io(&path))?;
        let metadata = file.file().metadata().map_err(IndexError::io(&path))?;
        let size = u32::try_from(metadata.len()).map_err(|_| IndexError::NotASegment {
            path: path.clone(),
            what: "it is larger than a segment can be",
        })?;
        let segment = Segment::map(file.file(), size, settings.segment_size)
            .map_err(IndexError::io(&path))?;
        if unread.torn == Some(number) && is_unfinished_header(segment.bytes()) {
            // The crash came between making the file and its header's reaching the disk.
            unread.recovery.dropped_bytes += u64::from(size);
            files.remove(&path).map_err(IndexError::io(&path))?;
            break;
        }
        let key = read_header(segment.bytes(), number, &path)?;
        if unread.log.ends().next().is_none() {
            unread.writer.key = key;
        } else if key != unread.writer.key {
            return Err(IndexError::NotASegment {
                path,
                what: "it belongs to another store",
            });
        }
        unread.log.insert(number, segment);
        unread.last = (number >= generation.first).then_some(file);
    }
    // Those of the log are all there.
    generation.remove_leftovers(files, dir)?;
    Ok(unread)
}

impl Unread {
    /// The log, with what may have to be cut off its end.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Which files the log is.
    pub(crate) fn generation(&self) -> Generation {
        self.generation
    }

    /// The store's key.
    pub(crate) fn key(&self) -> [u8; 16] {
        self.writer.key
    }

    /// Reads the log after `start`, the end of a batch, or from its beginning;
    /// `replay` gets each whole batch in order.
    pub(crate) fn replay(
        mut self,
        start: Option<Address>,
        replay: &mut Replay<'_>,
    ) -> Result<(Log, Writer, Recovery), IndexError> {
        let start = start.unwrap_or(Log::START);
        for number in self.log.numbers_from(start) {
            let from = start_in(start, number);
            let end = replay_segment(&self.log, number, from, replay)?;
            self.recovery.replayed_bytes += u64::from(end.offset - from);
            self.settle(number, &end)?;
            (self.writer.segment, self.writer.position) = (number, end.committed);
        }
        self.writer.file = self.last;
        let dir = self.writer.dir();
        let files = &*self.writer.settings.files;
        if let Some(end) = self.clean_end {
            if end != Address::new(self.writer.segment, self.writer.position) {
                return Err(end.damaged("the log ends elsewhere than when it was closed"));
            }
            // Only now: damage must be reported every time until it is mended.
            let path = dir.join(CLEAN);
            files.remove(&path).map_err(IndexError::io(&path))?;
        }
        // No note and no file that was removed, now or by an opening that failed
        // half way, may come back after a crash once the log goes on.
        files.sync_dir(dir).map_err(IndexError::io(dir))?;
        Ok((self.log, self.writer, self.recovery))
    }

    /// Cuts off what a crash left at the end of the log, and sees to it that
    /// the rest is on the disk.
    fn settle(&mut self, number: u32, end: &End) -> Result<(), IndexError> {
        if self.torn != Some(number) {
            return end.check(number);
        }
        let path = || plain_path(self.writer.dir(), number);
        let file = self.last.as_ref().expect("it is the last, and was mapped");
        if end.broken.is_some() {
            if has_later_batch(&self.log, number, end) {
                return end.check(number);
            }
            let segment = self.log.segment_mut(number);
            self.recovery.dropped_bytes += u64::from(segment.len - end.committed);
            segment.len = end.committed;
            let cut = file.set_len(u64::from(end.committed));
            cut.map_err(IndexError::io(path()))?;
        }
        // A process that was killed may have left its last batch to the
        // kernel: what is served from here on is to be on the disk.
        file.sync().map_err(IndexError::io(path()))
    }
}

impl Log {
    /// Where the first batch begins.
    pub(crate) const START: Address = Address(SEGMENT_HEADER as u64);

    /// Reads the log after `start`, the end of a batch; `replay` gets each
    /// batch in order, and there must be nothing else. Gives the end.
    pub(crate) fn replay(
        &self,
        start: Address,
        replay: &mut Replay<'_>,
    ) -> Result<Address, IndexError> {
        let mut reached = start;
        for number in self.numbers_from(start) {
            let end = replay_segment(self, number, start_in(start, number), replay)?;
            end.check(number)?;
            reached = Address::new(number, end.committed);
        }
        Ok(reached)
    }

    fn numbers_from(&self, start: Address) -> Vec<u32> {
        let numbers = self.ends().map(Address::segment);
        numbers
            .filter(|&number| number >= start.segment())
            .collect()
    }
}

/// Where in a segment that which follows `start` begins.
fn start_in(start: Address, number: u32) -> u32 {
    if number == start.segment() {
        start.offset()
    } else {
        SEGMENT_HEADER
    }
}

/// How far a segment is whole.
struct End {
    /// After the last commit.
    committed: u32,
    /// Where reading stopped.
    offset: u32,
    /// What is wrong there; `None` if the segment ends with a commit.
    broken: Option<&'static str>,
}

impl End {
    /// Fails if reading stopped before the end of the segment of this number.
    fn check(&self, number: u32) -> Result<(), IndexError> {
        let damaged = |what| Address::new(number, self.offset).damaged(what);
        self.broken.map_or(Ok(()), |what| Err(damaged(what)))
    }
}

/// Gives each batch of the log's segment `number`, from a byte on, to `replay`.
fn replay_segment(
    log: &Log,
    number: u32,
    from: u32,
    replay: &mut Replay<'_>,
) -> Result<End, IndexError> {
    let bytes = log.segment(number).expect("it was listed").bytes();
    let mut batch = Vec::new();
    let (mut offset, mut committed) = (from, from);
    while (offset as usize) < bytes.len() {
        let Frame { body, next } = match frame(bytes, offset) {
            Ok(frame) => frame,
            Err(what) => {
                return Ok(End {
                    committed,
                    offset,
                    broken: Some(what),
                });
            }
        };
        let address = Address::new(number, offset);
        if body[0] == COMMIT {
            let Ok(Record::Commit(commit)) = Record::decode(body) else {
                return Err(address.damaged("the commit record is malformed"));
            };
            if commit.start != Address::new(number, committed).0 {
                return Err(address.damaged("the commit record belongs to another place"));
            }
            replay(&batch, commit)?;
            batch.clear();
            committed = next;
        } else {
            batch.push(address);
        }
        offset = next;
    }
    let broken = (!batch.is_empty()).then_some("the last batch has no commit record");
    Ok(End {
        committed,
        offset,
        broken,
    })
}

/// Whether a batch after the unfinished one is whole: then what is broken was
/// acknowledged, and is damage. A commit record of the unfinished batch itself
/// may have reached the disk before its other pages did.
fn has_later_batch(log: &Log, number: u32, end: &End) -> bool {
    let bytes = log.segment(number).expect("it was read").bytes();
    let start = Address::new(number, end.committed);
    (end.offset..u32::try_from(bytes.len()).unwrap_or(u32::MAX)).any(|offset| {
        // Length and type first: it spares the checksums of what only looks like
        // a long record.
        let head = bytes[offset as usize..].first_chunk::<{ HEADER + 1 }>();
        head.is_some_and(|head| head[..4] == [COMMIT_BODY, 0, 0, 0] && head[HEADER] == COMMIT)
            && frame(bytes, offset).is_ok_and(|frame| {
                matches!(Record::decode(frame.body), Ok(Record::Commit(commit)) if commit.start > start.0)
            })
    })
}
