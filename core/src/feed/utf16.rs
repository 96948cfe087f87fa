//! UTF-16 input as UTF-8, chunk by chunk.

use std::io::{self, BufRead, Read};

/// Transcodes UTF-16 (RFC 2781) to UTF-8; lone surrogates and an odd last
/// byte become U+FFFD.
pub(super) struct Utf16Reader<R> {
    inner: R,
    unit: fn([u8; 2]) -> u16,
    out: Vec<u8>,
    at: usize,
    /// First byte of a unit that a chunk boundary cut.
    half: Option<u8>,
    /// High surrogate that waits for its low one.
    high: Option<u16>,
}

impl<R: BufRead> Utf16Reader<R> {
    /// `unit` makes a code unit of two bytes: the byte order.
    pub(super) fn new(inner: R, unit: fn([u8; 2]) -> u16) -> Self {
        Utf16Reader {
            inner,
            unit,
            out: Vec::new(),
            at: 0,
            half: None,
            high: None,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.at = 0;
        while self.out.is_empty() {
            let chunk = self.inner.fill_buf()?;
            if chunk.is_empty() {
                if self.half.take().is_some() || self.high.take().is_some() {
                    push_char(&mut self.out, char::REPLACEMENT_CHARACTER);
                }
                return Ok(());
            }
            let count = chunk.len();
            for &byte in chunk {
                let Some(first) = self.half.take() else {
                    self.half = Some(byte);
                    continue;
                };
                push_unit(&mut self.out, &mut self.high, (self.unit)([first, byte]));
            }
            self.inner.consume(count);
        }
        Ok(())
    }
}

fn push_unit(out: &mut Vec<u8>, high: &mut Option<u16>, unit: u16) {
    if let Some(first) = high.take() {
        if (0xdc00..0xe000).contains(&unit) {
            let code = 0x1_0000 + ((u32::from(first) - 0xd800) << 10) + (u32::from(unit) - 0xdc00);
            push_char(
                out,
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
            );
            return;
        }
        push_char(out, char::REPLACEMENT_CHARACTER);
    }
    if (0xd800..0xdc00).contains(&unit) {
        *high = Some(unit);
    } else {
        let char = char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER);
        push_char(out, char);
    }
}

fn push_char(out: &mut Vec<u8>, char: char) {
    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
}

impl<R: BufRead> Read for Utf16Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Utf16Reader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.out.len() {
            self.refill()?;
        }
        Ok(&self.out[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
    }
}
