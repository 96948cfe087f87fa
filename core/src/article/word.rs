//! Words in a text.

use std::ops::Range;

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '-')
}

/// Whether a span begins and ends where words do. A hyphen joins words only
/// where something small follows: `Qakbot-infected` names Qakbot all the same.
pub(super) fn is_word_at(text: &str, span: &Range<usize>) -> bool {
    let before = text[..span.start].chars().next_back();
    let mut after = text[span.end..].chars();
    let ends = match after.next() {
        None => true,
        Some('-') => !after.as_str().starts_with("like"),
        Some('.') => !after.next().is_some_and(char::is_alphanumeric),
        Some(char) => !is_word(char),
    };
    ends && !before.is_some_and(|char| is_word(char) || matches!(char, '.' | '/' | '@'))
}

/// The word behind a place, if nothing but blanks is between, and its end.
pub(super) fn next_word(text: &str, at: usize) -> Option<(&str, usize)> {
    let behind = text.get(at..)?;
    let trimmed = behind.trim_start_matches([' ', '\u{a0}']);
    let start = at + (behind.len() - trimmed.len());
    let end = trimmed.find(|char| !is_word(char)).unwrap_or(trimmed.len());
    (start > at && end > 0).then(|| (&trimmed[..end], start + end))
}

/// The word before a place, if nothing but blanks is between, and its start.
pub(super) fn word_before(text: &str, at: usize) -> Option<(&str, usize)> {
    let before = text.get(..at)?;
    let trimmed = before.trim_end_matches([' ', '\u{a0}', '"', '“']);
    let start = trimmed.rfind(|char| !is_word(char)).map_or(0, |place| {
        place + trimmed[place..].chars().next().map_or(1, char::len_utf8)
    });
    let word = &trimmed[start..];
    (trimmed.len() < at && !word.is_empty()).then_some((word, start))
}

/// Whether a text has one of these as a word or words, all in lower case.
pub(super) fn has_words(lower: &str, phrase: &str) -> bool {
    lower
        .match_indices(phrase)
        .any(|(at, _)| is_word_at(lower, &(at..at + phrase.len())))
}
