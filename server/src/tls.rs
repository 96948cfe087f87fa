//! TLS: the certificate and key in force, and how others take their place.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, io};

use arc_swap::ArcSwap;
use tokio::signal::unix::Signal;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig};

use crate::config::TlsSettings;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Bytes of a file of certificates or of a key.
const MAX_FILE: u64 = 1 << 20;

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: {problem}: expected {expected} in PEM", .path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// What should be there.
        expected: &'static str,
    },
    /// They do not belong together, or are of a kind that is not supported.
    #[error("the certificate in {} with the key in {}: {source}", .certificate.display(), .key.display())]
    Unusable {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
}

/// The certificate and key in force. Connections that are made keep what they
/// were made with.
pub struct Tls {
    settings: TlsSettings,
    config: ArcSwap<ServerConfig>,
    /// What the files held when they were last read, good or not.
    seen: Mutex<blake3::Hash>,
}

impl Tls {
    /// Reads the files of the settings.
    pub fn load(settings: &TlsSettings) -> Result<Tls, TlsError> {
        let files = Files::read(settings)?;
        Ok(Tls {
            config: ArcSwap::from_pointee(files.configure(settings)?),
            seen: Mutex::new(files.fingerprint()),
            settings: settings.clone(),
        })
    }

    /// Takes connections with what is in force now.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.load_full())
    }

    /// Reads the files again and puts what they hold into force; if that cannot
    /// be used, what was in force stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let files = Files::read(&self.settings)?;
        self.see(&files);
        self.config
            .store(Arc::new(files.configure(&self.settings)?));
        Ok(())
    }

    /// The same if the files hold something else than when they were last
    /// read, and says whether they do: what is wrong with them is told once.
    pub fn reload_changed(&self) -> Result<bool, TlsError> {
        let files = Files::read(&self.settings)?;
        if !self.see(&files) {
            return Ok(false);
        }
        self.config
            .store(Arc::new(files.configure(&self.settings)?));
        Ok(true)
    }

    /// Notes what the files hold; says whether it is new.
    fn see(&self, files: &Files) -> bool {
        let fingerprint = files.fingerprint();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *seen, fingerprint) != fingerprint
    }
}

/// What the two files hold.
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    fn read(settings: &TlsSettings) -> Result<Files, TlsError> {
        Ok(Files {
            certificate: read_file(&settings.certificate)?,
            key: read_file(&settings.key)?,
        })
    }

    fn fingerprint(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(self.certificate.len() as u64).to_le_bytes());
        hasher.update(&self.certificate);
        hasher.update(&self.key);
        hasher.finalize()
    }

    fn configure(&self, settings: &TlsSettings) -> Result<ServerConfig, TlsError> {
        let TlsSettings { certificate, key } = settings;
        let chain = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<Vec<_>, _>>()
            .and_then(|chain| {
                if chain.is_empty() {
                    Err(pem::Error::NoItemsFound)
                } else {
                    Ok(chain)
                }
            })
            .map_err(content(
                certificate,
                "a certificate and those that vouch for it",
            ))?;
        let secret = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(content(key, "a private key without a passphrase"))?;
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(chain, secret)
            })
            .map(|mut config| {
                config.alpn_protocols = vec![b"http/1.1".to_vec()];
                config
            })
            .map_err(|source| TlsError::Unusable {
                certificate: certificate.clone(),
                key: key.clone(),
                source,
            })
    }
}

fn content(path: &Path, expected: &'static str) -> impl FnOnce(pem::Error) -> TlsError {
    move |problem| TlsError::Content {
        path: path.to_owned(),
        problem: problem.to_string(),
        expected,
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, TlsError> {
    use io::Read as _;
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes))
        .map_err(|source| TlsError::Io {
            path: path.to_owned(),
            source,
        })?;
    Ok(bytes)
}

/// Puts what the files hold into force when they change, and when a hangup
/// signal asks for it; what cannot be used is told in the log. Never ends.
pub async fn keep_current(tls: Arc<Tls>, mut hangup: Signal) {
    loop {
        let is_asked = tokio::select! {
            asked = hangup.recv() => asked.is_some(),
            () = tokio::time::sleep(LOOK_EVERY) => false,
        };
        let read = Arc::clone(&tls);
        let done = tokio::task::spawn_blocking(move || {
            if is_asked {
                read.reload().map(|()| true)
            } else {
                read.reload_changed()
            }
        });
        match done.await {
            Ok(Ok(true)) => tracing::info!("the TLS certificate was read again"),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, "the TLS certificate in force stays");
            }
            Err(error) => tracing::error!(%error, "reading the TLS certificate failed"),
        }
    }
}
