//! How feeds are.

use std::str::FromStr;

use iocd_core::export::{write_number, write_time};
use jiff::Timestamp;

/// Refused rows kept of each feed.
pub const MAX_REFUSED: usize = 1_000;

/// The state of a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// The latest attempt was good.
    #[default]
    Ok,
    /// There was no good fetch for longer than the feed's interval allows.
    Stale,
    /// The source refused the credentials.
    AuthFailed,
    /// The source asked to come back later.
    RateLimited,
    /// There was no answer.
    Unreachable,
    /// The answer differed too much from those before it to be believed.
    Suspicious,
    /// The latest list broke the feed's contract, and is held for the operator.
    Quarantined,
}

impl Condition {
    /// Every condition.
    pub const ALL: [Condition; 7] = [
        Condition::Ok,
        Condition::Stale,
        Condition::AuthFailed,
        Condition::RateLimited,
        Condition::Unreachable,
        Condition::Suspicious,
        Condition::Quarantined,
    ];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Condition::Ok => "ok",
            Condition::Stale => "stale",
            Condition::AuthFailed => "auth_failed",
            Condition::RateLimited => "rate_limited",
            Condition::Unreachable => "unreachable",
            Condition::Suspicious => "suspicious",
            Condition::Quarantined => "quarantined",
        }
    }
}

impl Condition {
    /// What it means for who relies on the feed.
    pub const fn health(self) -> Health {
        match self {
            Condition::Ok => Health::Healthy,
            Condition::Stale | Condition::RateLimited | Condition::Suspicious => Health::Degraded,
            Condition::AuthFailed | Condition::Unreachable | Condition::Quarantined => {
                Health::Error
            }
        }
    }
}

/// How far a feed can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It is read as it should be.
    Healthy,
    /// It is late, or its last document was odd: what was read before holds.
    Degraded,
    /// It cannot be read until somebody does something about it.
    Error,
}

impl Health {
    /// Every one, the best first.
    pub const ALL: [Health; 3] = [Health::Healthy, Health::Degraded, Health::Error];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Health::Healthy => "healthy",
            Health::Degraded => "degraded",
            Health::Error => "error",
        }
    }
}

impl FromStr for Condition {
    type Err = String;

    /// Reads the API's name; the error is what was given.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Condition::ALL
            .into_iter()
            .find(|condition| condition.as_str() == text)
            .ok_or_else(|| text.to_owned())
    }
}

/// What is known of a feed's readings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedState {
    /// The feed's short name.
    pub feed: String,
    /// How it is.
    pub condition: Condition,
    /// One sentence for the operator, where there is something to say.
    pub message: Option<String>,
    /// When it was last read with success.
    pub last_good_at: Option<Timestamp>,
    /// When it was last tried.
    pub last_attempt_at: Option<Timestamp>,
    /// From when on the latest good reading counts as stale; `None`: never.
    pub stale_at: Option<Timestamp>,
    /// Rows of the latest good reading that gave claims.
    pub rows_accepted: u64,
    /// Rows of the latest good reading that were refused.
    pub rows_refused: u64,
}

impl FeedState {
    /// How it is at a time: what was good grows stale by itself.
    pub fn condition_at(&self, now: Timestamp) -> Condition {
        match self.condition {
            Condition::Ok if self.stale_at.is_some_and(|at| at <= now) => Condition::Stale,
            condition => condition,
        }
    }
}

/// A row that gave no claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Line in the feed, from 1.
    pub line: u64,
    /// The row or its offending part, cut where long.
    pub text: String,
    /// Why.
    pub reason: String,
}

/// What was searched when the answer is "no".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Feeds that were ever tried.
    pub feeds: u64,
    /// Of them, those without a recent good fetch.
    pub stale: u64,
    /// Of them, those whose latest attempt failed.
    pub failing: u64,
    /// The oldest of the feeds' latest good fetches.
    pub oldest_fetch: Option<Timestamp>,
}

impl Coverage {
    pub(super) fn of<'a>(states: impl Iterator<Item = &'a FeedState>, now: Timestamp) -> Coverage {
        let mut coverage = Coverage::default();
        for state in states {
            coverage.feeds += 1;
            match state.condition_at(now) {
                Condition::Ok => {}
                Condition::Stale => coverage.stale += 1,
                _ => coverage.failing += 1,
            }
            coverage.oldest_fetch = match (coverage.oldest_fetch, state.last_good_at) {
                (Some(oldest), Some(fetch)) => Some(oldest.min(fetch)),
                (oldest, fetch) => oldest.or(fetch),
            };
        }
        coverage
    }

    pub(super) fn to_json(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(96);
        for (key, number) in [
            ("{\"feeds\":", self.feeds),
            (",\"stale\":", self.stale),
            (",\"failing\":", self.failing),
        ] {
            out.extend_from_slice(key.as_bytes());
            write_number(&mut out, number);
        }
        if let Some(fetch) = self.oldest_fetch {
            out.extend_from_slice(b",\"oldest_fetch\":\"");
            write_time(&mut out, fetch);
            out.push(b'"');
        }
        out.push(b'}');
        out
    }
}
