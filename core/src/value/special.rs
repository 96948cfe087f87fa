//! Addresses and names that are not of the public Internet.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::{Kind, ValueRef, domain, url};

/// Blocks of the IANA IPv4 Special-Purpose Address Registry that are not
/// globally reachable, multicast and class E.
const V4: [([u8; 4], u8); 14] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// Blocks of the IANA IPv6 Special-Purpose Address Registry inside `2000::/3`
/// that are not globally reachable. Nothing outside `2000::/3` is, except IPv4
/// addresses in another dress.
const V6: [([u16; 8], u8); 4] = [
    ([0x2001, 0x2, 0, 0, 0, 0, 0, 0], 48),
    ([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// Whether the address, the whole network, or the host of the URL or mailbox
/// is private, loopback, link-local, documentation, multicast or reserved
/// space, or a name that is only ever resolved locally (RFC 6761 and kin).
pub fn is_non_global(value: &ValueRef<'_>) -> bool {
    match value.kind {
        Kind::Ipv4 => v4(value.text),
        Kind::Ipv6 => v6(value.text),
        Kind::Domain | Kind::Url | Kind::Email => value.host().is_some_and(host),
        _ => false,
    }
}

fn host(host: &str) -> bool {
    if url::is_address(host) {
        return if host.contains(':') {
            v6(host)
        } else {
            v4(host)
        };
    }
    matches!(
        domain::last_label(host),
        "local" | "internal" | "localhost" | "test" | "invalid"
    ) || host == "home.arpa"
        || host.ends_with(".home.arpa")
}

fn v4(text: &str) -> bool {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return v4_network(u32::from(address), 32);
    }
    text.parse::<Ipv4Net>()
        .is_ok_and(|net| v4_network(u32::from(net.addr()), net.prefix_len()))
}

fn v4_network(address: u32, length: u8) -> bool {
    V4.iter().any(|&(block, bits)| {
        bits <= length && (address ^ u32::from_be_bytes(block)) >> (32 - u32::from(bits)) == 0
    })
}

fn v6(text: &str) -> bool {
    let (address, length) = match text.parse::<Ipv6Addr>() {
        Ok(address) => (address, 128),
        Err(_) => match text.parse::<Ipv6Net>() {
            Ok(net) => (net.addr(), net.prefix_len()),
            Err(_) => return false,
        },
    };
    let bits = u128::from(address);
    let within = |block: [u16; 8], prefix: u8| {
        let block = u128::from(Ipv6Addr::from(block));
        prefix <= length && (bits ^ block) >> (128 - u32::from(prefix)) == 0
    };
    // v4-mapped addresses and those of NAT64 (RFC 6052) are as global as the
    // IPv4 address inside
    let inside =
        within([0, 0, 0, 0, 0, 0xffff, 0, 0], 96) || within([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);
    if inside {
        #[allow(clippy::cast_possible_truncation)] // the low half is what is meant
        return v4_network(bits as u32, length - 96);
    }
    !within([0x2000, 0, 0, 0, 0, 0, 0, 0], 3) || V6.iter().any(|&(block, bits)| within(block, bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_networks_and_hosts() {
        let non_global = |kind, text| is_non_global(&ValueRef { kind, text });
        for text in [
            "10.1.2.3",
            "100.127.0.1",
            "203.0.113.9",
            "255.255.255.255",
            "192.168.4.0/24",
            "239.1.1.1",
        ] {
            assert!(non_global(Kind::Ipv4, text), "{text}");
        }
        for text in [
            "8.8.8.8",
            "100.128.0.1",
            "172.32.0.1",
            "192.168.0.0/15",
            "11.0.0.0/9",
        ] {
            assert!(!non_global(Kind::Ipv4, text), "{text}");
        }
        for text in [
            "::1",
            "fe80::1",
            "2001:db8::/32",
            "ff02::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
        ] {
            assert!(non_global(Kind::Ipv6, text), "{text}");
        }
        for text in [
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "2001:4860::/32",
            "64:ff9b::808:808",
        ] {
            assert!(!non_global(Kind::Ipv6, text), "{text}");
        }
        for text in [
            "http://10.0.0.1/",
            "http://[::1]:8080/",
            "http://nas.local/",
            "http://u@a.home.arpa/",
        ] {
            assert!(non_global(Kind::Url, text), "{text}");
        }
        assert!(!non_global(Kind::Url, "http://example.com/?10.0.0.1"));
        assert!(!non_global(Kind::Domain, "10.0.0.1.example.com"));
    }
}
