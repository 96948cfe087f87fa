//! What covers what and what is related to what, without any index.

use std::net::IpAddr;

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
            let distance = u16::try_from(below.split('.').count()).ok()?;
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
    let distance = u16::from(distance);
    stored.contains(&asked).then_some(Match { kind, distance })
}

/// Why a claim about `stored` answers a cascade from `asked`: the nearest of
/// all relations, whatever scope the claim states.
pub(super) fn cascade(stored: &Value, asked: &Value) -> Option<Match> {
    let reasons = [
        relation(stored, Scope::Subtree, asked),
        below(stored, asked),
        beside_url(stored, asked),
        above_url(stored, asked),
    ];
    nearest(reasons.into_iter().flatten())
}

/// The nearest of several reasons.
pub(super) fn nearest(reasons: impl Iterator<Item = Match>) -> Option<Match> {
    reasons.min_by_key(|reason| (reason.distance, reason.kind))
}

fn below(stored: &Value, asked: &Value) -> Option<Match> {
    let reason = |kind, distance: usize| {
        let distance = u16::try_from(distance).unwrap();
        Some(Match { kind, distance })
    };
    match (stored.kind(), asked.kind()) {
        (Kind::Domain, Kind::Domain) => {
            let end = format!(".{asked}");
            let labels = stored.as_str().strip_suffix(end.as_str())?;
            reason(MatchKind::Subdomain, labels.split('.').count())
        }
        (Kind::Url, Kind::Domain | Kind::Ipv4 | Kind::Ipv6) => {
            let url = Url::of(stored);
            let mut hosts = vec![asked.as_str().to_owned()];
            if let Ok(IpAddr::V6(address)) = asked.as_str().parse() {
                hosts.extend(address.to_ipv4_mapped().map(|inner| inner.to_string()));
            }
            hosts.iter().any(|host| url.is_on(host)).then_some(())?;
            reason(MatchKind::UrlOnHost, url.steps_to_host())
        }
        (Kind::Ipv4 | Kind::Ipv6, Kind::Ipv4 | Kind::Ipv6) if asked.is_network() => {
            let mut outer = network(asked)?;
            if let (IpNet::V6(mapped), Kind::Ipv4) = (outer, stored.kind()) {
                let length = mapped.prefix_len().checked_sub(96)?;
                outer = IpNet::V4(Ipv4Net::new(mapped.addr().to_ipv4_mapped()?, length).ok()?);
            }
            let inner = network(stored)?;
            let bits = inner.prefix_len().checked_sub(outer.prefix_len())?;
            (bits > 0 && outer.contains(&inner)).then_some(())?;
            reason(MatchKind::AddressInNetwork, bits.into())
        }
        _ => None,
    }
}

/// Another URL of the same thing.
fn beside_url(stored: &Value, asked: &Value) -> Option<Match> {
    if stored.kind() != Kind::Url || asked.kind() != Kind::Url || stored == asked {
        return None;
    }
    let (stored, asked) = (Url::of(stored), Url::of(asked));
    let same_target = stored.path == asked.path && stored.query == asked.query;
    let same_place = stored.user == asked.user && stored.host == asked.host && same_target;
    let one = |kind| Some(Match { kind, distance: 1 });
    let schemes = (asked.scheme.as_str(), stored.scheme.as_str());
    let kept_port = match schemes {
        ("http", "https") if asked.port == "443" => "",
        ("https", "http") if asked.port == "80" => "",
        _ => &asked.port,
    };
    if same_place && matches!(schemes, ("http", "https") | ("https", "http")) {
        return (stored.port == kept_port).then(|| one(MatchKind::UrlScheme))?;
    }
    if stored.scheme != asked.scheme {
        return None;
    }
    if same_place && stored.port != asked.port {
        return one(MatchKind::UrlPort);
    }
    let same_authority =
        (&stored.user, &stored.host, &stored.port) == (&asked.user, &asked.host, &asked.port);
    if !same_authority || stored.query.is_some() {
        return None;
    }
    let path = without_slash(&asked.path);
    let removed = [stored.path.as_str(), without_slash(&stored.path)]
        .into_iter()
        .filter(|prefix| *prefix == path || path.starts_with(&format!("{prefix}/")))
        .filter_map(|prefix| {
            let removed = path[prefix.len()..].matches('/').count();
            (removed <= 64 || prefix.is_empty()).then_some(removed)
        })
        .min()?;
    let steps = removed + usize::from(asked.query.is_some());
    Some(Match {
        kind: MatchKind::UrlPrefix,
        distance: u16::try_from(steps.max(1)).unwrap(),
    })
}

/// The host of the asked URL, and what covers that.
fn above_url(stored: &Value, asked: &Value) -> Option<Match> {
    if asked.kind() != Kind::Url || stored.kind() == Kind::Url {
        return None;
    }
    let url = Url::of(asked);
    let host = [Kind::Ipv4, Kind::Ipv6, Kind::Domain]
        .into_iter()
        .find_map(|kind| Value::parse(kind, &url.host).ok())?;
    let mut matched = relation(stored, Scope::Subtree, &host)?;
    if matched == Match::EXACT {
        matched.kind = MatchKind::UrlHost;
    }
    matched.distance += u16::try_from(url.steps_to_host()).unwrap();
    Some(matched)
}

/// A canonical URL in pieces, without the signs between them.
struct Url {
    scheme: String,
    user: Option<String>,
    host: String,
    port: String,
    path: String,
    query: Option<String>,
}

impl Url {
    fn of(value: &Value) -> Url {
        let (scheme, rest) = value.as_str().split_once("://").unwrap();
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query.to_owned())),
            None => (rest, None),
        };
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, format!("/{path}")),
            None => (rest, String::new()),
        };
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user.to_owned()), place),
            None => (None, authority),
        };
        let port = place
            .rsplit_once(':')
            .map(|(_, port)| port)
            .filter(|port| port.bytes().all(|digit| digit.is_ascii_digit()))
            .filter(|_| place.starts_with('[') != place.ends_with(']') || !place.contains('['))
            .unwrap_or_default();
        let host = place.strip_suffix(&format!(":{port}")).unwrap_or(place);
        Url {
            scheme: scheme.to_owned(),
            user,
            host: host.trim_matches(['[', ']']).to_owned(),
            port: port.to_owned(),
            path,
            query,
        }
    }

    fn is_on(&self, host: &str) -> bool {
        let address = |text: &str| text.parse::<IpAddr>().ok();
        self.host == host || address(host).is_some_and(|ip| address(&self.host) == Some(ip))
    }

    fn steps_to_host(&self) -> usize {
        let segments = without_slash(&self.path).matches('/').count();
        segments + usize::from(self.query.is_some()) + 1
    }
}

fn without_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}
