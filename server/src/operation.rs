//! What commands ask of the process that owns the data directory: the same
//! words whether it is this process or one behind `control.sock`.

use std::path::{Path, PathBuf};

use iocd_core::matching::{MIN_PART, Part};
use iocd_core::query::{Filter, Matching, Page, StatusFilter};
use iocd_core::value::Kind;
use iocd_index::IndexError;
use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::backup::{self, BackupError};
use crate::bulk::{DEFAULT_LIMIT, Interruption, MAX_LIMIT, Purpose};
use crate::config::read_network;
use crate::control::{Account, ControlError, KeyInfo, KeyRequest, Scope, Scopes};
use crate::http::search::{Asked, answer};
use crate::owner::Node;
use crate::store::StoreError;
use crate::store::embedded::History;

mod known;
mod listing;
mod ruling;
mod warned;

pub use ruling::Denial;

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Operation {
    /// Has anyone seen this value? Answers the body of the API's search.
    Search {
        /// As a person would paste it.
        q: String,
        /// Read it only so.
        kind: Option<Kind>,
        /// `exact`, `cascade`, `contains`, or as the API does without it.
        matching: Option<String>,
        /// `active`, `any`, or as the API does without it.
        status: Option<String>,
        /// Entries at most.
        limit: u32,
    },
    /// Which of these values are known? Answers an array, for each known one
    /// `{"type", "value", "entries": [{"value", "source", "category",
    /// "confidence", "status", "match"}], "warnings": […]}`, in the order
    /// asked; at most [`MAX_TOLD`] entries each.
    Known {
        /// Canonical values with their types.
        values: Vec<(Kind, String)>,
        /// As in `Search`.
        status: Option<String>,
    },
    /// What the store holds, newest first. Answers `{"body": text}`.
    List {
        /// Only this type.
        kind: Option<Kind>,
        /// Entries at most.
        limit: u32,
        /// `json`, `csv` or `txt`.
        format: ListFormat,
    },
    /// Makes a key. Answers the key with its secret.
    CreateKey {
        /// Its name.
        name: String,
        /// The account that holds it.
        account: String,
        /// Its tier; the account's if not given.
        tier: Option<String>,
        /// Its scopes; those for reading if none.
        scopes: Vec<String>,
        /// Days until it is no longer taken.
        expires_in_days: Option<u32>,
        /// From where it may be used; from anywhere if none.
        networks: Vec<String>,
    },
    /// Every key.
    ListKeys,
    /// Ends a key, by id or prefix.
    RevokeKey {
        /// Its id or prefix.
        key: String,
    },
    /// Makes an account.
    CreateAccount {
        /// Its name.
        name: String,
        /// Its tier.
        tier: String,
    },
    /// Every account.
    ListAccounts,
    /// Writes a backup. Answers its [`Summary`](crate::backup::Summary).
    Backup {
        /// Where to: an absolute path.
        dir: PathBuf,
    },
    /// Compacts the claim store. Answers `{"before": {"versions", "bytes"},
    /// "after": {"versions", "bytes"}, "since"}`.
    Compact {
        /// Days for which what happened is kept; as the settings say if not given.
        history_days: Option<u32>,
    },
    /// Puts a value, a network or `*.domain` among the known-good ones. Answers
    /// `[{"pattern", "type", "entries"}]`, `entries` only of a single value.
    Allow {
        /// In any spelling.
        text: String,
        /// Read it only so.
        kind: Option<Kind>,
        /// Why.
        reason: String,
    },
    /// Takes it off again. Answers `[{"pattern", "type"}]`.
    Disallow {
        /// In any spelling.
        text: String,
        /// Read it only so.
        kind: Option<Kind>,
    },
    /// What is allowed: `[{"pattern", "type", "reason", "added_at"}]`.
    ListAllowed,
    /// Claims under the operator's own name that something is bad. Answers
    /// `[{"pattern", "type"}]`.
    Deny(Denial),
    /// Ends that claim. Answers `[{"pattern", "type"}]`.
    Undeny {
        /// In any spelling.
        text: String,
        /// Read it only so.
        kind: Option<Kind>,
    },
    /// What is denied and has not expired: `[{"pattern", "type", "confidence",
    /// "tags", "reason", "added_at", "expires_at"}]`.
    ListDenied,
    /// The warning lists in force: `[{"name", "title", "entries", "refused",
    /// "withholds"}]`.
    ListWarnings,
    /// Which warning lists cover this value? Answers for each reading
    /// `{"type", "value", "warnings": [{"name", "withholds"}]}`.
    Warned {
        /// In any spelling.
        q: String,
        /// Read it only so.
        kind: Option<Kind>,
    },
}

