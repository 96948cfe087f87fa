//! The notations of block lists: what a line of each one names.

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// It names values; they were given.
    Values,
    /// It belongs to the notation: no entry of the list.
    Envelope,
    /// It is an entry that names nothing bad.
    Refused(&'static str),
}

/// `127.0.0.1 host [host …]`: the address is where the name is sent to, never
/// an indicator. A line with a name alone is understood too.
pub(super) fn read_hosts(text: &str, give: &mut dyn FnMut(&str)) -> Entry {
    let text = text.split('#').next().unwrap_or_default();
    let mut words = text.split_ascii_whitespace();
    let Some(first) = words.next() else {
        return Entry::Envelope;
    };
    let Some(second) = words.next() else {
        give(first);
        return Entry::Values;
    };
    if first.parse::<std::net::IpAddr>().is_err() {
        return Entry::Refused("a hosts line begins with an address");
    }
    let mut any = false;
    for name in std::iter::once(second).chain(words) {
        if !is_own_name(name) {
            give(name);
            any = true;
        }
    }
    if any { Entry::Values } else { Entry::Envelope }
}

/// The names that every hosts file has for the machine itself.
fn is_own_name(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "localhost",
        "localhost.localdomain",
        "local",
        "broadcasthost",
        "ip6-localhost",
        "ip6-loopback",
        "ip6-localnet",
        "ip6-mcastprefix",
        "ip6-allnodes",
        "ip6-allrouters",
        "ip6-allhosts",
        "0.0.0.0",
    ];
    NAMES.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// `||host^`: the host and everything below it. Options behind `$` are left
/// out of account.
pub(super) fn read_adguard(text: &str, give: &mut dyn FnMut(&str)) -> Entry {
    if text.starts_with('[') && text.ends_with(']') {
        return Entry::Envelope;
    }
    if text.starts_with("@@") {
        return Entry::Refused("an exception rule names what is allowed");
    }
    let Some(rule) = text.strip_prefix("||") else {
        if text.contains(['/', '|', '*', '#', '^', '$']) {
            return Entry::Refused("a filter rule that is no host name");
        }
        return read_hosts(text, give);
    };
    let host = rule.split('$').next().unwrap_or_default();
    let Some(host) = host
        .strip_suffix('^')
        .or(Some(host).filter(|host| !host.contains('^')))
    else {
        return Entry::Refused("a filter rule that is no host name");
    };
    if host.contains('/') {
        return Entry::Refused("a filter rule for a path");
    }
    give_below(host.trim_start_matches("*."), give);
    Entry::Values
}

/// `address=/host[/host…]/0.0.0.0`, `server=/host/`, `local=/host/`: the hosts
/// and everything below them.
pub(super) fn read_dnsmasq(text: &str, give: &mut dyn FnMut(&str)) -> Entry {
    let Some((key, rest)) = text.split_once('=') else {
        return Entry::Refused("a dnsmasq line is key=/host/address");
    };
    if !matches!(key.trim(), "address" | "server" | "local") {
        return Entry::Envelope;
    }
    let Some((hosts, _)) = rest
        .trim()
        .strip_prefix('/')
        .and_then(|rest| rest.rsplit_once('/'))
    else {
        return Entry::Refused("a dnsmasq line is key=/host/address");
    };
    for host in hosts.split('/') {
        give_below(host, give);
    }
    Entry::Values
}

/// `host [ttl] [IN] CNAME .`: a response-policy zone (draft-vixie-dnsop-dns-rpz).
pub(super) fn read_rpz(text: &str, give: &mut dyn FnMut(&str)) -> Entry {
    let text = text.split(';').next().unwrap_or_default();
    let mut words = text.split_ascii_whitespace();
    let Some(owner) = words.next() else {
        return Entry::Envelope;
    };
    // A record of the zone itself may leave the owner out.
    let is_own = |word: &str| {
        ["SOA", "NS", "TXT"]
            .iter()
            .any(|own| own.eq_ignore_ascii_case(word))
    };
    if owner.starts_with('$') || owner == "@" || is_own(owner) {
        return Entry::Envelope;
    }
    let mut kind = "";
    for word in words.by_ref() {
        if word.eq_ignore_ascii_case("IN") || word.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        kind = word;
        break;
    }
    if is_own(kind) {
        return Entry::Envelope;
    }
    if !["CNAME", "A", "AAAA"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(kind))
    {
        return Entry::Refused("a zone line is owner CNAME target");
    }
    if words
        .next()
        .is_some_and(|target| target.eq_ignore_ascii_case("rpz-passthru."))
    {
        return Entry::Refused("the rule names what is allowed");
    }
    let owner = owner.strip_suffix('.').unwrap_or(owner);
    let lower = owner.to_ascii_lowercase();
    if let Some(trigger) = lower.strip_suffix(".rpz-ip") {
        return read_rpz_network(trigger, give);
    }
    if [".rpz-client-ip", ".rpz-nsdname", ".rpz-nsip"]
        .iter()
        .any(|end| lower.ends_with(end))
    {
        return Entry::Refused("the rule is about a client or a name server");
    }
    give(owner);
    Entry::Values
}

