//! Keys as they are listed and asked for.

use ipnet::IpNet;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::{ControlError, DEFAULT_ACCOUNT, Digest, Scope, Scopes};
use crate::limit::Limits;

/// The longest life that a key may be given, in days.
pub const MAX_EXPIRY_DAYS: u32 = 365;
/// Characters of a reason for a revocation at most.
pub const MAX_REASON: usize = 500;

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
    /// Why, if whoever revoked it said so.
    pub revoked_reason: Option<String>,
    /// When it was last used, to a few seconds.
    pub last_used_at: Option<Timestamp>,
    /// Requests made with it so far, to a few seconds.
    pub total_requests: u64,
    /// From where it may be used; empty: from anywhere.
    pub networks: Vec<IpNet>,
}

impl KeyInfo {
    /// Whether the text is the key's id or its prefix.
    pub(super) fn is_called(&self, text: &str) -> bool {
        self.id == text || self.prefix == text
    }

    /// `active`, `expired` or `revoked`.
    pub fn status(&self, now: Timestamp) -> &'static str {
        if self.revoked_at.is_some() {
            "revoked"
        } else if self.expires_at.is_some_and(|end| end <= now) {
            "expired"
        } else {
            "active"
        }
    }

    /// The key as it is told; `limits` are those in force for it.
    pub(super) fn to_json(&self, limits: Limits, now: Timestamp) -> Json {
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let networks: Vec<_> = self.networks.iter().map(ToString::to_string).collect();
        json!({
            "id": self.id,
            "key_prefix": self.prefix,
            "name": self.name,
            "account": self.account,
            "tier": self.tier,
            "status": self.status(now),
            "scopes": self.scopes.iter().map(Scope::as_str).collect::<Vec<_>>(),
            "rate_limit_per_minute": limits.per_minute,
            "rate_limit_per_day": limits.per_day,
            "total_requests": self.total_requests,
            "last_used_at": time(self.last_used_at),
            "created_at": self.created_at.to_string(),
            "expires_at": time(self.expires_at),
            "revoked_at": time(self.revoked_at),
            "revoked_reason": self.revoked_reason,
            "allowed_networks": networks,
            // The hosted service's name for it.
            "allowed_ips": (!networks.is_empty()).then_some(&networks),
        })
    }
}

/// Reasons for a revocation: at most [`MAX_REASON`] characters, none of them a
/// control character.
pub(super) fn check_reason(reason: &str) -> Result<(), ControlError> {
    let is_short = reason.chars().nth(MAX_REASON).is_none();
    if is_short && !reason.contains(char::is_control) {
        Ok(())
    } else {
        Err(ControlError::Reason)
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
