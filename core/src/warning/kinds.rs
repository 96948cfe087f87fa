//! Sets of types, and MISP's attributes as such.

use std::fmt;

use crate::value::Kind;

/// A set of types of value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Kinds(u16);

impl Kinds {
    pub(super) const NONE: Kinds = Kinds(0);
    pub(super) const ADDRESS: Kinds = Kinds::of(&[Kind::Ipv4, Kind::Ipv6]);
    /// What has a host that may be a name.
    pub(super) const NAMED: Kinds = Kinds::of(&[Kind::Domain, Kind::Url, Kind::Email]);
    pub(super) const ALL: Kinds = Kinds::of(&Kind::ALL);

    pub(super) const fn of(kinds: &[Kind]) -> Kinds {
        let mut bits = 0;
        let mut at = 0;
        while at < kinds.len() {
            bits |= 1 << kinds[at] as u16;
            at += 1;
        }
        Kinds(bits)
    }

    pub(super) const fn contains(self, kind: Kind) -> bool {
        self.0 >> kind as u16 & 1 == 1
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    pub(super) const fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL
            .into_iter()
            .filter(move |&kind| self.contains(kind))
    }

    pub(super) const fn to_bits(self) -> u16 {
        self.0
    }

    /// The types that an attribute of MISP's is stored as here; none for what
    /// is no value of ours, as `ssdeep` or `phone-number`.
    pub(super) fn of_attribute(attribute: &str) -> Kinds {
        let attribute = attribute.trim().to_ascii_lowercase();
        let hash = attribute.strip_prefix("filename|").unwrap_or(&attribute);
        match hash {
            "md5" | "malware-sample" => Kinds::of(&[Kind::Md5]),
            "sha1" => Kinds::of(&[Kind::Sha1]),
            "sha256" => Kinds::of(&[Kind::Sha256]),
            "sha512" => Kinds::of(&[Kind::Sha512]),
            "ip" | "ip-src" | "ip-dst" | "ip-src|port" | "ip-dst|port" => Kinds::ADDRESS,
            "domain|ip" => Kinds::ADDRESS.or(Kinds::of(&[Kind::Domain])),
            "domain" | "hostname" | "hostname|port" => Kinds::of(&[Kind::Domain]),
            "url" | "uri" | "link" => Kinds::of(&[Kind::Url]),
            "email"
            | "email-src"
            | "email-dst"
            | "email-reply-to"
            | "target-email"
            | "whois-registrant-email"
            | "dns-soa-email" => Kinds::of(&[Kind::Email]),
            "vulnerability" => Kinds::of(&[Kind::Cve]),
            "all" => Kinds::ALL,
            _ => Kinds::NONE,
        }
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, kind) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            f.write_str(kind.as_str())?;
        }
        Ok(())
    }
}
