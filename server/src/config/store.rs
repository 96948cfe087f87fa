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
    /// Days after which entries that have ended (expired, removed, retracted)
    /// and have not come back go wholly; `None`: they stay for ever.
    pub keep_ended_days: Option<u32>,
}

impl Default for StoreSettings {
    fn default() -> Self {
        StoreSettings {
            history_days: 30,
            keep_ended_days: None,
        }
    }
}

/// The table `[store]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenStore {
    /// See [`StoreSettings::history_days`].
    pub history_days: Option<u32>,
    /// See [`StoreSettings::keep_ended_days`].
    pub keep_ended_days: Option<u32>,
}

impl WrittenStore {
    pub(super) fn overridden_by(self, other: WrittenStore) -> WrittenStore {
        WrittenStore {
            history_days: other.history_days.or(self.history_days),
            keep_ended_days: other.keep_ended_days.or(self.keep_ended_days),
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
        // What ended within the history is part of it.
        if let Some(days) = self.keep_ended_days.filter(|&days| days < history_days) {
            return Err(ConfigError::Value {
                key: "store.keep_ended_days".into(),
                given: days.to_string(),
                expected: format!("days, at least store.history_days ({history_days})"),
            });
        }
        Ok(StoreSettings {
            history_days,
            keep_ended_days: self.keep_ended_days,
        })
    }
}

impl StoreSettings {
    pub(super) fn write_toml(self, out: &mut String) {
        writeln!(out, "\n[store]\nhistory_days = {}", self.history_days)
            .expect("writing to a String cannot fail");
        if let Some(days) = self.keep_ended_days {
            writeln!(out, "keep_ended_days = {days}").expect("writing to a String cannot fail");
        }
    }
}
