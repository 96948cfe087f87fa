//! Settings as one place writes them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::{
    ConfigError, LogFormat, LogLevel, WrittenArticles, WrittenFetch, WrittenLimits, WrittenStore,
    WrittenTier, WrittenTls, WrittenWarnings,
};

/// What one place says about the settings; what it does not say is left to
/// the places below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Written {
    /// See [`Settings::listen`](super::Settings::listen).
    pub listen: Option<String>,
    /// See [`Settings::tls`](super::Settings::tls).
    pub tls: WrittenTls,
    /// See [`Settings::metrics_listen`](super::Settings::metrics_listen).
    pub metrics_listen: Option<String>,
    /// See [`Settings::data`](super::Settings::data).
    pub data: Option<PathBuf>,
    /// See [`Settings::feeds`](super::Settings::feeds).
    pub feeds: Option<PathBuf>,
    /// See [`Settings::log`](super::Settings::log).
    pub log: WrittenLog,
    /// See [`Settings::limits`](super::Settings::limits).
    pub limits: WrittenLimits,
    /// See [`Settings::api_key_in_query`](super::Settings::api_key_in_query).
    pub api_key_in_query: Option<bool>,
    /// See [`Settings::trusted_proxies`](super::Settings::trusted_proxies).
    pub trusted_proxies: Option<Vec<String>>,
    /// See [`Settings::cors_origins`](super::Settings::cors_origins).
    pub cors_origins: Option<Vec<String>>,
    /// See [`Settings::store`](super::Settings::store).
    pub store: WrittenStore,
    /// See [`Settings::articles`](super::Settings::articles).
    pub articles: WrittenArticles,
    /// See [`Settings::warnings`](super::Settings::warnings).
    pub warnings: WrittenWarnings,
    /// See [`Settings::fetch`](super::Settings::fetch).
    pub fetch: WrittenFetch,
    /// Changes to the shipped tiers, and tiers of one's own.
    pub tiers: BTreeMap<String, WrittenTier>,
}

/// The table `[log]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenLog {
    /// `text` or `json`.
    pub format: Option<LogFormat>,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: Option<LogLevel>,
}

/// Variables of the environment that are settings.
const VARIABLES: [&str; 28] = [
    "IOCD_LISTEN",
    "IOCD_TLS_CERTIFICATE",
    "IOCD_TLS_KEY",
    "IOCD_METRICS_LISTEN",
    "IOCD_DATA",
    "IOCD_FEEDS",
    "IOCD_LOG_FORMAT",
    "IOCD_LOG_LEVEL",
    "IOCD_MAX_CONNECTIONS",
    "IOCD_MAX_CONNECTIONS_PER_ADDRESS",
    "IOCD_MAX_REQUESTS",
    "IOCD_MAX_REQUESTS_PER_KEY",
    "IOCD_REQUEST_TIMEOUT_SECONDS",
    "IOCD_HEADER_TIMEOUT_SECONDS",
    "IOCD_SHUTDOWN_TIMEOUT_SECONDS",
    "IOCD_MAX_BODY_BYTES",
    "IOCD_MAX_HEADER_BYTES",
    "IOCD_HISTORY_DAYS",
    "IOCD_KEEP_ENDED_DAYS",
    "IOCD_ARTICLES_ARCHIVE_AFTER",
    "IOCD_API_KEY_IN_QUERY",
    "IOCD_TRUSTED_PROXIES",
    "IOCD_CORS_ORIGINS",
    "IOCD_FETCH",
    "IOCD_FETCH_FEEDS",
    "IOCD_FETCH_AT_ONCE",
    "IOCD_FETCH_MAX_BYTES",
    "IOCD_FETCH_CA_FILE",
];

/// Variables that are no settings but that a shell near a server may well hold.
const BYSTANDERS: [&str; 6] = [
    "IOCD_CONFIG",
    "IOCD_URL",
    "IOCD_KEY",
    "IOCD_KEY_FILE",
    "IOCD_CA_FILE",
    "IOCD_API_KEY",
];

impl Written {
    /// Reads the text of `iocd.toml`. Unknown keys are errors.
    pub fn from_toml(text: &str) -> Result<Written, ConfigError> {
        Ok(toml::from_str(text)?)
    }

