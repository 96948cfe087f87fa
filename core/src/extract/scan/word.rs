//! Names in a text: of hosts, in e-mail addresses, in URLs without scheme.

use super::super::class::{self, CUT, DIGIT, HIGH, LETTER};
use super::super::{Taker, address, code, link, mailbox, name, sign};
use super::Scan;
use crate::value::Kind;

impl<T: Taker> Scan<'_, T> {
    /// Names: domains, e-mail addresses, URLs without scheme.
    pub(super) fn name(&mut self, at: usize) -> Option<usize> {
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
        // what ends in a number is no name
        if run.dots == 0 || run.cut || class::is(bytes[run.last], DIGIT) {
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
        } else if !address::is_share(bytes, run.end) && code::is_friend(self.text, at, &run, before)
        {
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
    pub(super) fn path_end(&self, first: usize, at: usize) -> Option<usize> {
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
    pub(super) fn is_quoted(&self, at: usize) -> bool {
        at > 0 && self.bytes[at - 1] == b'\''
    }

    fn email(&mut self, at: usize, behind: usize, defanged: bool) -> Option<usize> {
        let start = mailbox::start(self.text, self.floor, at)?;
        let end = if let Some(end) = mailbox::literal_end(self.bytes, behind) {
            end
        } else {
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
}
