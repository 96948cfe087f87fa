//! URLs that go on in the next line.

use std::ops::Range;

use super::class::{self, CUT};
use super::link;

/// A line that was broken has at least this many bytes.
const LONG: usize = 48;
/// Bytes of a second line that are looked at.
const MAX_LINE: usize = 1024;

/// Where the rest of a URL stands that ends its line at `end`: only if the
/// next line is indented and nothing but that rest, and the break falls where
/// no URL ends or begins.
pub(super) fn rest(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let newline = match bytes.get(end..) {
        Some([b'\n', ..]) => end + 1,
        Some([b'\r', b'\n', ..]) => end + 2,
        _ => return None,
    };
    // The URL alone may be longer than what is looked at of a line.
    let first = end.saturating_sub(MAX_LINE).min(start);
    let line = memchr::memrchr(b'\n', &bytes[first..start]).map_or(first, |at| first + at + 1);
    let indented = |at: usize| matches!(bytes.get(at), Some(b' ' | b'\t'));
    let listed = matches!(bytes.get(line..line + 2), Some(b"- " | b"* "));
    if end - line < LONG || !indented(newline) || !(indented(line) || listed) {
        return None;
    }
    let blanks = bytes[newline..]
        .iter()
        .take(MAX_LINE)
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    let from = newline + blanks;
    let length = bytes[from..]
        .iter()
        .take(MAX_LINE)
        .take_while(|&&b| link::continues(b))
        .count();
    let until = from + length;
    let alone = matches!(bytes.get(until), None | Some(b'\n' | b'\r'));
    let part = &bytes[from..until];
    let joint = matches!(bytes[end - 1], b'=' | b'&' | b'?' | b'%' | b'_')
        || matches!(part.first(), Some(b'?' | b'&' | b'=' | b'%'))
        || matches!(bytes[end - 1], b'/' | b'-') && part.contains(&b'/');
    let own = memchr::memmem::find(part, b"://").is_some()
        || part.first().is_none_or(|&b| class::is(b, CUT) || b == b'-');
    (alone && joint && !own && text.is_char_boundary(until)).then_some(from..until)
}
