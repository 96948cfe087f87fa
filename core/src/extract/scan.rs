//! The pass over a text.

use std::ops::Range;

use super::class::{self, AT, CLASS, COLON, CUT, DIGIT, DOT, HIGH, LETTER, OPEN};
use super::entity::Plain;
use super::{Candidate, Taker, id, link, name, sign, wrap};
use crate::value::Kind;

mod number;
mod word;

pub(super) struct Scan<'a, T> {
    text: &'a str,
    bytes: &'a [u8],
    plain: &'a Plain<'a>,
    taker: &'a mut T,
    /// Where what was taken last ends: nothing goes back before it.
    floor: usize,
}

impl<'a, T: Taker> Scan<'a, T> {
    pub(super) fn new(plain: &'a Plain<'a>, taker: &'a mut T) -> Scan<'a, T> {
        Scan {
            text: plain.text(),
            bytes: plain.text().as_bytes(),
            plain,
            taker,
            floor: 0,
        }
    }

    pub(super) fn run(mut self) {
        let mut at = 0;
        while at < self.bytes.len() {
            if class::is(self.bytes[at], CUT) {
                at += 1;
                continue;
            }
            let start = at;
            let mut classes = 0;
            while let Some(&b) = self.bytes.get(at) {
                let class = CLASS[b as usize];
                if class == CUT {
                    break;
                }
                classes |= class;
                at += 1;
            }
            if self.is_worthwhile(start, at, classes) {
                self.chunk(start, at, classes);
                at = at.max(self.floor);
            }
        }
    }

    /// Whether a chunk of these classes can hold a value at all.
    fn is_worthwhile(&self, start: usize, end: usize, classes: u8) -> bool {
        if classes & (COLON | AT) != 0 {
            return true;
        }
        if classes & OPEN != 0 {
            let chunk = &self.bytes[start..end];
            let hidden = |open: usize| sign::bracketed(self.bytes, start + open).is_some();
            if memchr::memchr3_iter(b'[', b'(', b'{', chunk).any(hidden) {
                return true;
            }
        }
        if classes & DIGIT != 0 && end - start > 4 {
            return true;
        }
        if classes & HIGH != 0 {
            return classes & (LETTER | DIGIT) != 0;
        }
        // a dot that does not end the sentence, or a digest of letters only
        let inside = |dot: usize| {
            let next = start + dot + 1;
            class::at(self.bytes, next, LETTER | DIGIT) || self.bytes.get(next) == Some(&b'_')
        };
        classes & DOT != 0
            && end - start > 3
            && memchr::memchr_iter(b'.', &self.bytes[start..end]).any(inside)
            || classes & LETTER != 0 && end - start >= 32
    }

    fn chunk(&mut self, start: usize, end: usize, classes: u8) {
        let mut at = start.max(self.floor);
        if classes & OPEN != 0 && sign::bracketed(self.bytes, start).is_some() {
            // `example [.] com`
            at = self.word_before(start);
        } else if class::at(self.bytes, start, DIGIT) && self.follows_cve(start) {
            at = start - 4;
        }
        if classes & COLON != 0 {
            let mut from = at;
            while let Some(colon) = memchr::memchr(b':', &self.bytes[from.min(end)..end]) {
                let colon = from + colon;
                from = colon + 1;
                let Some((first, authority)) = link::start(self.text, at, colon) else {
                    continue;
                };
                self.words(at, first);
                // a URL in the path or query of one without scheme is part of it
                at = if self.floor > first {
                    self.floor.max(from)
                } else {
                    self.link(first, authority).max(from)
                };
                from = at;
            }
        }
        self.words(at, end);
    }

    /// Whether a number is that of a `CVE 2021-44228`.
    fn follows_cve(&self, start: usize) -> bool {
        start >= self.floor + 4
            && self.bytes[start - 4..start].eq_ignore_ascii_case(b"cve ")
            && (start == 4 || !class::at(self.bytes, start - 5, LETTER | DIGIT | HIGH))
    }

    /// Where the word begins that stands before a blank and this place.
    fn word_before(&self, place: usize) -> usize {
        const LONGEST: usize = 256;
        let floor = self.floor.max(place.saturating_sub(LONGEST));
        let mut at = place;
        while at > floor && place - at < 3 && self.bytes[at - 1] == b' ' {
            at -= 1;
        }
        while at > floor && !class::is(self.bytes[at - 1], CUT) {
            at -= 1;
        }
        while !self.text.is_char_boundary(at) {
            at += 1;
        }
        at
    }

    /// Reads the URL whose scheme begins at `first`; tells where it ends.
    fn link(&mut self, first: usize, authority: usize) -> usize {
        let end = link::end(self.text, authority, self.is_quoted(first));
        if end == authority {
            return end;
        }
        if let Some(rest) = wrap::rest(self.text, first, end) {
            let whole = [&self.text[first..end], &self.text[rest.clone()]].concat();
            let span = first..rest.end;
            if self.offer_text(Kind::Url, &whole, span, false) {
                return rest.end;
            }
        }
        self.offer(Kind::Url, first..end);
        end
    }

    fn words(&mut self, start: usize, end: usize) {
        let mut at = start.max(self.floor);
        while at < end {
            let b = self.bytes[at];
            if class::is(b, LETTER | DIGIT) || b == b'_' {
                at = self.word(at).max(at + 1);
            } else if b == b':' && self.bytes.get(at + 1) == Some(&b':') {
                at = self
                    .address_v6(at)
                    .unwrap_or_else(|| class::run(self.bytes, at, COLON));
            } else if class::is(b, HIGH) {
                at = match name::wide_letter(self.text, at) {
                    Some(_) => self.word(at).max(at + 1),
                    None => at + 1,
                };
                while !self.text.is_char_boundary(at) {
                    at += 1;
                }
            } else {
                at += 1;
            }
        }
    }

    /// Reads what begins with the word at `at`; tells where to go on.
    fn word(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let end = class::run(bytes, at, LETTER | DIGIT);
        let next = bytes.get(end).copied().unwrap_or(b'\n');
        if let Some(end) = self.identifier(at, end) {
            return end;
        }
        if class::is(bytes[at], DIGIT)
            && end - at <= 3
            && let Some(end) = self.address_v4(at)
        {
            return end;
        }
        if (next == b':' || next == b'[' || next == b'(')
            && end - at <= 4
            && let Some(end) = self.address_v6(at)
        {
            return end;
        }
        let goes_on = match next {
            b'.' | b'-' | b'_' | b'@' | b'\\' | b'[' | b'(' | b'{' | 0x80.. => true,
            b' ' => matches!(bytes.get(end + 1), Some(b'[' | b'(' | b'{' | b' ')),
            _ => false,
        };
        if goes_on && let Some(end) = self.name(at) {
            return end;
        }
        if end - at >= 32
            && let Some(kind) = id::hash(bytes, at, end)
            && self.offer(kind, at..end)
        {
            return end;
        }
        if goes_on {
            name::run(self.text, at).end
        } else {
            end
        }
    }

    /// CVE and ATT&CK ids, and a wholly escaped URL.
    fn identifier(&mut self, at: usize, end: usize) -> Option<usize> {
        let bytes = self.bytes;
        match (bytes[at] | 0x20, end - at) {
            (b'c', 3) if bytes[at..end].eq_ignore_ascii_case(b"cve") => {
                let end = id::cve_end(self.text, end)?;
                self.offer(Kind::Cve, at..end).then_some(end)
            }
            (b't' | b'g' | b's' | b'm', 5 | 6) => {
                let end = id::attack_end(bytes, at, end)?;
                let before = at.checked_sub(1).map(|at| bytes[at]);
                let apart = !matches!(before, Some(b'-' | b'_' | b'.' | b'#'));
                (apart && self.offer(Kind::MitreAttack, at..end)).then_some(end)
            }
            (b'h' | b'f', 3..=5) if bytes.get(end) == Some(&b'%') => {
                let end = link::encoded_end(bytes, end)?;
                self.offer(Kind::Url, at..end).then_some(end)
            }
            _ => None,
        }
    }

    fn offer(&mut self, kind: Kind, span: Range<usize>) -> bool {
        self.offer_doubtful(kind, span, false)
    }

    fn offer_doubtful(&mut self, kind: Kind, span: Range<usize>, doubtful: bool) -> bool {
        let text = self.text;
        self.offer_text(kind, &text[span.clone()], span, doubtful)
    }

    fn offer_text(&mut self, kind: Kind, text: &str, span: Range<usize>, doubtful: bool) -> bool {
        let end = span.end;
        let candidate = Candidate {
            kind,
            text,
            span: self.plain.original(&span),
            doubtful,
        };
        let taken = self.taker.take(&candidate);
        if taken {
            self.floor = end;
        }
        taken
    }
}
