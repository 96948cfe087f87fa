//! Bytes into lines of bounded length, whatever the encoding.

use std::io::{self, BufRead, Read};

use super::utf16::Utf16Reader;

/// Longest line, in bytes; what is longer is refused without being kept.
pub const MAX_LINE: usize = 64 * 1024;

/// Why a line of [`LineState::TooLong`] is refused.
pub const TOO_LONG: &str = "the line is longer than 64 KiB";

/// A source of lines and bytes that knows where it is.
///
/// A UTF-8 byte-order mark is dropped, UTF-16 with a mark is transcoded.
pub struct Input<'a> {
    reader: Box<dyn BufRead + 'a>,
    /// Lines begun so far.
    line: u64,
    /// The last line ended in a carriage return at the end of what was
    /// buffered: a line feed that comes next belongs to it.
    after_return: bool,
    bytes: Vec<u8>,
    text: String,
    /// Text that a connector gave back, to be read again before the rest.
    returned: String,
    returned_at: usize,
    /// Whether bytes of that text were replaced.
    returned_damaged: bool,
}

/// What the next line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineState {
    /// [`Input::text`] holds it, without its end.
    Whole,
    /// As [`LineState::Whole`], but bytes that are no UTF-8 were replaced.
    Damaged,
    /// It was longer than [`MAX_LINE`]; [`Input::text`] holds its beginning.
    TooLong,
    /// There is none.
    End,
}

