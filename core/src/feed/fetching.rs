//! How a feed's documents are got: what its TOML says about it. Nothing is
//! fetched here.

use super::expect::Expect;

/// What a feed's TOML says about fetching it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fetching {
    /// It is fetched only where the settings name it: its terms do not suit
    /// everyone.
    pub on_request: bool,
    /// The host and port of its address may be private ones.
    pub allow_private: bool,
    /// Bytes of a document at most; `None`: as the settings say.
    pub max_size: Option<u64>,
    /// What proves who asks.
    pub auth: Option<Auth>,
    /// What its documents are like.
    pub expect: Expect,
    /// Pages of articles that are read in one run, at most. 0 for feeds of
    /// something else.
    pub pages: u32,
    /// Hosts on whose sites its articles stand besides its own.
    pub page_sites: Vec<String>,
}

/// What proves who asks: where a secret is, and how it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// How the secret travels.
    pub kind: AuthKind,
    /// Where the secret is.
    pub secret: SecretPlace,
}

/// How a secret travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthKind {
    /// `Authorization: Bearer SECRET`.
    Bearer,
    /// `Authorization: Basic`, the secret being the password (RFC 7617).
    Basic {
        /// The user.
        user: String,
    },
    /// A header field of its own.
    Header {
        /// Its name.
        name: String,
    },
    /// A parameter of the query.
    Query {
        /// Its name.
        name: String,
    },
}

/// Where a secret is. Never in a feed's TOML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// A variable of the environment.
    Env(String),
    /// A file that holds nothing else; blanks around it do not count.
    File(String),
}
