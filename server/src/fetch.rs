//! Getting documents from elsewhere, whoever runs the other end.
//!
//! [`Web`] is what the rest of the program knows of it: ask for a document,
//! get it in a file. [`Client`] is the one that opens connections; tests and
//! simulations have others. Nothing here knows what a feed is.
//!
//! What comes is hostile: sizes, times, redirects and what a body unpacks to
//! are bounded, and [`egress`] says which addresses may be connected to.

pub mod egress;

mod address;
mod body;
mod client;
mod coding;
mod error;
mod recording;
mod resolver;
mod retry;
mod secret;
mod spool;
mod turns;

use axum::http::HeaderMap;
use iocd_core::feed::fetching::Auth;

pub(crate) use address::{shown, shown_host};
pub use client::{Bounds, Client, Setup};
pub(crate) use coding::{LARGE, MAX_RATIO};
pub use error::FetchError;
pub use recording::Recorder;
pub(crate) use retry::read_date;
pub use retry::{MAX_RETRY_AFTER, read_retry_after};
pub use spool::{Hash, Spool, Spooled};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Its address.
    pub url: &'a str,
    /// The address that the operator knows: its scheme, host and port alone get
    /// the secret, and may be private ones.
    pub home: &'a str,
    /// What proves who asks.
    pub auth: Option<&'a Auth>,
    /// Whether `home` may be at a private address.
    pub allow_private: bool,
    /// Bytes of the body at most, after its `Content-Encoding` is undone.
    pub max_size: u64,
    /// Of the version that is here already.
    pub etag: Option<&'a str>,
    /// Of the version that is here already.
    pub last_modified: Option<&'a str>,
    /// Further fields of the request.
    pub fields: &'a [(&'a str, &'a str)],
}

/// What came.
#[derive(Debug)]
pub enum Answer {
    /// The version that is here is the current one.
    NotModified,
    /// A document.
    Document(Reply),
}

/// A document with what was told about it.
#[derive(Debug)]
pub struct Reply {
    /// Where it came from, once all redirects were followed.
    pub url: String,
    /// Header fields of the answer.
    pub fields: HeaderMap,
    /// The document, without its `Content-Encoding`.
    pub body: Spooled,
}

impl Reply {
    /// A header field, if it is one line of readable text.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.to_str().ok()
    }
}

/// Gets documents.
///
/// Waits for as long as that takes: not for threads that serve requests.
pub trait Web: Send + Sync {
    /// Gets one document. An answer other than a document is an error, but for
    /// "not modified" where that was asked.
    fn get(&self, request: &Request<'_>) -> Result<Answer, FetchError>;
}
