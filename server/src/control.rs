//! Control data: accounts, keys, the state of feeds, usage. Small, relational
//! and precious.
//!
//! [`Control`] is what the server asks. It keeps in memory what every request
//! needs (who holds which key, how the feeds are) and leaves durability to
//! [`Records`], which SQLite implements here and another database may later.
//! Its methods that change something wait for a disk: call them off the
//! threads that serve requests, or accept a few milliseconds.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::config::{Tier, Tiers, UNLIMITED};

mod account;
mod caller;
mod error;
mod feed;
mod key;
mod records;
mod scope;
mod secret;
mod sqlite;
mod usage;

pub use account::Account;
pub use caller::{AuthError, Caller};
pub use error::ControlError;
pub use feed::{Condition, Coverage, FeedState, MAX_REFUSED, RefusedRow};
pub use key::{KeyInfo, KeyRequest, MAX_EXPIRY_DAYS, StoredKey};
pub use records::Records;
pub use scope::{Scope, Scopes};
pub use secret::{Digest, Hasher, Secret};
pub use sqlite::SqliteRecords;
pub use usage::{Activity, Outcome, Usage};

/// The account of a fresh data directory.
pub const DEFAULT_ACCOUNT: &str = "default";

/// Accounts, keys, feed states and usage, with what requests need in memory.
pub struct Control {
    records: Box<dyn Records>,
    hasher: Hasher,
    tiers: Tiers,
    clock: Clock,
    callers: ArcSwap<HashMap<Digest, Arc<Caller>>>,
    /// Rate windows and counters by key id: they outlive a reload of the keys.
    activities: Mutex<HashMap<String, Arc<Activity>>>,
    feeds: Mutex<BTreeMap<String, FeedState>>,
    /// [`Coverage`] as JSON, rendered when a feed's state changes.
    coverage: ArcSwap<Vec<u8>>,
    /// Held by whoever changes accounts or keys, so that checks and changes are one step.
    changing: Mutex<()>,
}

impl Control {
    /// Opens the control data of a data directory that this process owns, and
    /// makes it where there is none.
    pub fn open(directory: &Path, tiers: Tiers, clock: Clock) -> Result<Control, ControlError> {
        let records = SqliteRecords::open(&directory.join("control.sqlite"))?;
        let hasher = Hasher::open(&directory.join("key.secret"), records.keys()?.is_empty())?;
        Control::new(Box::new(records), hasher, tiers, clock)
    }

    /// Control data that is gone when the process ends.
    pub fn in_memory(tiers: Tiers, clock: Clock) -> Result<Control, ControlError> {
        Control::new(Box::new(SqliteRecords::in_memory()?), Hasher::random()?, tiers, clock)
    }

