//! The cells of one record.

use crate::feed::cell::trimmed;

/// How a cell ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::feed) enum Cell {
    Closed,
    Open,
}

/// Walks the cells of a record (RFC 4180, with blanks allowed around quotes).
pub(in crate::feed) struct Cells<'t> {
    pub(in crate::feed) rest: Option<&'t str>,
    pub(in crate::feed) separator: u8,
    pub(in crate::feed) quotes: bool,
}

impl<'t> Cells<'t> {
    /// Appends the next cell without the blanks around it.
    pub(in crate::feed) fn append(&mut self, out: &mut String) -> Option<Cell> {
        self.step(Some(out))
    }

    /// Steps over the next cell.
    pub(in crate::feed) fn skip(&mut self) -> Option<Cell> {
        self.step(None)
    }

    fn step(&mut self, out: Option<&mut String>) -> Option<Cell> {
        let rest = self.rest.take()?;
        // A letter or digit begins no quoted cell.
        let is_plain = rest
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric());
        if self.quotes && !is_plain {
            let separator = char::from(self.separator);
            let inner = rest.trim_start_matches(|char: char| {
                char != separator && matches!(char, ' ' | '\t' | '\u{a0}')
            });
            if let Some(quoted) = inner.strip_prefix('"') {
                return Some(self.step_quoted(quoted, out));
            }
        }
        let cell = self.until_separator(rest);
        if let Some(out) = out {
            out.push_str(trimmed(cell));
        }
        Some(Cell::Closed)
    }

    fn until_separator(&mut self, rest: &'t str) -> &'t str {
        match memchr::memchr(self.separator, rest.as_bytes()) {
            Some(place) => {
                self.rest = Some(&rest[place + 1..]);
                &rest[..place]
            }
            None => rest,
        }
    }

    fn step_quoted(&mut self, mut rest: &'t str, mut out: Option<&mut String>) -> Cell {
        loop {
            let Some(place) = memchr::memchr(b'"', rest.as_bytes()) else {
                return Cell::Open;
            };
            if let Some(out) = out.as_deref_mut() {
                out.push_str(&rest[..place]);
            }
            rest = &rest[place + 1..];
            let Some(after) = rest.strip_prefix('"') else {
                break;
            };
            if let Some(out) = out.as_deref_mut() {
                out.push('"');
            }
            rest = after;
        }
        // What stands between the closing quote and the separator is kept:
        // better an odd cell than a lost one.
        let tail = self.until_separator(rest).trim();
        if let Some(out) = out {
            out.push_str(tail);
        }
        Cell::Closed
    }
}
