//! A body → its inputs, piece by piece.
//!
//! What is complete in a piece is borrowed from it; only what crosses the end
//! of a piece is kept, up to the longest input that could still be read.

use std::borrow::Cow;

use iocd_core::normalize::Reading;
use iocd_core::questions::{Place, Unreadable};
use iocd_core::value::{Kind, MAX_VALUE};

use super::array::Array;
use super::prose::Prose;

/// How inputs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One value a line.
    Text,
    /// One JSON string a line.
    Ndjson,
    /// One JSON array of strings.
    Array,
    /// Any text; what it mentions, of this type if one is given, is the inputs.
    Prose(Option<Kind>),
}

/// Bytes of a JSON string that may be a value: each byte may be an escape of
/// six characters.
pub(super) const MAX_JSON: usize = 6 * MAX_VALUE + 2;

/// One input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input<'a> {
    /// A text that may be a value.
    Text(Cow<'a, str>),
    /// What cannot be one, as far as it takes to show it.
    Unreadable(Cow<'a, str>, Unreadable),
    /// A value that a text mentions: as written, how it was read, and where.
    Mention(&'a str, &'a Reading, Place),
}

/// The body is not of its form, and where: nothing after that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}, at byte {at} of the body")]
pub(crate) struct Malformed {
    pub(crate) what: &'static str,
    pub(crate) at: u64,
}

/// Takes inputs off the pieces of a body.
pub(crate) struct Splitter(By);

enum By {
    Lines(Lines),
    Array(Array),
    Prose(Box<Prose>),
}

impl Splitter {
    pub(crate) fn new(form: Form) -> Splitter {
        Splitter(match form {
            Form::Text => By::Lines(Lines::new(false)),
            Form::Ndjson => By::Lines(Lines::new(true)),
            Form::Array => By::Array(Array::default()),
            Form::Prose(kind) => By::Prose(Box::new(Prose::new(kind))),
        })
    }

    /// The next input that is complete with `piece`, which is moved forward
    /// behind it; `None` when all of the piece has been taken.
    pub(crate) fn next<'a, 'p: 'a>(
        &'a mut self,
        piece: &mut &'p [u8],
    ) -> Result<Option<Input<'a>>, Malformed> {
        match &mut self.0 {
            By::Lines(lines) => Ok(lines.next(piece)),
            By::Array(array) => array.next(piece),
            By::Prose(prose) => Ok(prose.next(piece)),
        }
    }

    /// The next input that the end of the body completes, `None` behind the
    /// last.
    pub(crate) fn finish(&mut self) -> Result<Option<Input<'_>>, Malformed> {
        match &mut self.0 {
            By::Lines(lines) => Ok(lines.finish()),
            By::Array(array) => array.finish().map(|()| None),
            By::Prose(prose) => Ok(prose.finish()),
        }
    }
}

/// The part of an input that earlier pieces brought.
#[derive(Default)]
pub(super) struct Carry {
    bytes: Vec<u8>,
    /// There was more than could be kept.
    cut: bool,
    /// It has been given out, and is to be forgotten.
    given: bool,
}

impl Carry {
    /// Forgets what was given out.
    pub(super) fn begin(&mut self) {
        if self.given {
            *self = Carry {
                bytes: std::mem::take(&mut self.bytes),
                ..Carry::default()
            };
            self.bytes.clear();
        }
    }

    /// Keeps more, up to `most` bytes in all.
    pub(super) fn keep(&mut self, more: &[u8], most: usize) {
        let room = most - self.bytes.len();
        self.cut |= more.len() > room;
        self.bytes.extend_from_slice(&more[..more.len().min(room)]);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && !self.cut
    }

    /// The whole input, of which `rest` is the last part, and whether it was
    /// too long to be kept.
    pub(super) fn complete<'a>(&'a mut self, rest: &'a [u8], most: usize) -> (&'a [u8], bool) {
        if self.is_empty() {
            return (&rest[..rest.len().min(most)], rest.len() > most);
        }
        self.keep(rest, most);
        self.given = true;
        (&self.bytes, self.cut)
    }
}

/// Lines, each of which is an input: answers can be put beside the lines of
/// the body. What ends with the last line feed has no line behind it.
struct Lines {
    json: bool,
    carry: Carry,
}

impl Lines {
    fn new(json: bool) -> Lines {
        Lines {
            json,
            carry: Carry::default(),
        }
    }

    /// Bytes of a line that may be an input; one more for a carriage return.
    fn most(&self) -> usize {
        1 + if self.json { MAX_JSON } else { MAX_VALUE }
    }

    fn next<'a, 'p: 'a>(&'a mut self, piece: &mut &'p [u8]) -> Option<Input<'a>> {
        self.carry.begin();
        let most = self.most();
        let bytes = *piece;
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            self.carry.keep(bytes, most);
            *piece = &[];
            return None;
        };
        *piece = &bytes[end + 1..];
        let (line, cut) = self.carry.complete(&bytes[..end], most);
        Some(read_line(line, cut, self.json))
    }

    fn finish(&mut self) -> Option<Input<'_>> {
        self.carry.begin();
        if self.carry.is_empty() {
            return None;
        }
        let most = self.most();
        let (line, cut) = self.carry.complete(&[], most);
        Some(read_line(line, cut, self.json))
    }
}

fn read_line(line: &[u8], cut: bool, json: bool) -> Input<'_> {
    if cut {
        return unreadable(line, Unreadable::TooLong);
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if json {
        read_json(line.trim_ascii())
    } else {
        read_text(line)
    }
}

fn read_text(text: &[u8]) -> Input<'_> {
    match str::from_utf8(text) {
        Ok(text) if text.len() <= MAX_VALUE => Input::Text(Cow::Borrowed(text)),
        Ok(_) => unreadable(text, Unreadable::TooLong),
        Err(_) => unreadable(text, Unreadable::NotUtf8),
    }
}

pub(super) fn unreadable(bytes: &[u8], why: Unreadable) -> Input<'_> {
    // Enough for what is shown, whatever the characters.
    let shown = &bytes[..bytes.len().min(1_024)];
    Input::Unreadable(String::from_utf8_lossy(shown), why)
}

/// Reads one JSON value, without blanks around it, that should be a string.
pub(super) fn read_json(json: &[u8]) -> Input<'_> {
    let inner = json
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    let is_plain = |&byte: &u8| byte >= b' ' && byte != b'\\' && byte != b'"';
    if let Some(inner) = inner
        && inner.iter().all(is_plain)
    {
        return read_text(inner);
    }
    if str::from_utf8(json).is_err() {
        return unreadable(json, Unreadable::NotUtf8);
    }
    match serde_json::from_slice::<String>(json) {
        Ok(text) if text.len() <= MAX_VALUE => Input::Text(Cow::Owned(text)),
        Ok(_) => unreadable(json, Unreadable::TooLong),
        Err(error) if error.is_data() => unreadable(json, Unreadable::NotAString),
        Err(_) => unreadable(json, Unreadable::NotJson),
    }
}

#[cfg(test)]
mod tests;
