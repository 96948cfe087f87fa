//! The append-only log: segment files of checksummed records.
//!
//! A batch of records ends with a commit record and lies in one segment. It is
//! durable when [`Writer::append`] returns. Opening cuts off what follows the
//! last commit of the last segment, which can only be a batch that was never
//! acknowledged; anything else that does not agree with its checksum is damage
//! and is reported, never skipped.

pub(crate) mod clean;
pub(crate) mod generation;
pub(crate) mod open;
pub(crate) mod segment;
mod writer;

use std::sync::Arc;

use crate::error::IndexError;
use crate::files::{Disk, Files};
use crate::prefetch::prefetch;
use crate::record::{HEADER, Record};

pub use open::Recovery;
pub(crate) use open::{Unread, open};
pub(crate) use writer::{Appended, Writer};

use segment::{SEGMENT_SIZE, Segment};

/// What tests set otherwise.
#[derive(Clone, Debug)]
pub(crate) struct LogSettings {
    pub(crate) files: Arc<dyn Files>,
    /// Bytes at which the next segment begins.
    pub(crate) segment_size: u32,
    /// How many versions and ends of claims there may be at a time.
    pub(crate) most_versions: u32,
    /// Bytes of log after which a checkpoint is due.
    pub(crate) checkpoint_every: u64,
    /// Bytes of log for which one is written when the store is closed.
    pub(crate) checkpoint_at_close: u64,
}

impl Default for LogSettings {
    fn default() -> LogSettings {
        LogSettings {
            files: Arc::new(Disk),
            segment_size: SEGMENT_SIZE,
            // The next number stands for none.
            most_versions: u32::MAX,
            checkpoint_every: 192 << 20,
            checkpoint_at_close: 4 << 20,
        }
    }
}

/// Where a record lies: segment number, byte within the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address(pub(crate) u64);

impl Address {
    pub(crate) fn new(segment: u32, offset: u32) -> Address {
        Address(u64::from(segment) << 32 | u64::from(offset))
    }

    /// The address so many bytes further on in the segment.
    pub(crate) fn plus(self, bytes: usize) -> Address {
        Address(self.0 + bytes as u64)
    }

    pub(crate) fn segment(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[allow(clippy::cast_possible_truncation)] // the low half is what is wanted
    pub(crate) fn offset(self) -> u32 {
        self.0 as u32
    }

    pub(crate) fn damaged(self, what: &'static str) -> IndexError {
        IndexError::Damaged {
            segment: self.segment(),
            offset: self.offset(),
            what,
        }
    }
}

/// The log for reading: every committed record.
#[derive(Clone, Default)]
pub(crate) struct Log {
    /// By number; compaction leaves numbers out.
    segments: Vec<Option<Segment>>,
}

/// A body whose checksum held, and where the next record begins.
struct Frame<'a> {
    body: &'a [u8],
    next: u32,
}

/// Reads the record at `offset` of `bytes`.
fn frame(bytes: &[u8], offset: u32) -> Result<Frame<'_>, &'static str> {
    let rest = &bytes[offset as usize..];
    let (header, rest) = rest
        .split_first_chunk::<HEADER>()
        .ok_or("the record's header is cut off")?;
    let [l0, l1, l2, l3, c0, c1, c2, c3] = *header;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let body = rest
        .get(..length)
        .ok_or("the record's length leads past the end")?;
    if length == 0 {
        return Err("a record of no length");
    }
    if crc32c::crc32c(body) != u32::from_le_bytes([c0, c1, c2, c3]) {
        return Err("the record's checksum does not hold");
    }
    let next = offset as usize + HEADER + length;
    Ok(Frame {
        body,
        next: u32::try_from(next).map_err(|_| "the record's length leads past the end")?,
    })
}

impl Log {
    fn segment(&self, number: u32) -> Option<&Segment> {
        self.segments.get(number as usize)?.as_ref()
    }

    fn segment_mut(&mut self, number: u32) -> &mut Segment {
        let segment = self.segments[number as usize].as_mut();
        segment.expect("only what there is changes")
    }

    /// Adds a segment, or puts it in place of that of its number.
    pub(crate) fn insert(&mut self, number: u32, segment: Segment) {
        let at = number as usize;
        if self.segments.len() <= at {
            self.segments.resize(at + 1, None);
        }
        self.segments[at] = Some(segment);
    }

    /// Adds the segments of another log from a number on.
    pub(crate) fn insert_from(&mut self, other: &Log, first: u32) {
        for (number, segment) in (0..).zip(&other.segments).skip(first as usize) {
            if let Some(segment) = segment {
                self.insert(number, segment.clone());
            }
        }
    }

