//! A piece of a file in memory at a time. A sector that cannot be read is an
//! error here, where a map would end the process.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use crate::record::{COMMIT, COMMIT_BODY, COMMIT_SIZE, Commit, HEADER, Record};

/// Bytes read at a time at least.
const PIECE: usize = 1 << 20;

pub(super) struct Window {
    file: File,
    size: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// The first `size` bytes of a file.
    pub(super) fn new(file: File, size: u64) -> Window {
        Window {
            file,
            size,
            start: 0,
            bytes: Vec::new(),
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The bytes at `offset`; `None` if they would reach past the end.
    pub(super) fn get(&mut self, offset: u64, length: usize) -> io::Result<Option<&[u8]>> {
        if offset + length as u64 > self.size {
            return Ok(None);
        }
        let end = self.start + self.bytes.len() as u64;
        if offset < self.start || offset + length as u64 > end {
            let rest = usize::try_from(self.size - offset).unwrap_or(usize::MAX);
            self.bytes.resize(length.max(PIECE).min(rest), 0);
            self.start = offset;
            let read = self.file.read_exact_at(&mut self.bytes, offset);
            read.inspect_err(|_| self.bytes.clear())?;
        }
        let from = usize::try_from(offset - self.start).expect("within the piece");
        Ok(Some(&self.bytes[from..from + length]))
    }

    /// The length and the checksum of the record at `offset`.
    fn header(&mut self, offset: u64) -> Result<(usize, u32), String> {
        let header = self
            .get(offset, HEADER)
            .map_err(|error| error.to_string())?;
        let Some(&[l0, l1, l2, l3, c0, c1, c2, c3]) = header else {
            return Err("the record's header is cut off".to_owned());
        };
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        let checksum = u32::from_le_bytes([c0, c1, c2, c3]);
        Ok((length as usize, checksum))
    }

    /// The body of the record at `offset`, its checksum verified; or what is
    /// wrong with it.
    pub(super) fn record(&mut self, offset: u64) -> Result<&[u8], String> {
        let (length, checksum) = self.header(offset)?;
        if length == 0 {
            return Err("a record of no length".to_owned());
        }
        let body = self.get(offset + HEADER as u64, length);
        match body.map_err(|error| error.to_string())? {
            None => Err("the record's length leads past the end".to_owned()),
            Some(body) if crc32c::crc32c(body) != checksum => {
                Err("the record's checksum does not hold".to_owned())
            }
            Some(body) => Ok(body),
        }
    }

    /// Where the record after the one at `offset` begins, if the length of
    /// that one is to be believed.
    pub(super) fn skip(&mut self, offset: u64) -> Option<u64> {
        let (length, _) = self.header(offset).ok()?;
        Some(offset + (HEADER + length) as u64)
    }

    /// The commit record at `offset`, if there is a whole one.
    pub(super) fn commit(&mut self, offset: u64) -> Option<Commit> {
        let bytes = self.get(offset, COMMIT_SIZE).ok()??;
        let is_one = bytes[..4] == [COMMIT_BODY, 0, 0, 0] && bytes[HEADER] == COMMIT;
        if !is_one {
            return None;
        }
        match Record::decode(self.record(offset).ok()?) {
            Ok(Record::Commit(commit)) => Some(commit),
            _ => None,
        }
    }
}
