//! IPv4 and IPv6 addresses and networks.

use std::borrow::Cow;
use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::Reason;

/// The widest networks that are taken: an indicator for more addresses than
/// this says nothing.
pub(crate) const MIN_PREFIX_V4: u8 = 9;
/// As [`MIN_PREFIX_V4`], for IPv6.
pub(crate) const MIN_PREFIX_V6: u8 = 16;

/// An IPv4 address or a network with host bits zero.
pub(crate) fn canonical_v4(text: &str) -> Result<Cow<'_, str>, Reason> {
    let Some((address, length)) = text.split_once('/') else {
        address_v4(text)?;
        // std takes one spelling of an address only, which is the canonical one
        return Ok(Cow::Borrowed(text));
    };
    let address = address_v4(address)?;
    let length = prefix_v4(length)?;
    if length < MIN_PREFIX_V4 {
        return Err(Reason::TooWide);
    }
    if length == 32 {
        return Ok(Cow::Owned(address.to_string()));
    }
    let network = Ipv4Net::new(address, length).map_err(|_| Reason::PrefixLength)?;
    Ok(own_unless_same(text, network.trunc()))
}

/// An IPv6 address or a network with host bits zero.
pub(crate) fn canonical_v6(text: &str) -> Result<Cow<'_, str>, Reason> {
    let Some((address, length)) = text.split_once('/') else {
        return Ok(own_unless_same(text, address_v6(text)?));
    };
    let address = address_v6(address)?;
    let length = prefix(length).ok_or(Reason::PrefixLength)?;
    if length > 128 {
        return Err(Reason::PrefixLength);
    }
    if length < MIN_PREFIX_V6 {
        return Err(Reason::TooWide);
    }
    if length == 128 {
        return Ok(Cow::Owned(address.to_string()));
    }
    let network = Ipv6Net::new(address, length).map_err(|_| Reason::PrefixLength)?;
    Ok(own_unless_same(text, network.trunc()))
}

/// Whether the address part of a network in `text` has bits beyond the prefix.
pub(crate) fn has_host_bits(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else {
        return false;
    };
    if let (Ok(address), Ok(length)) = (address_v4(address), prefix_v4(length)) {
        return Ipv4Net::new(address, length).is_ok_and(|net| net.trunc().addr() != address);
    }
    if let (Ok(address), Some(length)) = (address_v6(address), prefix(length)) {
        return Ipv6Net::new(address, length).is_ok_and(|net| net.trunc().addr() != address);
    }
    false
}

/// Whether the text is one address of either family.
pub(crate) fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
}

fn address_v6(text: &str) -> Result<Ipv6Addr, Reason> {
    text.parse().map_err(|_| Reason::NotIpv6)
}

/// Four decimal octets, or the most helpful reason why not.
pub(crate) fn address_v4(text: &str) -> Result<Ipv4Addr, Reason> {
    text.parse().map_err(|_| why_not_v4(text))
}

fn why_not_v4(text: &str) -> Reason {
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = 0;
    let mut zeros = false;
    let mut high = false;
    for part in text.split('.') {
        if !numeric(part) || parts == 4 {
            return Reason::NotIpv4;
        }
        parts += 1;
        zeros |= part.len() > 1 && part.starts_with('0');
        high |= part.trim_start_matches('0').len() > 3
            || part.parse::<u16>().is_ok_and(|number| number > 255);
    }
    match parts {
        1 => Reason::BareInteger,
        2 | 3 => Reason::TooFewParts,
        _ if high => Reason::OctetRange,
        _ if zeros => Reason::LeadingZeros,
        _ => Reason::NotIpv4,
    }
}

/// A prefix length, or a contiguous netmask (`255.255.255.0`).
fn prefix_v4(text: &str) -> Result<u8, Reason> {
    let length = if let Some(length) = prefix(text) {
        length
    } else {
        let mask: Ipv4Addr = text.parse().map_err(|_| Reason::PrefixLength)?;
        ipnet::ipv4_mask_to_prefix(mask).map_err(|_| Reason::PrefixLength)?
    };
    if length > 32 {
        Err(Reason::PrefixLength)
    } else {
        Ok(length)
    }
}

/// One to three digits without sign.
fn prefix(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits && (text.len() == 1 || !text.starts_with('0')) {
        text.parse().ok()
    } else {
        None
    }
}

/// Borrows `text` when `canonical` is written the same.
fn own_unless_same(text: &str, canonical: impl std::fmt::Display) -> Cow<'_, str> {
    let mut written = String::with_capacity(text.len());
    // writing to a String cannot fail
    let _ = write!(written, "{canonical}");
    if written == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_tell_what_is_wrong() {
        for (text, reason) in [
            ("010.0.0.1", Reason::LeadingZeros),
            ("2130706433", Reason::BareInteger),
            ("192.0.2", Reason::TooFewParts),
            ("192.0.2.256", Reason::OctetRange),
            ("192.0.2.1.5", Reason::NotIpv4),
            ("192.0.2.x", Reason::NotIpv4),
            ("192.0.2.0/33", Reason::PrefixLength),
            ("192.0.2.0/-4", Reason::PrefixLength),
            ("192.0.2.0/024", Reason::PrefixLength),
            ("192.0.2.0/255.0.255.0", Reason::PrefixLength),
            ("12.0.0.0/8", Reason::TooWide),
        ] {
            assert_eq!(canonical_v4(text), Err(reason), "{text}");
        }
        assert_eq!(canonical_v6("2001::/15"), Err(Reason::TooWide));
        assert_eq!(canonical_v6("2001:db8::/129"), Err(Reason::PrefixLength));
    }

    #[test]
    fn networks_are_masked() {
        for (text, expected) in [
            ("192.0.2.77/24", "192.0.2.0/24"),
            ("192.0.2.77/255.255.255.0", "192.0.2.0/24"),
            ("192.0.2.77/32", "192.0.2.77"),
        ] {
            assert_eq!(canonical_v4(text).unwrap(), expected);
        }
        assert_eq!(canonical_v6("2001:DB8:0::1/32").unwrap(), "2001:db8::/32");
        assert!(has_host_bits("192.0.2.77/24"));
        assert!(!has_host_bits("2001:db8::/32"));
    }
}
