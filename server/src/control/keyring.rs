//! Accounts and keys: making, revoking, recognising them.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use super::{
    Account, AuthError, Caller, Control, ControlError, KeyInfo, KeyRequest, MAX_EXPIRY_DAYS,
    Scopes, Secret, StoredKey, account, key, lock, secret,
};
use crate::config::Tier;

impl Control {
    /// Makes an account.
    pub fn create_account(&self, name: &str, tier: &str) -> Result<Account, ControlError> {
        let _changing = lock(&self.changing);
        account::check_name(name)?;
        let tier = self.tier(tier)?;
        let account = Account {
            name: name.to_owned(),
            tier: tier.name.clone(),
            created_at: self.second(),
        };
        if !self.records.insert_account(&account)? {
            return Err(ControlError::AccountExists(name.to_owned()));
        }
        Ok(account)
    }

    /// Every account, in the order of their names.
    pub fn accounts(&self) -> Result<Vec<Account>, ControlError> {
        self.records.accounts()
    }

    /// Makes a key. The secret is told here and never again.
    pub fn create_key(&self, request: &KeyRequest) -> Result<(KeyInfo, Secret), ControlError> {
        let _changing = lock(&self.changing);
        account::check_name(&request.name)?;
        let account = self.account(&request.account)?;
        let ceiling = self.tier(&account.tier)?;
        let tier = match &request.tier {
            Some(name) => self.tier(name)?,
            None => ceiling,
        };
        if tier.rank > ceiling.rank {
            return Err(ControlError::TierAboveAccount {
                tier: tier.name.clone(),
                account: account.name,
                ceiling: ceiling.name.clone(),
            });
        }
        let now = self.second();
        self.check_key_count(&account, ceiling, now)?;
        let expires_at = match request.expires_in_days {
            None => None,
            Some(days @ 1..=MAX_EXPIRY_DAYS) => {
                Some(now + SignedDuration::from_hours(24 * i64::from(days)))
            }
            Some(days) => return Err(ControlError::Expiry(days)),
        };
        let secret = Secret::random()?;
        let info = KeyInfo {
            id: secret::random_key_id()?,
            prefix: secret.prefix().to_owned(),
            account: account.name,
            name: request.name.clone(),
            tier: tier.name.clone(),
            scopes: request.scopes.unwrap_or_else(Scopes::reading),
            created_at: now,
            expires_at,
            revoked_at: None,
            revoked_reason: None,
            last_used_at: None,
            total_requests: 0,
            networks: request.networks.clone(),
        };
        let digest = self.hasher.digest(secret.reveal());
        self.records.insert_key(&StoredKey {
            info: info.clone(),
            digest,
        })?;
        self.reload_keys()?;
        Ok((info, secret))
    }

    /// Every key, revoked ones too, in the order in which they were made.
    pub fn keys(&self) -> Result<Vec<KeyInfo>, ControlError> {
        Ok(self
            .records
            .keys()?
            .into_iter()
            .map(|stored| stored.info)
            .collect())
    }

    /// The key with this id or prefix.
    pub fn key(&self, id_or_prefix: &str) -> Result<KeyInfo, ControlError> {
        let keys = self.keys()?.into_iter();
        let mut named = keys.filter(|key| key.is_called(id_or_prefix));
        let key = named
            .next()
            .ok_or_else(|| ControlError::unknown_key(id_or_prefix))?;
        if named.next().is_some() {
            return Err(ControlError::AmbiguousKey(key.prefix));
        }
        Ok(key)
    }

    /// The keys of an account, revoked ones too, in the order in which they
    /// were made.
    pub fn keys_of(&self, account: &str) -> Result<Vec<KeyInfo>, ControlError> {
        let mut keys = self.keys()?;
        keys.retain(|key| key.account == account);
        Ok(keys)
    }

    /// The key of an account with this id; another account's is unknown.
    pub fn key_of(&self, account: &str, id: &str) -> Result<KeyInfo, ControlError> {
        let mut keys = self.keys_of(account)?.into_iter();
        keys.find(|key| key.id == id)
            .ok_or_else(|| ControlError::unknown_key(id))
    }

    /// Ends a key, named by its id or its prefix, at once and for good.
    /// Revoking a revoked key changes nothing.
    pub fn revoke_key(
        &self,
        id_or_prefix: &str,
        reason: Option<&str>,
    ) -> Result<KeyInfo, ControlError> {
        let _changing = lock(&self.changing);
        let mut key = self.key(id_or_prefix)?;
        if let Some(reason) = reason {
            key::check_reason(reason)?;
        }
        if key.revoked_at.is_none() {
            let now = self.second();
            self.records.revoke_key(&key.id, now, reason)?;
            key.revoked_at = Some(now);
            key.revoked_reason = reason.map(str::to_owned);
            self.reload_keys()?;
        }
        Ok(key)
    }