/// `24.0.2.0.192`: prefix length, then the octets backwards; for IPv6 the
/// groups backwards with `zz` for the run of zeros.
fn read_rpz_network(trigger: &str, give: &mut dyn FnMut(&str)) -> Entry {
    let Some((length, rest)) = trigger.split_once('.') else {
        return Entry::Refused("no network");
    };
    let parts: Vec<&str> = rest.rsplit('.').take(9).collect();
    let network = if parts.len() == 4 && !parts.contains(&"zz") {
        format!("{}/{length}", parts.join("."))
    } else {
        let text = parts.join(":");
        let text = match text.as_str() {
            "zz" => "::".to_owned(),
            _ if text.starts_with("zz:") => text.replacen("zz:", "::", 1),
            _ if text.ends_with(":zz") => text.replacen(":zz", "::", 1),
            _ => text.replacen(":zz:", "::", 1),
        };
        format!("{text}/{length}")
    };
    give(&network);
    Entry::Values
}

/// Gives a host for which everything below counts too.
fn give_below(host: &str, give: &mut dyn FnMut(&str)) {
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    if is_address || host.is_empty() {
        give(host);
    } else {
        give(&format!("*.{host}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Reader = fn(&str, &mut dyn FnMut(&str)) -> Entry;

    fn check(read: Reader, cases: &[(&str, &[&str])]) {
        for (line, expected) in cases {
            let mut given = Vec::new();
            let entry = read(line, &mut |value| given.push(value.to_owned()));
            assert_eq!(given, *expected, "{line}");
            assert_eq!(
                entry == Entry::Values,
                !expected.is_empty(),
                "{line}: {entry:?}"
            );
        }
    }

    #[test]
    fn hosts() {
        check(
            read_hosts,
            &[
                ("127.0.0.1\tbad.example", &["bad.example"]),
                (
                    "0.0.0.0 a.example b.example # both",
                    &["a.example", "b.example"],
                ),
                ("::1 localhost ip6-localhost", &[]),
                ("bad.example", &["bad.example"]),
                ("no address", &[]),
            ],
        );
    }

    #[test]
    fn adguard() {
        check(
            read_adguard,
            &[
                ("||bad.example^", &["*.bad.example"]),
                ("||bad.example^$important", &["*.bad.example"]),
                ("||203.0.113.7^", &["203.0.113.7"]),
                ("@@||good.example^", &[]),
                ("||bad.example/path", &[]),
                ("/regex/", &[]),
                ("[Adblock Plus 2.0]", &[]),
                ("bad.example", &["bad.example"]),
            ],
        );
    }

    #[test]
    fn dnsmasq() {
        check(
            read_dnsmasq,
            &[
                ("address=/bad.example/0.0.0.0", &["*.bad.example"]),
                (
                    "local=/a.example/b.example/",
                    &["*.a.example", "*.b.example"],
                ),
                ("no-resolv", &[]),
                ("cache-size=100", &[]),
            ],
        );
    }

    #[test]
    fn rpz() {
        check(
            read_rpz,
            &[
                ("bad.example CNAME .", &["bad.example"]),
                ("*.bad.example 300 IN CNAME .", &["*.bad.example"]),
                ("24.0.113.0.203.rpz-ip CNAME .", &["203.0.113.0/24"]),
                ("48.zz.1.db8.2001.rpz-ip CNAME .", &["2001:db8:1::/48"]),
                ("good.example CNAME rpz-passthru.", &[]),
                ("@ IN SOA localhost. root.localhost. (1 2 3 4 5)", &[]),
                ("$TTL 300", &[]),
                ("0.0.0.0 bad.example", &[]),
            ],
        );
    }
}
