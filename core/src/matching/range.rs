//! Downwards: what lies below a value.
//!
//! Values have an order that keeps together what a question may ask for
//! together. Its keys are 32 bits, so that a store can keep them for every
//! value: of an address they are its first bits, of a domain 20 bits of a hash
//! of its last two labels and 12 of the third, of a URL as many of its host
//! and of its path with query. Other values may share a range; whether one
//! belongs to the answer, [`Range::matches`] decides. A collision costs time,
//! never a wrong answer.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use super::network::{parse_v4, parse_v6, unmapped};
use super::url::{Host, Parts};
use super::{Key, Kind, Match, MatchKind, ValueRef};

/// Bits of a key that are of the second part.
const FINE_BITS: u32 = 12;
const FINE: u32 = (1 << FINE_BITS) - 1;

/// A run of the order of values in which some answer a question.
#[derive(Clone, Debug)]
pub struct Range<'a> {
    /// Only values of this type.
    pub kind: Kind,
    /// Only values with these keys, see [`order_key`].
    pub keys: RangeInclusive<u32>,
    relation: Relation<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Relation<'a> {
    Subdomain(&'a str),
    UrlOnHost(Host<'a>),
    UrlPort(Parts<'a>),
    InV4(Ipv4Addr, u8),
    InV6(Ipv6Addr, u8),
}

/// The ranges in which a cascade finds what lies below a value. No value
/// belongs to two of them.
pub fn ranges(value: ValueRef<'_>) -> Vec<Range<'_>> {
    let mut ranges = Vec::new();
    match value.kind {
        Kind::Domain => {
            ranges.push(Range {
                kind: Kind::Domain,
                keys: subdomain_keys(value.text),
                relation: Relation::Subdomain(value.text),
            });
            ranges.push(urls_on(Host::Domain(value.text)));
        }
        Kind::Ipv4 => {
            if let Some((address, length)) = parse_v4(value.text) {
                ranges.push(inside_v4(address, length));
            }
        }
        Kind::Ipv6 => {
            if let Some((address, length)) = parse_v6(value.text) {
                ranges.push(inside_v6(address, length));
                ranges.extend(unmapped(address, length).map(|(a, l)| inside_v4(a, l)));
            }
        }
        Kind::Url => {
            if let Some(parts) = Parts::of(value.text) {
                let key = url_key(&parts);
                ranges.push(Range {
                    kind: Kind::Url,
                    keys: key..=key,
                    relation: Relation::UrlPort(parts),
                });
            }
        }
        _ => {}
    }
    ranges
}

/// Where a value stands in the order; `None` for one that no question ever
/// finds from above.
pub fn order_key(value: ValueRef<'_>) -> Option<u32> {
    match value.kind {
        Kind::Domain => {
            let (tail, third) = split_name(value.text);
            Some(coarse(tail) | third.map_or(0, fine))
        }
        Kind::Url => Some(url_key(&Parts::of(value.text)?)),
        Kind::Ipv4 => Some(u32::from(parse_v4(value.text)?.0)),
        Kind::Ipv6 => Some(first_bits(parse_v6(value.text)?.0)),
        _ => None,
    }
}

impl Range<'_> {
    /// Why the value answers, if it does. The queried value itself does not.
    pub fn matches(&self, value: ValueRef<'_>) -> Option<Match> {
        if value.kind != self.kind {
            return None;
        }
        let (kind, distance) = match self.relation {
            Relation::Subdomain(name) => {
                let labels = value.text.strip_suffix(name)?.strip_suffix('.')?;
                (MatchKind::Subdomain, labels.split('.').count())
            }
            Relation::UrlOnHost(host) => {
                let parts = Parts::of(value.text)?;
                if parts.host() != host {
                    return None;
                }
                (MatchKind::UrlOnHost, usize::from(parts.steps_to_host()))
            }
            Relation::UrlPort(asked) => {
                let parts = Parts::of(value.text)?;
                let same = parts.scheme == asked.scheme
                    && parts.user == asked.user
                    && parts.host() == asked.host()
                    && parts.target() == asked.target();
                if !same || parts.port == asked.port {
                    return None;
                }
                (MatchKind::UrlPort, 1)
            }
            Relation::InV4(network, length) => {
                let (address, inner) = parse_v4(value.text)?;
                let differ = u32::from(network) ^ u32::from(address);
                let bits = inner.checked_sub(length).filter(|&bits| bits > 0)?;
                if differ.leading_zeros() < u32::from(length) {
                    return None;
                }
                (MatchKind::AddressInNetwork, usize::from(bits))
            }
            Relation::InV6(network, length) => {
                let (address, inner) = parse_v6(value.text)?;
                let differ = u128::from(network) ^ u128::from(address);
                let bits = inner.checked_sub(length).filter(|&bits| bits > 0)?;
                if differ.leading_zeros() < u32::from(length) {
                    return None;
                }
                (MatchKind::AddressInNetwork, usize::from(bits))
            }
        };
        let distance = u16::try_from(distance).unwrap_or(u16::MAX);
        Some(Match { kind, distance })
    }
}

/// Nothing is inside an address but URLs on it.
fn inside_v4(address: Ipv4Addr, length: u8) -> Range<'static> {
    if length >= 32 {
        return urls_on(Host::V4(address));
    }
    let first = u32::from(address);
    Range {
        kind: Kind::Ipv4,
        keys: first..=first | u32::MAX.checked_shr(length.into()).unwrap_or(0),
        relation: Relation::InV4(address, length),
    }
}

fn inside_v6(address: Ipv6Addr, length: u8) -> Range<'static> {
    if length >= 128 {
        return urls_on(Host::V6(address));
    }
    let last = u128::from(address) | u128::MAX.checked_shr(length.into()).unwrap_or(0);
    Range {
        kind: Kind::Ipv6,
        keys: first_bits(address)..=first_bits(Ipv6Addr::from(last)),
        relation: Relation::InV6(address, length),
    }
}

