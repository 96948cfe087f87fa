//! What a value was said in.

use std::ops::Range;

/// Bytes on each side that are looked at.
const WINDOW: usize = 400;

/// Where the sentence, list item, table row or line is that contains `span`:
/// at most 400 bytes on each side.
pub fn sentence(text: &str, span: &Range<usize>) -> Range<usize> {
    let mut first = span.start.saturating_sub(WINDOW);
    while !text.is_char_boundary(first) {
        first += 1;
    }
    let mut last = text.len().min(span.end + WINDOW);
    while !text.is_char_boundary(last) {
        last -= 1;
    }
    let before = &text.as_bytes()[first..span.start];
    let after = &text.as_bytes()[span.end..last];
    let start = (0..before.len())
        .rev()
        .find(|&at| begins(before, at + 1))
        .map_or(first, |at| first + at + 1);
    let end = (0..after.len())
        .find(|&at| begins(after, at + 1))
        .map_or(last, |at| span.end + at + 1);
    // blanks around it are no part of it
    let trimmed = text[start..span.start].trim_start();
    let start = span.start - trimmed.len();
    let end = span.end + text[span.end..end].trim_end().len();
    start..end
}

/// Whether a sentence or line of its own begins at this place.
fn begins(bytes: &[u8], at: usize) -> bool {
    match bytes[at - 1] {
        b'\n' => !continues(bytes, at),
        b' ' => {
            let ended = bytes[..at - 1]
                .iter()
                .rev()
                .find(|b| !matches!(b, b')' | b'"' | b'\''))
                .is_some_and(|b| matches!(b, b'.' | b'!' | b'?'));
            ended && bytes.get(at).is_some_and(u8::is_ascii_uppercase)
        }
        _ => false,
    }
}

/// Whether a line goes on with the sentence of the one before: it begins with
/// a small letter at once, and that one ends in a word or comma.
fn continues(bytes: &[u8], at: usize) -> bool {
    let small = bytes.get(at).is_some_and(u8::is_ascii_lowercase);
    let open = bytes[..at]
        .iter()
        .rev()
        .find(|b| !matches!(b, b'\n' | b'\r'))
        .is_some_and(|b| b.is_ascii_alphabetic() || *b == b',');
    let blank_line = at >= 2 && bytes[at - 2] == b'\n';
    small && open && !blank_line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_lines_and_rows() {
        for (text, expected) in [
            (
                "One. It calls VALUE today, then ends. Two.",
                "It calls VALUE today, then ends.",
            ),
            (
                "It calls\nthe VALUE and\nends. Two",
                "It calls\nthe VALUE and\nends.",
            ),
            ("- one\n- VALUE (C2)\n- two", "- VALUE (C2)"),
            ("| a | b |\n| VALUE | c |\n", "| VALUE | c |"),
            ("VALUE", "VALUE"),
        ] {
            let start = text.find("VALUE").unwrap();
            assert_eq!(&text[sentence(text, &(start..start + 5))], expected);
        }
    }
}
