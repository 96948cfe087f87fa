//! Addresses in a text.

use super::super::class::{self, COLON, DIGIT, DOT, HIGH, LETTER};
use super::super::{Taker, address, sign};
use super::Scan;
use crate::value::Kind;

impl<T: Taker> Scan<'_, T> {
    pub(super) fn address_v4(&mut self, at: usize) -> Option<usize> {
        let bytes = self.bytes;
        let end = address::v4_end(bytes, at)?;
        let before = at.checked_sub(1).map(|at| bytes[at]);
        if matches!(before, Some(b'.' | b'%')) || !address::v4_ends(bytes, end) {
            return None;
        }
        let doubtful = address::is_version(self.text, at);
        if address::is_share(bytes, end) {
            self.offer_doubtful(Kind::Ipv4, at..end, doubtful);
            return Some(end);
        }
        if self.mailbox_is(end) {
            return None;
        }
        let host_end = address::port_end(bytes, end).unwrap_or(end);
        if let Some(end) = self.path_end(at, host_end)
            && address::is_path(bytes, host_end + 1)
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
    pub(super) fn mailbox_is(&self, end: usize) -> bool {
        sign::read(self.bytes, end).is_some_and(|sign| sign.means == b'@')
    }

    pub(super) fn address_v6(&mut self, at: usize) -> Option<usize> {
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
}
