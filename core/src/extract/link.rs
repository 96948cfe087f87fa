//! Where URLs begin and end.

use std::ops::Range;

use super::class::{self, DIGIT, HIGH, LETTER};
use super::sign;
use crate::normalize::Lenience;
use crate::refang::split_scheme;
use crate::value::MAX_VALUE;

/// Schemes of which a host is the point. In prose any other word before
/// `://` is more likely the name of a program's own.
const SCHEMES: [&str; 24] = [
    "ftp", "ftps", "git", "http", "https", "irc", "ldap", "ldaps", "mqtt", "nfs", "rdp", "rtmp",
    "rtsp", "sftp", "sip", "smb", "socks5", "ssh", "ssl", "tcp", "telnet", "udp", "ws", "wss",
];

/// Bytes before a colon that are looked at as a scheme.
const MAX_SCHEME: usize = 14;

/// Where a scheme begins whose colon is at `colon`, and where what follows
/// its slashes does. Nothing before `floor` is looked at.
pub(super) fn start(text: &str, floor: usize, colon: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let slashed = bytes
        .iter()
        .skip(colon + 1)
        .take(3)
        .any(|b| matches!(b, b'/' | b'\\'));
    if !slashed {
        return None;
    }
    let floor = floor.max(colon.saturating_sub(MAX_SCHEME + 2));
    let mut end = colon;
    let is_bracket = |b: u8| matches!(b, b'[' | b'(' | b'{' | b']' | b')' | b'}');
    if end > floor && is_bracket(bytes[end - 1]) {
        end -= 1;
    }
    let mut start = end;
    while start > floor
        && (class::is(bytes[start - 1], LETTER | DIGIT)
            || matches!(bytes[start - 1], b'*' | b'#' | b'+'))
    {
        start -= 1;
    }
    while start < end && !class::is(bytes[start], LETTER) {
        start += 1;
    }
    if start == end {
        return None;
    }
    let mut until = text.len().min(colon + 16);
    while !text.is_char_boundary(until) {
        until -= 1;
    }
    // glued to the word before: only what cannot be the end of another scheme
    let word = &text[start..end];
    let glued = ["https", "http", "hxxps", "hxxp"]
        .into_iter()
        .find(|known| {
            word.len() > known.len()
                && word.as_bytes()[word.len() - known.len()..]
                    .eq_ignore_ascii_case(known.as_bytes())
        })
        .map(|known| end - known.len());
    [Some(start), glued]
        .into_iter()
        .flatten()
        .find_map(|start| {
            let scheme = split_scheme(&text[start..until], Lenience::Prose)?;
            // nothing may be skipped that is not the scheme's
            let rest = until - scheme.rest.len();
            let known = SCHEMES.binary_search(&&*scheme.name).is_ok();
            let opened = start > floor && bytes[end] == b']' && bytes[start - 1] == b'[';
            (known && rest > colon).then_some((if opened { start - 1 } else { start }, rest))
        })
}

