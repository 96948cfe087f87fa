//! The asking side of the HTTP API: for commands that ask a server elsewhere.
//!
//! A server is asked as any client would, with a key and within its limits. A
//! limit that opens again within a minute is waited for. Many values go in
//! requests of `BATCH`, which every tier takes.

use std::io::{self, BufRead};
use std::path::Path;
use std::time::Duration;

use iocd_core::value::{Kind, Value};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Response, StatusCode};
use serde_json::Value as Json;
use tokio::runtime::Runtime;
use tokio_rustls::rustls::crypto::ring;

use crate::operation::{FileSearch, ListFormat};

mod address;
mod error;
mod known;
mod lines;
mod list;

pub use address::Address;
pub use error::ClientError;

/// Values in one request: as many as the smallest shipped tier takes.
const BATCH: usize = 1_000;
/// How long a server may take to be connected to, and to send more of an answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest wait for a limit to open again.
const MAX_WAIT: u64 = 60;
/// Bytes of an error's body that are read.
const MAX_ERROR: usize = 64 << 10;

/// A question about one value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search<'a> {
    /// As a person would paste it.
    pub q: &'a str,
    /// Read it only so.
    pub kind: Option<Kind>,
    /// `exact`, `cascade`, `contains`, or as the API does without it.
    pub matching: Option<&'a str>,
    /// `active`, `any`, or as the API does without it.
    pub status: Option<&'a str>,
    /// Entries at most.
    pub limit: u32,
}

/// A server, and the key that it is asked with.
pub struct Client {
    address: Address,
    http: reqwest::Client,
    runtime: Runtime,
}

impl Client {
    /// A client of the server at an address. `authorities` is a file of
    /// certificates (PEM) that vouch for it beside those that the system trusts.
    pub fn new(
        address: Address,
        key: &str,
        authorities: Option<&Path>,
    ) -> Result<Client, ClientError> {
        let mut secret = HeaderValue::from_str(key).map_err(|_| ClientError::Key)?;
        secret.set_sensitive(true);
        // Whoever comes first decides for the process; both decide the same.
        let _ = ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("iocd/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([(
                "x-api-key".parse().expect("a name"),
                secret,
            )]))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            // The key is for this server, and for no other that it names.
            .redirect(Policy::none());
        if let Some(path) = authorities {
            let file = |problem: String| ClientError::Authorities {
                path: path.to_owned(),
                problem,
            };
            let pem = std::fs::read(path).map_err(|error| file(error.to_string()))?;
            let found =
                Certificate::from_pem_bundle(&pem).map_err(|error| file(error.to_string()))?;
            if found.is_empty() {
                return Err(file("there is no certificate in it".to_owned()));
            }
            builder = builder.tls_certs_merge(found);
        }
        Ok(Client {
            http: builder.build().map_err(ClientError::Setup)?,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(ClientError::Runtime)?,
            address,
        })
    }

    /// Has anyone seen this value? Answers the body of the API's search.
    pub fn search(&self, search: &Search<'_>) -> Result<Json, ClientError> {
        let limit = search.limit.to_string();
        let target = self.address.target(
            "/api/v1/iocs/search",
            &[
                ("q", Some(search.q)),
                ("type", search.kind.map(Kind::as_str)),
                ("match", search.matching),
                ("status", search.status),
                ("limit", Some(&limit)),
            ],
        );
        self.runtime.block_on(async {
            let response = self.send(|| self.http.get(&target)).await?;
            self.read_json(response).await
        })
    }

    /// Asks about each line of `input`; `tell` gets the answers, a line of JSON
    /// for each, as they come.
    pub fn search_lines(
        &self,
        request: &FileSearch,
        input: Box<dyn BufRead + Send>,
        tell: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), ClientError> {
        let limit = request.limit.map(|limit| limit.to_string());
        let target = self.address.target(
            "/api/v1/iocs/search",
            &[
                ("type", request.kind.map(Kind::as_str)),
                ("status", request.status.as_deref()),
                ("limit", limit.as_deref()),
            ],
        );
        self.runtime
            .block_on(lines::ask_each(self, &target, input, tell))
    }

    /// How would these values be read? `tell` gets a line of JSON for each.
    pub fn normalize(
        &self,
        kind: Option<Kind>,
        values: &[String],
        tell: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), ClientError> {
        let target = self
            .address
            .target("/api/v1/normalize", &[("type", kind.map(Kind::as_str))]);
        self.runtime
            .block_on(lines::ask_strings(self, &target, values, tell))
    }

    /// The newest entries, written as `iocd list` does.
    pub fn list(
        &self,
        kind: Option<Kind>,
        limit: u32,
        format: ListFormat,
    ) -> Result<String, ClientError> {
        self.runtime.block_on(list::list(self, kind, limit, format))
    }

    /// Which of these values are known.
    pub fn known_of(
        &self,
        values: Vec<Value>,
        status: Option<&str>,
    ) -> Result<Vec<Value>, ClientError> {
        self.runtime.block_on(known::find(self, values, status))
    }

    /// What is known about a value, as
    /// [`Operation::Known`](crate::operation::Operation::Known) tells it;
    /// `None` of one that is not known.
    pub fn describe(
        &self,
        kind: Kind,
        value: &str,
        status: Option<&str>,
    ) -> Result<Option<Json>, ClientError> {
        known::describe(self, kind, value, status)
    }

    /// Sends a request, again after a limit that opens soon.
    async fn send(
        &self,
        request: impl Fn() -> reqwest::RequestBuilder,
    ) -> Result<Response, ClientError> {
        loop {
            let response = request().send().await.map_err(|error| self.broken(error))?;
            if response.status() == StatusCode::OK {
                return Ok(response);
            }
            match wait_of(&response) {
                Some(seconds) => {
                    eprintln!(
                        "iocd: the key's limit at {} is used up: waiting {seconds} s",
                        self.address
                    );
                    tokio::time::sleep(Duration::from_secs(seconds)).await;
                }
                None => return Err(self.refusal(response).await),
            }
        }
    }

    async fn read_json(&self, response: Response) -> Result<Json, ClientError> {
        let body = response.bytes().await.map_err(|error| self.broken(error))?;
        serde_json::from_slice(&body).map_err(|error| self.unexpected(&error.to_string()))
    }

    /// What the server said instead of an answer.
    async fn refusal(&self, mut response: Response) -> ClientError {
        let status = response.status();
        let mut body = Vec::new();
        while let Ok(Some(piece)) = response.chunk().await {
            body.extend_from_slice(&piece);
            if body.len() > MAX_ERROR {
                break;
            }
        }
        ClientError::refused(&self.address, status, &body)
    }

    fn broken(&self, source: reqwest::Error) -> ClientError {
        ClientError::Unreachable {
            server: self.address.to_string(),
            // The target may be long, and the address is told already.
            source: source.without_url(),
        }
    }

    fn unexpected(&self, what: &str) -> ClientError {
        ClientError::Unexpected {
            server: self.address.to_string(),
            what: what.to_owned(),
        }
    }
}

/// Seconds until a key's limit opens again, if that is soon.
fn wait_of(response: &Response) -> Option<u64> {
    let seconds = (response.status() == StatusCode::TOO_MANY_REQUESTS)
        .then(|| response.headers().get("retry-after"))
        .flatten()
        .and_then(|seconds| seconds.to_str().ok()?.parse().ok())?;
    (seconds <= MAX_WAIT).then_some(seconds)
}
