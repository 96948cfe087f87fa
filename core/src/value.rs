//! Typed, canonical values.
//!
//! A [`Value`] is a pair of a [`Kind`] and its canonical text. It is valid
//! because it exists: the only doors are the `FromStr` of the kind's own
//! newtype ([`Domain`], [`Url`], …) and [`Value::parse`], which calls it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub(crate) mod attack;
pub(crate) mod cve;
pub(crate) mod domain;
pub(crate) mod email;
pub(crate) mod hash;
pub(crate) mod ip;
mod newtype;
mod reason;
mod special;
pub(crate) mod url;

pub use self::newtype::{AttackId, Cve, Domain, Email, Ipv4, Ipv6, Md5, Sha1, Sha256, Sha512, Url};
pub use self::reason::{Reason, ValueError};
pub use self::special::is_non_global;

/// The longest text that is read as a value, in bytes.
pub const MAX_VALUE: usize = 4096;

/// The types of value that the API names.
///
/// The discriminants are written to disk by the stores: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// An IPv4 address or network, `192.0.2.1` or `192.0.2.0/24`.
    #[serde(rename = "ipv4")]
    Ipv4 = 0,
    /// An IPv6 address or network in RFC 5952 text.
    #[serde(rename = "ipv6")]
    Ipv6 = 1,
    /// A host name in A-labels, lower case.
    #[serde(rename = "domain")]
    Domain = 2,
    /// A URL as the WHATWG standard serialises it, without fragment.
    #[serde(rename = "url")]
    Url = 3,
    /// An MD5 file hash, 32 lower-case hex digits.
    #[serde(rename = "md5")]
    Md5 = 4,
    /// A SHA-1 hash, 40 lower-case hex digits.
    #[serde(rename = "sha1")]
    Sha1 = 5,
    /// A SHA-256 hash, 64 lower-case hex digits.
    #[serde(rename = "sha256")]
    Sha256 = 6,
    /// A SHA-512 hash, 128 lower-case hex digits.
    #[serde(rename = "sha512")]
    Sha512 = 7,
    /// A vulnerability, `CVE-2021-44228`.
    #[serde(rename = "cve")]
    Cve = 8,
    /// An ATT&CK id, `T1059.001`, `TA0001`, `G0007`, `S0154`, `M1036`.
    #[serde(rename = "mitre-attack", alias = "mitre_attack")]
    MitreAttack = 9,
    /// An e-mail address, lower case.
    #[serde(rename = "email")]
    Email = 10,
}

impl Kind {
    /// Every kind, in the order of its number.
    pub const ALL: [Kind; 11] = [
        Kind::Ipv4,
        Kind::Ipv6,
        Kind::Domain,
        Kind::Url,
        Kind::Md5,
        Kind::Sha1,
        Kind::Sha256,
        Kind::Sha512,
        Kind::Cve,
        Kind::MitreAttack,
        Kind::Email,
    ];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Ipv4 => "ipv4",
            Kind::Ipv6 => "ipv6",
            Kind::Domain => "domain",
            Kind::Url => "url",
            Kind::Md5 => "md5",
            Kind::Sha1 => "sha1",
            Kind::Sha256 => "sha256",
            Kind::Sha512 => "sha512",
            Kind::Cve => "cve",
            Kind::MitreAttack => "mitre-attack",
            Kind::Email => "email",
        }
    }

    /// The kind with this number, as [`Kind`]` as u8` gave it.
    pub const fn from_u8(number: u8) -> Option<Kind> {
        if (number as usize) < Self::ALL.len() {
            Some(Self::ALL[number as usize])
        } else {
            None
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text named no [`Kind`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown type {given:?}: expected one of ipv4, ipv6, domain, url, md5, sha1, sha256, sha512, cve, mitre-attack, email"
)]
pub struct UnknownKind {
    /// What was given.
    pub given: String,
}

impl FromStr for Kind {
    type Err = UnknownKind;

    /// Reads the API's name; `mitre_attack` is accepted for `mitre-attack`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "mitre_attack" {
            return Ok(Kind::MitreAttack);
        }
        Kind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownKind {
                given: text.chars().take(64).collect(),
            })
    }
}

/// A typed value in canonical spelling.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value {
    kind: Kind,
    text: Box<str>,
}

impl Value {
    /// Reads a plain (not defanged) spelling through the kind's own type.
    pub fn parse(kind: Kind, text: &str) -> Result<Value, ValueError> {
        match canonical(kind, text) {
            Ok(canonical) => Ok(Value::trusted(kind, canonical)),
            Err(reason) => Err(ValueError::new(Some(kind), text, reason)),
        }
    }

    /// Takes text that one of the kinds' `canonical` functions gave.
    pub(crate) fn trusted(kind: Kind, text: impl Into<Box<str>>) -> Value {
        Value {
            kind,
            text: text.into(),
        }
    }

    /// The type.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same value, borrowed.
    #[allow(clippy::should_implement_trait)] // `AsRef` cannot give a `ValueRef` by value
    pub fn as_ref(&self) -> ValueRef<'_> {
        ValueRef {
            kind: self.kind,
            text: &self.text,
        }
    }

    /// Whether this is a network, not one address.
    pub fn is_network(&self) -> bool {
        self.as_ref().is_network()
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:?}", self.kind, self.text)
    }
}

/// A value's kind and canonical text, borrowed from a [`Value`] or from where
/// a store keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueRef<'a> {
    /// The type.
    pub kind: Kind,
    /// The canonical text.
    pub text: &'a str,
}

impl<'a> ValueRef<'a> {
    /// Whether this is a network, not one address.
    pub fn is_network(self) -> bool {
        matches!(self.kind, Kind::Ipv4 | Kind::Ipv6) && self.text.contains('/')
    }

    /// The value with text of its own.
    pub fn to_value(self) -> Value {
        Value::trusted(self.kind, self.text)
    }

    /// The host that the value names, without the brackets of an IPv6
    /// literal: an address or domain itself, the host of a URL, the domain of
    /// an e-mail address.
    pub fn host(self) -> Option<&'a str> {
        match self.kind {
            Kind::Domain => Some(self.text),
            Kind::Ipv4 | Kind::Ipv6 => (!self.is_network()).then_some(self.text),
            Kind::Url => url::host(self.text),
            Kind::Email => email::host(self.text),
            _ => None,
        }
    }
}

/// The canonical form of a plain spelling; borrowed when the text is already
/// in that form.
pub(crate) fn canonical(kind: Kind, text: &str) -> Result<std::borrow::Cow<'_, str>, Reason> {
    if text.len() > MAX_VALUE {
        return Err(Reason::TooLong);
    }
    if text.is_empty() {
        return Err(Reason::Empty);
    }
    match kind {
        Kind::Ipv4 => ip::canonical_v4(text),
        Kind::Ipv6 => ip::canonical_v6(text),
        Kind::Domain => domain::canonical(text),
        Kind::Url => url::canonical(text),
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => hash::canonical(kind, text),
        Kind::Cve => cve::canonical(text),
        Kind::MitreAttack => attack::canonical(text),
        Kind::Email => email::canonical(text),
    }
}
