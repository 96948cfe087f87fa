//! What covers what, without any index.

use iocd_core::claim::Scope;
use iocd_core::query::{Match, MatchKind};
use iocd_core::value::{Kind, Value};
use ipnet::{IpNet, Ipv4Net};

/// Why a claim about `stored` answers a question for `asked`, from first
/// principles: the scope that it states covers the value.
pub(super) fn relation(stored: &Value, scope: Scope, asked: &Value) -> Option<Match> {
    if stored == asked {
        return Some(Match::EXACT);
    }
    match (stored.kind(), asked.kind()) {
        (Kind::Ipv4, Kind::Ipv4) | (Kind::Ipv6, Kind::Ipv6) => {
            covers(network(stored)?, network(asked)?, MatchKind::Network)
        }
        (Kind::Ipv4, Kind::Ipv6) => {
            let IpNet::V6(outer) = network(asked)? else {
                return None;
            };
            let inner = outer.addr().to_ipv4_mapped()?;
            let length = outer.prefix_len().checked_sub(96)?;
            let inner = IpNet::V4(Ipv4Net::new(inner, length).ok()?);
            covers(network(stored)?, inner, MatchKind::MappedIpv4)
        }
        (Kind::Domain, Kind::Domain) if scope == Scope::Subtree => {
            let below = asked
                .as_str()
                .strip_suffix(stored.as_str())?
                .strip_suffix('.')?;
            // Nobody speaks for all of a public suffix.
            psl::domain_str(stored.as_str())?;
            let distance = u8::try_from(below.split('.').count()).ok()?;
            Some(Match {
                kind: MatchKind::ParentDomain,
                distance,
            })
        }
        _ => None,
    }
}

fn network(value: &Value) -> Option<IpNet> {
    let text = value.as_str();
    text.parse()
        .ok()
        .or_else(|| Some(IpNet::from(text.parse::<std::net::IpAddr>().ok()?)))
}

fn covers(stored: IpNet, asked: IpNet, kind: MatchKind) -> Option<Match> {
    let distance = asked.prefix_len().checked_sub(stored.prefix_len())?;
    stored.contains(&asked).then_some(Match { kind, distance })
}
