//! What an operator names: a value, a network, or all names below one.

use std::fmt;

use ipnet::IpNet;

use super::entry::read_network;
use super::kinds::Kinds;
use super::rule::{Cover, Reach, Rule};
use super::{WarningList, WarningListError};
use crate::interpret::interpret;
use crate::normalize::{self, Lenience};
use crate::value::{Kind, Reason, Value, ValueError, ValueRef};

/// One entry of an operator's own list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// Exactly this value; of a network also the addresses and networks inside
    /// and the URLs on them. An allowed `github.com` says nothing about
    /// `https://github.com/x`.
    Value(Value),
    /// Every name below this domain, not itself, and the URLs and mailboxes
    /// there.
    Below(Value),
}

impl Pattern {
    /// Every sensible reading of what somebody typed, as `kind` only if that
    /// is given. `*.example.com` and `.example.com` are the names below. What is
    /// written as a network is nothing else, also where it is too wide for one.
    /// Never no pattern.
    pub fn read(text: &str, kind: Option<Kind>) -> Result<Vec<Pattern>, ValueError> {
        let kind = kind.or_else(|| kind_of_network(text));
        let readings = interpret(text, kind).readings;
        if readings.is_empty() {
            let why = kind.and_then(|kind| normalize::read(kind, text, Lenience::Question).err());
            return Err(why.unwrap_or_else(|| ValueError::new(kind, text, Reason::NoReading)));
        }
        let patterns = readings
            .into_iter()
            .map(|reading| match reading.value.kind() {
                Kind::Domain if reading.subtree => Pattern::Below(reading.value),
                _ => Pattern::Value(reading.value),
            })
            .collect();
        Ok(patterns)
    }

    /// Reads what a pattern of this type was written as.
    pub fn parse(kind: Kind, written: &str) -> Result<Pattern, ValueError> {
        match written.strip_prefix("*.") {
            Some(domain) if kind == Kind::Domain => Value::parse(kind, domain).map(Pattern::Below),
            _ => Value::parse(kind, written).map(Pattern::Value),
        }
    }

    /// The value, or the domain that the names are below.
    pub fn value(&self) -> &Value {
        match self {
            Pattern::Value(value) | Pattern::Below(value) => value,
        }
    }

    fn rule(&self) -> Rule {
        let (kinds, cover) = match self {
            Pattern::Below(domain) => (
                Kinds::NAMED,
                Cover::Host(domain.as_str().into(), Reach::Below),
            ),
            Pattern::Value(value) if value.is_network() => (
                Kinds::ADDRESS.or(Kinds::of(&[Kind::Url])),
                read_network(value.as_str()).expect("a network is written like one"),
            ),
            Pattern::Value(value) => (Kinds::of(&[value.kind()]), whole(value.as_ref())),
        };
        Rule { kinds, cover }
    }
}

fn kind_of_network(text: &str) -> Option<Kind> {
    Some(match text.trim().parse().ok()? {
        IpNet::V4(_) => Kind::Ipv4,
        IpNet::V6(_) => Kind::Ipv6,
    })
}

/// Exactly one value.
fn whole(value: ValueRef<'_>) -> Cover {
    match value.kind {
        Kind::Domain | Kind::Ipv4 | Kind::Ipv6 => Cover::Host(value.text.into(), Reach::Itself),
        _ => Cover::Text(value.text.into()),
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Value(value) => value.fmt(f),
            Pattern::Below(domain) => write!(f, "*.{domain}"),
        }
    }
}

impl WarningList {
    /// A list of such patterns, that withholds what it covers.
    pub fn from_patterns(
        name: &str,
        title: &str,
        patterns: &[Pattern],
    ) -> Result<WarningList, WarningListError> {
        let mut list = WarningList::new(name, title)?;
        list.entries = patterns.len();
        list.rules = patterns.iter().map(Pattern::rule).collect();
        Ok(list)
    }
}