/// Entries that are told of one known value.
pub const MAX_TOLD: u32 = 16;

/// Which answers are wanted to a file of values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSearch {
    /// Read the values only so.
    pub kind: Option<Kind>,
    /// `active`, `any`, or as the API does without it.
    pub status: Option<String>,
    /// Entries for each value at most; 10 if not given, never more than 100.
    pub limit: Option<u32>,
}

impl FileSearch {
    /// The same in the words of the bulk search.
    pub(crate) fn purpose(&self) -> Result<Purpose, OperationError> {
        Ok(Purpose::Search {
            kind: self.kind,
            status: read_status(self.status.as_deref())?,
            limit: self.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT),
        })
    }
}

/// How a list is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ListFormat {
    /// As the API.
    #[default]
    Json,
    /// Comma-separated values with a header.
    Csv,
    /// One value a line.
    Txt,
}

/// An operation was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// What was given is not right.
    #[error("{0}")]
    Invalid(String),
    /// About accounts and keys.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// About claims.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// About backups.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

impl From<Interruption> for OperationError {
    fn from(interruption: Interruption) -> OperationError {
        match interruption {
            Interruption::Store(error) => OperationError::Store(error),
            other => OperationError::Invalid(other.to_string()),
        }
    }
}

/// Does an operation on the open stores. Some wait for the disk: not for
/// threads that serve requests.
pub async fn perform(operation: Operation, node: &Node) -> Result<Json, OperationError> {
    let now = node.clock.now();
    match operation {
        Operation::Search {
            q,
            kind,
            matching,
            status,
            limit,
        } => {
            let asked = Asked {
                text: q.into(),
                kind,
                matching: read_matching(matching.as_deref())?,
                status: read_status(status.as_deref())?,
                page: Page { offset: 0, limit },
                related: false,
                explain: false,
                as_of: None,
            };
            if asked.matching == Matching::Contains && Part::read(&asked.text).is_none() {
                let message = format!(
                    "{:?}: expected at least {MIN_PART} characters to look for in values",
                    asked.text
                );
                return Err(OperationError::Invalid(message));
            }
            let warnings = node.warnings.current();
            let body = answer(&asked, &*node.store, &node.control, &warnings, now).await?;
            Ok(serde_json::from_slice(&body).expect("the API's answers are JSON"))
        }
        Operation::Known { values, status } => {
            let status = read_status(status.as_deref())?;
            let warnings = node.warnings.current();
            known::find(&values, status, &*node.store, &warnings, now).await
        }
        Operation::List {
            kind,
            limit,
            format,
        } => {
            let filter = Filter {
                kind,
                ..Filter::default()
            };
            listing::list(node, &filter, limit, format, now).await
        }
        Operation::CreateKey {
            name,
            account,
            tier,
            scopes,
            expires_in_days,
            networks,
        } => {
            let scopes = read_scopes(&scopes)?;
            let networks = networks
                .iter()
                .map(|text| network(text))
                .collect::<Result<_, _>>()?;
            let request = KeyRequest {
                account,
                name,
                tier,
                scopes,
                expires_in_days,
                networks,
            };
            let (info, secret) = node.control.create_key(&request)?;
            let mut key = key_json(&info, now);
            key["secret"] = secret.reveal().into();
            Ok(key)
        }
        Operation::ListKeys => Ok(node
            .control
            .keys()?
            .iter()
            .map(|key| key_json(key, now))
            .collect()),
        Operation::RevokeKey { key } => Ok(key_json(&node.control.revoke_key(&key)?, now)),
        Operation::CreateAccount { name, tier } => {
            Ok(account_json(&node.control.create_account(&name, &tier)?))
        }
        Operation::Backup { dir } => back_up(node, &dir),
        Operation::Compact { history_days } => compact(node, history_days),
        Operation::ListAccounts => Ok(node.control.accounts()?.iter().map(account_json).collect()),
        Operation::Allow { text, kind, reason } => {
            ruling::allow(node, &text, kind, &reason, now).await
        }
        Operation::Disallow { text, kind } => ruling::disallow(node, &text, kind).await,
        Operation::ListAllowed => ruling::list_allowed(node),
        Operation::Deny(denial) => ruling::deny(node, &denial, now).await,
        Operation::Undeny { text, kind } => ruling::undeny(node, &text, kind, now).await,
        Operation::ListDenied => ruling::list_denied(node, now).await,
        Operation::ListWarnings => Ok(warned::list(&node.warnings.current())),
        Operation::Warned { q, kind } => Ok(warned::find(&q, kind, &node.warnings.current())),
    }
}

