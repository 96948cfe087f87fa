//! Which stored values answer a question.
//!
//! Upwards, from the value to what covers it, a question is turned into exact
//! keys ([`probes`]); downwards, to what lies below it, into ranges of an order
//! of values ([`ranges`], [`order_key`]), each with a test that decides. A
//! store only looks up and walks, so every store agrees on the meaning.
//!
//! | asked | by its stated scope | by cascade too |
//! | --- | --- | --- |
//! | address, network | itself, networks around it, the same of the IPv4 address inside a v4-mapped one | what is inside a network, URLs on an address |
//! | domain | itself, parents that cover their subdomains | all parents below the public suffix, subdomains, URLs on it |
//! | URL | itself | its path's prefixes, other scheme, other ports; its host and what covers that |
//! | others | itself | |

use crate::query::{Match, MatchKind, Reach};
use crate::value::{Kind, ValueRef, domain};

mod key;
pub(crate) mod network;
mod part;
mod range;
mod url;

pub use self::part::{MIN_PART, Part};
pub use self::range::{Range, order_key, ranges};

use self::key::Key;
use self::network::{parse_v4, parse_v6};
use self::url::{Host, Parts};

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
/// never including the public suffix. By cascade, what the module's table adds
/// upwards; a key may then be named twice.
pub fn probes(value: ValueRef<'_>, shape: &Shape, reach: Reach, visit: &mut dyn FnMut(Probe<'_>)) {
    let cascades = reach == Reach::Cascade;
    Walk {
        shape,
        cascades,
        visit,
    }
    .up_from(value, MatchKind::Exact, 0);
}

/// The way up from a value.
struct Walk<'a, 'v> {
    shape: &'a Shape,
    cascades: bool,
    visit: &'v mut dyn FnMut(Probe<'_>),
}

impl Walk<'_, '_> {
    /// Names a value that is `distance` from the queried one, and what covers it.
    fn up_from(&mut self, value: ValueRef<'_>, kind: MatchKind, distance: u16) {
        self.name(value, kind, distance);
        match value.kind {
            Kind::Ipv4 if self.shape.ipv4_lengths != 0 => {
                if let Some((address, length)) = parse_v4(value.text) {
                    self.networks_v4(address, length, MatchKind::Network, distance);
                }
            }
            Kind::Ipv6 => {
                if let Some((address, length)) = parse_v6(value.text) {
                    self.mapped(address, length, distance);
                    self.networks_v6(address, length, distance);
                }
            }
            Kind::Domain if self.cascades || self.shape.subtree => {
                self.parents(value.text, distance);
            }
            Kind::Url if self.cascades => self.above_url(value.text, distance),
            _ => {}
        }
    }

    fn name(&mut self, key: ValueRef<'_>, kind: MatchKind, distance: u16) {
        (self.visit)(Probe {
            key,
            matched: Match { kind, distance },
            subtree_only: kind == MatchKind::ParentDomain && !self.cascades,
        });
    }

    fn parents(&mut self, name: &str, distance: u16) {
        let Some(registrable) = domain::registrable(name) else {
            return;
        };
        let mut parent = name;
        let mut distance = distance;
        while let Some((_, text)) = parent.split_once('.') {
            if text.len() < registrable.len() {
                break;
            }
            distance += 1;
            let kind = Kind::Domain;
            self.name(ValueRef { kind, text }, MatchKind::ParentDomain, distance);
            parent = text;
        }
    }

    fn above_url(&mut self, text: &str, distance: u16) {
        let Some(parts) = Parts::of(text) else {
            return;
        };
        let kind = Kind::Url;
        if let Some(other) = parts.other_scheme() {
            let text = &other;
            self.name(ValueRef { kind, text }, MatchKind::UrlScheme, distance + 1);
        }
        parts.visit_prefixes(&mut |text, steps| {
            self.name(
                ValueRef { kind, text },
                MatchKind::UrlPrefix,
                distance + steps,
            );
        });
        let distance = distance + parts.steps_to_host();
        match parts.host() {
            Host::Domain(text) => {
                let kind = Kind::Domain;
                self.up_from(ValueRef { kind, text }, MatchKind::UrlHost, distance);
            }
            Host::V4(address) => {
                let key = Key::v4(address, 32);
                self.up_from(key.as_value(Kind::Ipv4), MatchKind::UrlHost, distance);
            }
            Host::V6(address) => {
                let key = Key::v6(address, 128);
                self.up_from(key.as_value(Kind::Ipv6), MatchKind::UrlHost, distance);
            }
        }
    }
}

#[cfg(test)]
mod tests;