    /// Reads the environment's `IOCD_*`; others are passed over. Lists are
    /// separated by commas.
    /// Also gives the names that begin with `IOCD_` and are no settings.
    pub fn from_env(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(Written, Vec<String>), ConfigError> {
        let mut written = Written::default();
        let mut unknown = Vec::new();
        for (name, value) in variables {
            if VARIABLES.contains(&name.as_str()) {
                written.set(&name, value)?;
            } else if name.starts_with("IOCD_") && !BYSTANDERS.contains(&name.as_str()) {
                unknown.push(name);
            }
        }
        Ok((written, unknown))
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), ConfigError> {
        match name {
            "IOCD_LISTEN" => self.listen = Some(value),
            "IOCD_TLS_CERTIFICATE" => self.tls.certificate = Some(value.into()),
            "IOCD_TLS_KEY" => self.tls.key = Some(value.into()),
            "IOCD_METRICS_LISTEN" => self.metrics_listen = Some(value),
            "IOCD_DATA" => self.data = Some(value.into()),
            "IOCD_FEEDS" => self.feeds = Some(value.into()),
            "IOCD_LOG_FORMAT" => self.log.format = Some(read_name(name, &value, "text or json")?),
            "IOCD_LOG_LEVEL" => {
                self.log.level = Some(read_name(
                    name,
                    &value,
                    "error, warn, info, debug or trace",
                )?);
            }
            "IOCD_MAX_CONNECTIONS" => self.limits.max_connections = Some(read(name, &value)?),
            "IOCD_MAX_CONNECTIONS_PER_ADDRESS" => {
                self.limits.max_connections_per_address = Some(read(name, &value)?);
            }
            "IOCD_MAX_REQUESTS" => self.limits.max_requests = Some(read(name, &value)?),
            "IOCD_MAX_REQUESTS_PER_KEY" => {
                self.limits.max_requests_per_key = Some(read(name, &value)?);
            }
            "IOCD_REQUEST_TIMEOUT_SECONDS" => {
                self.limits.request_timeout_seconds = Some(read(name, &value)?);
            }
            "IOCD_HEADER_TIMEOUT_SECONDS" => {
                self.limits.header_timeout_seconds = Some(read(name, &value)?);
            }
            "IOCD_SHUTDOWN_TIMEOUT_SECONDS" => {
                self.limits.shutdown_timeout_seconds = Some(read(name, &value)?);
            }
            "IOCD_MAX_BODY_BYTES" => self.limits.max_body_bytes = Some(read(name, &value)?),
            "IOCD_MAX_HEADER_BYTES" => self.limits.max_header_bytes = Some(read(name, &value)?),
            "IOCD_HISTORY_DAYS" => self.store.history_days = Some(read(name, &value)?),
            "IOCD_KEEP_ENDED_DAYS" => self.store.keep_ended_days = Some(read(name, &value)?),
            "IOCD_ARTICLES_ARCHIVE_AFTER" => self.articles.archive_after = Some(value),
            "IOCD_API_KEY_IN_QUERY" => self.api_key_in_query = Some(read_switch(name, &value)?),
            "IOCD_TRUSTED_PROXIES" => self.trusted_proxies = Some(read_list(&value)),
            "IOCD_CORS_ORIGINS" => self.cors_origins = Some(read_list(&value)),
            "IOCD_FETCH" => self.fetch.enabled = Some(read_switch(name, &value)?),
            "IOCD_FETCH_FEEDS" => self.fetch.feeds = Some(read_list(&value)),
            "IOCD_FETCH_AT_ONCE" => self.fetch.at_once = Some(read(name, &value)?),
            "IOCD_FETCH_MAX_BYTES" => self.fetch.max_bytes = Some(read(name, &value)?),
            "IOCD_FETCH_CA_FILE" => self.fetch.ca_file = Some(value.into()),
            _ => unreachable!("only names in VARIABLES are set"),
        }
        Ok(())
    }

    /// What both places together say, where `other` has the last word.
    #[must_use]
    pub fn overridden_by(self, other: Written) -> Written {
        let mut tiers = self.tiers;
        for (name, tier) in other.tiers {
            let below = tiers.remove(&name).unwrap_or_default();
            tiers.insert(name, below.overridden_by(tier));
        }
        Written {
            listen: other.listen.or(self.listen),
            tls: self.tls.overridden_by(other.tls),
            metrics_listen: other.metrics_listen.or(self.metrics_listen),
            data: other.data.or(self.data),
            feeds: other.feeds.or(self.feeds),
            log: WrittenLog {
                format: other.log.format.or(self.log.format),
                level: other.log.level.or(self.log.level),
            },
            limits: self.limits.overridden_by(other.limits),
            api_key_in_query: other.api_key_in_query.or(self.api_key_in_query),
            trusted_proxies: other.trusted_proxies.or(self.trusted_proxies),
            cors_origins: other.cors_origins.or(self.cors_origins),
            store: self.store.overridden_by(other.store),
            articles: self.articles.overridden_by(other.articles),
            warnings: self.warnings.overridden_by(other.warnings),
            fetch: self.fetch.overridden_by(other.fetch),
            tiers,
        }
    }
}

fn read<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, ConfigError> {
    value.trim().parse().map_err(|_| ConfigError::Value {
        key: name.to_owned(),
        given: value.to_owned(),
        expected: "a whole number".into(),
    })
}

/// Parts between commas.
fn read_list(value: &str) -> Vec<String> {
    let parts = value.split(',').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn read_switch(name: &str, value: &str) -> Result<bool, ConfigError> {
    match value.trim() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(ConfigError::Value {
            key: name.to_owned(),
            given: value.to_owned(),
            expected: "true or false".into(),
        }),
    }
}

/// Reads a name as the file would: one list of names for both.
fn read_name<T: serde::de::DeserializeOwned>(
    key: &str,
    value: &str,
    expected: &str,
) -> Result<T, ConfigError> {
    T::deserialize(toml::Value::String(value.trim().to_owned())).map_err(|_| ConfigError::Value {
        key: key.to_owned(),
        given: value.to_owned(),
        expected: expected.to_owned(),
    })
}
