//! Opening: reading the log from its start, and cutting off what a crash left
//! unfinished.

use std::fs::{self, File, OpenOptions};
use std::path::Path;

use super::segment::{SEGMENT_HEADER, SEGMENT_SIZE, Segment, read_header, segment_path};
use super::writer::{Writer, sync_dir};
use super::{Address, Frame, Log, frame};
use crate::error::IndexError;
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
    new_key: [u8; 16],
    replay: &mut Replay<'_>,
) -> Result<(Log, Writer, Recovery), IndexError> {
    let clean_end = read_clean_marker(dir)?;
    let mut recovery = Recovery {
        dropped_bytes: 0,
        was_clean: clean_end.is_some(),
    };
    let mut log = Log::default();
    let mut writer = Writer::new(dir, new_key);
    loop {
        let number = u32::try_from(log.segments.len()).expect("segment numbers are u32");
        let path = segment_path(dir, number);
        if !exists(&path)? {
            break;
        }
        let is_last = !exists(&segment_path(dir, number + 1))?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(IndexError::io(&path))?;
        let size = file.metadata().map_err(IndexError::io(&path))?.len();
        if size < u64::from(SEGMENT_HEADER) && is_last {
            // The crash came between creating the file and writing its header.
            recovery.dropped_bytes += size;
            fs::remove_file(&path).map_err(IndexError::io(&path))?;
            break;
        }
        let size = u32::try_from(size).map_err(|_| IndexError::NotASegment {
            path: path.clone(),
            what: "it is larger than a segment can be",
        })?;
        let segment = Segment::map(&file, &path, size, SEGMENT_SIZE)?;
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
            file.sync_all().map_err(IndexError::io(&path))?;
            log.segments[number as usize].len = end.committed;
        }
        (writer.file, writer.segment, writer.position) = (Some(file), number, end.committed);
    }
    match clean_end {
        Some(end) if end != Address::new(writer.segment, writer.position) => {
            Err(end.damaged("the log ends elsewhere than when it was closed"))
        }
        Some(_) => {
            // Only now: damage must be reported every time until it is mended.
            let path = dir.join(CLEAN);
            fs::remove_file(&path).map_err(IndexError::io(&path))?;
            sync_dir(dir)?;
            Ok((log, writer, recovery))
        }
        None => Ok((log, writer, recovery)),
    }
}

fn exists(path: &Path) -> Result<bool, IndexError> {
    path.try_exists().map_err(IndexError::io(path))
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
const CLEAN: &str = "clean";

/// Reads the note that the store was closed in order.
fn read_clean_marker(dir: &Path) -> Result<Option<Address>, IndexError> {
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
pub(super) fn write_clean_marker(dir: &Path, end: Address) -> Result<(), IndexError> {
    let mut bytes = end.0.to_le_bytes().to_vec();
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    let path = dir.join(CLEAN);
    fs::write(&path, bytes).map_err(IndexError::io(&path))?;
    File::open(&path)
        .and_then(|file| file.sync_all())
        .map_err(IndexError::io(&path))?;
    sync_dir(dir)
}