    /// Control data kept by `records`; `hasher` is the one that made its digests.
    pub fn new(
        records: Box<dyn Records>,
        hasher: Hasher,
        tiers: Tiers,
        clock: Clock,
    ) -> Result<Control, ControlError> {
        if records.accounts()?.is_empty() {
            records.insert_account(&Account {
                name: DEFAULT_ACCOUNT.to_owned(),
                tier: UNLIMITED.to_owned(),
                created_at: clock.now(),
            })?;
        }
        let feeds: BTreeMap<_, _> =
            records.feed_states()?.into_iter().map(|state| (state.feed.clone(), state)).collect();
        let coverage = ArcSwap::from_pointee(Coverage::of(feeds.values()).to_json());
        let control = Control {
            records,
            hasher,
            tiers,
            clock,
            callers: ArcSwap::default(),
            activities: Mutex::default(),
            feeds: Mutex::new(feeds),
            coverage,
            changing: Mutex::default(),
        };
        control.reload_keys()?;
        Ok(control)
    }

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
        self.records.insert_key(&StoredKey { info: info.clone(), digest })?;
        self.reload_keys()?;
        Ok((info, secret))
    }

    /// Every key, revoked ones too, in the order in which they were made.
    pub fn keys(&self) -> Result<Vec<KeyInfo>, ControlError> {
        Ok(self.records.keys()?.into_iter().map(|stored| stored.info).collect())
    }

    /// Ends a key, named by its id or its prefix, at once and for good.
    /// Revoking a revoked key changes nothing.
    pub fn revoke_key(&self, id_or_prefix: &str) -> Result<KeyInfo, ControlError> {
        let _changing = lock(&self.changing);
        let mut named = self.keys()?.into_iter().filter(|key| key.is_called(id_or_prefix));
        let mut key =
            named.next().ok_or_else(|| ControlError::UnknownKey(id_or_prefix.chars().take(64).collect()))?;
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
        let accounts: HashMap<_, _> =
            self.accounts()?.into_iter().map(|account| (account.name, account.tier)).collect();
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

    /// Notes how a feed is. The answer to "what was searched" follows at once.
    pub fn set_feed_state(&self, state: &FeedState) -> Result<(), ControlError> {
        let mut feeds = lock(&self.feeds);
        self.records.put_feed_state(state)?;
        feeds.insert(state.feed.clone(), state.clone());
        self.coverage.store(Arc::new(Coverage::of(feeds.values()).to_json()));
        Ok(())
    }

    /// How every feed is, in the order of their names.
    pub fn feed_states(&self) -> Vec<FeedState> {
        lock(&self.feeds).values().cloned().collect()
    }

    /// What a search without an answer has searched.
    pub fn coverage(&self) -> Coverage {
        Coverage::of(lock(&self.feeds).values())
    }

    /// Appends [`coverage`](Control::coverage) as JSON: rendered ahead.
    pub fn write_coverage(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.coverage.load());
    }

    /// Replaces the refused rows of a feed; [`MAX_REFUSED`] are kept.
    pub fn put_refused(&self, feed: &str, rows: &[RefusedRow]) -> Result<(), ControlError> {
        self.records.put_refused(feed, &rows[..rows.len().min(MAX_REFUSED)])
    }

    /// The refused rows of a feed's latest reading, in its order.
    pub fn refused(&self, feed: &str) -> Result<Vec<RefusedRow>, ControlError> {
        self.records.refused(feed)
    }

    /// Writes down what was counted since the last time. What could not be
    /// written stays counted.
    pub fn flush_usage(&self) -> Result<(), ControlError> {
        let hour = self.clock.now().as_second().div_euclid(3_600);
        let taken: Vec<_> = lock(&self.activities)
            .iter()
            .filter_map(|(key, activity)| {
                activity.take(key, hour).map(|usage| (Arc::clone(activity), usage))
            })
            .collect();
        let usages: Vec<Usage> = taken.iter().map(|(_, usage)| usage.clone()).collect();
        if usages.is_empty() {
            return Ok(());
        }
        self.records.add_usage(&usages).inspect_err(|_| {
            for (activity, usage) in &taken {
                activity.give_back(usage);
            }
        })
    }

    /// What was written down of a key's use, hour by hour, oldest first.
    pub fn usage(&self, key_id: &str) -> Result<Vec<Usage>, ControlError> {
        self.records.usage(key_id)
    }

    fn account(&self, name: &str) -> Result<Account, ControlError> {
        self.accounts()?
            .into_iter()
            .find(|account| account.name == name)
            .ok_or_else(|| ControlError::UnknownAccount(name.chars().take(100).collect()))
    }

    fn tier(&self, name: &str) -> Result<&Arc<Tier>, ControlError> {
        self.tiers.get(name).ok_or_else(|| ControlError::UnknownTier {
            given: name.chars().take(100).collect(),
            known: self.tiers.iter().map(|tier| tier.name.as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// The lower of the key's and its account's tier. A name that the
    /// configuration no longer has counts as the lowest.
    fn tier_in_force(&self, key: &KeyInfo, account_tier: Option<&String>) -> Arc<Tier> {
        let named = |name: &String| {
            self.tiers.get(name).unwrap_or_else(|| {
                tracing::warn!(key = key.id, tier = name, "the configuration has no such tier");
                self.tiers.lowest()
            })
        };
        let own = named(&key.tier);
        let ceiling = account_tier.map_or_else(|| self.tiers.lowest(), named);
        Arc::clone(if own.rank <= ceiling.rank { own } else { ceiling })
    }

    fn check_key_count(&self, account: &Account, tier: &Tier, now: Timestamp) -> Result<(), ControlError> {
        let Some(limit) = tier.keys else { return Ok(()) };
        let live = self.keys()?.into_iter().filter(|key| {
            key.account == account.name
                && key.revoked_at.is_none()
                && key.expires_at.is_none_or(|end| now < end)
        });
        if live.count() >= limit as usize {
            return Err(ControlError::KeyLimit { account: account.name.clone(), limit });
        }
        Ok(())
    }
}

/// A lock whose holder panicked is taken all the same: what these locks guard
/// is replaced whole, never left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
