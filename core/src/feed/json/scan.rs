//! Finds where the values of a document begin and end, without holding it.

use crate::feed::input::Input;
use crate::feed::outcome::FeedError;

/// Longest key, in bytes.
const MAX_KEY: usize = 4096;

/// Whether a captured value fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::feed) enum Capture {
    /// The buffer holds all of it.
    Whole,
    /// The buffer holds its beginning.
    TooLong,
}

/// A cursor over JSON text (RFC 8259). It follows brackets and strings only;
/// what is between them is checked by whoever parses the captured value.
pub(in crate::feed) struct Scanner<'s, 'r> {
    input: &'s mut Input<'r>,
    /// Nothing was taken from the innermost container yet.
    fresh: bool,
}

impl<'s, 'r> Scanner<'s, 'r> {
    pub(in crate::feed) fn new(input: &'s mut Input<'r>) -> Self {
        Scanner {
            input,
            fresh: false,
        }
    }

    pub(in crate::feed) fn line(&self) -> u64 {
        self.input.line()
    }

    /// The next byte that is no blank, not taken; `None` at the end.
    pub(in crate::feed) fn next(&mut self) -> Result<Option<u8>, FeedError> {
        loop {
            let chunk = self.input.peek()?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let blanks = chunk
                .iter()
                .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
                .unwrap_or(chunk.len());
            let next = chunk.get(blanks).copied();
            let newlines = count_newlines(&chunk[..blanks]);
            self.input.advance(blanks, newlines);
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    /// Takes the opening bracket that comes next.
    pub(in crate::feed) fn open(&mut self) -> Result<(), FeedError> {
        self.next()?;
        self.input.advance(1, 0);
        self.fresh = true;
        Ok(())
    }

    /// Goes to the next element of the innermost container; false, with the
    /// bracket taken, if there is none.
    pub(in crate::feed) fn element(&mut self, closing: u8) -> Result<bool, FeedError> {
        let fresh = std::mem::replace(&mut self.fresh, false);
        match self.next()? {
            None => Err(self.truncated()),
            Some(byte) if byte == closing => {
                self.input.advance(1, 0);
                Ok(false)
            }
            Some(b',') if !fresh => {
                self.input.advance(1, 0);
                match self.next()? {
                    None => Err(self.truncated()),
                    Some(_) => Ok(true),
                }
            }
            Some(_) if fresh => Ok(true),
            Some(_) => Err(self.malformed("a comma or a closing bracket is missing")),
        }
    }

    /// Takes a key and its colon.
    pub(in crate::feed) fn key(&mut self, key: &mut String) -> Result<(), FeedError> {
        key.clear();
        match self.next()? {
            Some(b'"') => {}
            None => return Err(self.truncated()),
            Some(_) => return Err(self.malformed("a key is not a string")),
        }
        let mut raw = Vec::new();
        if self.capture(&mut raw, MAX_KEY)? == Capture::TooLong {
            return Err(self.malformed("a key is longer than 4 KiB"));
        }
        // Keys are only compared, so one that is not valid is one nobody wants.
        key.push_str(&serde_json::from_slice::<String>(&raw).unwrap_or_default());
        match self.next()? {
            Some(b':') => {
                self.input.advance(1, 0);
                Ok(())
            }
            None => Err(self.truncated()),
            Some(_) => Err(self.malformed("a colon is missing")),
        }
    }

    /// Takes the next value without keeping it.
    pub(in crate::feed) fn skip(&mut self) -> Result<(), FeedError> {
        self.capture(&mut Vec::new(), 0).map(|_| ())
    }

    /// Takes the next value into `raw`, at most `cap` bytes of it.
    pub(in crate::feed) fn capture(
        &mut self,
        raw: &mut Vec<u8>,
        cap: usize,
    ) -> Result<Capture, FeedError> {
        raw.clear();
        self.next()?;
        let mut walk = Walk::default();
        let mut fits = true;
        loop {
            let chunk = self.input.peek()?;
            if chunk.is_empty() {
                // Only a number or a word may end with the input.
                return if walk.started && walk.depth == 0 && !walk.in_string {
                    Ok(if fits {
                        Capture::Whole
                    } else {
                        Capture::TooLong
                    })
                } else {
                    Err(self.truncated())
                };
            }
            let (used, done) = walk.step(chunk);
            let room = cap - raw.len();
            fits &= used <= room;
            raw.extend_from_slice(&chunk[..used.min(room)]);
            let newlines = count_newlines(&chunk[..used]);
            self.input.advance(used, newlines);
            if done && used == 0 && !walk.started {
                return Err(self.malformed("a value is missing"));
            }
            if done {
                return Ok(if fits {
                    Capture::Whole
                } else {
                    Capture::TooLong
                });
            }
        }
    }

    fn truncated(&self) -> FeedError {
        FeedError::Truncated {
            line: self.input.line(),
            rows: 0,
        }
    }

    pub(in crate::feed) fn malformed(&self, what: &'static str) -> FeedError {
        FeedError::Malformed {
            line: self.input.line(),
            what: what.into(),
        }
    }
}

fn count_newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Where the value ends that the text begins with; its length if it is cut.
pub(in crate::feed) fn end_of_value(text: &[u8]) -> usize {
    Walk::default().step(text).0
}

/// The way through one value, over as many chunks as it takes.
#[derive(Default)]
struct Walk {
    depth: u64,
    in_string: bool,
    escaped: bool,
    started: bool,
}

impl Walk {
    /// How many bytes of `chunk` belong to the value, and whether it ends there.
    fn step(&mut self, chunk: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while at < chunk.len() {
            if self.escaped {
                self.escaped = false;
                at += 1;
                continue;
            }
            if self.in_string {
                let Some(place) = memchr::memchr2(b'"', b'\\', &chunk[at..]) else {
                    return (chunk.len(), false);
                };
                at += place + 1;
                if chunk[at - 1] == b'\\' {
                    self.escaped = true;
                } else {
                    self.in_string = false;
                    if self.depth == 0 {
                        return (at, true);
                    }
                }
                continue;
            }
            match chunk[at] {
                b'"' | b'{' | b'[' if self.depth == 0 && self.started => return (at, true),
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    if self.depth == 0 {
                        return (at, true);
                    }
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => return (at, true),
                _ => {}
            }
            self.started = true;
            at += 1;
        }
        (at, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(text: &str, chunk: usize) -> Result<Vec<String>, FeedError> {
        let mut reader = std::io::BufReader::with_capacity(chunk, text.as_bytes());
        let mut input = Input::new(&mut reader).unwrap();
        let mut scanner = Scanner::new(&mut input);
        let mut found = Vec::new();
        scanner.open()?;
        while scanner.element(b']')? {
            let mut raw = Vec::new();
            scanner.capture(&mut raw, 100)?;
            found.push(String::from_utf8(raw).unwrap());
        }
        Ok(found)
    }

    #[test]
    fn values_end_where_they_end() {
        let text = r#"[ {"a":"}]\"\\"} ,[1,[2]], "x,]" , -1.5e3,null]"#;
        for chunk in 1..20 {
            assert_eq!(
                elements(text, chunk).unwrap(),
                [r#"{"a":"}]\"\\"}"#, "[1,[2]]", r#""x,]""#, "-1.5e3", "null"]
            );
        }
        assert!(elements("[]", 3).unwrap().is_empty());
    }

    #[test]
    fn what_is_cut_or_broken_is_told() {
        for cut in ["[", "[1", "[1,", r#"[{"a"#, r#"["x"#] {
            assert!(
                matches!(elements(cut, 8), Err(FeedError::Truncated { .. })),
                "{cut}"
            );
        }
        for broken in ["[1 2]", "[1,,2]", "[}", r#"["a""b"]"#] {
            assert!(
                matches!(elements(broken, 8), Err(FeedError::Malformed { .. })),
                "{broken}"
            );
        }
    }
}