impl<'a> Input<'a> {
    /// Reads from `reader`, after looking for a byte-order mark.
    pub fn new(reader: &'a mut dyn BufRead) -> io::Result<Input<'a>> {
        let mut mark = [0; 3];
        let mut filled = 0;
        while filled < mark.len() {
            match reader.read(&mut mark[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let (skip, utf16) = match &mark[..filled] {
            [0xef, 0xbb, 0xbf] => (3, None),
            [0xff, 0xfe, ..] => (2, Some(u16::from_le_bytes as fn([u8; 2]) -> u16)),
            [0xfe, 0xff, ..] => (2, Some(u16::from_be_bytes as fn([u8; 2]) -> u16)),
            _ => (0, None),
        };
        let start = io::Cursor::new(mark[skip..filled].to_vec());
        let whole = start.chain(reader);
        let reader: Box<dyn BufRead + 'a> = match utf16 {
            None => Box::new(whole),
            Some(unit) => Box::new(Utf16Reader::new(whole, unit)),
        };
        Ok(Input {
            reader,
            line: 0,
            after_return: false,
            bytes: Vec::new(),
            text: String::new(),
            returned: String::new(),
            returned_at: 0,
            returned_damaged: false,
        })
    }

    /// The line that was read last, without its end.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of the line that was read last, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next line into [`Input::text`]. It ends with a line feed, a
    /// carriage return, or one of each.
    pub fn next_line(&mut self) -> io::Result<LineState> {
        self.text.clear();
        if self.returned_at < self.returned.len() {
            self.take_returned();
            return Ok(if self.returned_damaged {
                LineState::Damaged
            } else {
                LineState::Whole
            });
        }
        self.bytes.clear();
        self.take_line_feed()?;
        let mut too_long = false;
        let mut any = false;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            any = true;
            let end = memchr::memchr2(b'\n', b'\r', available);
            let part = &available[..end.unwrap_or(available.len())];
            let room = MAX_LINE - self.bytes.len();
            too_long |= part.len() > room;
            self.bytes.extend_from_slice(&part[..part.len().min(room)]);
            let mut used = end.map_or(available.len(), |place| place + 1);
            if end.is_some_and(|place| available[place] == b'\r') {
                match available.get(used) {
                    Some(b'\n') => used += 1,
                    Some(_) => {}
                    None => self.after_return = true,
                }
            }
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(LineState::End);
        }
        self.line += 1;
        let damaged = if let Ok(text) = std::str::from_utf8(&self.bytes) {
            self.text.push_str(text);
            false
        } else {
            self.text.push_str(&String::from_utf8_lossy(&self.bytes));
            true
        };
        Ok(match (too_long, damaged) {
            (true, _) => LineState::TooLong,
            (false, true) => LineState::Damaged,
            (false, false) => LineState::Whole,
        })
    }

    /// Takes the line feed of a pair whose carriage return ended the last line.
    fn take_line_feed(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.after_return) && self.fill()?.first() == Some(&b'\n') {
            self.reader.consume(1);
        }
        Ok(())
    }

    /// What is buffered, which is empty only at the end.
    fn fill(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.reader.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.reader.fill_buf()
    }

    /// The next bytes, at most `most`, which are read again afterwards. For
    /// telling documents apart; text that was given back is not looked at.
    pub fn ahead(&mut self, most: u64) -> io::Result<Vec<u8>> {
        self.take_line_feed()?;
        let mut ahead = Vec::new();
        (&mut self.reader).take(most).read_to_end(&mut ahead)?;
        let rest = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        self.reader = Box::new(io::Cursor::new(ahead.clone()).chain(rest));
        Ok(ahead)
    }

    /// Gives back lines (joined by `\n`) that turned out not to belong to the
    /// record just read; they are read again as lines of their own. `damaged`:
    /// bytes in them were replaced.
    pub fn give_back(&mut self, text: &str, damaged: bool) {
        let lines = 1 + memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64;
        self.returned_damaged = damaged || (self.returned_damaged && !self.returned.is_empty());
        let rest = self
            .returned
            .split_off(self.returned_at.min(self.returned.len()));
        self.returned.clear();
        self.returned.push_str(text);
        self.returned.push('\n');
        self.returned.push_str(&rest);
        self.returned_at = 0;
        self.line = self.line.saturating_sub(lines);
    }

    fn take_returned(&mut self) {
        let rest = &self.returned[self.returned_at..];
        let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        self.text.push_str(&rest[..end]);
        self.returned_at += (end + 1).min(rest.len());
        self.line += 1;
        if self.returned_at >= self.returned.len() {
            self.returned.clear();
            self.returned_at = 0;
        }
    }

    /// The bytes that come next; empty at the end. For readers of documents.
    pub fn peek(&mut self) -> io::Result<&[u8]> {
        self.take_line_feed()?;
        self.line = self.line.max(1);
        self.fill()
    }

    /// Steps over `count` of the bytes that [`Input::peek`] showed, in which
    /// there are `newlines` line ends.
    pub fn advance(&mut self, count: usize, newlines: u64) {
        self.reader.consume(count);
        self.line += newlines;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8], chunk: usize) -> Vec<(u64, String)> {
        let mut reader = io::BufReader::with_capacity(chunk, bytes);
        let mut input = Input::new(&mut reader).unwrap();
        let mut lines = Vec::new();
        while input.next_line().unwrap() != LineState::End {
            lines.push((input.line(), input.text().to_owned()));
        }
        lines
    }

    #[test]
    fn lines_end_in_any_way() {
        let expected: Vec<(u64, String)> =
            (1..).zip(["a", "", "bc", "d"].map(str::to_owned)).collect();
        for text in [
            "a\n\nbc\nd\n",
            "a\r\rbc\rd\r",
            "a\r\n\r\nbc\r\nd\r\n",
            "a\n\rbc\r\nd",
            "\u{feff}a\r\rbc\nd\r\n",
        ] {
            for chunk in 1..9 {
                assert_eq!(
                    lines(text.as_bytes(), chunk),
                    expected,
                    "{text:?} in {chunk}"
                );
            }
        }
        assert!(lines(b"", 4).is_empty());
        assert_eq!(lines(b"\r\n", 1), [(1, String::new())]);
    }

    #[test]
    fn what_was_looked_at_is_read_again() {
        let mut bytes = &b"ab\ncd\n"[..];
        let mut input = Input::new(&mut bytes).unwrap();
        assert_eq!(input.ahead(4).unwrap(), b"ab\nc");
        input.next_line().unwrap();
        assert_eq!(input.text(), "ab");
        assert_eq!(input.ahead(100).unwrap(), b"cd\n");
        input.next_line().unwrap();
        assert_eq!((input.line(), input.text()), (2, "cd"));
    }
}
