//! The pass over a text.

use std::ops::Range;

use super::class::{self, AT, CLASS, COLON, CUT, DIGIT, DOT, HIGH, LETTER, OPEN};
use super::entity::Plain;
use super::{Candidate, Taker, address, code, id, link, mailbox, name, sign, wrap};
use crate::value::Kind;

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
        if classes & (COLON | AT | OPEN) != 0 {
            return true;
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
            || end - start >= 32
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
                at = self.link(first.max(self.floor), authority).max(from);
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
        if let Some(kind) = id::hash(bytes, at, end)
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

    fn address_v4(&mut self, at: usize) -> Option<usize> {
        let bytes = self.bytes;
        let end = address::v4_end(bytes, at)?;
        let before = at.checked_sub(1).map(|at| bytes[at]);
        if matches!(before, Some(b'.' | b'%')) || !address::v4_ends(bytes, end) {
            return None;
        }
        let doubtful = address::is_version(self.text, at);
        if self.mailbox_is(end) {
            return None;
        }
        let host_end = address::port_end(bytes, end).unwrap_or(end);
        if let Some(end) = self.path_end(at, host_end)
            && !class::at(bytes, host_end + 1, DIGIT)
            && self.offer(Kind::Url, at..end)
        {
            return Some(end);
        }
        if host_end > end && self.offer_doubtful(Kind::Ipv4, at..host_end, doubtful) {
            return Some(host_end);
        }
        if let Some(network) = address::prefix_end(bytes, end) {
            if self.offer_doubtful(Kind::Ipv4, at..network, doubtful) {
                return Some(network);
            }
            // a network too wide is no address either
            let length: u8 = self.text[end + 1..network].parse().unwrap_or(u8::MAX);
            if length <= 32 {
                return Some(network);
            }
        }
        // not the beginning of a longer dotted name, whatever it is
        self.offer_doubtful(Kind::Ipv4, at..end, doubtful);
        Some(end)
    }

    /// Whether an `@` follows.
    fn mailbox_is(&self, end: usize) -> bool {
        sign::read(self.bytes, end).is_some_and(|sign| sign.means == b'@')
    }

    fn address_v6(&mut self, at: usize) -> Option<usize> {
        let bytes = self.bytes;
        let before = at.checked_sub(1).map(|at| bytes[at]);
        if before.is_some_and(|b| class::is(b, LETTER | DIGIT | COLON | DOT | HIGH) || b == b'_') {
            return None;
        }
        let (end, enough) = address::v6_end(bytes, at)?;
        if !enough {
            return None;
        }
        let end = address::v6_tail(bytes, end);
        if before == Some(b'[')
            && bytes.get(end) == Some(&b']')
            && at > self.floor
            && let Some(port) = address::port_end(bytes, end + 1)
            && self.offer(Kind::Ipv6, at - 1..port)
        {
            return Some(port);
        }
        self.offer(Kind::Ipv6, at..end).then_some(end)
    }

    /// Names: domains, e-mail addresses, URLs without scheme.
    fn name(&mut self, at: usize) -> Option<usize> {
        let bytes = self.bytes;
        let run = name::run(self.text, at);
        let sign_at = name::label_end(self.text, run.last);
        if let Some(sign) = sign::read(bytes, sign_at).filter(|sign| sign.means == b'@')
            && let Some(end) = self.email(sign_at, sign_at + sign.length, sign.defanged)
        {
            return Some(end);
        }
        if bytes.get(sign_at) == Some(&b'(')
            && let Some(end) = self.commented_email(sign_at)
        {
            return Some(end);
        }
        if run.dots == 0 || run.cut {
            return None;
        }
        let start = self.name_start(at, run.end);
        let doubled = at >= 2 && bytes[at - 1] == b'/' && bytes[at - 2] == b'/';
        let before = match at.checked_sub(1).map(|at| bytes[at]) {
            // `//example.com/x` of a page, not what follows a scheme
            Some(b'/') if doubled && (at < 3 || bytes[at - 3] != b':') => None,
            other => other,
        };
        if run.defanged {
            if before == Some(b'%') {
                return None;
            }
        } else if code::is_friend(self.text, at, &run, before) {
            return None;
        }
        let host_end = address::port_end(bytes, run.end).unwrap_or(run.end);
        if let Some(end) = self.path_end(at, host_end)
            && self.offer(Kind::Url, at..end)
        {
            return Some(end);
        }
        for end in [host_end, run.end] {
            if self.offer(Kind::Domain, start..end) {
                return Some(end);
            }
            if host_end == run.end {
                break;
            }
        }
        None
    }

    /// `*.` before a name belongs to it; an underscore that also closes it
    /// does not.
    fn name_start(&self, at: usize, end: usize) -> usize {
        let bytes = self.bytes;
        if at >= self.floor + 2 && &bytes[at - 2..at] == b"*." {
            at - 2
        } else if bytes[at] == b'_' && bytes.get(end) == Some(&b'_') {
            at + 1
        } else {
            at
        }
    }

    /// Where a path ends that begins behind a host, if there is one that is
    /// more than a slash.
    fn path_end(&self, first: usize, at: usize) -> Option<usize> {
        let bytes = self.bytes;
        let defanged = sign::bracketed(bytes, at).is_some_and(|sign| sign.means == b'/');
        let plain = bytes.get(at) == Some(&b'/');
        if !plain && !defanged || class::at(bytes, at, CUT) {
            return None;
        }
        let end = link::end(self.text, at, self.is_quoted(first));
        (end > at).then_some(end)
    }

    /// Whether an apostrophe stands before this place.
    fn is_quoted(&self, at: usize) -> bool {
        at > 0 && self.bytes[at - 1] == b'\''
    }

    fn email(&mut self, at: usize, behind: usize, defanged: bool) -> Option<usize> {
        let start = mailbox::start(self.text, self.floor, at)?;
        let end = match mailbox::literal_end(self.bytes, behind) {
            Some(end) => end,
            None => {
                if !class::at(self.bytes, behind, LETTER | DIGIT | HIGH) {
                    return None;
                }
                let host = name::run(self.text, behind);
                if host.dots == 0 || host.cut {
                    return None;
                }
                // `(at)` is a word of prose where no dot is hidden
                let worded = defanged && self.bytes[at..behind].contains(&b'(');
                if worded && self.bytes[at] == b' ' && !host.defanged {
                    return None;
                }
                host.end
            }
        };
        self.offer(Kind::Email, start..end).then_some(end)
    }

    /// `john(comment)@example.com`, the comment beginning at `open`.
    fn commented_email(&mut self, open: usize) -> Option<usize> {
        let close = class::run(self.bytes, open + 1, LETTER | DIGIT);
        if self.bytes.get(close) != Some(&b')') || self.bytes.get(close + 1) != Some(&b'@') {
            return None;
        }
        self.email(close + 1, close + 2, false)
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
