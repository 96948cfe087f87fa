//! Writing the sections of a checkpoint, one after the other.

use std::io;

use super::header::{Extent, HEADER};
use super::number::Number;
use crate::files::OpenFile;

/// Bytes that are gathered before they are written.
const PIECE: usize = 1 << 18;

/// Takes the sections of a checkpoint, in order.
pub(crate) struct Sink<'a> {
    file: &'a dyn OpenFile,
    buffer: Vec<u8>,
    /// Where in the file the buffer will be.
    offset: u64,
    /// How much of the buffer the sum has.
    summed: usize,
    section: Extent,
}

impl<'a> Sink<'a> {
    /// Begins behind the header of a file.
    pub(super) fn new(file: &'a dyn OpenFile) -> Sink<'a> {
        Sink {
            file,
            buffer: Vec::with_capacity(2 * PIECE),
            offset: HEADER as u64,
            summed: 0,
            section: Extent::default(),
        }
    }

    /// One number.
    pub(crate) fn number<T: Number>(&mut self, number: T) -> io::Result<()> {
        self.numbers(&[number])
    }

    /// Numbers, without how many they are.
    pub(crate) fn numbers<T: Number>(&mut self, numbers: &[T]) -> io::Result<()> {
        for piece in numbers.chunks(PIECE / T::SIZE) {
            let start = self.buffer.len();
            self.buffer.resize(start + piece.len() * T::SIZE, 0);
            let places = self.buffer[start..].chunks_exact_mut(T::SIZE);
            for (place, &number) in places.zip(piece) {
                number.put(place);
            }
            if self.buffer.len() >= PIECE {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Numbers, after how many they are.
    pub(crate) fn list<T: Number>(&mut self, numbers: &[T]) -> io::Result<()> {
        self.number(numbers.len() as u64)?;
        self.numbers(numbers)
    }

    /// Ends a section: how long it is, and its checksum.
    pub(super) fn end_section(&mut self) -> Extent {
        self.sum();
        std::mem::take(&mut self.section)
    }

    /// Writes what is left.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()
    }

    fn sum(&mut self) {
        let new = &self.buffer[self.summed..];
        self.section.length += new.len() as u64;
        self.section.sum = crc32c::crc32c_append(self.section.sum, new);
        self.summed = self.buffer.len();
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sum();
        self.file.write_at(&self.buffer, self.offset)?;
        self.offset += self.buffer.len() as u64;
        self.buffer.clear();
        self.summed = 0;
        Ok(())
    }
}
