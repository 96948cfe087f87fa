//! Reading a section of a checkpoint. It is read as it is decoded, so that what
//! is decoded counts only when [`Section::finish`] has compared the checksum;
//! until then nothing that it says leads past its end.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::Unfit;
use super::header::Extent;
use super::number::Number;

/// Bytes that are read at a time.
const PIECE: usize = 1 << 18;

const TOO_SHORT: Unfit = Unfit("a section ends too early");

/// A section that is being read.
pub(crate) struct Section<'a> {
    file: &'a File,
    offset: u64,
    /// Bytes that are still in the file.
    left: u64,
    /// Of those that were read.
    sum: u32,
    /// The sum that the header gives.
    expected: u32,
    buffer: Vec<u8>,
    /// Where in the buffer the next number is.
    at: usize,
}

impl<'a> Section<'a> {
    /// The section at `offset` of a file.
    pub(super) fn new(file: &'a File, offset: u64, extent: Extent) -> Section<'a> {
        Section {
            file,
            offset,
            left: extent.length,
            sum: 0,
            expected: extent.sum,
            buffer: Vec::with_capacity(PIECE),
            at: 0,
        }
    }

    /// One number.
    pub(crate) fn number<T: Number>(&mut self) -> Result<T, Unfit> {
        if self.buffer.len() - self.at < T::SIZE {
            self.fill()?;
        }
        let bytes = self.buffer.get(self.at..self.at + T::SIZE);
        self.at += T::SIZE;
        bytes.map(T::get).ok_or(TOO_SHORT)
    }

    /// A count, as `usize`.
    pub(crate) fn count(&mut self) -> Result<usize, Unfit> {
        usize::try_from(self.number::<u64>()?).map_err(|_| TOO_SHORT)
    }

    /// Fails if so many numbers cannot follow.
    pub(crate) fn expect<T: Number>(&self, count: usize) -> Result<(), Unfit> {
        let there = self.left + (self.buffer.len() - self.at) as u64;
        if count as u64 > there / T::SIZE as u64 {
            return Err(TOO_SHORT);
        }
        Ok(())
    }

    /// Appends so many numbers to a vector.
    pub(crate) fn numbers<T: Number>(
        &mut self,
        mut count: usize,
        numbers: &mut Vec<T>,
    ) -> Result<(), Unfit> {
        self.expect::<T>(count)?;
        numbers.reserve_exact(count);
        while count > 0 {
            if self.buffer.len() - self.at < T::SIZE {
                self.fill()?;
            }
            let rest = &self.buffer[self.at..];
            let some = count.min(rest.len() / T::SIZE);
            let bytes = &rest[..some * T::SIZE];
            numbers.extend(bytes.chunks_exact(T::SIZE).map(T::get));
            self.at += bytes.len();
            count -= some;
        }
        Ok(())
    }

    /// Numbers, after how many they are.
    pub(crate) fn list<T: Number>(&mut self) -> Result<Vec<T>, Unfit> {
        let mut numbers = Vec::new();
        let count = self.count()?;
        self.numbers(count, &mut numbers)?;
        Ok(numbers)
    }

    /// A text, after its length.
    pub(crate) fn text(&mut self) -> Result<String, Unfit> {
        String::from_utf8(self.list()?).map_err(|_| Unfit("a text is not UTF-8"))
    }

    /// Reads on: what was not used stays at the front.
    fn fill(&mut self) -> Result<(), Unfit> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let kept = self.buffer.len();
        let more = usize::try_from(self.left).map_or(PIECE, |left| left.min(PIECE));
        if more == 0 {
            return Err(TOO_SHORT);
        }
        self.buffer.resize(kept + more, 0);
        let new = &mut self.buffer[kept..];
        let read = self.file.read_exact_at(new, self.offset);
        read.map_err(|_| Unfit("it cannot be read"))?;
        self.sum = crc32c::crc32c_append(self.sum, new);
        self.offset += more as u64;
        self.left -= more as u64;
        Ok(())
    }

    /// Compares the checksum. The section must have been used up.
    pub(super) fn finish(self) -> Result<(), Unfit> {
        if self.sum != self.expected {
            return Err(Unfit("the checksum of a section does not hold"));
        }
        if self.left > 0 || self.at < self.buffer.len() {
            return Err(Unfit("a section is longer than what is in it"));
        }
        Ok(())
    }

    /// Reads it to its end for its checksum alone.
    pub(super) fn verify(mut self) -> Result<(), Unfit> {
        while self.left > 0 {
            self.at = self.buffer.len();
            self.fill()?;
        }
        self.at = self.buffer.len();
        self.finish()
    }
}
