//! Who makes a request.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Activity, Digest, KeyInfo, Scope};
use crate::config::Tier;

/// The holder of a valid key, as every request of it shares it.
#[derive(Debug)]
pub struct Caller {
    key: KeyInfo,
    digest: Digest,
    tier: Arc<Tier>,
    activity: Arc<Activity>,
}

/// A secret opens nothing.
#[derive(Debug)]
pub enum AuthError {
    /// Unknown, malformed or revoked: a client cannot tell which.
    Invalid,
    /// The key was valid once.
    Expired(Arc<Caller>),
}

impl Caller {
    pub(super) fn new(
        key: KeyInfo,
        digest: Digest,
        tier: Arc<Tier>,
        activity: Arc<Activity>,
    ) -> Caller {
        Caller {
            key,
            digest,
            tier,
            activity,
        }
    }

    /// The key that was presented.
    pub fn key(&self) -> &KeyInfo {
        &self.key
    }

    /// The tier in force: the lower of the key's and its account's.
    pub fn tier(&self) -> &Tier {
        &self.tier
    }

    /// Rate windows and counters of the key.
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Whether the key may be used for this.
    pub fn may(&self, scope: Scope) -> bool {
        self.key.scopes.contain(scope)
    }

    /// Whether the key may be used from this address; a v4-mapped IPv6 address
    /// is the IPv4 address inside it. An unknown address is in no network.
    pub fn may_call_from(&self, address: Option<IpAddr>) -> bool {
        self.key.networks.is_empty()
            || address.is_some_and(|address| {
                let address = address.to_canonical();
                self.key
                    .networks
                    .iter()
                    .any(|network| network.contains(&address))
            })
    }

    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        self.key.expires_at.is_some_and(|end| now >= end)
    }

    pub(super) fn digest(&self) -> &Digest {
        &self.digest
    }
}
