//! Why there is no document.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::control::Condition;

/// Why there is no document. No message has a secret or a query in it.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address cannot be fetched from at all.
    #[error("{url}: {problem}")]
    Address {
        /// Without user, password and query.
        url: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// What is there may not be connected to.
    #[error(
        "{host} is at {address}, which is {objection}: nothing but the public Internet is fetched from, unless the feed says allow_private = true for its own host and port"
    )]
    Refused {
        /// As the address names it.
        host: String,
        /// Where it is.
        address: std::net::IpAddr,
        /// What is wrong with that.
        objection: &'static str,
    },
    /// There was no connection, or no answer on it that holds.
    #[error("{host}: {problem}")]
    Unreachable {
        /// Who was asked.
        host: String,
        /// What happened, with causes.
        problem: String,
    },
    /// It took too long.
    #[error("{host}: {what}")]
    TooSlow {
        /// Who was asked.
        host: String,
        /// What took too long.
        what: String,
    },
    /// The answer is none that has a document.
    #[error("{host} answered {status}{}", .hint.as_deref().map(|hint| format!(": {hint}")).unwrap_or_default())]
    Status {
        /// Who was asked.
        host: String,
        /// HTTP's number.
        status: u16,
        /// What that means here, where it is not plain.
        hint: Option<String>,
        /// After which time to come again, if it says so.
        retry_after: Option<Duration>,
    },
    /// A redirect that is not followed.
    #[error("{from} redirects to {to}: {problem}")]
    Redirect {
        /// Without query.
        from: String,
        /// Without query.
        to: String,
        /// Why it is not followed.
        problem: String,
    },
    /// The body is not what it should be: too large, a bomb, badly packed.
    #[error("{host}: {problem}")]
    Body {
        /// Who sent it.
        host: String,
        /// What is wrong with it.
        problem: String,
    },
    /// There is no secret to ask with.
    #[error("the feed's secret: {0}")]
    Secret(String),
    /// What came could not be kept here.
    #[error("{}: {source}", .path.display())]
    Spool {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// This process cannot make connections.
    #[error("connections cannot be made: {0}")]
    Setup(String),
    /// This process is ending.
    #[error("the server is stopping")]
    Stopped,
}

impl FetchError {
    /// What it says of the feed; `None` where it is no fault of the other end's.
    pub fn condition(&self) -> Option<Condition> {
        Some(match self {
            FetchError::Secret(_)
            | FetchError::Status {
                status: 401 | 403 | 407,
                ..
            } => Condition::AuthFailed,
            FetchError::Status { status: 429, .. } => Condition::RateLimited,
            FetchError::Status {
                status: 100..=399, ..
            }
            | FetchError::Redirect { .. }
            | FetchError::Body { .. } => Condition::Suspicious,
            FetchError::Status { .. }
            | FetchError::Address { .. }
            | FetchError::Refused { .. }
            | FetchError::Unreachable { .. }
            | FetchError::TooSlow { .. } => Condition::Unreachable,
            FetchError::Spool { .. } | FetchError::Setup(_) | FetchError::Stopped => return None,
        })
    }

    /// After which time the other end wants to be asked again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            FetchError::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
