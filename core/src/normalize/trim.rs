//! What stands around a value.

use std::borrow::Cow;

use super::change;
use super::draft::Draft;

/// The text without blanks and control characters at its ends.
pub(crate) fn trim(text: &str) -> &str {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(b'!'..=b'~'), Some(b'!'..=b'~')) | (None, _) => text,
        _ => text.trim_matches(|c: char| {
            c.is_whitespace() || c == '\u{feff}' || (c.is_control() && c != '\0')
        }),
    }
}

/// Removes characters that nobody sees and that no value has: soft hyphen,
/// zero-width space, word joiner, byte order mark, marks of text direction.
/// (The zero-width joiners stay: some scripts need them in a name.)
pub(super) fn remove_invisible<'a>(text: &'a str, draft: &mut Draft) -> Cow<'a, str> {
    let invisible = |c: char| {
        matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.is_ascii() || !text.contains(invisible) {
        return Cow::Borrowed(text);
    }
    draft.note(change::INVISIBLE_REMOVED);
    Cow::Owned(text.replace(invisible, ""))
}

/// Pairs that are put around a value.
const PAIRS: [(char, char); 13] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('\u{201c}', '\u{201d}'),
    ('\u{201d}', '\u{201d}'),
    ('\u{201e}', '\u{201c}'),
    ('\u{2018}', '\u{2019}'),
    ('\u{ab}', '\u{bb}'),
    ('\u{2039}', '\u{203a}'),
    ('<', '>'),
    ('(', ')'),
    ('[', ']'),
    ('{', '}'),
];

/// Takes pairs of quotes and brackets off both ends, one inside another; a
/// spreadsheet's `="…"` too.
pub(super) fn unquote<'a>(text: &'a str, draft: &mut Draft) -> &'a str {
    let mut rest = text;
    loop {
        let inner = rest
            .strip_prefix('=')
            .filter(|inner| inner.starts_with('"'))
            .unwrap_or(rest);
        let Some(first) = inner.chars().next() else {
            return rest;
        };
        let pair = PAIRS.iter().find(|(open, close)| {
            *open == first && inner.len() > first.len_utf8() && inner.ends_with(*close)
        });
        let Some((open, close)) = pair else {
            return rest;
        };
        draft.note(change::UNQUOTED);
        rest = trim(&inner[open.len_utf8()..inner.len() - close.len_utf8()]);
    }
}

/// Takes quotes, brackets and sentence punctuation off both ends.
pub(super) fn unwrap<'a>(text: &'a str, draft: &mut Draft) -> &'a str {
    let mut rest = text;
    loop {
        let unquoted = unquote(rest, draft);
        let bare = trim(
            unquoted
                .trim_end_matches([
                    '.', ',', ';', ':', '!', '?', '"', '\'', '`', ')', ']', '}', '>', '\u{2026}',
                    '\u{201d}', '\u{2019}', '\u{3002}',
                ])
                .trim_start_matches(['(', '[', '{', '<', '"', '\'', '`', '\u{201c}', '\u{2018}']),
        );
        if bare.len() == rest.len() {
            return rest;
        }
        if bare.len() != unquoted.len() {
            draft.note(change::PUNCTUATION_REMOVED);
        }
        rest = bare;
    }
}