    /// Keys as the API and the commands tell them.
    pub fn describe_keys(&self, keys: &[KeyInfo]) -> Result<Vec<Json>, ControlError> {
        let (accounts, now) = (self.account_tiers()?, self.clock.now());
        let describe = |key: &KeyInfo| {
            let tier = self.tier_in_force(key, accounts.get(&key.account));
            key.to_json(tier.limits, now)
        };
        Ok(keys.iter().map(describe).collect())
    }

    /// One key as the API and the commands tell it.
    pub fn describe_key(&self, key: &KeyInfo) -> Result<Json, ControlError> {
        let described = self.describe_keys(std::slice::from_ref(key))?;
        Ok(described.into_iter().next().unwrap_or_default())
    }

    /// Reads the keys again, after another process changed them. Rate windows
    /// and counters of keys that stay are kept.
    pub fn reload_keys(&self) -> Result<(), ControlError> {
        let accounts = self.account_tiers()?;
        let mut activities = lock(&self.activities);
        let mut callers = HashMap::new();
        for StoredKey { info, digest } in self.records.keys()? {
            if info.revoked_at.is_some() {
                continue;
            }
            let activity = Arc::clone(activities.entry(info.id.clone()).or_default());
            let tier = self.tier_in_force(&info, accounts.get(&info.account));
            callers.insert(digest, Arc::new(Caller::new(info, digest, tier, activity)));
        }
        self.callers.store(Arc::new(callers));
        Ok(())
    }

    /// Who presents this secret. Neither waits nor touches a disk.
    pub fn authenticate(&self, secret: &[u8], now: Timestamp) -> Result<Arc<Caller>, AuthError> {
        if !Secret::is_well_formed(secret) {
            return Err(AuthError::Invalid);
        }
        let digest = self.hasher.digest(secret);
        let callers = self.callers.load();
        let caller = callers.get(&digest).ok_or(AuthError::Invalid)?;
        if caller.is_expired(now) {
            return Err(AuthError::Expired(Arc::clone(caller)));
        }
        Ok(Arc::clone(caller))
    }

    /// Whether a caller who was recognised some time ago would still be.
    pub fn is_live(&self, caller: &Caller, now: Timestamp) -> bool {
        self.callers.load().contains_key(caller.digest()) && !caller.is_expired(now)
    }

    /// The tier of each account by its name.
    fn account_tiers(&self) -> Result<HashMap<String, String>, ControlError> {
        let accounts = self.accounts()?.into_iter();
        Ok(accounts
            .map(|account| (account.name, account.tier))
            .collect())
    }

    /// The time in whole seconds: what is told of a change when it is made is
    /// what is told of it ever after.
    fn second(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    fn account(&self, name: &str) -> Result<Account, ControlError> {
        self.accounts()?
            .into_iter()
            .find(|account| account.name == name)
            .ok_or_else(|| ControlError::UnknownAccount(name.chars().take(100).collect()))
    }

    fn tier(&self, name: &str) -> Result<&Arc<Tier>, ControlError> {
        self.tiers
            .get(name)
            .ok_or_else(|| ControlError::UnknownTier {
                given: name.chars().take(100).collect(),
                known: self
                    .tiers
                    .iter()
                    .map(|tier| tier.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }

    /// The lower of the key's and its account's tier. A name that the
    /// configuration no longer has counts as the lowest.
    fn tier_in_force(&self, key: &KeyInfo, account_tier: Option<&String>) -> Arc<Tier> {
        let named = |name: &String| {
            self.tiers.get(name).unwrap_or_else(|| {
                tracing::warn!(
                    key = key.id,
                    tier = name,
                    "the configuration has no such tier"
                );
                self.tiers.lowest()
            })
        };
        let own = named(&key.tier);
        let ceiling = account_tier.map_or_else(|| self.tiers.lowest(), named);
        Arc::clone(if own.rank <= ceiling.rank {
            own
        } else {
            ceiling
        })
    }

    fn check_key_count(
        &self,
        account: &Account,
        tier: &Tier,
        now: Timestamp,
    ) -> Result<(), ControlError> {
        let Some(limit) = tier.keys else {
            return Ok(());
        };
        let live = self.keys()?.into_iter().filter(|key| {
            key.account == account.name
                && key.revoked_at.is_none()
                && key.expires_at.is_none_or(|end| now < end)
        });
        if live.count() >= limit as usize {
            return Err(ControlError::KeyLimit {
                account: account.name.clone(),
                limit,
            });
        }
        Ok(())
    }
}
