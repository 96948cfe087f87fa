//! What the claim store keeps.

use std::fmt::Write as _;

use serde::Deserialize;

use super::ConfigError;

/// What the claim store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// Days for which what happened is kept; of what was before, only the last
    /// state of each entry.
    pub history_days: u32,
}

impl Default for StoreSettings {
    fn default() -> Self {
        StoreSettings { history_days: 30 }
    }
}

/// The table `[store]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenStore {
    /// See [`StoreSettings::history_days`].
    pub history_days: Option<u32>,
}

impl WrittenStore {
    pub(super) fn overridden_by(self, other: WrittenStore) -> WrittenStore {
        WrittenStore {
            history_days: other.history_days.or(self.history_days),
        }
    }

    pub(super) fn resolve(self) -> Result<StoreSettings, ConfigError> {
        let base = StoreSettings::default();
        let history_days = self.history_days.unwrap_or(base.history_days);
        // Cursors of clients are as old as their last visit.
        if history_days == 0 {
            return Err(ConfigError::Value {
                key: "store.history_days".into(),
                given: "0".into(),
                expected: "days, at least 1".into(),
            });
        }
        Ok(StoreSettings { history_days })
    }
}

impl StoreSettings {
    pub(super) fn write_toml(self, out: &mut String) {
        writeln!(out, "\n[store]\nhistory_days = {}", self.history_days)
            .expect("writing to a String cannot fail");
    }
}
