//! The certificate that connections are encrypted with.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Deserialize;

use super::ConfigError;

/// The certificate that connections are encrypted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// A file of certificates in PEM: the server's own, then those that vouch
    /// for it.
    pub certificate: PathBuf,
    /// The file of its private key in PEM.
    pub key: PathBuf,
}

/// The table `[tls]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenTls {
    /// See [`TlsSettings::certificate`].
    pub certificate: Option<PathBuf>,
    /// See [`TlsSettings::key`].
    pub key: Option<PathBuf>,
}

impl WrittenTls {
    pub(super) fn overridden_by(self, other: WrittenTls) -> WrittenTls {
        WrittenTls {
            certificate: other.certificate.or(self.certificate),
            key: other.key.or(self.key),
        }
    }

    /// Both or none: one alone would serve in the clear what was meant not to be.
    pub(super) fn resolve(self) -> Result<Option<TlsSettings>, ConfigError> {
        let (given, missing) = match (self.certificate, self.key) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => return Ok(Some(TlsSettings { certificate, key })),
            (Some(given), None) => (given, "tls.key"),
            (None, Some(given)) => (given, "tls.certificate"),
        };
        Err(ConfigError::Value {
            key: "tls".into(),
            given: given.to_string_lossy().into_owned(),
            expected: format!("{missing} beside it"),
        })
    }
}

impl TlsSettings {
    pub(super) fn write_toml(&self, out: &mut String) {
        let quoted = |path: &PathBuf| toml::Value::String(path.to_string_lossy().into_owned());
        let (certificate, key) = (quoted(&self.certificate), quoted(&self.key));
        write!(out, "\n[tls]\ncertificate = {certificate}\nkey = {key}\n")
            .expect("writing to a String cannot fail");
    }
}
