//! Elements of a JSON array, as the array comes in.

use iocd_core::questions::Unreadable;

use super::splitter::{Carry, Input, MAX_JSON, Malformed, read_json, unreadable};

/// Arrays and objects inside one another.
const MAX_DEPTH: u32 = 64;

/// Where in the array reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Before `[`.
    #[default]
    Before,
    /// Behind `[`: an element or `]`.
    First,
    /// Behind a comma: an element.
    Element,
    /// In a string.
    Text { escaped: bool },
    /// In a number, a word, or what is no JSON at all.
    Plain,
    /// In an array or object, so many levels down.
    Nested {
        depth: u32,
        text: bool,
        escaped: bool,
    },
    /// Behind an element: a comma or `]`.
    Behind,
    /// Behind the array's `]`.
    After,
}

/// Takes the elements off the pieces of an array.
#[derive(Default)]
pub(super) struct Array {
    place: Place,
    carry: Carry,
    /// Bytes of earlier pieces, and of this one up to where reading is.
    read: u64,
}

impl Array {
    pub(super) fn next<'a, 'p: 'a>(
        &'a mut self,
        piece: &mut &'p [u8],
    ) -> Result<Option<Input<'a>>, Malformed> {
        self.carry.begin();
        if !self.is_inside() && !self.find_element(piece)? {
            return Ok(None);
        }
        let bytes = *piece;
        let Some(length) = self.find_end(bytes)? else {
            self.carry.keep(bytes, MAX_JSON);
            self.read += bytes.len() as u64;
            *piece = &[];
            return Ok(None);
        };
        self.place = Place::Behind;
        self.read += length as u64;
        *piece = &bytes[length..];
        let (json, cut) = self.carry.complete(&bytes[..length], MAX_JSON);
        Ok(Some(if cut {
            unreadable(json, Unreadable::TooLong)
        } else {
            read_json(json)
        }))
    }

    /// Refuses an array that the body leaves open.
    pub(super) fn finish(&self) -> Result<(), Malformed> {
        match self.place {
            Place::After => Ok(()),
            Place::Before => Err(self.malformed("expected a JSON array, and there is nothing")),
            _ => Err(self.malformed("the JSON array has no end")),
        }
    }

    fn malformed(&self, what: &'static str) -> Malformed {
        Malformed {
            what,
            at: self.read,
        }
    }

    fn is_inside(&self) -> bool {
        matches!(
            self.place,
            Place::Text { .. } | Place::Plain | Place::Nested { .. }
        )
    }

    /// Moves `piece` forward to where an element begins; false where none does.
    fn find_element(&mut self, piece: &mut &[u8]) -> Result<bool, Malformed> {
        while let Some((&byte, rest)) = piece.split_first() {
            let next = match (self.place, byte) {
                (_, b' ' | b'\t' | b'\r' | b'\n') => self.place,
                (Place::Before, b'[') => Place::First,
                (Place::Before, _) => return Err(self.malformed("expected a JSON array")),
                (Place::First | Place::Behind, b']') => Place::After,
                (Place::Behind, b',') => Place::Element,
                (Place::Behind, _) => return Err(self.malformed("expected a comma or the end")),
                (Place::After, _) => {
                    return Err(self.malformed("expected nothing behind the JSON array"));
                }
                (_, b']' | b',' | b'}' | b':') => return Err(self.malformed("expected an element")),
                // Its first byte belongs to the element.
                (_, b'"') => {
                    self.place = Place::Text { escaped: false };
                    return Ok(true);
                }
                (_, b'[' | b'{') => {
                    self.place = Place::Nested {
                        depth: 0,
                        text: false,
                        escaped: false,
                    };
                    return Ok(true);
                }
                _ => {
                    self.place = Place::Plain;
                    return Ok(true);
                }
            };
            self.place = next;
            self.read += 1;
            *piece = rest;
        }
        Ok(false)
    }

    /// Bytes up to the end of the element that `bytes` begins with or goes on
    /// with; `None` if it goes on behind them.
    fn find_end(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        match self.place {
            Place::Text { escaped } => {
                // The opening quote is no end.
                let from = usize::from(self.carry.is_empty());
                let (end, escaped) = end_of_text(bytes, from, escaped);
                self.place = Place::Text { escaped };
                Ok(end)
            }
            Place::Nested { .. } => self.end_of_nested(bytes),
            _ => Ok(bytes
                .iter()
                .position(|byte| matches!(byte, b',' | b']' | b' ' | b'\t' | b'\r' | b'\n'))),
        }
    }

    fn end_of_nested(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        let Place::Nested {
            mut depth,
            mut text,
            mut escaped,
        } = self.place
        else {
            return Ok(None);
        };
        let mut position = 0;
        while let Some(&byte) = bytes.get(position) {
            if text {
                let (end, open) = end_of_text(bytes, position, escaped);
                escaped = open;
                let Some(end) = end else { break };
                text = false;
                position = end;
                continue;
            }
            position += 1;
            match byte {
                b'"' => text = true,
                b'[' | b'{' if depth == MAX_DEPTH => {
                    self.read += position as u64;
                    return Err(self.malformed("more than 64 levels inside one another"));
                }
                b'[' | b'{' => depth += 1,
                b']' | b'}' if depth == 1 => return Ok(Some(position)),
                b']' | b'}' => depth -= 1,
                _ => {}
            }
        }
        self.place = Place::Nested {
            depth,
            text,
            escaped,
        };
        Ok(None)
    }
}

/// Where the string that `bytes[from..]` are within ends, closing quote
/// included, or whether the byte behind them is escaped.
fn end_of_text(bytes: &[u8], from: usize, escaped: bool) -> (Option<usize>, bool) {
    let mut from = from + usize::from(escaped);
    loop {
        // An escape whose second half is in the next piece.
        let Some(rest) = bytes.get(from..) else {
            return (None, true);
        };
        match memchr::memchr2(b'"', b'\\', rest) {
            None => return (None, false),
            Some(at) if rest[at] == b'"' => return (Some(from + at + 1), false),
            Some(at) => from += at + 2,
        }
    }
}