fn urls_on(host: Host<'_>) -> Range<'_> {
    let first = host_key(host);
    Range {
        kind: Kind::Url,
        keys: first..=first | FINE,
        relation: Relation::UrlOnHost(host),
    }
}

/// Keys of the names below a name of at least two labels.
fn subdomain_keys(name: &str) -> RangeInclusive<u32> {
    let (tail, third) = split_name(name);
    let first = coarse(tail);
    match third {
        None => first..=first | FINE,
        Some(third) => first | fine(third)..=first | fine(third),
    }
}

fn url_key(parts: &Parts<'_>) -> u32 {
    host_key(parts.host()) | fine(parts.target())
}

fn host_key(host: Host<'_>) -> u32 {
    match host {
        Host::Domain(name) => coarse(name),
        Host::V4(address) => coarse(Key::v4(address, 32).as_str()),
        Host::V6(address) => coarse(Key::v6(address, 128).as_str()),
    }
}

fn first_bits(address: Ipv6Addr) -> u32 {
    (u128::from(address) >> 96) as u32
}

/// The last two labels of a name, and the one before them.
fn split_name(name: &str) -> (&str, Option<&str>) {
    let mut dots = memchr::memrchr_iter(b'.', name.as_bytes()).skip(1);
    let Some(second) = dots.next() else {
        return (name, None);
    };
    let start = dots.next().map_or(0, |dot| dot + 1);
    (&name[second + 1..], Some(&name[start..second]))
}

fn coarse(text: &str) -> u32 {
    hash(text) & !FINE
}

fn fine(text: &str) -> u32 {
    hash(text) & FINE
}

/// FNV-1a, its upper half folded in: the same everywhere and for ever, since
/// stores may keep what it gives.
fn hash(text: &str) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for &byte in text.as_bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    #[allow(clippy::cast_possible_truncation)] // the lower half is what is wanted
    let folded = (hash ^ hash >> 32) as u32;
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn reason(asked: (Kind, &str), stored: (Kind, &str)) -> Option<(&'static str, u16)> {
        let asked = Value::parse(asked.0, asked.1).unwrap();
        let stored = Value::parse(stored.0, stored.1).unwrap();
        let reasons: Vec<Match> = ranges(asked.as_ref())
            .iter()
            .filter_map(|range| {
                let matched = range.matches(stored.as_ref())?;
                let key = order_key(stored.as_ref()).unwrap();
                assert!(range.keys.contains(&key), "{stored:?} below {asked:?}");
                Some(matched)
            })
            .collect();
        assert!(reasons.len() <= 1);
        reasons
            .first()
            .map(|matched| (matched.kind.as_str(), matched.distance))
    }

    #[test]
    fn subdomains_are_by_labels() {
        let asked = (Kind::Domain, "example.com");
        for (stored, expected) in [
            ("a.example.com", Some(1)),
            ("b.a.example.com", Some(2)),
            ("example.com", None),
            ("notexample.com", None),
            ("com.example", None),
        ] {
            let expected = expected.map(|distance| ("subdomain", distance));
            assert_eq!(reason(asked, (Kind::Domain, stored)), expected, "{stored}");
        }
        assert_eq!(
            reason(
                (Kind::Domain, "a.b.example.co.uk"),
                (Kind::Domain, "x.y.a.b.example.co.uk")
            ),
            Some(("subdomain", 2))
        );
        assert_eq!(
            reason((Kind::Domain, "co.uk"), (Kind::Domain, "a.co.uk")),
            Some(("subdomain", 1))
        );
    }

    #[test]
    fn urls_on_a_host_are_on_no_other() {
        for (asked, stored, expected) in [
            (
                (Kind::Domain, "example.com"),
                "http://example.com/",
                Some(1),
            ),
            (
                (Kind::Domain, "example.com"),
                "https://u@example.com:8080/a/b?c",
                Some(4),
            ),
            ((Kind::Domain, "example.com"), "http://a.example.com/", None),
            (
                (Kind::Domain, "example.com"),
                "http://notexample.com/",
                None,
            ),
            ((Kind::Ipv4, "192.0.2.1"), "http://192.0.2.1:81/x", Some(2)),
            ((Kind::Ipv4, "192.0.2.1"), "http://192.0.2.11/x", None),
            (
                (Kind::Ipv6, "2001:db8::1"),
                "http://[2001:db8::1]/",
                Some(1),
            ),
            (
                (Kind::Ipv6, "::ffff:192.0.2.1"),
                "http://[::ffff:192.0.2.1]/",
                Some(1),
            ),
            (
                (Kind::Ipv6, "::ffff:192.0.2.1"),
                "http://192.0.2.1/",
                Some(1),
            ),
        ] {
            let expected = expected.map(|distance| ("url_on_host", distance));
            assert_eq!(reason(asked, (Kind::Url, stored)), expected, "{stored}");
        }
    }

    #[test]
    fn only_the_port_differs() {
        let asked = (Kind::Url, "http://example.com/a?b");
        for (stored, expected) in [
            ("http://example.com:8080/a?b", true),
            ("http://example.com/a?b", false),
            ("https://example.com:8080/a?b", false),
            ("http://u@example.com:8080/a?b", false),
            ("http://example.com:8080/a", false),
            ("http://a.example.com:8080/a?b", false),
        ] {
            let expected = expected.then_some(("url_port", 1));
            assert_eq!(reason(asked, (Kind::Url, stored)), expected, "{stored}");
        }
    }

    #[test]
    fn what_is_inside_a_network() {
        for (asked, stored, expected) in [
            (
                (Kind::Ipv4, "203.0.112.0/20"),
                (Kind::Ipv4, "203.0.127.255"),
                Some(12),
            ),
            (
                (Kind::Ipv4, "203.0.112.0/20"),
                (Kind::Ipv4, "203.0.112.0/24"),
                Some(4),
            ),
            (
                (Kind::Ipv4, "203.0.112.0/20"),
                (Kind::Ipv4, "203.0.112.0/20"),
                None,
            ),
            (
                (Kind::Ipv4, "203.0.112.0/20"),
                (Kind::Ipv4, "203.0.112.0/19"),
                None,
            ),
            (
                (Kind::Ipv4, "203.0.112.0/20"),
                (Kind::Ipv4, "203.0.128.0"),
                None,
            ),
            (
                (Kind::Ipv4, "203.0.112.0/20"),
                (Kind::Ipv4, "203.0.111.255"),
                None,
            ),
            (
                (Kind::Ipv6, "2001:db8::/33"),
                (Kind::Ipv6, "2001:db8:7fff::1"),
                Some(95),
            ),
            (
                (Kind::Ipv6, "2001:db8::/33"),
                (Kind::Ipv6, "2001:db8:8000::1"),
                None,
            ),
            (
                (Kind::Ipv6, "2001:d00::/24"),
                (Kind::Ipv6, "2001:db8::1"),
                Some(104),
            ),
            (
                (Kind::Ipv6, "::ffff:192.0.2.0/120"),
                (Kind::Ipv4, "192.0.2.9"),
                Some(8),
            ),
            (
                (Kind::Ipv6, "::ffff:192.0.2.0/120"),
                (Kind::Ipv6, "::ffff:192.0.2.9"),
                Some(8),
            ),
        ] {
            let expected = expected.map(|distance| ("address_in_network", distance));
            assert_eq!(reason(asked, stored), expected, "{asked:?} {stored:?}");
        }
    }
}
