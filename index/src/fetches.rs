//! When complete fetches of snapshot sources were: a small file beside the
//! log. "Still listed" is said once a fetch here, not once a claim there.
//!
//! Entries of 16 bytes, little endian: source number u32, Unix seconds u32,
//! zero u32, CRC-32C of these. A last entry that is cut off or does not hold was
//! never acknowledged and is dropped; any other is damage.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::error::IndexError;

const ENTRY: usize = 16;

/// One complete fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fetch {
    pub(crate) source: u16,
    /// Unix seconds.
    pub(crate) at: u32,
}

/// The file of fetches, open for appending.
pub(crate) struct Fetches {
    path: PathBuf,
    file: File,
    end: u64,
}

impl Fetches {
    /// Opens the file in `dir`, giving the fetches of the past in order.
    pub(crate) fn open(dir: &Path) -> Result<(Fetches, Vec<Fetch>), IndexError> {
        let path = dir.join("fetches.log");
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(IndexError::io(path)(error)),
        };
        let mut past = Vec::with_capacity(bytes.len() / ENTRY);
        let mut entries = bytes.chunks(ENTRY).peekable();
        while let Some(entry) = entries.next() {
            match decode(entry) {
                Some(fetch) => past.push(fetch),
                None if entries.peek().is_none() => break,
                None => {
                    let entry = past.len();
                    return Err(IndexError::DamagedFetches { path, entry });
                }
            }
        }
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(IndexError::io(&path))?;
        let end = (past.len() * ENTRY) as u64;
        file.set_len(end).map_err(IndexError::io(&path))?;
        Ok((Fetches { path, file, end }, past))
    }

    /// Notes a fetch; durable on return.
    pub(crate) fn append(&mut self, fetch: Fetch) -> Result<(), IndexError> {
        self.file
            .write_all_at(&encode(fetch), self.end)
            .and_then(|()| self.file.sync_data())
            .map_err(IndexError::io(&self.path))?;
        self.end += ENTRY as u64;
        Ok(())
    }
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
    let word = |at: usize| entry[at..].first_chunk().copied().map(u32::from_le_bytes);
    if crc32c::crc32c(&entry[..12]) != word(12)? {
        return None;
    }
    Some(Fetch {
        source: u16::try_from(word(0)?).ok()?,
        at: word(4)?,
    })
}
