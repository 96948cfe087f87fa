//! What is asked of every claim version without reading its record: one
//! array each, indexed by slot.

use std::io;

use crate::checkpoint::{Number, Part, Section, Sink, Unfit};
use crate::prefetch::prefetch;

/// Elements of a chunk: a column grows by chunks, never by moving.
const CHUNK_BITS: usize = 16;
const CHUNK: usize = 1 << CHUNK_BITS;

/// An array that only grows and whose elements stay where they are.
pub(crate) struct Column<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T: Copy> Column<T> {
    pub(crate) fn new() -> Column<T> {
        Column {
            chunks: Vec::new(),
            len: 0,
        }
    }

    pub(crate) fn push(&mut self, value: T) {
        if self.len & (CHUNK - 1) == 0 {
            // The first chunk grows as it fills, so that a small store is small.
            let capacity = if self.chunks.is_empty() { 0 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(capacity));
        }
        self.chunks[self.len >> CHUNK_BITS].push(value);
        self.len += 1;
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.len).expect("slots are u32")
    }

    pub(crate) fn get(&self, slot: u32) -> T {
        self.chunks[slot as usize >> CHUNK_BITS][slot as usize & (CHUNK - 1)]
    }

    pub(crate) fn prefetch(&self, slot: u32) {
        prefetch(&self.chunks[slot as usize >> CHUNK_BITS][slot as usize & (CHUNK - 1)]);
    }

    pub(crate) fn set(&mut self, slot: u32, value: T) {
        self.chunks[slot as usize >> CHUNK_BITS][slot as usize & (CHUNK - 1)] = value;
    }

    pub(crate) fn memory(&self) -> usize {
        self.chunks
            .iter()
            .map(|chunk| chunk.capacity() * size_of::<T>())
            .sum()
    }
}

impl<T: Number> Part for Column<T> {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.number(self.len as u64)?;
        self.chunks.iter().try_for_each(|chunk| sink.numbers(chunk))
    }

    fn load(section: &mut Section<'_>) -> Result<Column<T>, Unfit> {
        let len = section.count()?;
        section.expect::<T>(len)?;
        let chunks = (0..len).step_by(CHUNK).map(|first| {
            let mut chunk = Vec::with_capacity(CHUNK);
            section.numbers(CHUNK.min(len - first), &mut chunk)?;
            Ok(chunk)
        });
        Ok(Column {
            chunks: chunks.collect::<Result<_, _>>()?,
            len,
        })
    }
}

/// No slot: the end of a chain; "not dead".
pub(crate) const NONE: u32 = u32::MAX;
/// No time. The first second of 1970 is nobody's sighting.
pub(crate) const NO_TIME: u32 = 0;

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(u8);

impl Flags {
    const CONFIDENCE: u8 = 0b0000_0011;
    const SUBTREE: u8 = 0b0000_0100;
    /// The end of validity is by the feed's rule.
    const DERIVES_EXPIRY: u8 = 0b0000_1000;
    /// Status 1-3 of a tombstone; 0: a claim version.
    const ENDED: u8 = 0b0011_0000;
    const ENDED_SHIFT: u8 = 4;

    /// Of a claim version.
    pub(crate) fn claim(confidence: u8, subtree: bool, derives_expiry: bool) -> Flags {
        Flags(
            (confidence & Self::CONFIDENCE)
                | if subtree { Self::SUBTREE } else { 0 }
                | if derives_expiry {
                    Self::DERIVES_EXPIRY
                } else {
                    0
                },
        )
    }

    /// Of a tombstone, with the number of its status and the label of the
    /// version that it ends.
    pub(crate) fn tombstone(status: u8, confidence: u8) -> Flags {
        Flags((confidence & Self::CONFIDENCE) | ((status << Self::ENDED_SHIFT) & Self::ENDED))
    }

    /// Number of the confidence label.
    pub(crate) fn confidence(self) -> u8 {
        self.0 & Self::CONFIDENCE
    }

    pub(crate) fn is_subtree(self) -> bool {
        self.0 & Self::SUBTREE != 0
    }

    pub(crate) fn derives_expiry(self) -> bool {
        self.0 & Self::DERIVES_EXPIRY != 0
    }

