//! Keys as they are listed and asked for.

use ipnet::IpNet;
use jiff::Timestamp;

use super::{DEFAULT_ACCOUNT, Digest, Scopes};

/// The longest life that a key may be given, in days.
pub const MAX_EXPIRY_DAYS: u32 = 365;

/// What is told of a key: all but its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its id, `key_` and 16 hex digits.
    pub id: String,
    /// How its secret begins, `sk_live_` and eight characters.
    pub prefix: String,
    /// The account that holds it.
    pub account: String,
    /// What its maker called it.
    pub name: String,
    /// Name of its tier.
    pub tier: String,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is no longer taken.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to a few seconds.
    pub last_used_at: Option<Timestamp>,
    /// From where it may be used; empty: from anywhere.
    pub networks: Vec<IpNet>,
}

impl KeyInfo {
    /// Whether the text is the key's id or its prefix.
    pub(super) fn is_called(&self, text: &str) -> bool {
        self.id == text || self.prefix == text
    }
}

/// A key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// What is told of it.
    pub info: KeyInfo,
    /// What is kept of its secret.
    pub digest: Digest,
}

/// What a new key should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRequest {
    /// The account that holds it.
    pub account: String,
    /// Its name, 1 to 100 characters.
    pub name: String,
    /// Name of its tier; `None`: the account's.
    pub tier: Option<String>,
    /// What it may be used for; `None`: [`Scopes::reading`].
    pub scopes: Option<Scopes>,
    /// Days until it is no longer taken, 1 to [`MAX_EXPIRY_DAYS`]; `None`: never.
    pub expires_in_days: Option<u32>,
    /// From where it may be used; empty: from anywhere.
    pub networks: Vec<IpNet>,
}

impl KeyRequest {
    /// A key of the default account with its tier, for reading, without an end.
    pub fn named(name: &str) -> KeyRequest {
        KeyRequest {
            account: DEFAULT_ACCOUNT.to_owned(),
            name: name.to_owned(),
            tier: None,
            scopes: None,
            expires_in_days: None,
            networks: Vec::new(),
        }
    }
}
