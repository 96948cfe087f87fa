//! The beginning of a URL.

use std::borrow::Cow;

use super::Reach;
use crate::normalize::Lenience;
use crate::value::url::MAX_SCHEME;

/// A scheme that was split off.
pub(crate) struct Scheme<'a> {
    /// Lower case, without `://`.
    pub(crate) name: Cow<'a, str>,
    /// Whether it was written otherwise (letter case aside).
    pub(crate) changed: bool,
    /// What follows `://`.
    pub(crate) rest: &'a str,
}

/// Splits `hxxps[:]//` and its kin off a text.
pub(crate) fn split_scheme(text: &str, lenience: Lenience) -> Option<Scheme<'_>> {
    let reach = Reach::of(lenience);
    if let Some(plain) = split_plain(text) {
        return Some(plain);
    }
    if lenience == (Lenience::Feed { defanged: false }) {
        return None;
    }
    let bytes = text.as_bytes();
    let separates = |b: &u8| matches!(b, b':' | b'/' | b'\\' | b'_');
    if !bytes.iter().take(MAX_SCHEME + 16).any(separates) {
        return None;
    }
    let opening = bytes
        .iter()
        .take_while(|&&b| matches!(b, b'[' | b'(' | b'{' | b'<'))
        .count();
    let word = bytes[opening..]
        .iter()
        .take(MAX_SCHEME + 1)
        .take_while(|&&b| {
            b.is_ascii_alphanumeric() || matches!(b, b'*' | b'#' | b'+' | b'-' | b'.')
        })
        .count();
    if word == 0 || word > MAX_SCHEME {
        return None;
    }
    let (written, rest) = text[opening..].split_at(word);
    let marks = Marks::read(rest.as_bytes(), reach);
    let known = meant(written);
    let clear = marks.colons == 1 && marks.slashes >= 2;
    let lax = reach == Reach::Free
        && marks.underscores == 0
        && (marks.colons == 1 && marks.slashes == 1 || marks.colons == 0 && marks.slashes >= 2);
    let lines =
        reach == Reach::Free && (marks.colons, marks.slashes, marks.underscores) == (0, 0, 2);
    let name = match known {
        Some(name) if clear || lax || lines => Cow::Borrowed(name),
        None if clear && is_scheme(written) => Cow::Owned(written.to_ascii_lowercase()),
        _ => return None,
    };
    Some(Scheme {
        name,
        changed: true,
        rest: &rest[marks.length..],
    })
}

/// `scheme://` as it should be; an obfuscated name is understood.
fn split_plain(text: &str) -> Option<Scheme<'_>> {
    let end = memchr::memchr(b':', text.as_bytes())?;
    let rest = text[end..].strip_prefix("://")?;
    let written = &text[..end];
    if written.len() > MAX_SCHEME {
        return None;
    }
    if let Some(name) = meant(written) {
        let changed = !written.eq_ignore_ascii_case(name);
        return Some(Scheme {
            name: Cow::Borrowed(name),
            changed,
            rest,
        });
    }
    if !is_scheme(written) {
        return None;
    }
    Some(Scheme {
        name: Cow::Owned(written.to_ascii_lowercase()),
        changed: false,
        rest,
    })
}

/// RFC 3986, section 3.1.
fn is_scheme(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// Whether a scheme is a masked spelling of another one.
pub(crate) fn is_defanged_scheme(name: &str) -> bool {
    meant(name).is_some_and(|meant| meant != name)
}

/// The scheme of the web that a word is, or stands for.
fn meant(word: &str) -> Option<&'static str> {
    const PLAIN: [&str; 4] = ["http", "https", "ftp", "ftps"];
    if let Some(plain) = PLAIN.iter().find(|plain| word.eq_ignore_ascii_case(plain)) {
        return Some(plain);
    }
    let lower = word.to_ascii_lowercase();
    match lower.as_str() {
        "xxxx" | "meow" => return Some("http"),
        "xxxxx" | "meows" => return Some("https"),
        _ => {}
    }
    let (body, secure) = match lower.strip_suffix('s') {
        Some(body) => (body, true),
        None => (lower.as_str(), false),
    };
    let masked = |b: u8| matches!(b, b't' | b'x' | b'*' | b'0' | b'#' | b'+');
    match body.as_bytes() {
        [b'h', middle @ .., b'p']
            if (1..=4).contains(&middle.len()) && middle.iter().all(|&b| masked(b)) =>
        {
            Some(if secure { "https" } else { "http" })
        }
        [b'h', rest @ ..] if rest.len() == 3 && rest.iter().all(|&b| masked(b)) => {
            Some(if secure { "https" } else { "http" })
        }
        [b'f', middle, last] if masked(*middle) && (masked(*last) || *last == b'p') => {
            Some(if secure { "ftps" } else { "ftp" })
        }
        _ => None,
    }
}

/// The signs between a scheme and what follows.
struct Marks {
    colons: usize,
    slashes: usize,
    underscores: usize,
    length: usize,
}

impl Marks {
    fn read(bytes: &[u8], reach: Reach) -> Marks {
        let mut marks = Marks {
            colons: 0,
            slashes: 0,
            underscores: 0,
            length: 0,
        };
        let mut at = 0;
        while let Some(&b) = bytes.get(at) {
            match b {
                b':' if marks.slashes == 0 => marks.colons += 1,
                b'/' | b'\\' => marks.slashes += 1,
                b'_' if marks.slashes == 0 && marks.underscores < 2 => marks.underscores += 1,
                b']' | b')' | b'}' | b'>' => {}
                b' ' | b'\t' if reach == Reach::Free => {}
                // opens the host's brackets unless a sign follows
                b'[' | b'(' | b'{' | b'<'
                    if bytes
                        .get(at + 1)
                        .is_some_and(|next| matches!(next, b':' | b'/' | b'\\')) => {}
                _ => break,
            }
            at += 1;
        }
        marks.length = at;
        marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes() {
        for (text, name, rest) in [
            ("http://x", "http", "x"),
            ("HXXPS://x", "https", "x"),
            ("hxxp[:]//x", "http", "x"),
            ("hxxp[://x", "http", "x"),
            ("https]://x", "https", "x"),
            ("[https]://[2001:db8::1]/", "https", "[2001:db8::1]/"),
            ("h**p:\\\\x", "http", "x"),
            ("meow://x", "http", "x"),
            ("xXxXx://x", "https", "x"),
            ("fxp://x", "ftp", "x"),
            ("http // x", "http", "x"),
            ("http__x", "http", "x"),
            ("tcp[:]//x", "tcp", "x"),
            ("http:///x", "http", "/x"),
        ] {
            let scheme = split_scheme(text, Lenience::Question).unwrap();
            assert_eq!((&*scheme.name, scheme.rest), (name, rest), "{text}");
        }
        for text in [
            "hxxpfoo",
            "http",
            "example.com/a",
            "http:example.com",
            "a_b__c",
            "notes//x",
        ] {
            assert!(split_scheme(text, Lenience::Question).is_none(), "{text}");
        }
    }
}
