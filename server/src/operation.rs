//! What commands ask of the process that owns the data directory: the same
//! words whether it is this process or one behind `control.sock`.

use std::path::{Path, PathBuf};

use iocd_core::query::{Filter, Matching, Page, StatusFilter};
use iocd_core::value::Kind;
use iocd_index::IndexError;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::backup::{self, BackupError};
use crate::bulk::{DEFAULT_LIMIT, Interruption, MAX_LIMIT, Purpose};
use crate::control::{Account, ControlError};
use crate::http::search::{Asked, Asking, answer};
use crate::owner::Node;
use crate::store::StoreError;
use crate::store::embedded::History;

pub(crate) mod feeds;
mod keys;
mod known;
mod listing;
mod ruling;
pub(crate) mod warned;

pub use keys::NewKey;
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
    CreateKey(NewKey),
    /// Every key.
    ListKeys,
    /// One key.
    ShowKey {
        /// Its id or prefix.
        key: String,
    },
    /// Ends a key, by id or prefix.
    RevokeKey {
        /// Its id or prefix.
        key: String,
        /// Why.
        reason: Option<String>,
    },
    /// How much a key was used. Answers what the API does.
    KeyUsage {
        /// Its id or prefix.
        key: String,
        /// Days, today the last of them.
        days: u32,
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
    /// "after": {"versions", "bytes"}, "since", "entries_gone"}`.
    Compact {
        /// Days for which what happened is kept; as the settings say if not given.
        history_days: Option<u32>,
        /// Days after which entries that have ended go; as the settings say if
        /// not given.
        ended_days: Option<u32>,
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
    /// How the feeds are: `[{"name", "state", …}]`, of those that have a
    /// schedule or were ever tried.
    ListFeeds,
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
            let asked = asked
                .checked()
                .map_err(|error| OperationError::Invalid(error.message().to_owned()))?;
            let asking = Asking {
                store: &*node.store,
                control: &node.control,
                warnings: &node.warnings.current(),
                is_abandoned: &|| false,
            };
            let body = answer(&asked, asking, now).await?;
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
        Operation::CreateKey(new) => keys::create(&node.control, new),
        Operation::ListKeys => keys::list(&node.control),
        Operation::ShowKey { key } => keys::show(&node.control, &key),
        Operation::RevokeKey { key, reason } => {
            keys::revoke(&node.control, &key, reason.as_deref())
        }
        Operation::KeyUsage { key, days } => keys::tell_usage(&node.control, &key, days),
        Operation::CreateAccount { name, tier } => {
            Ok(account_json(&node.control.create_account(&name, &tier)?))
        }
        Operation::Backup { dir } => back_up(node, &dir),
        Operation::Compact {
            history_days,
            ended_days,
        } => compact(node, history_days, ended_days),
        Operation::ListAccounts => Ok(node.control.accounts()?.iter().map(account_json).collect()),
        Operation::Allow { text, kind, reason } => {
            ruling::allow(node, &text, kind, &reason, now).await
        }
        Operation::Disallow { text, kind } => ruling::disallow(node, &text, kind).await,
        Operation::ListAllowed => ruling::list_allowed(node),
        Operation::Deny(denial) => ruling::deny(node, &denial, now).await,
        Operation::Undeny { text, kind } => ruling::undeny(node, &text, kind, now).await,
        Operation::ListDenied => ruling::list_denied(node, now).await,
        Operation::ListFeeds => Ok(feeds::list(&node.control, &node.runner, now)),
        Operation::ListWarnings => Ok(warned::list(&node.warnings.current())),
        Operation::Warned { q, kind } => Ok(warned::find(&q, kind, &node.warnings.current())),
    }
}

fn compact(
    node: &Node,
    history_days: Option<u32>,
    ended_days: Option<u32>,
) -> Result<Json, OperationError> {
    let days = history_days.unwrap_or(node.history.days);
    if let Some(ended) = ended_days.filter(|&ended| ended < days) {
        return Err(OperationError::Invalid(format!(
            "--ended {ended}: what ended within the last {days} days is history, which is kept:              give at least that, or less with --history, too"
        )));
    }
    let history = History {
        days,
        ended_days: ended_days.or(node.history.ended_days),
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
        "entries_gone": done.claims_gone,
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

fn account_json(account: &Account) -> Json {
    json!({
        "name": account.name,
        "tier": account.tier,
        "created_at": account.created_at.to_string(),
    })
}
