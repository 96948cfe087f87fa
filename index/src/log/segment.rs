//! Segment files: their names, headers and mappings.
//!
//! ```text
//! "iocdclms" | version u32 | segment number u32 | key 16 bytes | CRC-32C u32 of these
//! ```

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;

use memmap2::{MmapOptions, MmapRaw};

use crate::error::IndexError;

const MAGIC: [u8; 8] = *b"iocdclms";
/// Version of the format of segments that are written to.
pub(super) const PLAIN: u32 = 1;
/// Version of those that compaction makes: they may have gaps in the revisions.
pub(crate) const COMPACTED: u32 = 2;
/// Bytes before the first record.
pub(crate) const SEGMENT_HEADER: u32 = 8 + 4 + 4 + 16 + 4;
/// A segment is closed when the next batch would take it past this, unless a
/// test says otherwise.
pub(super) const SEGMENT_SIZE: u32 = 256 << 20;

/// The committed part of a segment, for reading.
#[derive(Clone)]
pub(crate) struct Segment {
    /// It may be longer than the file: pages past its end become readable as the
    /// file grows, and are not touched before.
    map: Arc<MmapRaw>,
    /// Bytes that are committed.
    pub(super) len: u32,
}

impl Segment {
    /// Maps a file of which the first `len` bytes may be read, with room to
    /// grow to `capacity`.
    pub(crate) fn map(file: &File, len: u32, capacity: u32) -> io::Result<Segment> {
        let map = MmapOptions::new()
            .len(capacity.max(len) as usize)
            .map_raw_read_only(file)?;
        Ok(Segment {
            map: Arc::new(map),
            len,
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: the map is at least `len` bytes long and lives as long as what is
        // borrowed of it. The bytes are of the file, and do not change: `len` is
        // raised to what was written and synced, nothing here writes before it
        // again or shortens a file below it (opening does, to cut off what a
        // crash left, while nothing is borrowed, and lowers `len` first), and
        // other processes do not, for the directory is locked while any map of
        // it lives. What lies past `len`, where writing goes on, is not part of
        // the slice.
        unsafe { slice::from_raw_parts(self.map.as_ptr(), self.len as usize) }
    }
}

/// The file of a segment that was never compacted.
pub(super) fn plain_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("claims-{number:06}.log"))
}

/// The number of the segment that was never compacted whose file has this name.
pub(super) fn plain_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("claims-")?.strip_suffix(".log")?;
    let number = digits.parse().ok()?;
    (plain_path(Path::new(""), number).to_str() == Some(name)).then_some(number)
}

/// Whether the file is one whose header never reached the disk: nothing was
/// written to it, for the header is synced first.
pub(crate) fn is_unfinished_header(bytes: &[u8]) -> bool {
    bytes.len() < SEGMENT_HEADER as usize || bytes.iter().all(|&byte| byte == 0)
}

/// The header of a segment.
pub(crate) fn header(version: u32, number: u32, key: [u8; 16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SEGMENT_HEADER as usize);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&version.to_le_bytes());
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&key);
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// Checks the header of a segment and gives the store's key.
pub(crate) fn read_header(bytes: &[u8], number: u32, path: &Path) -> Result<[u8; 16], IndexError> {
    let not = |what| {
        Err(IndexError::NotASegment {
            path: path.to_owned(),
            what,
        })
    };
    if bytes.len() < SEGMENT_HEADER as usize || bytes[..8] != MAGIC {
        return not("it is no segment of a claim store");
    }
    let word =
        |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    if !(PLAIN..=COMPACTED).contains(&word(8)) {
        return Err(IndexError::Version {
            path: path.to_owned(),
            found: word(8),
            supported: COMPACTED,
        });
    }
    if crc32c::crc32c(&bytes[..32]) != word(32) {
        return not("the checksum of its header does not hold");
    }
    if word(12) != number {
        return not("its number is not that of its name");
    }
    let mut key = [0; 16];
    key.copy_from_slice(&bytes[16..32]);
    Ok(key)
}