/// Where a URL ends whose authority begins at `start`, punctuation of the
/// sentence around it left out. `quoted` tells that it stands behind an
/// apostrophe, so that the next one ends it.
pub(super) fn end(text: &str, start: usize, quoted: bool) -> usize {
    let bytes = text.as_bytes();
    let limit = bytes.len().min(start + MAX_VALUE);
    let mut at = start;
    let mut part = Part::Authority;
    let mut open = Open::default();
    while at < limit {
        let b = bytes[at];
        if b >= 0x80 {
            match wide(text, at) {
                Some(length) => at += length,
                None => break,
            }
            continue;
        }
        match b {
            b'!'..=b'~' if class::is(b, LETTER | DIGIT) => {}
            b'/' if part == Part::Authority => part = Part::Path,
            b'?' | b'#' if part != Part::Query => part = Part::Query,
            b'"' | b'`' | b'<' | b'>' | b'|' => break,
            b'\''
                if quoted
                    || part == Part::Authority
                    || !class::at(bytes, at + 1, LETTER | DIGIT) =>
            {
                break;
            }
            0..=b' ' | 0x7f => match part {
                Part::Authority if b == b' ' => match sign::bracketed(bytes, at) {
                    Some(sign) if sign.means == b'.' => {
                        at += sign.length;
                        continue;
                    }
                    _ => break,
                },
                _ => break,
            },
            b'\\' => match bytes.get(at + 1) {
                Some(b'.' | b'/') => {}
                // data, unless it begins the escape of a program's string
                Some(next)
                    if part == Part::Query
                        && !matches!(next, b'n' | b'r' | b't' | b'"' | b'\'')
                        && !class::is(*next, class::CUT) => {}
                _ => break,
            },
            b'[' | b'(' | b'{' => {
                if let Some(sign) = sign::bracketed(bytes, at) {
                    if sign.means == b'/' && part == Part::Authority {
                        part = Part::Path;
                    }
                    at += sign.length;
                    continue;
                }
                // one-sided: whatever was meant, it is not what stands before
                if part == Part::Authority && matches!(bytes.get(at + 1), Some(b'.' | b'/' | b':'))
                {
                    return start;
                }
                let literal = b == b'[' && part == Part::Authority && at == start;
                let allowed = part == Part::Query || part == Part::Path && b != b'[';
                if !literal && !allowed {
                    break;
                }
                open.push(b);
            }
            b']' | b')' | b'}' if !open.pop(b) => break,
            b',' | b';' if part == Part::Authority || begins_another(&bytes[at + 1..]) => break,
            _ => {}
        }
        at += 1;
    }
    while at < bytes.len() && !text.is_char_boundary(at) {
        at -= 1;
    }
    trim(bytes, start, at)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Authority,
    Path,
    Query,
}

/// Brackets that are open, by kind.
#[derive(Default)]
struct Open([u32; 3]);

impl Open {
    fn push(&mut self, b: u8) {
        self.0[kind_of(b)] += 1;
    }

    /// Whether one was open that this one closes.
    fn pop(&mut self, b: u8) -> bool {
        let open = &mut self.0[kind_of(b)];
        let was_open = *open > 0;
        *open = open.saturating_sub(1);
        was_open
    }
}

fn kind_of(bracket: u8) -> usize {
    match bracket {
        b'(' | b')' => 0,
        b'[' | b']' => 1,
        _ => 2,
    }
}

/// The length of a character beyond ASCII that may be part of a URL: none is
/// that sets it apart from what surrounds it.
fn wide(text: &str, at: usize) -> Option<usize> {
    let c = text[at..].chars().next()?;
    let apart = c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ab}' | '\u{bb}' | '\u{2010}'..='\u{203a}' | '\u{3000}'..='\u{301f}'
            | '\u{fe10}'..='\u{fe4f}' | '\u{ff01}' | '\u{ff08}' | '\u{ff09}' | '\u{ff0c}'
            | '\u{ff1a}' | '\u{ff1b}' | '\u{ff1f}' | '\u{2190}'..='\u{21ff}' | '\u{fffd}');
    let dot = matches!(c, '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | '\u{2024}');
    let follows = || {
        text.as_bytes()
            .get(at + c.len_utf8())
            .is_some_and(u8::is_ascii_alphanumeric)
    };
    (dot && follows() || !dot && !apart).then_some(c.len_utf8())
}

fn begins_another(rest: &[u8]) -> bool {
    let head = &rest[..rest.len().min(4)];
    [&b"http"[..], b"hxxp"]
        .iter()
        .any(|scheme| head.eq_ignore_ascii_case(scheme))
        || rest.is_empty()
}

/// Punctuation of the sentence does not belong to the URL that ends it.
fn trim(bytes: &[u8], start: usize, end: usize) -> usize {
    let mut end = end;
    loop {
        let written = &bytes[start..end];
        end -= match written {
            [
                ..,
                b'.' | b',' | b';' | b':' | b'!' | b'?' | b'\'' | b'*' | b'\\' | b'(' | b'[' | b'{',
            ] => 1,
            // AsciiDoc's `++http://example.com/++`, Markdown's `__` and `~~`
            [.., b'+', b'+'] | [.., b'_', b'_'] | [.., b'~', b'~'] => 2,
            _ => return end,
        };
    }
}

