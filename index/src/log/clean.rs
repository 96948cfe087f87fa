//! The note that the store was closed in order, and where the log ended then.

use std::fs;
use std::path::Path;

use super::Address;
use crate::error::IndexError;
use crate::files::{Files, write_whole};

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
