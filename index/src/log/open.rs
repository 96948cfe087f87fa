//! Opening: reading the log from its start, and cutting off what a crash left
//! unfinished.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::segment::{
    SEGMENT_HEADER, Segment, is_unfinished_header, read_header, segment_number, segment_path,
};
use super::writer::Writer;
use super::{Address, Frame, Log, LogSettings, frame};
use crate::error::IndexError;
use crate::files::{Files, Opening, write_whole};
use crate::record::{COMMIT, Commit, HEADER, Record};

/// What was found at open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Bytes of an unfinished batch cut off the end.
    pub dropped_bytes: u64,
    /// Whether the store was closed in order the last time.
    pub was_clean: bool,
}

/// What takes the batches in: the log so far, the store's key, the addresses of
/// the batch's records, its commit.
type Replay<'a> = dyn FnMut(&Log, [u8; 16], &[Address], Commit) -> Result<(), IndexError> + 'a;

/// Opens the log in `dir`, which exists and is locked, calling `replay` with
/// each whole batch in order. `new_key` is the key if there is no log yet.
pub(crate) fn open(
    dir: &Path,
    settings: &LogSettings,
    new_key: [u8; 16],
    replay: &mut Replay<'_>,
) -> Result<(Log, Writer, Recovery), IndexError> {
    let files = &*settings.files;
    let clean_end = read_clean_marker(dir)?;
    let mut recovery = Recovery {
        dropped_bytes: 0,
        was_clean: clean_end.is_some(),
    };
    let mut log = Log::default();
    let mut writer = Writer::new(dir, settings.clone(), new_key);
    let segments = count_segments(dir)?;
    for number in 0..segments {
        let path = segment_path(dir, number);
        let is_last = number + 1 == segments;
        let file = files
            .open(&path, Opening::Existing)
            .map_err(IndexError::io(&path))?;
        let metadata = file.file().metadata().map_err(IndexError::io(&path))?;
        let size = u32::try_from(metadata.len()).map_err(|_| IndexError::NotASegment {
            path: path.clone(),
            what: "it is larger than a segment can be",
        })?;
        let segment = Segment::map(file.file(), size, settings.segment_size)
            .map_err(IndexError::io(&path))?;
        if is_last && clean_end.is_none() && is_unfinished_header(segment.bytes()) {
            // The crash came between making the file and its header's reaching the disk.
            recovery.dropped_bytes += u64::from(size);
            files.remove(&path).map_err(IndexError::io(&path))?;
            break;
        }
        let key = read_header(segment.bytes(), number, &path)?;
        if number == 0 {
            writer.key = key;
        } else if key != writer.key {
            return Err(IndexError::NotASegment {
                path,
                what: "it belongs to another store",
            });
        }
        log.segments.push(segment);
        let end = replay_segment(&log, number, key, replay)?;
        if let Some(what) = end.broken {
            if !is_last || clean_end.is_some() || has_later_batch(&log, number, &end) {
                return Err(Address::new(number, end.offset).damaged(what));
            }
            recovery.dropped_bytes += u64::from(size - end.committed);
            file.set_len(u64::from(end.committed))
                .map_err(IndexError::io(&path))?;
            log.segments[number as usize].len = end.committed;
        }
        if is_last && clean_end.is_none() {
            // A process that was killed may have left its last batch to the
            // kernel: what is served from here on is to be on the disk.
            file.sync().map_err(IndexError::io(&path))?;
        }
        (writer.file, writer.segment, writer.position) = (Some(file), number, end.committed);
    }
    if let Some(end) = clean_end {
        if end != Address::new(writer.segment, writer.position) {
            return Err(end.damaged("the log ends elsewhere than when it was closed"));
        }
        // Only now: damage must be reported every time until it is mended.
        let path = dir.join(CLEAN);
        files.remove(&path).map_err(IndexError::io(&path))?;
    }
    // No note and no file that was removed, now or by an opening that failed
    // half way, may come back after a crash once the log goes on.
    files.sync_dir(dir).map_err(IndexError::io(dir))?;
    Ok((log, writer, recovery))
}

/// How many segments there are; none may be missing.
pub(crate) fn count_segments(dir: &Path) -> Result<u32, IndexError> {
    let mut numbers = BTreeSet::new();
    for entry in fs::read_dir(dir).map_err(IndexError::io(dir))? {
        let name = entry.map_err(IndexError::io(dir))?.file_name();
        numbers.extend(name.to_str().and_then(segment_number));
    }
    for (expected, &number) in (0..).zip(&numbers) {
        if number != expected {
            return Err(IndexError::NotASegment {
                path: segment_path(dir, expected),
                what: "it is missing, though there are later ones: restore a backup",
            });
        }
    }
    Ok(u32::try_from(numbers.len()).expect("segment numbers are u32"))
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

/// Gives each batch of the log's segment `number` to `replay`.
fn replay_segment(
    log: &Log,
    number: u32,
    key: [u8; 16],
    replay: &mut Replay<'_>,
) -> Result<End, IndexError> {
    let bytes = log.segments[number as usize].bytes();
    let mut batch = Vec::new();
    let (mut offset, mut committed) = (SEGMENT_HEADER, SEGMENT_HEADER);
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
            replay(log, key, &batch, commit)?;
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
    let bytes = log.segments[number as usize].bytes();
    let start = Address::new(number, end.committed);
    (end.offset..u32::try_from(bytes.len()).unwrap_or(u32::MAX)).any(|offset| {
        // The type byte first: it spares most of the checksums.
        bytes.get(offset as usize + HEADER) == Some(&COMMIT)
            && frame(bytes, offset).is_ok_and(|frame| {
                matches!(Record::decode(frame.body), Ok(Record::Commit(commit)) if commit.start > start.0)
            })
    })
}

/// The file that says that the store was closed in order.
pub(crate) const CLEAN: &str = "clean";

/// Reads the note that the store was closed in order.
pub(crate) fn read_clean_marker(dir: &Path) -> Result<Option<Address>, IndexError> {
    let path = dir.join(CLEAN);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(IndexError::io(path)(error)),
    };
    let [address @ .., c0, c1, c2, c3] = bytes.as_slice() else {
        return Ok(None);
    };
    let holds = crc32c::crc32c(address) == u32::from_le_bytes([*c0, *c1, *c2, *c3]);
    Ok(<[u8; 8]>::try_from(address)
        .ok()
        .filter(|_| holds)
        .map(|bytes| Address(u64::from_le_bytes(bytes))))
}

/// Notes that the log was closed in order, and where it ends.
pub(super) fn write_clean_marker(
    files: &dyn Files,
    dir: &Path,
    end: Address,
) -> Result<(), IndexError> {
    let path = dir.join(CLEAN);
    write_whole(files, &path, &clean_marker(end)).map_err(IndexError::io(path))
}

/// The bytes of that note.
pub(crate) fn clean_marker(end: Address) -> Vec<u8> {
    let mut bytes = end.0.to_le_bytes().to_vec();
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}
