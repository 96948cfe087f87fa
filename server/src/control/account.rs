//! Accounts.

use jiff::Timestamp;

use super::ControlError;

/// Who holds keys. The account's tier is the ceiling for its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name, unique.
    pub name: String,
    /// Name of its tier.
    pub tier: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Names of accounts and keys: 1 to 100 characters, none of them a control character.
pub(super) fn check_name(name: &str) -> Result<(), ControlError> {
    let length = name.chars().take(101).count();
    if (1..=100).contains(&length) && !name.trim().is_empty() && !name.contains(char::is_control) {
        Ok(())
    } else {
        Err(ControlError::Name(name.chars().take(100).collect()))
    }
}