    /// Number of the status that a tombstone gave; 0 for a claim version.
    pub(crate) fn ended(self) -> u8 {
        (self.0 & Self::ENDED) >> Self::ENDED_SHIFT
    }
}

impl Number for Flags {
    const SIZE: usize = 1;

    fn put(self, bytes: &mut [u8]) {
        self.0.put(bytes);
    }

    fn get(bytes: &[u8]) -> Flags {
        Flags(u8::get(bytes))
    }
}

/// The columns; one push to each for every slot.
pub(crate) struct Columns {
    /// Address of the record in the log.
    pub(crate) address: Column<u64>,
    /// Next older slot of the same value, of whatever source.
    pub(crate) next: Column<u32>,
    /// The slot that replaced or ended this version.
    pub(crate) dead_by: Column<u32>,
    /// Number of the source.
    pub(crate) source: Column<u16>,
    pub(crate) flags: Column<Flags>,
    /// Unix seconds of the commit; never decreases.
    pub(crate) updated_at: Column<u32>,
    /// Unix seconds of the end of validity, or [`NO_TIME`].
    pub(crate) expires_at: Column<u32>,
    /// Unix seconds of a sighting noted beside the version, or [`NO_TIME`].
    pub(crate) touched: Column<u32>,
    len: u32,
}

/// A new row of the columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) address: u64,
    pub(crate) next: u32,
    pub(crate) source: u16,
    pub(crate) flags: Flags,
    pub(crate) updated_at: u32,
    pub(crate) expires_at: u32,
}

impl Columns {
    pub(crate) fn new() -> Columns {
        Columns {
            address: Column::new(),
            next: Column::new(),
            dead_by: Column::new(),
            source: Column::new(),
            flags: Column::new(),
            updated_at: Column::new(),
            expires_at: Column::new(),
            touched: Column::new(),
            len: 0,
        }
    }

    /// Number of slots.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Appends a row and gives its slot.
    pub(crate) fn push(&mut self, row: Row) -> u32 {
        self.address.push(row.address);
        self.next.push(row.next);
        self.dead_by.push(NONE);
        self.source.push(row.source);
        self.flags.push(row.flags);
        self.updated_at.push(row.updated_at);
        self.expires_at.push(row.expires_at);
        self.touched.push(NO_TIME);
        let slot = self.len;
        self.len = slot
            .checked_add(1)
            .expect("a store holds fewer than 2^32 versions");
        slot
    }

    /// Asks for the memory of a row.
    pub(crate) fn prefetch(&self, slot: u32) {
        self.address.prefetch(slot);
        self.next.prefetch(slot);
        self.dead_by.prefetch(slot);
        self.source.prefetch(slot);
        self.flags.prefetch(slot);
        self.updated_at.prefetch(slot);
        self.expires_at.prefetch(slot);
        self.touched.prefetch(slot);
    }

    /// First slot whose update is at `time` or later. Commit times never
    /// decrease, so this is a binary search.
    pub(crate) fn first_updated_at(&self, time: u32) -> u32 {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.updated_at.get(middle) < time {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.address.memory()
            + self.next.memory()
            + self.dead_by.memory()
            + self.source.memory()
            + self.flags.memory()
            + self.updated_at.memory()
            + self.expires_at.memory()
            + self.touched.memory()
    }
}

impl Part for Columns {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        self.address.save(sink)?;
        self.next.save(sink)?;
        self.dead_by.save(sink)?;
        self.source.save(sink)?;
        self.flags.save(sink)?;
        self.updated_at.save(sink)?;
        self.expires_at.save(sink)?;
        self.touched.save(sink)
    }

    fn load(section: &mut Section<'_>) -> Result<Columns, Unfit> {
        let address = Column::load(section)?;
        Ok(Columns {
            next: Column::load(section)?,
            dead_by: Column::load(section)?,
            source: Column::load(section)?,
            flags: Column::load(section)?,
            updated_at: Column::load(section)?,
            expires_at: Column::load(section)?,
            touched: Column::load(section)?,
            len: u32::try_from(address.len).map_err(|_| Unfit("it has too many slots"))?,
            address,
        })
    }
}
