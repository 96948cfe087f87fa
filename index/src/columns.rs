//! What is asked of every claim version without reading its record, indexed
//! by slot.

use std::io;

use crate::checkpoint::{Number, Part, Section, Sink, Unfit};

mod column;

use column::{Column, Sparse};

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

impl Number for Row {
    const SIZE: usize = 24;

    fn put(self, bytes: &mut [u8]) {
        self.address.put(&mut bytes[..8]);
        self.next.put(&mut bytes[8..12]);
        self.updated_at.put(&mut bytes[12..16]);
        self.expires_at.put(&mut bytes[16..20]);
        self.source.put(&mut bytes[20..22]);
        bytes[22] = self.flags.0;
        bytes[23] = 0;
    }

    fn get(bytes: &[u8]) -> Row {
        Row {
            address: u64::get(&bytes[..8]),
            next: u32::get(&bytes[8..12]),
            updated_at: u32::get(&bytes[12..16]),
            expires_at: u32::get(&bytes[16..20]),
            source: u16::get(&bytes[20..22]),
            flags: Flags(bytes[22]),
        }
    }
}

/// What is kept of a slot. One row is in one cache line, mostly: a hit reads
/// nearly all of it.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
pub(crate) struct Row {
    /// Address of the record in the log.
    pub(crate) address: u64,
    /// Next older slot of the same value, of whatever source.
    pub(crate) next: u32,
    /// Unix seconds of the commit; never decreases.
    pub(crate) updated_at: u32,
    /// Unix seconds of the end of validity, or [`NO_TIME`].
    pub(crate) expires_at: u32,
    /// Number of the source.
    pub(crate) source: u16,
    pub(crate) flags: Flags,
}

/// The rows, and what few slots have.
pub(crate) struct Columns {
    rows: Column<Row>,
    /// The slot that replaced or ended this version.
    dead_by: Sparse<NONE>,
    /// Unix seconds of a sighting noted beside the version, or [`NO_TIME`].
    touched: Sparse<NO_TIME>,
}

impl Columns {
    pub(crate) fn new() -> Columns {
        Columns {
            rows: Column::new(),
            dead_by: Sparse::default(),
            touched: Sparse::default(),
        }
    }

    /// Number of slots.
    pub(crate) fn len(&self) -> u32 {
        self.rows.len()
    }

    /// Appends a row and gives its slot.
    pub(crate) fn push(&mut self, row: Row) -> u32 {
        let slot = self.len();
        self.rows.push(row);
        slot
    }

    /// Asks for the memory of a row.
    pub(crate) fn prefetch(&self, slot: u32) {
        self.rows.prefetch(slot);
    }

    pub(crate) fn row(&self, slot: u32) -> Row {
        self.rows.get(slot)
    }

    pub(crate) fn address(&self, slot: u32) -> u64 {
        self.row(slot).address
    }

    pub(crate) fn next(&self, slot: u32) -> u32 {
        self.row(slot).next
    }

    pub(crate) fn source(&self, slot: u32) -> u16 {
        self.row(slot).source
    }

    pub(crate) fn flags(&self, slot: u32) -> Flags {
        self.row(slot).flags
    }

    pub(crate) fn set_flags(&mut self, slot: u32, flags: Flags) {
        self.rows.get_mut(slot).flags = flags;
    }

    pub(crate) fn updated_at(&self, slot: u32) -> u32 {
        self.row(slot).updated_at
    }

    pub(crate) fn expires_at(&self, slot: u32) -> u32 {
        self.row(slot).expires_at
    }

    pub(crate) fn set_expires_at(&mut self, slot: u32, time: u32) {
        self.rows.get_mut(slot).expires_at = time;
    }

    pub(crate) fn dead_by(&self, slot: u32) -> u32 {
        self.dead_by.get(slot)
    }

    pub(crate) fn set_dead_by(&mut self, slot: u32, by: u32) {
        self.dead_by.set(slot, by);
    }

    pub(crate) fn touched(&self, slot: u32) -> u32 {
        self.touched.get(slot)
    }

    pub(crate) fn set_touched(&mut self, slot: u32, time: u32) {
        self.touched.set(slot, time);
    }

    /// First slot whose update is at `time` or later. Commit times never
    /// decrease, so this is a binary search.
    pub(crate) fn first_updated_at(&self, time: u32) -> u32 {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.updated_at(middle) < time {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.rows.memory() + self.dead_by.memory() + self.touched.memory()
    }
}

impl Part for Columns {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        self.rows.save(sink)?;
        self.dead_by.save(sink)?;
        self.touched.save(sink)
    }

    fn load(section: &mut Section<'_>) -> Result<Columns, Unfit> {
        Ok(Columns {
            rows: Column::load(section)?,
            dead_by: Sparse::load(section)?,
            touched: Sparse::load(section)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_24_bytes() {
        assert_eq!(size_of::<Row>(), 24);
    }
}
