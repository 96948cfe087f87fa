//! The mailbox before an `@`.

use super::class::{self, DIGIT, HIGH, LETTER};

/// The longest mailbox, in bytes (RFC 5321, section 4.5.3.1.1).
const MAX: usize = 64;

/// Where the mailbox begins that ends at `end`, not before `floor`.
pub(super) fn start(text: &str, floor: usize, end: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let floor = floor.max(end.saturating_sub(MAX));
    let mut at = end;
    // `john(comment)@example.com`
    if at > floor && bytes[at - 1] == b')' {
        let open = bytes[floor..at].iter().rposition(|&b| b == b'(')? + floor;
        if !bytes[open + 1..at - 1]
            .iter()
            .all(|&b| class::is(b, LETTER | DIGIT))
        {
            return None;
        }
        at = open;
    }
    let name_end = at;
    while at > floor
        && (class::is(bytes[at - 1], LETTER | DIGIT | HIGH)
            || matches!(bytes[at - 1], b'.' | b'_' | b'-' | b'+'))
    {
        at -= 1;
    }
    // never from within a character, and not from a quotation mark
    while at < name_end
        && (!text.is_char_boundary(at)
            || matches!(bytes[at], b'.' | b'-' | b'+')
            || text[at..].starts_with(|c: char| !c.is_ascii() && !c.is_alphanumeric()))
    {
        at += 1;
    }
    (at < name_end).then_some(at)
}

/// Where an address literal ends that begins at `at`: `[192.0.2.1]`.
pub(super) fn literal_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'[') {
        return None;
    }
    let length = bytes[at..].iter().take(MAX).position(|&b| b == b']')?;
    let inner = &bytes[at + 1..at + length];
    let plain = inner
        .iter()
        .all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':' | b'I' | b'P' | b'v'));
    (plain && inner.len() > 2).then_some(at + length + 1)
}
