//! Which stored values answer a question.
//!
//! A question is turned into the exact keys of the claims whose stated scope
//! covers its value; a store only has to look keys up, so every store agrees
//! on the meaning.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::query::{Match, MatchKind};
use crate::value::{Kind, ValueRef, domain};

mod key;

use self::key::Key;

/// What a store holds, as far as it spares questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Bit n is set when a /n IPv4 network is stored, n from 0 to 32.
    pub ipv4_lengths: u64,
    /// Bit n % 64 of element n / 64 is set when a /n IPv6 network is stored,
    /// n from 0 to 128.
    pub ipv6_lengths: [u64; 3],
    /// Whether any claim covers the subdomains of its domain.
    pub subtree: bool,
}

impl Shape {
    /// Remembers that a value is stored; `subtree` tells that its claim covers
    /// the subdomains.
    pub fn add(&mut self, value: ValueRef<'_>, subtree: bool) {
        self.subtree |= subtree && value.kind == Kind::Domain;
        let Some((_, length)) = value.text.split_once('/') else {
            return;
        };
        let Ok(length) = length.parse::<u8>() else {
            return;
        };
        match value.kind {
            Kind::Ipv4 if length <= 32 => self.ipv4_lengths |= 1 << length,
            Kind::Ipv6 if length <= 128 => {
                self.ipv6_lengths[usize::from(length / 64)] |= 1 << (length % 64);
            }
            _ => {}
        }
    }

    fn has_v4(&self, length: u8) -> bool {
        self.ipv4_lengths >> length & 1 == 1
    }

    fn has_v6(&self, length: u8) -> bool {
        self.ipv6_lengths[usize::from(length / 64)] >> (length % 64) & 1 == 1
    }
}

/// One key to look up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe<'a> {
    /// The stored value that would answer.
    pub key: ValueRef<'a>,
    /// Why its claims would.
    pub matched: Match,
    /// Only those claims answer that cover the subdomains of their domain.
    pub subtree_only: bool,
}

/// Names the keys whose claims cover a value, the nearest of each relation
/// first: itself, then the enclosing networks (also those of the IPv4 address
/// inside a v4-mapped IPv6 one) or the parent domains above it, down to but
/// never including the public suffix.
pub fn probes(value: ValueRef<'_>, shape: &Shape, visit: &mut dyn FnMut(Probe<'_>)) {
    visit(Probe {
        key: value,
        matched: Match::EXACT,
        subtree_only: false,
    });
    match value.kind {
        Kind::Ipv4 if shape.ipv4_lengths != 0 => {
            if let Some((address, length)) = parse_v4(value.text) {
                networks_v4(address, length, MatchKind::Network, shape, visit);
            }
        }
        Kind::Ipv6 => {
            if let Some((address, length)) = parse_v6(value.text) {
                mapped(address, length, shape, visit);
                networks_v6(address, length, shape, visit);
            }
        }
        Kind::Domain if shape.subtree => parents(value.text, visit),
        _ => {}
    }
}

fn parse_v4(text: &str) -> Option<(Ipv4Addr, u8)> {
    match text.split_once('/') {
        Some((address, length)) => Some((address.parse().ok()?, length.parse().ok()?)),
        None => Some((text.parse().ok()?, 32)),
    }
}

fn parse_v6(text: &str) -> Option<(Ipv6Addr, u8)> {
    match text.split_once('/') {
        Some((address, length)) => Some((address.parse().ok()?, length.parse().ok()?)),
        None => Some((text.parse().ok()?, 128)),
    }
}

