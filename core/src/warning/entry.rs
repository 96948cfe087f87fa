//! One entry of a list, by the list's type.

use std::net::IpAddr;

use ipnet::IpNet;

use super::expression::check_expression;
use super::kinds::Kinds;
use super::rule::{Cover, Reach, Rule};
use crate::value::{self, Kind, MAX_VALUE, domain};

/// How a list's entries are meant: MISP's `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `string`: the whole value, or the host of a URL.
    String,
    /// `hostname`: the host and all below it.
    Hostname,
    /// `substring`: anywhere.
    Substring,
    /// `cidr`: an address inside, or a network wholly inside.
    Network,
    /// `regex`, as PHP writes them.
    Expression,
}

/// What an entry of a list for these types says; never nothing.
pub(super) fn read_entry(form: Form, kinds: Kinds, entry: &str) -> Result<Vec<Rule>, String> {
    let text = entry.trim();
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.len() > MAX_VALUE {
        return Err("it is longer than 4,096 bytes".to_owned());
    }
    match form {
        Form::String => match below(text) {
            Some((name, reach)) => read_name(kinds, name, reach),
            None => read_whole(kinds, text),
        },
        Form::Hostname => match below(text) {
            Some((name, reach)) => read_name(kinds, name, reach),
            None if text.parse::<IpAddr>().is_ok() => read_whole(kinds, text),
            None => read_name(kinds, text, Reach::Subtree),
        },
        Form::Substring => {
            let part = text.to_ascii_lowercase();
            let possible = kinds_with(&part);
            only(kinds, possible, Cover::Part(part.into()))
        }
        Form::Network => {
            let cover = read_network(text).ok_or("it is no address or network")?;
            only(kinds, Kinds::ADDRESS.or(Kinds::of(&[Kind::Url])), cover)
        }
        Form::Expression => Ok(vec![Rule {
            kinds,
            cover: Cover::Expression(check_expression(text)?),
        }]),
    }
}

/// The types whose values can contain a text: where they cannot, they need not
/// be searched.
fn kinds_with(part: &str) -> Kinds {
    let can_contain = |kind: &Kind| {
        part.bytes().all(|b| match kind {
            Kind::Ipv4 => matches!(b, b'0'..=b'9' | b'.' | b'/'),
            Kind::Ipv6 => matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'.' | b':' | b'/'),
            Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => b.is_ascii_hexdigit(),
            _ => true,
        })
    };
    let kinds = Kinds::ALL.iter().filter(can_contain);
    kinds.fold(Kinds::NONE, |kinds, kind| kinds.or(Kinds::of(&[kind])))
}

/// The name of `.example.com`, which stands for itself and all below, or of
/// `*.example.com`.
fn below(text: &str) -> Option<(&str, Reach)> {
    match text.strip_prefix("*.") {
        Some(name) => Some((name, Reach::Below)),
        None => Some((text.strip_prefix('.')?, Reach::Subtree)),
    }
}

fn read_name(kinds: Kinds, name: &str, reach: Reach) -> Result<Vec<Rule>, String> {
    let name = canonical_name(name)?;
    only(kinds, Kinds::NAMED, Cover::Host(name, reach))
}

/// A host name, or a top-level domain alone.
fn canonical_name(name: &str) -> Result<Box<str>, String> {
    if name.trim_end_matches('.').contains('.') {
        return domain::host(name)
            .map(Into::into)
            .map_err(|reason| reason.to_string());
    }
    // one label is a name where another stands before it
    let longer = ["a.", name].concat();
    match domain::host(&longer) {
        Ok(longer) => Ok(longer["a.".len()..].into()),
        Err(reason) => Err(reason.to_string()),
    }
}

/// One value of each of the types that it is written like.
fn read_whole(kinds: Kinds, text: &str) -> Result<Vec<Rule>, String> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut why = None;
    for kind in kinds.iter() {
        match whole(kind, text) {
            Ok(cover) => match rules.iter_mut().find(|rule| rule.cover == cover) {
                Some(rule) => rule.kinds = rule.kinds.or(Kinds::of(&[kind])),
                None => rules.push(Rule {
                    kinds: Kinds::of(&[kind]),
                    cover,
                }),
            },
            Err(reason) => why = Some(reason),
        }
    }
    match why {
        Some(reason) if rules.is_empty() => Err(if kinds.iter().count() == 1 {
            reason.to_string()
        } else {
            format!("it is none of what the list is for: {kinds}")
        }),
        _ => Ok(rules),
    }
}

fn whole(kind: Kind, text: &str) -> Result<Cover, value::Reason> {
    let host = |name: &str| Cover::Host(name.into(), Reach::Itself);
    match kind {
        Kind::Domain => domain::host(text).map(|name| host(&name)),
        Kind::Url => match value::canonical(Kind::Url, text) {
            Ok(url) => Ok(Cover::Text(url.into())),
            Err(reason) => match text.parse::<IpAddr>() {
                Ok(address) => Ok(host(&address.to_string())),
                Err(_) => domain::host(text).map(|name| host(&name)).or(Err(reason)),
            },
        },
        Kind::Ipv4 | Kind::Ipv6 => {
            let text = value::canonical(kind, text)?;
            Ok(if text.contains('/') {
                Cover::Text(text.into())
            } else {
                host(&text)
            })
        }
        _ => value::canonical(kind, text).map(|text| Cover::Text(text.into())),
    }
}

/// All addresses of a network, however wide, or one address.
pub(super) fn read_network(text: &str) -> Option<Cover> {
    let network = match text.parse::<IpNet>() {
        Ok(network) => network,
        Err(_) => IpNet::from(text.parse::<IpAddr>().ok()?),
    };
    Some(match network {
        IpNet::V4(network) => Cover::RangeV4(network.network(), network.broadcast()),
        IpNet::V6(network) => Cover::RangeV6(network.network(), network.broadcast()),
    })
}

/// The rule for those of the list's types that such a cover is found in.
fn only(kinds: Kinds, possible: Kinds, cover: Cover) -> Result<Vec<Rule>, String> {
    let narrowed = kinds.and(possible);
    if narrowed.is_empty() {
        return Err(format!(
            "such an entry is for {possible}, the list is for {kinds}"
        ));
    }
    Ok(vec![Rule {
        kinds: narrowed,
        cover,
    }])
}
