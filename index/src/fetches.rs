//! When complete fetches of snapshot sources were: a small file beside the
//! log. "Still listed" is said once a fetch here, not once a claim there.
//!
//! A header, then entries of 16 bytes, little endian:
//!
//! ```text
//! "iocdfetc" | version u32 | CRC-32C u32 of these
//! source number u32 | Unix seconds u32 | zero u32 | CRC-32C u32 of these
//! ```
//!
//! A last entry that is cut off or does not hold was never acknowledged and is
//! dropped, unless the store was closed in order; any other is damage.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::IndexError;
use crate::files::{AppendFailure, Files, OpenFile, Opening, append, write_whole};

const MAGIC: [u8; 8] = *b"iocdfetc";
/// Version of the file format.
const VERSION: u32 = 1;
/// Bytes of an entry, and of the header.
const ENTRY: usize = 16;
pub(crate) const FILE: &str = "fetches.log";

/// One complete fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fetch {
    pub(crate) source: u16,
    /// Unix seconds.
    pub(crate) at: u32,
}

/// The file of fetches, open for appending.
pub(crate) struct Fetches {
    pub(crate) path: PathBuf,
    file: Box<dyn OpenFile>,
    pub(crate) end: u64,
    /// CRC-32C of the file.
    pub(crate) sum: u32,
}

impl Fetches {
    /// Opens the file in `dir`, giving the fetches of the past in order.
    /// Nothing of it may be unfinished if the store was closed in order.
    pub(crate) fn open(
        files: &dyn Files,
        dir: &Path,
        is_closed: bool,
    ) -> Result<(Fetches, Vec<Fetch>), IndexError> {
        let path = dir.join(FILE);
        let past = match fs::read(&path) {
            Ok(bytes) => decode_all(&bytes, &path, is_closed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_whole(files, &path, &header()).map_err(IndexError::io(&path))?;
                Vec::new()
            }
            Err(error) => return Err(IndexError::io(path)(error)),
        };
        let end = (ENTRY + past.len() * ENTRY) as u64;
        let opened = files.open(&path, Opening::Existing);
        let file = opened.map_err(IndexError::io(&path))?;
        // The last entry may have been cut off, or be left to the kernel by a
        // process that was killed.
        file.set_len(end)
            .and_then(|()| file.sync())
            .map_err(IndexError::io(&path))?;
        let sum = sum(&past);
        let fetches = Fetches {
            path,
            file,
            end,
            sum,
        };
        Ok((fetches, past))
    }

    /// Notes a fetch; durable on return.
    pub(crate) fn append(&mut self, fetch: Fetch) -> Result<(), AppendFailure> {
        let entry = encode(fetch);
        append(&*self.file, &entry, self.end)?;
        self.end += ENTRY as u64;
        self.sum = crc32c::crc32c_append(self.sum, &entry);
        Ok(())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.end / ENTRY as u64 - 1
    }
}

/// CRC-32C of a file with these fetches.
pub(crate) fn sum(fetches: &[Fetch]) -> u32 {
    let add = |sum, &fetch: &Fetch| crc32c::crc32c_append(sum, &encode(fetch));
    fetches.iter().fold(crc32c::crc32c(&header()), add)
}

/// Reads the file at `path`. An unfinished last entry is left out, unless the
/// store was closed in order: then there can be none.
pub(crate) fn decode_all(
    bytes: &[u8],
    path: &Path,
    is_closed: bool,
) -> Result<Vec<Fetch>, IndexError> {
    let damaged = |entry| IndexError::DamagedFetches {
        path: path.to_owned(),
        entry,
    };
    let (header, entries) = bytes.split_at_checked(ENTRY).ok_or_else(|| damaged(0))?;
    if !header.starts_with(&MAGIC) {
        return Err(damaged(0));
    }
    match word(header, 8) {
        Some(VERSION) => {}
        found => {
            return Err(IndexError::Version {
                path: path.to_owned(),
                found: found.unwrap_or_default(),
                supported: VERSION,
            });
        }
    }
    if word(header, 12) != Some(crc32c::crc32c(&header[..12])) {
        return Err(damaged(0));
    }
    let mut past = Vec::with_capacity(entries.len() / ENTRY);
    let mut entries = entries.chunks(ENTRY).peekable();
    while let Some(entry) = entries.next() {
        match decode(entry) {
            Some(fetch) => past.push(fetch),
            None if entries.peek().is_none() && !is_closed => break,
            None => return Err(damaged(past.len() + 1)),
        }
    }
    Ok(past)
}

fn header() -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(u32::from_le_bytes)
}

fn encode(fetch: Fetch) -> [u8; ENTRY] {
    let mut entry = [0; ENTRY];
    entry[..4].copy_from_slice(&u32::from(fetch.source).to_le_bytes());
    entry[4..8].copy_from_slice(&fetch.at.to_le_bytes());
    let checksum = crc32c::crc32c(&entry[..12]);
    entry[12..].copy_from_slice(&checksum.to_le_bytes());
    entry
}

fn decode(entry: &[u8]) -> Option<Fetch> {
    let entry: &[u8; ENTRY] = entry.try_into().ok()?;
    if crc32c::crc32c(&entry[..12]) != word(entry, 12)? {
        return None;
    }
    Some(Fetch {
        source: u16::try_from(word(entry, 0)?).ok()?,
        at: word(entry, 4)?,
    })
}
