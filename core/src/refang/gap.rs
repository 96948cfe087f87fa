//! What stands between two words.

use super::{Reach, change_for};
use crate::normalize::change;

/// Whether a character belongs to gaps.
pub(super) fn is_gap(c: char) -> bool {
    sign(c).is_some() || is_bracket(c) || matches!(c, '\\' | '^') || c.is_whitespace()
}

fn is_open(c: char) -> bool {
    matches!(c, '(' | '[' | '{')
}

fn is_close(c: char) -> bool {
    matches!(c, ')' | ']' | '}')
}

fn is_bracket(c: char) -> bool {
    is_open(c) || is_close(c)
}

/// The sign that a character is, or is the full-width form of.
fn sign(c: char) -> Option<char> {
    match c {
        '.' | '@' | ':' | '/' | ',' | '|' | '%' => Some(c),
        '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | '\u{2024}' | '\u{fe52}' => Some('.'),
        '\u{ff20}' | '\u{fe6b}' => Some('@'),
        '\u{ff1a}' => Some(':'),
        '\u{ff0f}' => Some('/'),
        _ => None,
    }
}

/// Whether a word between these two gaps is in brackets.
pub(super) fn encloses(before: &str, after: &str) -> bool {
    before.trim_end().ends_with(is_open) && after.trim_start().starts_with(is_close)
}

/// Whether a word between these two gaps stands alone: blanks on both sides,
/// or slashes on both.
pub(super) fn sets_apart(before: &str, after: &str) -> bool {
    let blank = |gap: &str| !gap.is_empty() && gap.chars().all(char::is_whitespace);
    blank(before) && blank(after) || before == "/" && after == "/"
}

/// Where a gap stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Edge,
    Inside,
}

/// Appends what a gap means; `None` where it means nothing that can be told.
/// `marked` tells that a word was read as a sign in this gap already.
pub(super) fn write_gap(
    gap: &str,
    place: Place,
    marked: bool,
    reach: Reach,
    out: &mut String,
    changes: &mut Vec<&'static str>,
) -> Option<()> {
    let start = out.len();
    out.extend(gap.chars().filter_map(sign));
    let meaning = &out[start..];
    if meaning == gap {
        return Some(());
    }
    if !gap.is_ascii() {
        changes.push(change::FULL_WIDTH);
    }
    let noise = gap.contains(|c| sign(c).is_none());
    if !noise {
        return Some(());
    }
    if meaning.is_empty() && !marked {
        let brackets = gap.chars().all(is_bracket);
        changes.push(change::BRACKETS_REMOVED);
        return (place == Place::Edge && brackets && reach >= Reach::Loose).then_some(());
    }
    if !marked {
        if gap.contains(char::is_whitespace) && !gap.contains(is_bracket) && reach < Reach::Free {
            return None;
        }
        if reach == Reach::Clear && !is_clear(gap) {
            return None;
        }
    }
    for sign in meaning.chars() {
        changes.push(change_for(sign));
    }
    Some(())
}

/// Signs each in a pair of brackets, or one behind a backslash.
fn is_clear(gap: &str) -> bool {
    let signs: Vec<char> = gap.chars().filter(|c| !c.is_whitespace()).collect();
    let in_brackets = |three: &[char]| match three {
        [open, middle, close] => {
            matches!((open, close), ('[', ']') | ('(', ')') | ('{', '}')) && sign(*middle).is_some()
        }
        _ => false,
    };
    signs[..] == ['\\', '.'] || !signs.is_empty() && signs.chunks(3).all(in_brackets)
}
