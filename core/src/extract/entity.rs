//! Escapes of HTML, which Markdown and many a report have too.

use std::borrow::Cow;
use std::ops::Range;

/// A text without escapes, and where its bytes come from.
pub(super) struct Plain<'t> {
    text: Cow<'t, str>,
    /// For each escape: where what follows it stands here, and in the original.
    shifts: Vec<(usize, usize)>,
}

/// The longest escape, in bytes.
const MAX_ESCAPE: usize = 10;

impl<'t> Plain<'t> {
    /// Undoes the escapes of a text.
    pub(super) fn of(text: &'t str) -> Plain<'t> {
        let bytes = text.as_bytes();
        let mut plain = String::new();
        let mut shifts = Vec::new();
        let mut copied = 0;
        for at in memchr::memchr_iter(b'&', bytes) {
            if at < copied {
                continue;
            }
            let Some((c, length)) = escape(bytes, at) else {
                continue;
            };
            plain.push_str(&text[copied..at]);
            plain.push(c);
            copied = at + length;
            shifts.push((plain.len(), copied));
        }
        if shifts.is_empty() {
            return Plain {
                text: Cow::Borrowed(text),
                shifts,
            };
        }
        plain.push_str(&text[copied..]);
        Plain {
            text: Cow::Owned(plain),
            shifts,
        }
    }

    /// The text without escapes.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where a span stands in the text as given.
    pub(super) fn original(&self, span: &Range<usize>) -> Range<usize> {
        if self.shifts.is_empty() {
            return span.clone();
        }
        // an end right behind an escape includes it, a start there does not
        let end = self.place(span.end);
        self.place(span.start)..end
    }

    fn place(&self, at: usize) -> usize {
        let behind = self.shifts.partition_point(|&(plain, _)| plain <= at);
        match behind.checked_sub(1) {
            Some(last) => at - self.shifts[last].0 + self.shifts[last].1,
            None => at,
        }
    }
}

/// The character that an escape stands for, and the escape's length.
fn escape(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let window = &bytes[at + 1..bytes.len().min(at + MAX_ESCAPE)];
    let end = window
        .iter()
        .position(|b| !b.is_ascii_alphanumeric() && *b != b'#')?;
    if window[end] != b';' {
        return None;
    }
    let c = match &window[..end] {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        b"nbsp" => '\u{a0}',
        b"lsqb" | b"lbrack" => '[',
        b"rsqb" | b"rbrack" => ']',
        b"lpar" => '(',
        b"rpar" => ')',
        b"period" => '.',
        b"colon" => ':',
        b"sol" => '/',
        b"commat" => '@',
        b"lowbar" => '_',
        b"hyphen" | b"dash" => '-',
        b"ndash" => '\u{2013}',
        b"mdash" => '\u{2014}',
        b"ldquo" => '\u{201c}',
        b"rdquo" => '\u{201d}',
        b"lsquo" => '\u{2018}',
        b"rsquo" => '\u{2019}',
        b"hellip" => '\u{2026}',
        b"shy" => '\u{ad}',
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    Some((c, end + 2))
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    let text = std::str::from_utf8(digits).ok()?;
    let c = char::from_u32(u32::from_str_radix(text, radix).ok()?)?;
    (c != '\0').then_some(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_lead_back() {
        let text = "a&amp;b &lt;c&#46;d&gt; &bogus; & e";
        let plain = Plain::of(text);
        assert_eq!(plain.text(), "a&b <c.d> &bogus; & e");
        let at = |part: &str| {
            let start = plain.text().find(part).unwrap();
            &text[plain.original(&(start..start + part.len()))]
        };
        assert_eq!(at("a&b"), "a&amp;b");
        assert_eq!(at("c.d"), "c&#46;d");
        assert_eq!(at("e"), "e");
    }
}
