//! How feeds are fetched.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use iocd_core::feed::Feed;
use serde::Deserialize;

use super::ConfigError;
use crate::fetch::Bounds;

/// How feeds are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchSettings {
    /// Whether feeds are fetched on their schedule. To run one by command is
    /// possible either way.
    pub enabled: bool,
    /// Names of feeds that are fetched; `*` stands for all whose terms suit
    /// everyone, `!name` leaves one out.
    pub feeds: Vec<String>,
    /// Feeds that are read at one time, at most.
    pub at_once: usize,
    /// Bytes of a document at most, where the feed does not say.
    pub max_bytes: u64,
    /// How long things may take.
    pub bounds: Bounds,
    /// Certificates (PEM) that vouch for servers beside those that the system
    /// trusts.
    pub ca_file: Option<PathBuf>,
}

impl Default for FetchSettings {
    fn default() -> Self {
        FetchSettings {
            enabled: true,
            feeds: vec!["*".to_owned()],
            at_once: 4,
            max_bytes: 512 << 20,
            bounds: Bounds::default(),
            ca_file: None,
        }
    }
}

/// The table `[fetch]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenFetch {
    /// See [`FetchSettings::enabled`].
    pub enabled: Option<bool>,
    /// See [`FetchSettings::feeds`].
    pub feeds: Option<Vec<String>>,
    /// See [`FetchSettings::at_once`].
    pub at_once: Option<usize>,
    /// See [`FetchSettings::max_bytes`].
    pub max_bytes: Option<u64>,
    /// See [`Bounds::total`].
    pub timeout_seconds: Option<u64>,
    /// See [`Bounds::idle`].
    pub idle_timeout_seconds: Option<u64>,
    /// See [`Bounds::min_rate`].
    pub min_bytes_per_second: Option<u64>,
    /// See [`Bounds::pause`].
    pub host_pause_seconds: Option<u64>,
    /// See [`FetchSettings::ca_file`].
    pub ca_file: Option<PathBuf>,
}

impl WrittenFetch {
    pub(super) fn overridden_by(self, other: WrittenFetch) -> WrittenFetch {
        WrittenFetch {
            enabled: other.enabled.or(self.enabled),
            feeds: other.feeds.or(self.feeds),
            at_once: other.at_once.or(self.at_once),
            max_bytes: other.max_bytes.or(self.max_bytes),
            timeout_seconds: other.timeout_seconds.or(self.timeout_seconds),
            idle_timeout_seconds: other.idle_timeout_seconds.or(self.idle_timeout_seconds),
            min_bytes_per_second: other.min_bytes_per_second.or(self.min_bytes_per_second),
            host_pause_seconds: other.host_pause_seconds.or(self.host_pause_seconds),
            ca_file: other.ca_file.or(self.ca_file),
        }
    }

    pub(super) fn resolve(self) -> Result<FetchSettings, ConfigError> {
        let base = FetchSettings::default();
        let at_once = self.at_once.unwrap_or(base.at_once);
        if !(1..=64).contains(&at_once) {
            return Err(wrong("at_once", at_once as u64, "feeds, 1 to 64"));
        }
        let max_bytes = self.max_bytes.unwrap_or(base.max_bytes);
        if max_bytes == 0 {
            return Err(wrong("max_bytes", max_bytes, "bytes, at least 1"));
        }
        let seconds = |key: &str, written: Option<u64>, base: Duration| match written {
            None => Ok(base),
            Some(0) => Err(wrong(key, 0, "seconds, at least 1")),
            Some(seconds) => Ok(Duration::from_secs(seconds)),
        };
        let bounds = Bounds {
            connect: base.bounds.connect,
            total: seconds("timeout_seconds", self.timeout_seconds, base.bounds.total)?,
            idle: seconds(
                "idle_timeout_seconds",
                self.idle_timeout_seconds,
                base.bounds.idle,
            )?,
            min_rate: self.min_bytes_per_second.unwrap_or(base.bounds.min_rate),
            pause: self
                .host_pause_seconds
                .map_or(base.bounds.pause, Duration::from_secs),
        };
        Ok(FetchSettings {
            enabled: self.enabled.unwrap_or(base.enabled),
            feeds: self.feeds.unwrap_or(base.feeds),
            at_once,
            max_bytes,
            bounds,
            ca_file: self.ca_file,
        })
    }
}

fn wrong(key: &str, given: u64, expected: &str) -> ConfigError {
    ConfigError::Value {
        key: format!("fetch.{key}"),
        given: given.to_string(),
        expected: expected.to_owned(),
    }
}

impl FetchSettings {
    /// Whether a feed is fetched on a schedule.
    pub fn schedules(&self, feed: &Feed) -> bool {
        let has_schedule = feed.fetched().is_some() && feed.interval.is_some();
        self.enabled && has_schedule && self.names(&feed.name, feed.fetching.on_request)
    }

    /// Whether a feed is named. `on_request`: only by its name.
    fn names(&self, feed: &str, on_request: bool) -> bool {
        let is_left_out = |rule: &String| rule.strip_prefix('!') == Some(feed);
        let is_meant = |rule: &String| rule == feed || (rule == "*" && !on_request);
        self.feeds.iter().any(is_meant) && !self.feeds.iter().any(is_left_out)
    }

    pub(super) fn write_toml(&self, out: &mut String) {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let feeds: Vec<_> = self.feeds.iter().map(|name| quoted(name)).collect();
        write!(
            out,
            "\n[fetch]\nenabled = {}\nfeeds = [{}]\nat_once = {}\nmax_bytes = {}\n\
             timeout_seconds = {}\nidle_timeout_seconds = {}\nmin_bytes_per_second = {}\n\
             host_pause_seconds = {}\n",
            self.enabled,
            feeds.join(", "),
            self.at_once,
            self.max_bytes,
            self.bounds.total.as_secs(),
            self.bounds.idle.as_secs(),
            self.bounds.min_rate,
            self.bounds.pause.as_secs(),
        )
        .expect("writing to a String cannot fail");
        if let Some(path) = &self.ca_file {
            writeln!(out, "ca_file = {}", quoted(&path.to_string_lossy()))
                .expect("writing to a String cannot fail");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_named_and_left_out() {
        let with = |feeds: &[&str]| FetchSettings {
            feeds: feeds.iter().map(|&name| name.to_owned()).collect(),
            ..FetchSettings::default()
        };
        let all = FetchSettings::default();
        assert!(all.names("urlhaus", false) && !all.names("openphish", true));
        let chosen = with(&["*", "!urlhaus", "openphish"]);
        assert!(!chosen.names("urlhaus", false));
        assert!(chosen.names("feodo", false) && chosen.names("openphish", true));
        assert!(!with(&[]).names("feodo", false));
    }
}
