//! Keys written on the stack.

use std::fmt::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::value::{Kind, ValueRef};

/// The longest is `ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128`.
const LONGEST: usize = 43;

/// The canonical text of an address or network.
pub(super) struct Key {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Key {
    /// A /32 is the address.
    pub(super) fn v4(address: Ipv4Addr, length: u8) -> Key {
        Key::write(address, (length < 32).then_some(length))
    }

    /// A /128 is the address.
    pub(super) fn v6(address: Ipv6Addr, length: u8) -> Key {
        Key::write(address, (length < 128).then_some(length))
    }

    fn write(address: impl fmt::Display, length: Option<u8>) -> Key {
        let mut key = Key {
            bytes: [0; LONGEST],
            length: 0,
        };
        let written = match length {
            Some(length) => write!(key, "{address}/{length}"),
            None => write!(key, "{address}"),
        };
        written.expect("the longest network fits");
        key
    }

    pub(super) fn as_value(&self, kind: Kind) -> ValueRef<'_> {
        ValueRef {
            kind,
            text: self.as_str(),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).expect("only whole strings are written")
    }
}

impl fmt::Write for Key {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes
            .get_mut(self.length..end)
            .ok_or(fmt::Error)?
            .copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
