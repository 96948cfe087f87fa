//! Settings: the file as written becomes the settings in force.
//!
//! [`Written`] is what one place (the file, the environment, the command line)
//! says; each key may be absent. [`Settings`] is complete and checked. Rising
//! priority: shipped defaults, `iocd.toml`, `IOCD_*`, flags.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;

mod articles;
mod fetch;
mod limits;
mod store;
mod tier;
mod tls;
mod warnings;
mod written;

pub use articles::{ArticleSettings, WrittenArticles};
pub use fetch::{FetchSettings, WrittenFetch};
pub use limits::{Bounds, WrittenLimits};
pub use store::{StoreSettings, WrittenStore};
pub use tier::{FREE, Formats, PRO, Tier, Tiers, UNLIMITED, WrittenTier};
pub use tls::{TlsSettings, WrittenTls};
pub use warnings::{WarningSettings, WrittenWarnings};
pub use written::{Written, WrittenLog};

/// Settings could not be read or do not make sense.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not the TOML that is expected; the message has line and column.
    #[error("the configuration is not valid: {0}")]
    Syntax(#[from] toml::de::Error),
    /// A value is out of its range or has the wrong form.
    #[error("setting {key}: {given:?} is not valid: expected {expected}")]
    Value {
        /// Name of the key, or of the environment variable.
        key: String,
        /// What was given.
        given: String,
        /// What would be right.
        expected: String,
    },
    /// A tier of one's own lacks a value.
    #[error("tier {tier:?} is not one of the shipped ones, so it must state {missing}")]
    IncompleteTier {
        /// The tier.
        tier: String,
        /// The missing key.
        missing: &'static str,
    },
}

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where to listen; port 0 asks the system for a free one.
    pub listen: SocketAddr,
    /// The certificate, if connections to it are encrypted.
    pub tls: Option<TlsSettings>,
    /// Where `/metrics` is answered to everyone, if anywhere: a loopback address.
    pub metrics_listen: Option<SocketAddr>,
    /// The data directory.
    pub data: PathBuf,
    /// A directory of feed descriptions that add to or replace the shipped ones.
    pub feeds: Option<PathBuf>,
    /// How the log is written.
    pub log: Log,
    /// Bounds of serving.
    pub limits: Bounds,
    /// Whether `?api_key=` is accepted (query strings end in logs).
    pub api_key_in_query: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins of pages that may ask, as browsers write them.
    pub cors_origins: Vec<String>,
    /// What the claim store keeps.
    pub store: StoreSettings,
    /// What the article store keeps.
    pub articles: ArticleSettings,
    /// Which warning lists are in force.
    pub warnings: WarningSettings,
    /// How feeds are fetched.
    pub fetch: FetchSettings,
    /// Every tier.
    pub tiers: Tiers,
}

/// How the log is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Text for people or JSON for machines.
    pub format: LogFormat,
    /// The least important level that is written.
    pub level: LogLevel,
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the names say it
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Importance of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the names say it
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl LogFormat {
    /// The name in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        }
    }
}

impl LogLevel {
    /// The name in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls: None,
            metrics_listen: None,
            data: PathBuf::from("./iocd-data"),
            feeds: None,
            log: Log {
                format: LogFormat::Text,
                level: LogLevel::Info,
            },
            limits: Bounds::default(),
            api_key_in_query: false,
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            store: StoreSettings::default(),
            articles: ArticleSettings::default(),
            warnings: WarningSettings::default(),
            fetch: FetchSettings::default(),
            tiers: Tiers::default(),
        }
    }
}

