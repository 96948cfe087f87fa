//! Runs of labels and dots, which are names if anything.

use super::class::{self, DIGIT, HIGH, LETTER};
use super::sign;

/// The longest run that is followed, in bytes: longer than any name, even
/// with every dot defanged.
const MAX_RUN: usize = 1024;

/// Labels with dots between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Where it ends.
    pub(super) end: usize,
    /// Dots in it.
    pub(super) dots: usize,
    /// Where the last label begins.
    pub(super) last: usize,
    /// Where the first label ends.
    pub(super) first_end: usize,
    /// Whether a dot is defanged.
    pub(super) defanged: bool,
    /// It goes on, but is too long for a name.
    pub(super) cut: bool,
}

/// The run that begins at `start`, where a label's character stands.
pub(super) fn run(text: &str, start: usize) -> Run {
    let bytes = text.as_bytes();
    let mut run = Run {
        end: start,
        dots: 0,
        last: start,
        first_end: start,
        defanged: false,
        cut: false,
    };
    let limit = start + MAX_RUN;
    let mut at = start;
    loop {
        at = label_end(text, at);
        run.end = at;
        if run.dots == 0 {
            run.first_end = at;
        }
        if at > limit {
            run.cut = true;
            return run;
        }
        let (length, defanged) = if bytes.get(at) == Some(&b'.') {
            (1, false)
        } else {
            match sign::read(bytes, at) {
                Some(sign) if sign.means == b'.' => (sign.length, sign.defanged),
                _ => break,
            }
        };
        let next = at + length;
        if !begins_label(text, next) {
            break;
        }
        run.dots += 1;
        run.defanged |= defanged;
        run.last = next;
        at = next;
    }
    // a hyphen or underscore at the end belongs to the text around
    while run.end > run.last + 1 && matches!(bytes[run.end - 1], b'-' | b'_') {
        run.end -= 1;
    }
    run
}

/// Where the label ends that `at` is in.
pub(super) fn label_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = at;
    loop {
        match bytes.get(at) {
            Some(&b) if class::is(b, DIGIT | LETTER) || matches!(b, b'-' | b'_') => at += 1,
            Some(&b) if class::is(b, HIGH) => match wide_letter(text, at) {
                Some(length) => at += length,
                None => return at,
            },
            _ => return at,
        }
    }
}

fn begins_label(text: &str, at: usize) -> bool {
    match text.as_bytes().get(at) {
        Some(&b) if class::is(b, HIGH) => wide_letter(text, at).is_some(),
        Some(&b) => class::is(b, DIGIT | LETTER) || b == b'_',
        None => false,
    }
}

/// The length of a character beyond ASCII that can be part of a label.
/// Ideographs and kana are not: where they stand beside a name they are the
/// sentence around it.
pub(super) fn wide_letter(text: &str, at: usize) -> Option<usize> {
    let c = text.get(at..)?.chars().next()?;
    let invisible = matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'
    );
    let ideograph = matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}');
    (invisible || c.is_alphanumeric() && !ideograph).then_some(c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_where_no_label_follows() {
        for (text, end, dots) in [
            ("example.com. Then", 11, 1),
            ("example[.]com", 13, 1),
            ("example [.] com", 15, 1),
            ("example(dot)com/x", 15, 1),
            ("a.b-.c-, d", 6, 2),
            ("word [see] x", 4, 0),
            ("end...", 3, 0),
        ] {
            let run = run(text, 0);
            assert_eq!((run.end, run.dots), (end, dots), "{text}");
        }
    }
}
