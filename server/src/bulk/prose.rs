//! A text of any kind → the values that it mentions, as the text comes in.
//!
//! It is read in blocks that end where a line does. Where a block ends depends
//! on the text alone, not on the pieces it came in, so neither does what is
//! told of it. A value is told once, where it is mentioned first.

use std::collections::HashSet;
use std::ops::Range;

use iocd_core::extract::{Options, extract};
use iocd_core::normalize::Reading;
use iocd_core::questions::Place;
use iocd_core::value::{Kind, Value};

use super::splitter::Input;

/// Bytes of a block: what it mentions is kept until it is answered.
const BLOCK: usize = 64 << 10;
/// A line that is longer is cut, between words if it has any.
const MAX_LINE: usize = 256 << 10;
/// Stands for bytes that are not UTF-8; no value that has them in it is told.
/// A letter, as it belongs to the name it is in: of `café.example.com` in
/// another character set, `example.com` would be wrong.
const UNREADABLE: char = '\u{e9}';

/// Takes mentions off the pieces of a text.
pub(super) struct Prose {
    /// The only type that is wanted.
    kind: Option<Kind>,
    /// What came in behind the block.
    buffer: Vec<u8>,
    /// Bytes that the buffer should hold before a block is cut off it.
    wanted: usize,
    /// Bytes of the body before the buffer.
    read: u64,
    block: Block,
    /// What the block mentions and has not been told yet, last one first.
    found: Vec<Found>,
    /// The one that was given out last.
    given: Option<Found>,
    told: Told,
}

struct Found {
    reading: Reading,
    span: Range<usize>,
    place: Place,
}

impl Prose {
    pub(super) fn new(kind: Option<Kind>) -> Prose {
        Prose {
            kind,
            buffer: Vec::new(),
            wanted: BLOCK,
            read: 0,
            block: Block::default(),
            found: Vec::new(),
            given: None,
            told: Told::default(),
        }
    }

    /// The next value; `None` when all of the piece has been taken.
    pub(super) fn next(&mut self, piece: &mut &[u8]) -> Option<Input<'_>> {
        while self.found.is_empty() {
            let missing = self.wanted.saturating_sub(self.buffer.len());
            let (more, rest) = piece.split_at(missing.min(piece.len()));
            self.buffer.extend_from_slice(more);
            *piece = rest;
            // One byte stays in the piece for as long as there is something to
            // tell: a piece that is used up is not asked about again.
            if rest.is_empty() {
                return None;
            }
            match cut(&self.buffer) {
                Some(end) => self.read_block(end),
                None => self.wanted *= 2,
            }
        }
        self.give()
    }

    /// The next value of what is left at the end of the text.
    pub(super) fn finish(&mut self) -> Option<Input<'_>> {
        if self.found.is_empty() && !self.buffer.is_empty() {
            self.read_block(self.buffer.len());
        }
        self.give()
    }

    fn give(&mut self) -> Option<Input<'_>> {
        let given = self.given.insert(self.found.pop()?);
        let written = &self.block.text[given.span.clone()];
        Some(Input::Mention(written, &given.reading, given.place))
    }

    fn read_block(&mut self, end: usize) {
        self.block.fill(&self.buffer[..end]);
        self.buffer.drain(..end);
        self.wanted = BLOCK;
        let options = Options {
            unique: false,
            hosts: true,
        };
        let (block, found, told) = (&self.block, &mut self.found, &mut self.told);
        let (kind, before) = (self.kind, self.read);
        extract(&block.text, &options, &mut |mention| {
            let value = &mention.reading.value;
            let is_wanted = kind.is_none_or(|kind| kind == value.kind());
            if is_wanted && block.is_whole(&mention.span) && told.is_new(value) {
                found.push(Found {
                    place: Place {
                        offset: before + block.original(mention.span.start) as u64,
                        doubtful: mention.doubtful,
                    },
                    reading: mention.reading,
                    span: mention.span,
                });
            }
        });
        self.found.reverse();
        self.read += end as u64;
    }
}

/// The part of the text at hand.
#[derive(Default)]
struct Block {
    text: String,
    /// For each run of bytes that is not UTF-8: where what follows it stands
    /// in the text, and in what came in.
    shifts: Vec<(usize, usize)>,
}

impl Block {
    fn fill(&mut self, bytes: &[u8]) {
        self.text.clear();
        self.shifts.clear();
        let mut read = 0;
        for chunk in bytes.utf8_chunks() {
            self.text.push_str(chunk.valid());
            read += chunk.valid().len() + chunk.invalid().len();
            if !chunk.invalid().is_empty() {
                self.text.push(UNREADABLE);
                self.shifts.push((self.text.len(), read));
            }
        }
    }

    /// Whether all of a part of the text is what came in.
    fn is_whole(&self, span: &Range<usize>) -> bool {
        let before = |at: usize| self.shifts.partition_point(|&(text, _)| text <= at);
        self.shifts.is_empty() || before(span.start) == before(span.end)
    }

    /// Where a place in the text stands in what came in.
    fn original(&self, at: usize) -> usize {
        let behind = self.shifts.partition_point(|&(text, _)| text <= at);
        match behind.checked_sub(1).map(|last| self.shifts[last]) {
            Some((text, bytes)) => at - text + bytes,
            None => at,
        }
    }
}

/// Which values have been told, by 128 bits of their hashes: a text may
/// mention many long ones.
#[derive(Default)]
struct Told(HashSet<[u8; 16]>);

impl Told {
    fn is_new(&mut self, value: &Value) -> bool {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[value.kind() as u8]);
        hasher.update(value.as_str().as_bytes());
        let mut hash = [0; 16];
        hasher.finalize_xof().fill(&mut hash);
        self.0.insert(hash)
    }
}

/// Where a block ends: behind the last line that is whole; `None` if there is
/// none and more may be waited for.
fn cut(buffer: &[u8]) -> Option<usize> {
    if let Some(newline) = memchr::memrchr(b'\n', buffer) {
        return Some(newline + 1);
    }
    if buffer.len() < MAX_LINE {
        return None;
    }
    let behind_last = |cuts: &[u8]| {
        let last = buffer.iter().rposition(|byte| cuts.contains(byte));
        last.map(|at| at + 1)
    };
    let end = behind_last(b" \t\r\"'<>").or_else(|| behind_last(b",;|"));
    Some(end.unwrap_or_else(|| {
        // Not within a character: it has three bytes behind its first at most.
        let is_first = |&at: &usize| buffer[at] & 0xc0 != 0x80;
        let last = buffer.len() - 4..buffer.len();
        last.rev().find(is_first).unwrap_or(buffer.len())
    }))
}

#[cfg(test)]
mod tests;
