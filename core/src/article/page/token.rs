//! Tags and texts of HTML, coarsely by the rules of its tokenizer.

use std::borrow::Cow;

use super::super::reference::unescape;

/// Attributes that are read of one tag.
const MAX_ATTRIBUTES: usize = 64;

/// A piece of HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// As it stands, references and all.
    Text(&'t str),
    Open {
        /// In lower case.
        name: String,
        attributes: &'t str,
    },
    Close {
        /// In lower case.
        name: String,
    },
}

/// Takes HTML apart. Comments and declarations are left out; so is what is in
/// scripts and styles.
pub(super) fn tokens(html: &str) -> Tokens<'_> {
    Tokens { rest: html }
}

pub(super) struct Tokens<'t> {
    rest: &'t str,
}

impl<'t> Tokens<'t> {
    /// Bytes that are not taken apart yet.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    fn cut(&mut self, at: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(at);
        self.rest = rest;
        taken
    }

    /// Leaves everything out up to and with `end`, or all.
    fn skip(&mut self, end: &str) {
        let at = memchr::memmem::find(self.rest.as_bytes(), end.as_bytes());
        self.cut(at.map_or(self.rest.len(), |at| at + end.len()));
    }

    /// Leaves the content of an element out that holds no markup.
    fn skip_raw(&mut self, name: &str) {
        let mut from = 0;
        while let Some(at) = memchr::memmem::find(&self.rest.as_bytes()[from..], b"</") {
            let place = from + at;
            let behind = &self.rest.as_bytes()[place + 2..];
            if behind.len() >= name.len()
                && behind[..name.len()].eq_ignore_ascii_case(name.as_bytes())
            {
                self.cut(place);
                return;
            }
            from = place + 2;
        }
        self.cut(self.rest.len());
    }

    /// The tag that begins the rest; it ends at a `>` outside quotes.
    fn tag(&mut self) -> Option<Token<'t>> {
        let bytes = self.rest.as_bytes();
        let closes = bytes.get(1) == Some(&b'/');
        let start = if closes { 2 } else { 1 };
        let name_end = bytes[start..]
            .iter()
            .position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
            .map_or(bytes.len(), |at| start + at);
        let Some(end) = tag_end(bytes, name_end) else {
            // Nothing closes it: nothing of it is shown.
            self.cut(self.rest.len());
            return None;
        };
        let name = self.rest[start..name_end].to_ascii_lowercase();
        let attributes = self.rest[name_end..end].trim_end_matches('/');
        self.cut(end + 1);
        if closes {
            return Some(Token::Close { name });
        }
        if matches!(
            &*name,
            "script" | "style" | "noscript" | "template" | "iframe" | "textarea" | "svg"
        ) {
            self.skip_raw(&name);
        }
        Some(Token::Open { name, attributes })
    }
}

fn tag_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut quote = None;
    let mut before = b' ';
    for (at, &byte) in bytes.iter().enumerate().skip(from) {
        match quote {
            Some(open) if byte == open => quote = None,
            // A quote opens only where a value begins.
            None if matches!(byte, b'"' | b'\'') && before == b'=' => quote = Some(byte),
            None if byte == b'>' => return Some(at),
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    // A quote that nothing closes ends with the first tag that could.
    let behind = bytes.get(from..)?;
    memchr::memchr(b'>', behind).map(|at| from + at)
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let bytes = self.rest.as_bytes();
            if bytes[0] != b'<' {
                let end = memchr::memchr(b'<', bytes).unwrap_or(bytes.len());
                return Some(Token::Text(self.cut(end)));
            }
            if bytes.starts_with(b"<!--") {
                self.skip("-->");
                continue;
            }
            if bytes.starts_with(b"<![CDATA[") {
                self.cut("<![CDATA[".len());
                continue;
            }
            match bytes.get(1) {
                Some(b'!' | b'?') => self.skip(">"),
                Some(b'/') if bytes.get(2).is_some_and(u8::is_ascii_alphabetic) => {
                    return self.tag();
                }
                Some(byte) if byte.is_ascii_alphabetic() => {
                    return self.tag();
                }
                // A sign of comparison, or an arrow.
                _ => {
                    let end = memchr::memchr(b'<', &bytes[1..]).map_or(bytes.len(), |at| at + 1);
                    return Some(Token::Text(self.cut(end)));
                }
            }
        }
    }
}

/// The value of one of a tag's attributes.
pub(super) fn attribute<'t>(attributes: &'t str, name: &str) -> Option<Cow<'t, str>> {
    let mut rest = attributes;
    for _ in 0..MAX_ATTRIBUTES {
        rest = rest.trim_start_matches(|char: char| char.is_whitespace() || char == '/');
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .find(|char: char| char.is_whitespace() || char == '=')
            .unwrap_or(rest.len());
        let (found, behind) = rest.split_at(end.max(1).min(rest.len()));
        let behind = behind.trim_start();
        let Some(value) = behind.strip_prefix('=') else {
            rest = behind;
            continue;
        };
        let value = value.trim_start();
        let (value, behind) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(unescape(value));
        }
        rest = behind;
    }
    None
}