/// Where a wholly percent-encoded URL ends whose scheme ends at `at`.
pub(super) fn encoded_end(bytes: &[u8], at: usize) -> Option<usize> {
    let head = bytes.get(at..at + 9)?;
    if !head.eq_ignore_ascii_case(b"%3a%2f%2f") {
        return None;
    }
    let length = bytes[at..]
        .iter()
        .take(MAX_VALUE)
        .take_while(|&&b| {
            class::is(b, LETTER | DIGIT) || matches!(b, b'%' | b'.' | b'_' | b'-' | b'~')
        })
        .count();
    Some(trim(bytes, at, at + length))
}

/// Where the host stands in a URL or e-mail address as it was written; where
/// that is hard to tell, about there.
pub(super) fn host_range(written: &str) -> Range<usize> {
    let bytes = written.as_bytes();
    let start = match split_scheme(written, Lenience::Prose) {
        Some(scheme) => written.len() - scheme.rest.len(),
        None => 0,
    };
    let rest = &bytes[start..];
    let ends = |at: usize| match rest[at] {
        b'/' => at == 0 || !matches!(rest[at - 1], b'[' | b'('),
        b'?' | b'#' => true,
        _ => false,
    };
    let mut end = start + (0..rest.len()).find(|&at| ends(at)).unwrap_or(rest.len());
    let start = memchr::memrchr(b'@', &bytes[start..end]).map_or(start, |at| start + at + 1);
    if let Some(colon) = memchr::memrchr(b':', &bytes[start..end])
        && colon + start + 1 < end
        && bytes[start + colon + 1..end]
            .iter()
            .all(|&b| class::is(b, DIGIT))
        && !bytes[start..start + colon].contains(&b':')
    {
        end = start + colon;
    }
    start..end
}

/// Whether a byte may continue a URL over the end of a line.
pub(super) fn continues(b: u8) -> bool {
    class::is(b, LETTER | DIGIT | HIGH)
        || matches!(
            b,
            b'/' | b'.'
                | b'-'
                | b'_'
                | b'~'
                | b'%'
                | b'?'
                | b'='
                | b'&'
                | b'+'
                | b':'
                | b'#'
                | b'@'
                | b'!'
                | b'$'
                | b','
                | b';'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes() {
        for (text, colon, expected) in [
            ("http://x", 4, Some((0, 7))),
            ("(hxxp[:]//x", 6, Some((1, 10))),
            ("**hXXps://x", 7, Some((2, 10))),
            ("seehttp://x", 7, Some((3, 10))),
            ("zzz://x", 3, None),
            ("http:x", 4, None),
        ] {
            assert_eq!(start(text, 0, colon), expected, "{text}");
        }
        assert!(SCHEMES.is_sorted());
    }

    #[test]
    fn ends() {
        for (text, expected) in [
            ("a.example/about/), x", "a.example/about/"),
            ("a.example/b_(c)) x", "a.example/b_(c)"),
            ("a.example/x.ps1');g", "a.example/x.ps1"),
            ("a.example/x'y", "a.example/x'y"),
            ("a.example/?q=test???", "a.example/?q=test"),
            ("a.example/[text]", "a.example/"),
            ("a.example[text]", "a.example"),
            ("a.example/?a[0]=1 x", "a.example/?a[0]=1"),
            ("a[.]example[/]x", "a[.]example[/]x"),
            ("a [.] example/x y", "a [.] example/x"),
            ("a.example/?p=C:\\x\\y,z&w", "a.example/?p=C:\\x\\y,z&w"),
            ("a.example/x\\n", "a.example/x"),
            ("a.example/a,b,http://c", "a.example/a,b"),
            ("a.example/x\u{201d} y", "a.example/x"),
            ("[2001:db8::1]:80/x]", "[2001:db8::1]:80/x"),
        ] {
            assert_eq!(&text[..end(text, 0, false)], expected, "{text}");
        }
    }

    #[test]
    fn hosts() {
        for (text, expected) in [
            ("hxxp://a[.]example:8080/x@y", "a[.]example"),
            ("http://u:p@a.example?x", "a.example"),
            ("a.example/x", "a.example"),
            ("b@a.example", "a.example"),
            ("http://[2001:db8::1]/", "[2001:db8::1]"),
        ] {
            assert_eq!(&text[host_range(text)], expected, "{text}");
        }
    }
}