    /// Leaves out the segments from a number on.
    pub(crate) fn truncate(&mut self, first: u32) {
        self.segments.truncate(first as usize);
    }

    /// Asks for the memory of the record at `address`: of an ordinary one all.
    pub(crate) fn prefetch(&self, address: Address) {
        const LINE: usize = 64;
        let Some(segment) = self.segment(address.segment()) else {
            return;
        };
        let start = address.offset() as usize;
        for line in 0..4 {
            if let Some(byte) = segment.bytes().get(start + line * LINE) {
                prefetch(byte);
            }
        }
    }

    /// The body of the record at `address` as it lies there: who finds
    /// something wanting in it has to [`Log::read`] it.
    pub(crate) fn peek(&self, address: Address) -> Option<&[u8]> {
        let bytes = self.segment(address.segment())?.bytes();
        let (length, rest) = bytes
            .get(address.offset() as usize..)?
            .split_first_chunk::<4>()?;
        let body = rest.get(HEADER - 4..)?;
        body.get(..u32::from_le_bytes(*length) as usize)
    }

    /// The bytes from one record to the end of another one of the same segment
    /// as they lie there, as [`Log::peek`] gives them; none if there are more
    /// than `most`.
    pub(crate) fn span(&self, first: Address, last: Address, most: usize) -> Option<&[u8]> {
        let end = HEADER + self.peek(last)?.len() + last.offset() as usize;
        let bytes = self.segment(first.segment())?.bytes();
        let span = bytes.get(first.offset() as usize..end)?;
        (first.segment() == last.segment() && span.len() <= most).then_some(span)
    }

    /// The body of the record at `address`, its checksum verified.
    pub(crate) fn read(&self, address: Address) -> Result<&[u8], IndexError> {
        let segment = self
            .segment(address.segment())
            .ok_or_else(|| address.damaged("there is no such segment"))?;
        if address.offset() >= segment.len {
            return Err(address.damaged("there is no such record"));
        }
        frame(segment.bytes(), address.offset())
            .map(|frame| frame.body)
            .map_err(|what| address.damaged(what))
    }

    /// The record at `address` as it lies there, header and all, its checksum
    /// verified.
    pub(crate) fn raw(&self, address: Address) -> Result<&[u8], IndexError> {
        let length = HEADER + self.read(address)?.len();
        let start = address.offset() as usize;
        let segment = self.segment(address.segment()).expect("it was read");
        Ok(&segment.bytes()[start..start + length])
    }

    /// Decodes the record at `address`.
    pub(crate) fn record(&self, address: Address) -> Result<Record<'_>, IndexError> {
        Record::decode(self.read(address)?).map_err(|_| address.damaged("the record is malformed"))
    }

    /// CRC-32C of the bytes from one address to another of the same segment, if
    /// they are there.
    pub(crate) fn sum(&self, start: Address, end: Address) -> Option<u32> {
        let segment = self.segment(start.segment())?;
        let range = start.offset() as usize..end.offset() as usize;
        let bytes = segment.bytes().get(range);
        bytes
            .filter(|_| start.segment() == end.segment())
            .map(crc32c::crc32c)
    }

    /// The end of a segment.
    pub(crate) fn segment_end(&self, number: u32) -> Option<Address> {
        let segment = self.segment(number)?;
        Some(Address::new(number, segment.len))
    }

    /// Bytes up to an address.
    pub(crate) fn size_before(&self, end: Address) -> u64 {
        let whole = self
            .ends()
            .filter(|segment| segment.segment() < end.segment());
        let whole = whole.map(|segment| u64::from(segment.offset()));
        whole.sum::<u64>() + u64::from(end.offset())
    }

    /// The end of each segment.
    pub(crate) fn ends(&self) -> impl Iterator<Item = Address> {
        let numbered = (0..).zip(&self.segments);
        numbered.filter_map(|(number, segment)| Some(Address::new(number, segment.as_ref()?.len)))
    }

    /// Bytes on disk.
    pub(crate) fn size(&self) -> u64 {
        self.ends().map(|end| u64::from(end.offset())).sum()
    }

    /// Makes what was appended readable.
    pub(crate) fn extend(&mut self, appended: Appended) {
        for (number, segment) in appended.new_segments {
            self.insert(number, segment);
        }
        self.segment_mut(appended.end.segment()).len = appended.end.offset();
    }
}
