//! What a cell says, once quotes, markers of emptiness and escapes are off.

use std::borrow::Cow;

/// What feeds write for "nothing".
const EMPTY: [&str; 7] = ["none", "n/a", "na", "null", "-", "nil", "unset"];

/// Bytes of the longest of these.
const LONGEST_EMPTY: usize = 5;

/// Longest marker, in bytes: what is longer need not be compared.
const LONGEST_MARKER: usize = 64;

/// The cell without blanks and quotes around it; `None` if it says nothing, by
/// the common markers or the format's `own`.
pub(super) fn said<'t>(cell: &'t str, own: &[String]) -> Option<&'t str> {
    let cell = unquoted(cell);
    if cell.is_empty() {
        return None;
    }
    if cell.len() > LONGEST_MARKER {
        return Some(cell);
    }
    let is_common =
        cell.len() <= LONGEST_EMPTY && EMPTY.iter().any(|marker| marker.eq_ignore_ascii_case(cell));
    let is_marker = is_common || own.iter().any(|marker| marker.eq_ignore_ascii_case(cell));
    (!is_marker).then_some(cell)
}

/// A cell without one more layer of quotes, as double exports leave them.
pub(super) fn unquoted(cell: &str) -> &str {
    let cell = trimmed(cell);
    let inner = cell
        .strip_prefix('"')
        .and_then(|cell| cell.strip_suffix('"'));
    inner.map_or(cell, str::trim)
}

/// As `str::trim` does it, which takes its time to find nothing to do.
pub(super) fn trimmed(text: &str) -> &str {
    let is_bare = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if is_bare(bytes.first()) && is_bare(bytes.last()) {
        text
    } else {
        text.trim()
    }
}

/// Undoes `&amp;` and the other four named and the numbered ASCII references
/// of HTML, once.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('&') {
        out.push_str(&rest[..place]);
        rest = &rest[place..];
        let end = rest
            .as_bytes()
            .iter()
            .take(10)
            .position(|byte| *byte == b';');
        let char = end.and_then(|end| reference(&rest[1..end]));
        if let (Some(end), Some(char)) = (end, char) {
            out.push(char);
            rest = &rest[end + 1..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn reference(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).filter(char::is_ascii_graphic)
}

/// Text for a person: no control characters, white space in single blanks, at
/// most `max` characters.
pub(crate) fn printable(text: &str, max: usize) -> String {
    let text = trimmed(text);
    if text.len() <= max && is_plain(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len().min(max * 4));
    let mut count = 0;
    let mut blank = false;
    for char in text.chars() {
        if char.is_whitespace() || char.is_control() {
            blank = true;
            continue;
        }
        if is_invisible(char) {
            continue;
        }
        if count + usize::from(blank) >= max {
            out.push('…');
            break;
        }
        if blank {
            out.push(' ');
            count += 1;
            blank = false;
        }
        out.push(char);
        count += 1;
    }
    out
}

/// Whether the text is printable as it is: nearly all are.
fn is_plain(text: &str) -> bool {
    let mut blank = false;
    text.bytes().all(|byte| {
        let doubled = blank && byte == b' ';
        blank = byte == b' ';
        matches!(byte, b' '..=b'~') && !doubled
    })
}

/// Characters that show nothing or turn the direction of writing, with which
/// text can be made to look like other text.
fn is_invisible(char: char) -> bool {
    matches!(char,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_markers() {
        for empty in [
            "",
            "  ",
            "None",
            "n/a",
            "N/A",
            "NULL",
            "\"\"",
            " \"None\" ",
            "unknown",
        ] {
            assert_eq!(said(empty, &["Unknown".to_owned()]), None, "{empty}");
        }
        assert_eq!(said(" \"abc\"", &[]), Some("abc"));
        for marker in EMPTY {
            assert!(marker.len() <= LONGEST_EMPTY);
        }
    }

    #[test]
    fn html_references() {
        assert_eq!(
            unescaped("a?x=1&amp;y=2&z&#39;&#x41;&nope;&"),
            "a?x=1&y=2&z'A&nope;&"
        );
        assert_eq!(unescaped("&amp;amp;"), "&amp;");
    }

    #[test]
    fn printable_text() {
        assert_eq!(printable(" a\tb\n\u{202e}c\u{0} ", 10), "a b c");
        assert_eq!(printable("abcdef", 3), "abc…");
    }
}
