//! What one entry of a list says.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::kinds::Kinds;

/// Which values an entry covers: those of some types, if what it names is
/// found in them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rule {
    /// Only values of these types are covered.
    pub(super) kinds: Kinds,
    /// What is found.
    pub(super) cover: Cover,
}

/// What is found in a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cover {
    /// The canonical text is this.
    Text(Box<str>),
    /// The host is this name or address, or lies below the name.
    Host(Box<str>, Reach),
    /// The address, all of the network, or the address that is the URL's host
    /// lies in this range, ends included.
    RangeV4(Ipv4Addr, Ipv4Addr),
    /// As [`Cover::RangeV4`].
    RangeV6(Ipv6Addr, Ipv6Addr),
    /// The canonical text contains this, in any letter case.
    Part(Box<str>),
    /// The canonical text matches this expression, which compiles within the
    /// limits of [`super::expression`].
    Expression(Box<str>),
}

/// Which hosts a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Itself.
    Itself,
    /// What is below it.
    Below,
    /// Both.
    Subtree,
}

impl Rule {
    /// Feeds all that the rule means to a hash; no two rules feed the same.
    pub(super) fn feed(&self, hasher: &mut blake3::Hasher) {
        let (form, text): (u8, &[u8]) = match &self.cover {
            Cover::Text(text) => (0, text.as_bytes()),
            Cover::Host(name, Reach::Itself) => (1, name.as_bytes()),
            Cover::Host(name, Reach::Below) => (2, name.as_bytes()),
            Cover::Host(name, Reach::Subtree) => (3, name.as_bytes()),
            Cover::RangeV4(first, last) => (4, &[first.octets(), last.octets()].concat()),
            Cover::RangeV6(first, last) => (5, &[first.octets(), last.octets()].concat()),
            Cover::Part(text) => (6, text.as_bytes()),
            Cover::Expression(text) => (7, text.as_bytes()),
        };
        hasher.update(&[form]);
        hasher.update(&self.kinds.to_bits().to_le_bytes());
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text);
    }
}
