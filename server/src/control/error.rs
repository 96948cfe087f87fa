//! What can go wrong with control data.

use super::{MAX_EXPIRY_DAYS, MAX_REASON, MAX_RULINGS};

/// Control data could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The database did not do what it was asked.
    #[error("the control database failed: {0}")]
    Storage(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database was made by a later version of this program.
    #[error(
        "the control database has version {found}, and this program knows up to {known}: use a newer program"
    )]
    Version {
        /// What the database says.
        found: i64,
        /// The latest that is known.
        known: i64,
    },
    /// The key file could not be read or made.
    #[error("the key file {path} cannot be used: {source}")]
    KeyFile {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There are keys, but not the file that their digests were made with.
    #[error(
        "the key file {0} is missing though there are keys: restore it from a backup; without it no key is valid"
    )]
    KeyFileMissing(String),
    /// The system gave no random bytes.
    #[error("the system's random source failed: {0}")]
    Random(getrandom::Error),
    /// A name that is no name.
    #[error(
        "{0:?} cannot be a name: a name has 1 to 100 characters, none of them a control character"
    )]
    Name(String),
    /// The account is there already.
    #[error("account {0:?} exists already")]
    AccountExists(String),
    /// There is no such account.
    #[error("there is no account {0:?}")]
    UnknownAccount(String),
    /// There is no such tier.
    #[error("there is no tier {given:?}; known are {known}")]
    UnknownTier {
        /// What was given.
        given: String,
        /// All that are known.
        known: String,
    },
    /// There is no such scope.
    #[error("there is no scope {given:?}; known are {known}")]
    UnknownScope {
        /// What was given.
        given: String,
        /// All that are known.
        known: String,
    },
    /// A key cannot have more than its account.
    #[error("tier {tier} is above tier {ceiling} of account {account:?}")]
    TierAboveAccount {
        /// The tier that was asked for.
        tier: String,
        /// The account.
        account: String,
        /// The account's tier.
        ceiling: String,
    },
    /// The account has as many keys as its tier allows.
    #[error("account {account:?} has the {limit} keys that its tier allows: revoke one first")]
    KeyLimit {
        /// The account.
        account: String,
        /// How many it may have.
        limit: u32,
    },
    /// An expiry out of range.
    #[error("a key cannot expire in {0} days: expected 1 to {MAX_EXPIRY_DAYS}")]
    Expiry(u32),
    /// There is no such key.
    #[error("there is no key with id or prefix {0:?}")]
    UnknownKey(String),
    /// A reason that is too long.
    #[error("a reason has at most {MAX_REASON} characters, none of them a control character")]
    Reason,
    /// There are as many rulings as can be.
    #[error("there are {MAX_RULINGS} {0} values: remove some, or put them into a warning list")]
    RulingLimit(&'static str),
    /// Two keys share this prefix.
    #[error("several keys have the prefix {0}: name one by its id")]
    AmbiguousKey(String),
}

impl ControlError {
    pub(super) fn unknown_key(name: &str) -> ControlError {
        ControlError::UnknownKey(name.chars().take(64).collect())
    }
}

impl From<rusqlite::Error> for ControlError {
    fn from(error: rusqlite::Error) -> Self {
        ControlError::Storage(Box::new(error))
    }
}
