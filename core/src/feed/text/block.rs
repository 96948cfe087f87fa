//! Texts cut into blocks: what stands between two blank lines.

use std::io;

use super::markup::Markup;
use crate::feed::input::Input;

/// A block is cut where it can be from this size on, in bytes,
const LONG: usize = 32 * 1024;
/// and anywhere from this one on.
const TOO_LONG: usize = 2 * LONG;

/// Lines that belong together.
#[derive(Default)]
pub(super) struct Block {
    pub(super) text: String,
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    /// Lines of the input for each line of the block: none in markup, whose
    /// lines are no lines.
    pub(super) step: u64,
    /// Bytes that are no UTF-8 were replaced.
    pub(super) damaged: bool,
}

/// Cuts an input into blocks.
pub(super) struct Blocks<'i, 'a> {
    input: &'i mut Input<'a>,
    markup: Option<Markup>,
    bytes: Vec<u8>,
    line: u64,
    after_return: bool,
    /// Where the line that is being read begins in `bytes`.
    line_start: usize,
}

impl<'i, 'a> Blocks<'i, 'a> {
    pub(super) fn new(input: &'i mut Input<'a>, is_markup: bool) -> Self {
        Blocks {
            input,
            markup: is_markup.then(Markup::default),
            bytes: Vec::new(),
            line: 1,
            after_return: false,
            line_start: 0,
        }
    }

    /// Reads the next block; false at the end.
    pub(super) fn next(&mut self, block: &mut Block) -> io::Result<bool> {
        self.bytes.clear();
        self.line_start = 0;
        block.line = self.line;
        block.step = u64::from(self.markup.is_none());
        loop {
            let available = self.input.peek()?;
            if available.is_empty() {
                break;
            }
            // The bytes are taken one by one while others are written.
            let chunk: Vec<u8> = available.iter().copied().take(4096).collect();
            let mut used = 0;
            let mut is_done = false;
            for byte in chunk {
                used += 1;
                self.take(byte);
                if self.is_blank() {
                    self.bytes.clear();
                    self.line_start = 0;
                    block.line = self.line;
                } else if self.is_complete() {
                    is_done = true;
                    break;
                }
            }
            self.input.advance(used, 0);
            if is_done {
                break;
            }
        }
        if self.bytes.is_empty() {
            return Ok(false);
        }
        let text = String::from_utf8_lossy(&self.bytes);
        block.damaged = matches!(text, std::borrow::Cow::Owned(_));
        block.text.clear();
        block.text.push_str(&text);
        Ok(true)
    }

    fn take(&mut self, byte: u8) {
        let byte = match byte {
            b'\n' if std::mem::take(&mut self.after_return) => return,
            b'\r' => {
                self.after_return = true;
                b'\n'
            }
            other => {
                self.after_return = false;
                other
            }
        };
        self.line += u64::from(byte == b'\n');
        match &mut self.markup {
            Some(markup) => markup.push(byte, &mut self.bytes),
            None => self.bytes.push(byte),
        }
    }

    /// Whether nothing stands there yet.
    fn is_blank(&self) -> bool {
        self.bytes.last() == Some(&b'\n') && self.bytes.iter().all(u8::is_ascii_whitespace)
    }

    /// Whether a blank line ended the block, or its size does.
    fn is_complete(&mut self) -> bool {
        let Some(last) = self.bytes.last() else {
            return false;
        };
        if *last == b'\n' {
            let line = &self.bytes[self.line_start..];
            let is_blank =
                line.iter().all(u8::is_ascii_whitespace) || self.bytes.ends_with(b"\n\n");
            self.line_start = self.bytes.len();
            return is_blank || self.bytes.len() >= LONG;
        }
        let may_cut = last.is_ascii_whitespace() || matches!(last, b'"' | b'<' | b'>' | b'|');
        self.bytes.len() >= TOO_LONG || may_cut && self.bytes.len() >= LONG
    }
}
