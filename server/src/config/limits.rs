//! Bounds of serving: sizes, times and counts.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;

/// Bounds of serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at a time; the next one is told 503.
    pub max_connections: usize,
    /// Connections at a time from one address (of IPv6, from one network of 64
    /// bits), proxies that are trusted left out; the next one is told 503.
    pub max_connections_per_address: usize,
    /// Requests that run at a time; the next one is told 503.
    pub max_requests: u64,
    /// Of these, requests of one key; the next one is told 429.
    pub max_requests_per_key: u64,
    /// How long a request may take before it is answered 408.
    pub request_timeout: Duration,
    /// How long a connection may take to send a request's head, idle time included.
    pub header_timeout: Duration,
    /// How long a stop waits for running requests.
    pub shutdown_timeout: Duration,
    /// Bytes of a request's body.
    pub max_body: u64,
    /// Bytes of all header fields of a request.
    pub max_headers: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            max_connections: 4_096,
            max_connections_per_address: 256,
            max_requests: 1_024,
            max_requests_per_key: per_key(1_024),
            request_timeout: Duration::from_secs(30),
            header_timeout: Duration::from_secs(15),
            shutdown_timeout: Duration::from_secs(10),
            max_body: 16 << 20,
            max_headers: 32 << 10,
        }
    }
}

/// What one key may have of so many requests, where nobody says.
const fn per_key(max_requests: u64) -> u64 {
    if max_requests < 8 {
        1
    } else {
        max_requests / 8
    }
}

/// The table `[limits]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenLimits {
    /// See [`Bounds::max_connections`].
    pub max_connections: Option<usize>,
    /// See [`Bounds::max_connections_per_address`].
    pub max_connections_per_address: Option<usize>,
    /// See [`Bounds::max_requests`].
    pub max_requests: Option<u64>,
    /// See [`Bounds::max_requests_per_key`].
    pub max_requests_per_key: Option<u64>,
    /// See [`Bounds::request_timeout`].
    pub request_timeout_seconds: Option<u64>,
    /// See [`Bounds::header_timeout`].
    pub header_timeout_seconds: Option<u64>,
    /// See [`Bounds::shutdown_timeout`].
    pub shutdown_timeout_seconds: Option<u64>,
    /// See [`Bounds::max_body`].
    pub max_body_bytes: Option<u64>,
    /// See [`Bounds::max_headers`].
    pub max_header_bytes: Option<usize>,
}

impl WrittenLimits {
    pub(super) fn overridden_by(self, other: WrittenLimits) -> WrittenLimits {
        WrittenLimits {
            max_connections: other.max_connections.or(self.max_connections),
            max_connections_per_address: other
                .max_connections_per_address
                .or(self.max_connections_per_address),
            max_requests: other.max_requests.or(self.max_requests),
            max_requests_per_key: other.max_requests_per_key.or(self.max_requests_per_key),
            request_timeout_seconds: other
                .request_timeout_seconds
                .or(self.request_timeout_seconds),
            header_timeout_seconds: other.header_timeout_seconds.or(self.header_timeout_seconds),
            shutdown_timeout_seconds: other
                .shutdown_timeout_seconds
                .or(self.shutdown_timeout_seconds),
            max_body_bytes: other.max_body_bytes.or(self.max_body_bytes),
            max_header_bytes: other.max_header_bytes.or(self.max_header_bytes),
        }
    }

    pub(super) fn resolve(self, base: Bounds) -> Result<Bounds, ConfigError> {
        let seconds = |key: &str, given: Option<u64>, base: Duration| match given {
            None => Ok(base),
            Some(given @ 1..=86_400) => Ok(Duration::from_secs(given)),
            Some(given) => Err(ConfigError::Value {
                key: format!("limits.{key}"),
                given: given.to_string(),
                expected: "seconds from 1 to 86400".into(),
            }),
        };
        let max_requests = self.max_requests.unwrap_or(base.max_requests);
        let bounds = Bounds {
            max_connections: self.max_connections.unwrap_or(base.max_connections),
            max_connections_per_address: self
                .max_connections_per_address
                .unwrap_or(base.max_connections_per_address),
            max_requests,
            max_requests_per_key: self
                .max_requests_per_key
                .unwrap_or_else(|| per_key(max_requests)),
            request_timeout: seconds(
                "request_timeout_seconds",
                self.request_timeout_seconds,
                base.request_timeout,
            )?,
            header_timeout: seconds(
                "header_timeout_seconds",
                self.header_timeout_seconds,
                base.header_timeout,
            )?,
            shutdown_timeout: seconds(
                "shutdown_timeout_seconds",
                self.shutdown_timeout_seconds,
                base.shutdown_timeout,
            )?,
            max_body: self.max_body_bytes.unwrap_or(base.max_body),
            max_headers: self.max_header_bytes.unwrap_or(base.max_headers),
        };
        for (key, is_zero) in [
            ("max_connections", bounds.max_connections == 0),
            (
                "max_connections_per_address",
                bounds.max_connections_per_address == 0,
            ),
            ("max_requests", bounds.max_requests == 0),
            ("max_requests_per_key", bounds.max_requests_per_key == 0),
        ] {
            if is_zero {
                return Err(ConfigError::Value {
                    key: format!("limits.{key}"),
                    given: "0".into(),
                    expected: "a number of at least 1".into(),
                });
            }
        }
        if !(1_024..=262_144).contains(&bounds.max_headers) {
            return Err(ConfigError::Value {
                key: "limits.max_header_bytes".into(),
                given: bounds.max_headers.to_string(),
                expected: "bytes from 1024 to 262144".into(),
            });
        }
        Ok(bounds)
    }
}

impl Bounds {
    pub(super) fn write_toml(self, out: &mut String) {
        for (key, value) in [
            ("max_connections", self.max_connections as u64),
            (
                "max_connections_per_address",
                self.max_connections_per_address as u64,
            ),
            ("max_requests", self.max_requests),
            ("max_requests_per_key", self.max_requests_per_key),
            ("request_timeout_seconds", self.request_timeout.as_secs()),
            ("header_timeout_seconds", self.header_timeout.as_secs()),
            ("shutdown_timeout_seconds", self.shutdown_timeout.as_secs()),
            ("max_body_bytes", self.max_body),
            ("max_header_bytes", self.max_headers as u64),
        ] {
            writeln!(out, "{key} = {value}").expect("writing to a String cannot fail");
        }
    }
}
