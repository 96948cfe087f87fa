//! Networks around an address or network.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Key, Walk};
use crate::query::MatchKind;
use crate::value::Kind;

pub(crate) fn parse_v4(text: &str) -> Option<(Ipv4Addr, u8)> {
    match text.split_once('/') {
        Some((address, length)) => Some((address.parse().ok()?, length.parse().ok()?)),
        None => Some((text.parse().ok()?, 32)),
    }
}

pub(crate) fn parse_v6(text: &str) -> Option<(Ipv6Addr, u8)> {
    match text.split_once('/') {
        Some((address, length)) => Some((address.parse().ok()?, length.parse().ok()?)),
        None => Some((text.parse().ok()?, 128)),
    }
}

/// The IPv4 address or network inside a v4-mapped one.
pub(crate) fn unmapped(address: Ipv6Addr, length: u8) -> Option<(Ipv4Addr, u8)> {
    Some((address.to_ipv4_mapped()?, length.checked_sub(96)?))
}

impl Walk<'_, '_> {
    /// The IPv4 address or network inside a v4-mapped one, and what encloses it.
    pub(super) fn mapped(&mut self, address: Ipv6Addr, length: u8, distance: u16) {
        let Some((inner, length)) = unmapped(address, length) else {
            return;
        };
        let key = Key::v4(inner, length);
        self.name(key.as_value(Kind::Ipv4), MatchKind::MappedIpv4, distance);
        self.networks_v4(inner, length, MatchKind::MappedIpv4, distance);
    }

    pub(super) fn networks_v4(
        &mut self,
        address: Ipv4Addr,
        length: u8,
        kind: MatchKind,
        distance: u16,
    ) {
        for wider in (0..length.min(32)).rev() {
            if !self.shape.has_v4(wider) {
                continue;
            }
            let mask = u32::MAX.checked_shl(32 - u32::from(wider)).unwrap_or(0);
            let key = Key::v4(Ipv4Addr::from(u32::from(address) & mask), wider);
            let bits = u16::from(length - wider);
            self.name(key.as_value(Kind::Ipv4), kind, distance + bits);
        }
    }

    pub(super) fn networks_v6(&mut self, address: Ipv6Addr, length: u8, distance: u16) {
        if self.shape.ipv6_lengths == [0; 3] {
            return;
        }
        for wider in (0..length.min(128)).rev() {
            if !self.shape.has_v6(wider) {
                continue;
            }
            let mask = u128::MAX.checked_shl(128 - u32::from(wider)).unwrap_or(0);
            let key = Key::v6(Ipv6Addr::from(u128::from(address) & mask), wider);
            let bits = u16::from(length - wider);
            self.name(
                key.as_value(Kind::Ipv6),
                MatchKind::Network,
                distance + bits,
            );
        }
    }
}