impl Settings {
    /// The settings in force where these places spoke, in rising priority.
    pub fn resolve(places: impl IntoIterator<Item = Written>) -> Result<Settings, ConfigError> {
        let written = places
            .into_iter()
            .fold(Written::default(), Written::overridden_by);
        let mut settings = Settings::default();
        if let Some(listen) = written.listen {
            settings.listen = listen.parse().map_err(|_| ConfigError::Value {
                key: "listen".into(),
                given: listen,
                expected: "an address and a port, 127.0.0.1:8080".into(),
            })?;
        }
        settings.tls = written.tls.resolve()?;
        settings.metrics_listen = written
            .metrics_listen
            .map(read_metrics_listen)
            .transpose()?;
        settings.data = written.data.unwrap_or(settings.data);
        settings.feeds = written.feeds;
        settings.log.format = written.log.format.unwrap_or_default();
        settings.log.level = written.log.level.unwrap_or_default();
        settings.limits = written.limits.resolve(settings.limits)?;
        settings.api_key_in_query = written.api_key_in_query.unwrap_or_default();
        for proxy in written.trusted_proxies.unwrap_or_default() {
            settings
                .trusted_proxies
                .push(read_network(&proxy).ok_or_else(|| ConfigError::Value {
                    key: "trusted_proxies".into(),
                    given: proxy,
                    expected: "an address or a network, 192.0.2.0/24".into(),
                })?);
        }
        settings.cors_origins = written.cors_origins.unwrap_or_default();
        for origin in &settings.cors_origins {
            check_origin(origin)?;
        }
        settings.store = written.store.resolve()?;
        settings.articles = written.articles.resolve()?;
        settings.warnings = written.warnings.resolve();
        settings.fetch = written.fetch.resolve()?;
        settings.tiers.apply(written.tiers)?;
        Ok(settings)
    }

    /// These settings as a file that would give them. There are no secrets
    /// among them: those are files of the data directory.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        let mut line = |key: &str, value: &dyn std::fmt::Display| {
            writeln!(out, "{key} = {value}").expect("writing to a String cannot fail");
        };
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        line("listen", &quoted(&self.listen.to_string()));
        if let Some(listen) = self.metrics_listen {
            line("metrics_listen", &quoted(&listen.to_string()));
        }
        line("data", &quoted(&self.data.to_string_lossy()));
        if let Some(feeds) = &self.feeds {
            line("feeds", &quoted(&feeds.to_string_lossy()));
        }
        line("api_key_in_query", &self.api_key_in_query);
        let proxies: Vec<String> = self
            .trusted_proxies
            .iter()
            .map(|net| quoted(&net.to_string()))
            .collect();
        line("trusted_proxies", &format!("[{}]", proxies.join(", ")));
        let origins: Vec<String> = self.cors_origins.iter().map(|text| quoted(text)).collect();
        line("cors_origins", &format!("[{}]", origins.join(", ")));
        out.push_str("\n[log]\n");
        let mut line = |key: &str, value: &dyn std::fmt::Display| {
            writeln!(out, "{key} = {value}").expect("writing to a String cannot fail");
        };
        line("format", &quoted(self.log.format.as_str()));
        line("level", &quoted(self.log.level.as_str()));
        out.push_str("\n[limits]\n");
        self.limits.write_toml(&mut out);
        if let Some(tls) = &self.tls {
            tls.write_toml(&mut out);
        }
        self.store.write_toml(&mut out);
        self.articles.write_toml(&mut out);
        self.warnings.write_toml(&mut out);
        self.fetch.write_toml(&mut out);
        self.tiers.write_toml(&mut out);
        out
    }
}

/// Anyone who reaches that address is answered, so nobody else may reach it.
fn read_metrics_listen(text: String) -> Result<SocketAddr, ConfigError> {
    let address: Option<SocketAddr> = text.parse().ok();
    let loopback = address.filter(|address| address.ip().to_canonical().is_loopback());
    loopback.ok_or_else(|| ConfigError::Value {
        key: "metrics_listen".into(),
        given: text,
        expected: "a loopback address and a port, 127.0.0.1:9184; from elsewhere, /metrics of \
                   the main address answers keys with the scope read:metrics"
            .into(),
    })
}

/// An origin is compared as browsers write it: scheme, host in lower case, and
/// port unless it is the scheme's own.
fn check_origin(origin: &str) -> Result<(), ConfigError> {
    let host = ["https://", "http://"]
        .iter()
        .find_map(|scheme| origin.strip_prefix(scheme));
    let is_plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]_".contains(&byte);
    if host.is_some_and(|host| !host.is_empty() && host.bytes().all(is_plain)) {
        return Ok(());
    }
    Err(ConfigError::Value {
        key: "cors_origins".into(),
        given: origin.into(),
        expected: "an exact origin as browsers send it, https://soc.example.com: no path, no \
                   wildcard"
            .into(),
    })
}

/// Reads a network, or an address as the network of just itself.
pub fn read_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>()
        .map(|net| net.trunc())
        .ok()
        .or_else(|| text.parse::<std::net::IpAddr>().map(IpNet::from).ok())
}

#[cfg(test)]
mod tests;
