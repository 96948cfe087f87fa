//! Ranges from a first to a last address.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Subnets, Ipv6Subnets};

use super::{Refusal, trim};
use crate::value::{Kind, MAX_VALUE, Reason, Value, canonical};

/// The networks that make up `192.0.2.0-192.0.2.255`: at most 62 for IPv4 and
/// 254 for IPv6, in rising order, none wider than a network may be.
pub fn read_range(text: &str) -> Result<Vec<Value>, Refusal> {
    let networks = match ends(text) {
        Some(ends) => ends.networks(),
        None => Err(Reason::NotRange),
    };
    networks.map_err(|reason| Refusal::new(None, text, reason))
}

/// The one network that a range of this family is; `None` where the text is no
/// range at all.
pub(super) fn single(text: &str, kind: Kind) -> Result<Option<Value>, Reason> {
    let Some(ends) = ends(text) else {
        return Ok(None);
    };
    let mut networks = ends.networks()?;
    match networks.pop() {
        Some(network) if networks.is_empty() && network.kind() == kind => Ok(Some(network)),
        _ => Err(Reason::RangeOfSeveral),
    }
}

enum Ends {
    V4(Ipv4Addr, Ipv4Addr),
    V6(Ipv6Addr, Ipv6Addr),
}

impl Ends {
    fn networks(&self) -> Result<Vec<Value>, Reason> {
        match *self {
            Ends::V4(first, last) if first <= last => {
                let texts = Ipv4Subnets::new(first, last, 0).map(|net| net.to_string());
                collect(Kind::Ipv4, texts)
            }
            Ends::V6(first, last) if first <= last => {
                let texts = Ipv6Subnets::new(first, last, 0).map(|net| net.to_string());
                collect(Kind::Ipv6, texts)
            }
            _ => Err(Reason::RangeOrder),
        }
    }
}

fn collect(kind: Kind, texts: impl Iterator<Item = String>) -> Result<Vec<Value>, Reason> {
    texts
        .map(|text| canonical(kind, &text).map(|text| Value::trusted(kind, text)))
        .collect()
}

fn ends(text: &str) -> Option<Ends> {
    if text.len() > MAX_VALUE {
        return None;
    }
    let (first, last) = text.split_once(['-', '\u{2013}'])?;
    let (first, last) = (trim::trim(first), trim::trim(last));
    if let (Ok(first), Ok(last)) = (first.parse(), last.parse()) {
        return Some(Ends::V4(first, last));
    }
    Some(Ends::V6(first.parse().ok()?, last.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_become_networks() {
        let read = |text: &str| {
            let networks = read_range(text).map_err(|refusal| refusal.reason)?;
            Ok::<_, Reason>(networks.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(read("192.0.2.0-192.0.2.255").unwrap(), ["192.0.2.0/24"]);
        assert_eq!(
            read("192.0.2.5 - 192.0.2.8").unwrap(),
            ["192.0.2.5", "192.0.2.6/31", "192.0.2.8"]
        );
        assert_eq!(
            read("2001:db8:: - 2001:db8::ffff").unwrap(),
            ["2001:db8::/112"]
        );
        assert_eq!(read("192.0.2.1-192.0.2.1").unwrap(), ["192.0.2.1"]);
        assert_eq!(read("192.0.2.2-192.0.2.1"), Err(Reason::RangeOrder));
        assert_eq!(read("192.0.2.2-2001:db8::"), Err(Reason::NotRange));
        assert_eq!(read("12.0.0.0-13.255.255.255"), Err(Reason::TooWide));
        assert_eq!(read("a-b"), Err(Reason::NotRange));
    }
}
