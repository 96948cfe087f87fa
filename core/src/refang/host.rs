//! Hosts, addresses with ports, e-mail addresses.

use super::gap::{Place, encloses, is_gap, sets_apart, write_gap};
use super::{Reach, Refanged, change_for, sign_of_word};
use crate::normalize::{Lenience, change, full_width};

/// Undoes defanging in a text that is a host, with or without port and prefix
/// length. `None` where it holds noise that means nothing.
pub(crate) fn refang_host(text: &str, lenience: Lenience) -> Option<Refanged> {
    refang(text, lenience, false)
}

/// As [`refang_host`], for a text that may have a mailbox: the bare word `at`
/// may be its sign, where in a host it is a label.
pub(crate) fn refang_mail(text: &str, lenience: Lenience) -> Option<Refanged> {
    refang(text, lenience, true)
}

fn refang(text: &str, lenience: Lenience, mail: bool) -> Option<Refanged> {
    let reach = Reach::of(lenience);
    let tokens = cut(text);
    let has = |sign| {
        tokens
            .iter()
            .any(|token| token.is_gap && token.text.contains(sign))
    };
    let context = Context {
        reach,
        no_dot: !has('.'),
        no_at: mail && !has('@'),
    };
    let mut out = String::with_capacity(text.len());
    let mut changes = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at].is_gap {
            context.write_word(tokens[at].text, &mut out, &mut changes);
            at += 1;
            continue;
        }
        // a gap, and all gaps that follow behind words that are signs
        let mut marked = false;
        loop {
            let word_is_sign = match tokens.get(at + 1..at + 3) {
                Some([word, after]) => context.sign(tokens[at].text, word.text, after.text),
                _ => None,
            };
            let edge = at == 0 || at + 1 == tokens.len();
            let place = if edge { Place::Edge } else { Place::Inside };
            let marked_here = marked || word_is_sign.is_some();
            // slashes around a word are as little part of the text as brackets
            let gap = if marked_here && tokens[at].text == "/" {
                " "
            } else {
                tokens[at].text
            };
            write_gap(gap, place, marked_here, reach, &mut out, &mut changes)?;
            let Some(sign) = word_is_sign else { break };
            out.push(sign);
            changes.push(change_for(sign));
            marked = true;
            at += 2;
        }
        at += 1;
    }
    Some(Refanged { text: out, changes })
}

struct Token<'a> {
    text: &'a str,
    is_gap: bool,
}

/// Words and gaps in turn.
fn cut(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (position, c) in text.char_indices() {
        let now = is_gap(c);
        if before.is_some_and(|before| before != now) {
            tokens.push(Token {
                text: &text[start..position],
                is_gap: !now,
            });
            start = position;
        }
        before = Some(now);
    }
    if let Some(is_gap) = before {
        tokens.push(Token {
            text: &text[start..],
            is_gap,
        });
    }
    tokens
}

struct Context {
    reach: Reach,
    /// There is no dot as such: words may stand for one.
    no_dot: bool,
    /// There should be an `@`, and is none as such: words may stand for one.
    no_at: bool,
}

impl Context {
    /// The sign that a word between two gaps stands for.
    fn sign(&self, before: &str, word: &str, after: &str) -> Option<char> {
        let sign = sign_of_word(word)?;
        if encloses(before, after) {
            return Some(sign);
        }
        let wanted = match sign {
            '@' => self.no_at && word.eq_ignore_ascii_case("at"),
            _ => self.no_dot && word.eq_ignore_ascii_case("dot"),
        };
        (wanted && self.reach == Reach::Free && sets_apart(before, after)).then_some(sign)
    }

    fn write_word(&self, word: &str, out: &mut String, changes: &mut Vec<&'static str>) {
        let mut rest = word;
        if self.reach == Reach::Free && (self.no_dot || self.no_at) {
            // each marker is looked for from where the one before ended
            while let Some((position, marker, sign)) = self.next_marker(rest) {
                write_letters(&rest[..position], out, changes);
                out.push(sign);
                changes.push(change_for(sign));
                rest = &rest[position + marker..];
            }
        }
        write_letters(rest, out, changes);
    }

    /// The first `DOT`, `AT` or `-dot-` in a word: position, length, sign.
    fn next_marker(&self, word: &str) -> Option<(usize, usize, char)> {
        let bytes = word.as_bytes();
        let small = |at: usize| {
            bytes
                .get(at)
                .is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        (1..bytes.len()).find_map(|at| {
            let rest = &bytes[at..];
            let between = |length: usize| small(at - 1) && small(at + length);
            if self.no_dot && rest.starts_with(b"DOT") && between(3) {
                Some((at, 3, '.'))
            } else if self.no_dot && rest.starts_with(b"-dot-") && between(5) {
                Some((at, 5, '.'))
            } else if self.no_at && rest.starts_with(b"AT") && between(2) {
                Some((at, 2, '@'))
            } else {
                None
            }
        })
    }
}

/// Full-width letters and digits become ASCII, zero-width joiners go.
fn write_letters(letters: &str, out: &mut String, changes: &mut Vec<&'static str>) {
    if letters.is_ascii() {
        out.push_str(letters);
        return;
    }
    for c in letters.chars() {
        match c {
            '\u{200c}' | '\u{200d}' => changes.push(change::INVISIBLE_REMOVED),
            other => match full_width::ascii(other) {
                Some(ascii) => {
                    changes.push(change::FULL_WIDTH);
                    out.push(ascii);
                }
                None => out.push(other),
            },
        }
    }
}
