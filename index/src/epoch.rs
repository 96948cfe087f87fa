//! The store's epoch: a random number in the file `epoch`, made with the store
//! and made anew when a backup is restored. Revisions mean the same only
//! within one epoch.
//!
//! ```text
//! "iocdepch" | version u32 | epoch u64 | CRC-32C u32 of these
//! ```

use std::fs;
use std::io;
use std::path::Path;

use crate::error::IndexError;
use crate::files::{Disk, Files, write_whole};

const MAGIC: [u8; 8] = *b"iocdepch";
/// Version of the file format.
const VERSION: u32 = 1;
const FILE: &str = "epoch";
const SIZE: usize = 8 + 4 + 8 + 4;

/// Reads the epoch of the store in `dir`; `None` where there is none.
pub(crate) fn read(dir: &Path) -> Result<Option<u64>, IndexError> {
    let path = dir.join(FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(IndexError::io(path)(error)),
    };
    let number = |at: usize| {
        bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk())
            .copied()
            .map(u32::from_le_bytes)
    };
    let damaged = || IndexError::DamagedEpoch { path: path.clone() };
    if !bytes.starts_with(&MAGIC) {
        return Err(damaged());
    }
    match number(8) {
        Some(VERSION) => {}
        Some(found) => {
            return Err(IndexError::Version {
                path,
                found,
                supported: VERSION,
            });
        }
        None => return Err(damaged()),
    }
    if bytes.len() != SIZE || number(SIZE - 4) != Some(crc32c::crc32c(&bytes[..SIZE - 4])) {
        return Err(damaged());
    }
    let epoch = bytes[12..].first_chunk().copied().map(u64::from_le_bytes);
    Ok(epoch)
}

/// Gives the store in `dir` a new epoch, durably.
pub(crate) fn begin(files: &dyn Files, dir: &Path) -> Result<u64, IndexError> {
    let path = dir.join(FILE);
    let mut epoch = [0; 8];
    getrandom::fill(&mut epoch).map_err(|error| IndexError::io(&path)(error.into()))?;
    write_whole(files, &path, &encode(epoch)).map_err(IndexError::io(&path))?;
    Ok(u64::from_le_bytes(epoch))
}

fn encode(epoch: [u8; 8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&epoch);
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// Gives the closed store in `dir` a new epoch: after its files came from a
/// backup, so that nobody takes its revisions for those that came after the
/// backup was made.
pub fn begin_epoch(dir: &Path) -> Result<u64, IndexError> {
    begin(&Disk, dir)
}
