//! An input as UTF-8, whatever bytes it has, in pieces of bounded length.

use std::io::{self, BufRead, Read};

use crate::feed::input::Input;

/// Longest piece (a tag, a text, a comment), in bytes.
const MAX_PIECE: usize = 1 << 20;

/// Bytes that are taken at once.
const MAX_CHUNK: usize = 64 * 1024;

/// What is no UTF-8 is replaced. A piece that is too long is an error of the
/// kind [`io::ErrorKind::FileTooLarge`].
pub(super) struct Text<'i, 'r> {
    input: &'i mut Input<'r>,
    /// Bytes of a character that is not whole yet.
    cut: Vec<u8>,
    ready: String,
    at: usize,
    line: u64,
    piece: usize,
}

impl<'i, 'r> Text<'i, 'r> {
    pub(super) fn new(input: &'i mut Input<'r>) -> Text<'i, 'r> {
        Text {
            input,
            cut: Vec::new(),
            ready: String::new(),
            at: 0,
            line: 1,
            piece: 0,
        }
    }

    /// From here on, another piece is counted.
    pub(super) fn begin_piece(&mut self) {
        self.piece = 0;
    }

    /// The line that is read, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.at = 0;
        while self.ready.is_empty() {
            let chunk = self.input.peek()?;
            let chunk = &chunk[..chunk.len().min(MAX_CHUNK)];
            let (length, end) = (chunk.len(), chunk.is_empty());
            self.cut.extend_from_slice(chunk);
            self.input.advance(length, 0);
            let tail = if end { 0 } else { cut_length(&self.cut) };
            let whole = self.cut.len() - tail;
            let text = String::from_utf8_lossy(&self.cut[..whole]);
            self.ready.push_str(&text);
            self.cut.drain(..whole);
            if end {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl Read for Text<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Text<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece > MAX_PIECE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if self.at >= self.ready.len() {
            self.refill()?;
        }
        Ok(&self.ready.as_bytes()[self.at..])
    }

    fn consume(&mut self, count: usize) {
        let passed = &self.ready.as_bytes()[self.at..self.at + count];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.at += count;
        self.piece += count;
    }
}

/// Bytes at the end that may be the beginning of a character.
fn cut_length(bytes: &[u8]) -> usize {
    let last = bytes
        .utf8_chunks()
        .last()
        .map_or(&[][..], |last| last.invalid());
    match std::str::from_utf8(last) {
        Err(error) if error.error_len().is_none() => last.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_text() {
        let bytes = "a\u{e9}\u{20ac}\u{1f600}\nb".as_bytes();
        let damaged = [bytes, b"\xff\xe2\x82", b"c\xf0\x9f"].concat();
        for chunk in 1..9 {
            let mut reader = io::BufReader::with_capacity(chunk, &damaged[..]);
            let mut input = Input::new(&mut reader).unwrap();
            let mut text = Text::new(&mut input);
            let mut read = String::new();
            text.read_to_string(&mut read).unwrap();
            assert_eq!(read, String::from_utf8_lossy(&damaged), "chunks of {chunk}");
            assert_eq!(text.line(), 2);
        }
    }

    #[test]
    fn pieces_are_bounded() {
        let mut long = io::BufReader::new(io::repeat(b'x'));
        let mut input = Input::new(&mut long).unwrap();
        let mut text = Text::new(&mut input);
        let mut read = Vec::new();
        let error = text.read_to_end(&mut read).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        text.begin_piece();
        assert!(text.fill_buf().is_ok());
    }
}
