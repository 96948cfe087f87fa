//! Verifying the files of a store, reading only: beside a server that writes
//! to them, too.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::epoch;
use crate::error::IndexError;
use crate::fetches;
use crate::log::Address;
use crate::log::clean::{CLEAN, read_clean_marker};
use crate::log::generation::{self, Generation};
use crate::log::segment::SEGMENT_HEADER;

mod checkpoint;
mod ledger;
mod segment;
mod window;

use checkpoint::check_checkpoint;
use ledger::Ledger;
use segment::SegmentCheck;
use window::Window;

/// What does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Name of the file in the store's directory.
    pub file: String,
    /// Number of the segment, if it is one.
    pub segment: Option<u32>,
    /// Byte within the file, where there is one to name.
    pub offset: Option<u64>,
    /// What is wrong.
    pub what: String,
}

impl Problem {
    fn of_file(file: &str, what: String) -> Problem {
        Problem {
            file: file.to_owned(),
            segment: None,
            offset: None,
            what,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.segment, self.offset) {
            (Some(segment), Some(offset)) => {
                write!(f, "segment {segment}, byte {offset}: {}", self.what)
            }
            _ => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

/// How much was verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Segment files.
    pub segments: u32,
    /// Bytes of them that were read.
    pub bytes: u64,
    /// Batches that are whole.
    pub batches: u64,
    /// Versions of claims.
    pub versions: u64,
    /// Ends of claims.
    pub tombstones: u64,
    /// Sightings beside a version.
    pub touches: u64,
    /// Claims that are neither replaced nor ended.
    pub active: u64,
    /// Claims, ended ones too.
    pub retained: u64,
    /// Interned strings.
    pub strings: u64,
    /// Sources.
    pub sources: u64,
    /// Complete fetches of snapshot sources.
    pub fetches: u64,
    /// Latest revision.
    pub revision: u64,
    /// Whether the store was closed in order. If not, a server has it open or
    /// a process was killed.
    pub is_closed: bool,
    /// Bytes at the end that are no whole batch: one that is being written, or
    /// one that a crash cut short and the next opening cuts off.
    pub unfinished_bytes: u64,
}

/// Verifies the store in `dir`: each record's checksum and form, that batches
/// follow each other, that what records refer to is there, and the files
/// beside the log. `tell` gets every problem. Writes nothing.
///
/// After damage in the log, records that follow are verified, and what they
/// refer to no longer is: it may be what is lost.
pub fn check(dir: &Path, tell: &mut dyn FnMut(Problem)) -> Result<Checked, IndexError> {
    let epoch = epoch::read(dir).unwrap_or_else(|error| {
        tell(Problem::of_file("epoch", error.to_string()));
        None
    });
    let generation = match Generation::read(dir) {
        Err(error @ IndexError::DamagedGeneration { .. }) => {
            // Without it nothing tells which files the log is.
            tell(Problem::of_file(generation::FILE, error.to_string()));
            return Ok(Checked::default());
        }
        read => read?,
    };
    check_checkpoint(dir, epoch, &generation, tell);
    // Before the log, so that a server does not write here of a source that
    // was not there yet.
    let closed_at = read_clean_marker(dir)?;
    let path = dir.join(fetches::FILE);
    let past = match fs::read(&path) {
        Ok(bytes) => {
            fetches::decode_all(&bytes, &path, closed_at.is_some()).unwrap_or_else(|error| {
                tell(Problem::of_file(fetches::FILE, error.to_string()));
                Vec::new()
            })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(IndexError::io(path)(error)),
    };
    let mut ledger = Ledger::default();
    ledger.checked.is_closed = closed_at.is_some();
    let end = match check_log(dir, closed_at.is_some(), &mut ledger, tell) {
        Err(IndexError::NotASegment { path, what }) => {
            let name = path.file_name().unwrap_or_default();
            tell(Problem::of_file(&name.to_string_lossy(), what.to_owned()));
            None
        }
        checked => checked?,
    };
    for fetch in &past {
        if !ledger.knows_source(fetch.source) {
            let what = format!("a fetch names source {}, which is not there", fetch.source);
            tell(Problem::of_file(fetches::FILE, what));
        }
    }
    // A server may have opened the store meanwhile and have gone on.
    if closed_at.is_some() && end != closed_at && read_clean_marker(dir)? == closed_at {
        let what = "the log ends elsewhere than when it was closed".to_owned();
        tell(Problem::of_file(CLEAN, what));
    }
    ledger.checked.fetches = past.len() as u64;
    Ok(ledger.finish())
}

/// Verifies the segments; gives the end of the log.
fn check_log(
    dir: &Path,
    is_closed: bool,
    ledger: &mut Ledger,
    tell: &mut dyn FnMut(Problem),
) -> Result<Option<Address>, IndexError> {
    let (generation, segments) = open_segments(dir)?;
    let last = segments.last().map(|segment| segment.number);
    let may_be_unfinished =
        |number| Some(number) == last && number >= generation.first && !is_closed;
    let mut key = None;
    let mut end = None;
    for Open { number, path, file } in segments {
        let size = file.metadata().map_err(IndexError::io(&path))?.len();
        let mut segment = SegmentCheck {
            number,
            file: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            window: Window::new(file, size),
            may_be_unfinished: may_be_unfinished(number),
            committed: u64::from(SEGMENT_HEADER),
            ledger: &mut *ledger,
            tell: &mut *tell,
        };
        segment.ledger.checked.segments += 1;
        segment.ledger.checked.bytes += size;
        if segment.may_be_unfinished && segment.is_unfinished(&path)? {
            segment.ledger.checked.unfinished_bytes += size;
            continue;
        }
        match segment.read_key(&path) {
            Ok(found) if *key.get_or_insert(found) == found => {}
            Ok(_) => segment.problem(16, "it belongs to another store".to_owned()),
            Err(error) => {
                segment.problem(0, error.to_string());
                segment.ledger.lose();
                continue;
            }
        }
        segment.check_batches();
        let offset = u32::try_from(segment.committed).unwrap_or(u32::MAX);
        end = Some(Address::new(number, offset));
    }
    Ok(end)
}

/// A segment whose file is open.
struct Open {
    number: u32,
    path: PathBuf,
    file: File,
}

/// Opens the segments of the log. A server may compact it at any time, and
/// remove the files that are no longer of it: those that are open stay.
fn open_segments(dir: &Path) -> Result<(Generation, Vec<Open>), IndexError> {
    loop {
        let generation = Generation::read(dir)?;
        let open = |number| {
            let path = generation.path(dir, number);
            let file = File::open(&path).map_err(IndexError::io(&path))?;
            Ok(Open { number, path, file })
        };
        let numbers = generation.segments(dir);
        let opened = numbers.and_then(|numbers| numbers.into_iter().map(open).collect());
        if Generation::read(dir)? == generation {
            return Ok((generation, opened?));
        }
    }
}

#[cfg(test)]
mod tests;
