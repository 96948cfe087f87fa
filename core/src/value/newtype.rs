//! One type for each kind of value. `FromStr` is the only door into each.

use std::fmt;
use std::str::FromStr;

use super::{Kind, Value, ValueError};

macro_rules! newtypes {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Value);

        impl $name {
            /// The kind of these values.
            pub const KIND: Kind = Kind::$kind;

            /// The canonical text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl FromStr for $name {
            type Err = ValueError;

            /// Reads a plain spelling and brings it into canonical form.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Value::parse(Self::KIND, text).map($name)
            }
        }

        impl From<$name> for Value {
            fn from(typed: $name) -> Value {
                typed.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    )+};
}

newtypes! {
    /// An IPv4 address, or a network from /9 to /31 with its host bits zero.
    Ipv4: Ipv4;
    /// An IPv6 address, or a network from /16 to /127 with its host bits
    /// zero, as RFC 5952 writes them.
    Ipv6: Ipv6;
    /// A host name of at least two labels: lower case, A-labels (UTS 46,
    /// non-transitional), no trailing dot, at most 253 bytes and 63 a label.
    Domain: Domain;
    /// A URL with a host as the WHATWG URL standard serialises it, without
    /// fragment; `%xx` in upper case, and unreserved characters not escaped.
    Url: Url;
    /// An e-mail address in lower case; its domain is a [`Domain`] or an
    /// address literal in brackets.
    Email: Email;
    /// 32 lower-case hexadecimal digits.
    Md5: Md5;
    /// 40 lower-case hexadecimal digits.
    Sha1: Sha1;
    /// 64 lower-case hexadecimal digits.
    Sha256: Sha256;
    /// 128 lower-case hexadecimal digits.
    Sha512: Sha512;
    /// `CVE-YYYY-N…` with 4 to 19 digits, of the years 1999 to 2099.
    Cve: Cve;
    /// `T####`, `T####.###`, `TA####`, `G####`, `S####` or `M####`.
    AttackId: MitreAttack;
}