fn compact(node: &Node, history_days: Option<u32>) -> Result<Json, OperationError> {
    let history = History {
        days: history_days.unwrap_or(node.history.days),
        ..node.history.clone()
    };
    let index = node.store.index();
    // Until the store is closed: a stop does not wait for it.
    let done = index.compact(&history.retention(), &mut || index.refusal().is_none());
    let done = done.map_err(|error| match error {
        IndexError::NotCompacted { .. } => OperationError::Invalid(error.to_string()),
        error => OperationError::Store(error.into()),
    })?;
    Ok(json!({
        "before": {"versions": done.versions_before, "bytes": done.bytes_before},
        "after": {"versions": done.versions_after, "bytes": done.bytes_after},
        "since": done.since.map(|since| since.to_string()),
    }))
}

fn back_up(node: &Node, dir: &Path) -> Result<Json, OperationError> {
    let summary = backup::write(node, dir)?;
    Ok(serde_json::to_value(summary).expect("a summary is plain data"))
}

fn read_matching(name: Option<&str>) -> Result<Matching, OperationError> {
    let Some(name) = name else {
        return Ok(Matching::default());
    };
    Matching::from_name(name).ok_or_else(|| {
        let names = Matching::ALL.map(Matching::as_str).join(", ");
        OperationError::Invalid(format!("match {name:?}: expected one of {names}"))
    })
}

/// The `status` of a question.
pub fn read_status(name: Option<&str>) -> Result<StatusFilter, OperationError> {
    match name {
        None => Ok(StatusFilter::Seen),
        Some("active") => Ok(StatusFilter::Active),
        Some("any") => Ok(StatusFilter::Any),
        Some(other) => {
            let message = format!("status {other:?}: expected active or any");
            Err(OperationError::Invalid(message))
        }
    }
}

/// None for those that a key has where nobody says.
fn read_scopes(names: &[String]) -> Result<Option<Scopes>, ControlError> {
    if names.is_empty() {
        return Ok(None);
    }
    let scopes = names.iter().map(|name| name.parse::<Scope>());
    scopes.collect::<Result<Scopes, _>>().map(Some)
}

fn network(text: &str) -> Result<IpNet, OperationError> {
    read_network(text).ok_or_else(|| {
        OperationError::Invalid(format!(
            "network {text:?}: expected an address or a network, 192.0.2.0/24"
        ))
    })
}

fn account_json(account: &Account) -> Json {
    json!({
        "name": account.name,
        "tier": account.tier,
        "created_at": account.created_at.to_string(),
    })
}

/// A key without its secret.
fn key_json(key: &KeyInfo, now: Timestamp) -> Json {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let status = if key.revoked_at.is_some() {
        "revoked"
    } else if key.expires_at.is_some_and(|end| end <= now) {
        "expired"
    } else {
        "active"
    };
    json!({
        "id": key.id,
        "prefix": key.prefix,
        "name": key.name,
        "account": key.account,
        "tier": key.tier,
        "status": status,
        "scopes": key.scopes.iter().map(Scope::as_str).collect::<Vec<_>>(),
        "created_at": key.created_at.to_string(),
        "expires_at": time(key.expires_at),
        "revoked_at": time(key.revoked_at),
        "last_used_at": time(key.last_used_at),
        "networks": key.networks.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
