//! Arrays that grow by chunks, never by moving.

use std::io;

use crate::checkpoint::{Number, Part, Section, Sink, Unfit};
use crate::prefetch::prefetch;

/// Elements of a chunk.
const CHUNK_BITS: usize = 16;
const CHUNK: usize = 1 << CHUNK_BITS;

/// An array that only grows and whose elements stay where they are.
pub(super) struct Column<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T: Copy> Column<T> {
    pub(super) fn new() -> Column<T> {
        Column {
            chunks: Vec::new(),
            len: 0,
        }
    }

    pub(super) fn push(&mut self, value: T) {
        if self.len & (CHUNK - 1) == 0 {
            // The first chunk grows as it fills, so that a small store is small.
            let capacity = if self.chunks.is_empty() { 0 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(capacity));
        }
        self.chunks[self.len >> CHUNK_BITS].push(value);
        self.len += 1;
    }

    /// Number of elements.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.len).expect("a store holds fewer than 2^32 versions")
    }

    pub(super) fn get(&self, slot: u32) -> T {
        self.chunks[slot as usize >> CHUNK_BITS][slot as usize & (CHUNK - 1)]
    }

    pub(super) fn prefetch(&self, slot: u32) {
        prefetch(&self.chunks[slot as usize >> CHUNK_BITS][slot as usize & (CHUNK - 1)]);
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> &mut T {
        &mut self.chunks[slot as usize >> CHUNK_BITS][slot as usize & (CHUNK - 1)]
    }

    pub(super) fn memory(&self) -> usize {
        self.chunks
            .iter()
            .map(|chunk| chunk.capacity() * size_of::<T>())
            .sum()
    }
}

/// Elements of a chunk of a sparse column.
const SPARSE_BITS: usize = 12;
const SPARSE: usize = 1 << SPARSE_BITS;

/// A column of which many chunks hold nothing but `DEFAULT`: those take no memory.
#[derive(Default)]
pub(super) struct Sparse<const DEFAULT: u32> {
    chunks: Vec<Option<Box<[u32; SPARSE]>>>,
}

impl<const DEFAULT: u32> Sparse<DEFAULT> {
    pub(super) fn get(&self, slot: u32) -> u32 {
        match self.chunks.get(slot as usize >> SPARSE_BITS) {
            Some(Some(chunk)) => chunk[slot as usize & (SPARSE - 1)],
            _ => DEFAULT,
        }
    }

    pub(super) fn set(&mut self, slot: u32, value: u32) {
        let at = slot as usize >> SPARSE_BITS;
        if self.chunks.len() <= at {
            self.chunks.resize_with(at + 1, || None);
        }
        let chunk = self.chunks[at].get_or_insert_with(|| Box::new([DEFAULT; SPARSE]));
        chunk[slot as usize & (SPARSE - 1)] = value;
    }

    pub(super) fn memory(&self) -> usize {
        self.chunks.capacity() * size_of::<Option<Box<[u32; SPARSE]>>>()
            + self.chunks.iter().flatten().count() * size_of::<[u32; SPARSE]>()
    }
}

impl<T: Number> Part for Column<T> {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.number(self.len as u64)?;
        self.chunks.iter().try_for_each(|chunk| sink.numbers(chunk))
    }

    fn load(section: &mut Section<'_>) -> Result<Column<T>, Unfit> {
        let len = section.count()?;
        u32::try_from(len).map_err(|_| Unfit("it has too many slots"))?;
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

impl<const DEFAULT: u32> Part for Sparse<DEFAULT> {
    /// A flag for each chunk, and the chunks that there are.
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        let present: Vec<u8> = self.chunks.iter().map(|c| u8::from(c.is_some())).collect();
        sink.list(&present)?;
        let mut chunks = self.chunks.iter().flatten();
        chunks.try_for_each(|chunk| sink.numbers(&chunk[..]))
    }

    fn load(section: &mut Section<'_>) -> Result<Sparse<DEFAULT>, Unfit> {
        let mut chunks = Vec::new();
        let mut numbers = Vec::with_capacity(SPARSE);
        for present in section.list::<u8>()? {
            if present == 0 {
                chunks.push(None);
                continue;
            }
            numbers.clear();
            section.numbers(SPARSE, &mut numbers)?;
            let mut chunk = Box::new([DEFAULT; SPARSE]);
            chunk.copy_from_slice(&numbers);
            chunks.push(Some(chunk));
        }
        Ok(Sparse { chunks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_set_of_a_sparse_column_takes_no_memory() {
        let mut column = Sparse::<7>::default();
        assert_eq!((column.get(7), column.get(1 << 30)), (7, 7));
        column.set(1 << 20, 5);
        assert_eq!(column.get(1 << 20), 5);
        assert_eq!((column.get(0), column.get((1 << 20) + 1)), (7, 7));
        assert!(column.memory() < 40_000);
    }
}