/// The IPv4 address or network inside a v4-mapped one, and what encloses it.
fn mapped(address: Ipv6Addr, length: u8, shape: &Shape, visit: &mut dyn FnMut(Probe<'_>)) {
    let (Some(inner), Some(length)) = (address.to_ipv4_mapped(), length.checked_sub(96)) else {
        return;
    };
    let key = Key::v4(inner, length);
    visit(Probe {
        key: ValueRef {
            kind: Kind::Ipv4,
            text: key.as_str(),
        },
        matched: Match {
            kind: MatchKind::MappedIpv4,
            distance: 0,
        },
        subtree_only: false,
    });
    networks_v4(inner, length, MatchKind::MappedIpv4, shape, visit);
}

fn networks_v4(
    address: Ipv4Addr,
    length: u8,
    kind: MatchKind,
    shape: &Shape,
    visit: &mut dyn FnMut(Probe<'_>),
) {
    for wider in (0..length.min(32))
        .rev()
        .filter(|&wider| shape.has_v4(wider))
    {
        let mask = u32::MAX.checked_shl(32 - u32::from(wider)).unwrap_or(0);
        let key = Key::v4(Ipv4Addr::from(u32::from(address) & mask), wider);
        visit(Probe {
            key: ValueRef {
                kind: Kind::Ipv4,
                text: key.as_str(),
            },
            matched: Match {
                kind,
                distance: length - wider,
            },
            subtree_only: false,
        });
    }
}

fn networks_v6(address: Ipv6Addr, length: u8, shape: &Shape, visit: &mut dyn FnMut(Probe<'_>)) {
    if shape.ipv6_lengths == [0; 3] {
        return;
    }
    for wider in (0..length.min(128))
        .rev()
        .filter(|&wider| shape.has_v6(wider))
    {
        let mask = u128::MAX.checked_shl(128 - u32::from(wider)).unwrap_or(0);
        let key = Key::v6(Ipv6Addr::from(u128::from(address) & mask), wider);
        visit(Probe {
            key: ValueRef {
                kind: Kind::Ipv6,
                text: key.as_str(),
            },
            matched: Match {
                kind: MatchKind::Network,
                distance: length - wider,
            },
            subtree_only: false,
        });
    }
}

fn parents(name: &str, visit: &mut dyn FnMut(Probe<'_>)) {
    let Some(registrable) = domain::registrable(name) else {
        return;
    };
    let mut parent = name;
    let mut distance = 0;
    while let Some((_, above)) = parent.split_once('.') {
        if above.len() < registrable.len() {
            break;
        }
        distance += 1;
        visit(Probe {
            key: ValueRef {
                kind: Kind::Domain,
                text: above,
            },
            matched: Match {
                kind: MatchKind::ParentDomain,
                distance,
            },
            subtree_only: true,
        });
        parent = above;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn keys(kind: Kind, text: &str, shape: &Shape) -> Vec<String> {
        let value = Value::parse(kind, text).unwrap();
        let mut keys = Vec::new();
        probes(value.as_ref(), shape, &mut |probe| {
            let Match { kind, distance } = probe.matched;
            let only = if probe.subtree_only { " subtree" } else { "" };
            keys.push(format!(
                "{} {} {distance}{only}",
                probe.key.text,
                kind.as_str()
            ));
        });
        keys
    }

    fn shape(stored: &[(Kind, &str, bool)]) -> Shape {
        let mut shape = Shape::default();
        for &(kind, text, subtree) in stored {
            shape.add(ValueRef { kind, text }, subtree);
        }
        shape
    }

    #[test]
    fn an_empty_store_is_asked_for_the_value_only() {
        let empty = Shape::default();
        assert_eq!(keys(Kind::Ipv4, "192.0.2.1", &empty), ["192.0.2.1 exact 0"]);
        assert_eq!(
            keys(Kind::Domain, "a.b.example.com", &empty),
            ["a.b.example.com exact 0"]
        );
    }

    #[test]
    fn networks_that_enclose() {
        let shape = shape(&[
            (Kind::Ipv4, "198.51.100.0/24", false),
            (Kind::Ipv4, "198.51.96.0/20", false),
            (Kind::Ipv6, "2001:db8::/32", false),
            (Kind::Ipv6, "2001:db8::/127", false),
        ]);
        assert_eq!(
            keys(Kind::Ipv4, "192.0.2.77", &shape),
            [
                "192.0.2.77 exact 0",
                "192.0.2.0/24 network 8",
                "192.0.0.0/20 network 12"
            ]
        );
        assert_eq!(
            keys(Kind::Ipv4, "192.0.2.0/24", &shape),
            ["192.0.2.0/24 exact 0", "192.0.0.0/20 network 4"]
        );
        assert_eq!(
            keys(Kind::Ipv6, "2001:db8::3", &shape),
            [
                "2001:db8::3 exact 0",
                "2001:db8::2/127 network 1",
                "2001:db8::/32 network 96"
            ]
        );
    }

    #[test]
    fn the_address_inside() {
        let shape = shape(&[(Kind::Ipv4, "198.51.100.0/24", false)]);
        assert_eq!(
            keys(Kind::Ipv6, "::ffff:192.0.2.77", &shape),
            [
                "::ffff:192.0.2.77 exact 0",
                "192.0.2.77 mapped_ipv4 0",
                "192.0.2.0/24 mapped_ipv4 8"
            ]
        );
        assert_eq!(
            keys(Kind::Ipv6, "::ffff:192.0.2.0/124", &shape),
            [
                "::ffff:192.0.2.0/124 exact 0",
                "192.0.2.0/28 mapped_ipv4 0",
                "192.0.2.0/24 mapped_ipv4 4"
            ]
        );
    }

    #[test]
    fn parents_stop_below_the_public_suffix() {
        let shape = shape(&[(Kind::Domain, "example.org", true)]);
        assert_eq!(
            keys(Kind::Domain, "a.b.example.co.uk", &shape),
            [
                "a.b.example.co.uk exact 0",
                "b.example.co.uk parent_domain 1 subtree",
                "example.co.uk parent_domain 2 subtree"
            ]
        );
        assert_eq!(
            keys(Kind::Domain, "notexample.org", &shape),
            ["notexample.org exact 0"]
        );
        assert_eq!(keys(Kind::Domain, "co.uk", &shape), ["co.uk exact 0"]);
        assert_eq!(
            keys(Kind::Domain, "me.github.io", &shape),
            ["me.github.io exact 0"]
        );
        assert_eq!(
            keys(Kind::Url, "http://a.example.org/", &shape),
            ["http://a.example.org/ exact 0"]
        );
    }
}
