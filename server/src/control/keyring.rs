//! Accounts and keys: making, revoking, recognising them.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{
    Account, AuthError, Caller, Control, ControlError, KeyInfo, KeyRequest, MAX_EXPIRY_DAYS,
    Scopes, Secret, StoredKey, account, lock, secret,
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
            created_at: self.clock.now(),
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
        let now = self.clock.now();
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
            last_used_at: None,
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

    /// Ends a key, named by its id or its prefix, at once and for good.
    /// Revoking a revoked key changes nothing.
    pub fn revoke_key(&self, id_or_prefix: &str) -> Result<KeyInfo, ControlError> {
        let _changing = lock(&self.changing);
        let mut named = self
            .keys()?
            .into_iter()
            .filter(|key| key.is_called(id_or_prefix));
        let mut key = named
            .next()
            .ok_or_else(|| ControlError::UnknownKey(id_or_prefix.chars().take(64).collect()))?;
        if named.next().is_some() {
            return Err(ControlError::AmbiguousKey(key.prefix));
        }
        if key.revoked_at.is_none() {
            let now = self.clock.now();
            self.records.revoke_key(&key.id, now)?;
            key.revoked_at = Some(now);
            self.reload_keys()?;
        }
        Ok(key)
    }

    /// Reads the keys again, after another process changed them. Rate windows
    /// and counters of keys that stay are kept.
    pub fn reload_keys(&self) -> Result<(), ControlError> {
        let accounts: HashMap<_, _> = self
            .accounts()?
            .into_iter()
            .map(|account| (account.name, account.tier))
            .collect();
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
        if !caller.has_digest(&digest) {
            return Err(AuthError::Invalid);
        }
        if caller.is_expired(now) {
            return Err(AuthError::Expired(Arc::clone(caller)));
        }
        Ok(Arc::clone(caller))
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
