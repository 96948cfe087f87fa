//! A text in blocks.

use std::io::{self, Read};

/// Bytes of a block: small enough for a core's own cache.
const BLOCK: usize = 1 << 20;
/// A line that is longer is cut, at a blank if there is one.
const MAX_LINE: usize = 16 << 20;

/// Cuts what a reader gives into blocks that end where lines do.
pub(super) struct Blocks<'a> {
    input: &'a mut dyn Read,
    /// The beginning of a line of which the rest is still to be read.
    rest: Vec<u8>,
    is_over: bool,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(input: &'a mut dyn Read) -> Blocks<'a> {
        Blocks {
            input,
            rest: Vec::new(),
            is_over: false,
        }
    }

    /// The next block, in `buffer`.
    pub(super) fn next(&mut self, mut buffer: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        buffer.clear();
        buffer.append(&mut self.rest);
        let mut wanted = BLOCK;
        loop {
            self.fill(&mut buffer, wanted)?;
            if self.is_over {
                return Ok(Some(buffer).filter(|buffer| !buffer.is_empty()));
            }
            let cut = match memchr::memrchr(b'\n', &buffer) {
                Some(newline) => newline + 1,
                None if buffer.len() < MAX_LINE => {
                    wanted = buffer.len() * 2;
                    continue;
                }
                None => memchr::memrchr(b' ', &buffer).map_or(buffer.len(), |blank| blank + 1),
            };
            self.rest.extend_from_slice(&buffer[cut..]);
            buffer.truncate(cut);
            return Ok(Some(buffer));
        }
    }

    /// Reads until the buffer holds `wanted` bytes or the input is over.
    fn fill(&mut self, buffer: &mut Vec<u8>, wanted: usize) -> io::Result<()> {
        let missing = wanted.saturating_sub(buffer.len());
        buffer.reserve(missing);
        let input: &mut dyn Read = self.input;
        let read = input.take(missing as u64).read_to_end(buffer)?;
        self.is_over = read < missing;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_where_lines_do() {
        let line = "x".repeat(1000) + "\n";
        let text = line.repeat(3000) + "end";
        let mut input = text.as_bytes();
        let mut blocks = Blocks::new(&mut input);
        let mut whole = Vec::new();
        while let Some(block) = blocks.next(Vec::new()).unwrap() {
            assert!(block.ends_with(b"\n") || block.ends_with(b"end"));
            whole.extend_from_slice(&block);
        }
        assert!(whole == text.as_bytes());
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let text = "word ".repeat(8 << 20);
        let mut input = text.as_bytes();
        let mut blocks = Blocks::new(&mut input);
        let first = blocks.next(Vec::new()).unwrap().unwrap();
        assert!(first.len() <= MAX_LINE && first.ends_with(b" "));
    }
}
