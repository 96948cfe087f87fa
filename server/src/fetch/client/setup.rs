//! What a client is made of.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Certificate;
use reqwest::redirect::Policy;
use tokio::sync::watch;

use super::problem::explain;
use crate::clock::Clock;
use crate::fetch::error::FetchError;
use crate::fetch::spool::Spool;

/// Header fields of an answer, at most.
const MAX_FIELDS: usize = 100;

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// To get a connection.
    pub connect: Duration,
    /// For an answer to begin, and for more of it to come.
    pub idle: Duration,
    /// For a document with all redirects on the way.
    pub total: Duration,
    /// Bytes a second, at least.
    pub min_rate: u64,
    /// Between two requests to one host.
    pub pause: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(600),
            min_rate: 1024,
            pause: Duration::from_secs(1),
        }
    }
}

/// What a client is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How long things may take.
    pub bounds: Bounds,
    /// Where documents go.
    pub spool: Spool,
    /// Certificates (PEM) that vouch for servers beside those that the system
    /// trusts.
    pub authorities: Option<PathBuf>,
    /// Where the time comes from.
    pub clock: Clock,
    /// True once everything is to be given up.
    pub stop: watch::Receiver<bool>,
}

/// A client of the library's, bounded.
pub(super) fn build(
    builder: reqwest::ClientBuilder,
    bounds: &Bounds,
    authorities: &[Certificate],
) -> Result<reqwest::Client, FetchError> {
    let builder = builder
        .user_agent(concat!("iocd/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(bounds.connect)
        .read_timeout(bounds.idle)
        .redirect(Policy::none())
        .referer(false)
        .http1_max_headers(MAX_FIELDS)
        .tls_certs_merge(authorities.iter().cloned());
    let built = builder.build();
    built.map_err(|error| FetchError::Setup(explain(&error)))
}

/// Certificates beside those that the system trusts: those of the settings, and
/// where the system trusts nobody, as in an empty container, Mozilla's.
pub(super) fn authorities(setup: &Setup) -> Result<Vec<Certificate>, FetchError> {
    let mut found = Vec::new();
    if let Some(path) = &setup.authorities {
        let wrong = |problem: String| FetchError::Setup(format!("{}: {problem}", path.display()));
        let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        found = Certificate::from_pem_bundle(&pem).map_err(|error| wrong(error.to_string()))?;
        if found.is_empty() {
            return Err(wrong("there is no certificate in it".to_owned()));
        }
    }
    let plain = reqwest::Client::builder().no_proxy();
    if plain.build().is_err() {
        let mozilla = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
        found.extend(mozilla.filter_map(|der| Certificate::from_der(der).ok()));
    }
    Ok(found)
}
