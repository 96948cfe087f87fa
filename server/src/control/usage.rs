//! How much keys are used: counted in memory, written down every few seconds.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use jiff::Timestamp;

use crate::limit::Meter;

/// Rate windows and counters of one key.
#[derive(Debug, Default)]
pub struct Activity {
    /// Its rate windows.
    pub meter: Meter,
    succeeded: AtomicU64,
    client_errors: AtomicU64,
    server_errors: AtomicU64,
    limited: AtomicU64,
    /// Unix seconds of the latest request, 0 before the first.
    last_used: AtomicI64,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Status below 400.
    Succeeded,
    /// Status 400 to 499, other than 429.
    ClientError,
    /// Status 500 and above.
    ServerError,
    /// Status 429.
    Limited,
}

impl Outcome {
    /// The outcome that a status stands for.
    pub const fn of_status(status: u16) -> Outcome {
        match status {
            429 => Outcome::Limited,
            500.. => Outcome::ServerError,
            400..=499 => Outcome::ClientError,
            _ => Outcome::Succeeded,
        }
    }
}

/// Requests of one key in one hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The key's id.
    pub key: String,
    /// Hours since 1970.
    pub hour: i64,
    /// Requests per [`Outcome`].
    pub succeeded: u64,
    /// See [`Outcome::ClientError`].
    pub client_errors: u64,
    /// See [`Outcome::ServerError`].
    pub server_errors: u64,
    /// See [`Outcome::Limited`].
    pub limited: u64,
    /// Time of the latest request.
    pub last_used_at: Option<Timestamp>,
}

impl Activity {
    /// Counts a request.
    pub fn count(&self, outcome: Outcome, now: Timestamp) {
        let counter = match outcome {
            Outcome::Succeeded => &self.succeeded,
            Outcome::ClientError => &self.client_errors,
            Outcome::ServerError => &self.server_errors,
            Outcome::Limited => &self.limited,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let second = now.as_second();
        if self.last_used.load(Ordering::Relaxed) < second {
            self.last_used.fetch_max(second, Ordering::Relaxed);
        }
    }

    /// Takes what was counted since the last time.
    pub(super) fn take(&self, key: &str, hour: i64) -> Option<Usage> {
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        let usage = Usage {
            key: key.to_owned(),
            hour,
            succeeded: take(&self.succeeded),
            client_errors: take(&self.client_errors),
            server_errors: take(&self.server_errors),
            limited: take(&self.limited),
            last_used_at: Timestamp::from_second(self.last_used.load(Ordering::Relaxed)).ok(),
        };
        (usage.total() > 0).then_some(usage)
    }

    /// Counts again what could not be written down.
    pub(super) fn give_back(&self, usage: &Usage) {
        for (counter, count) in [
            (&self.succeeded, usage.succeeded),
            (&self.client_errors, usage.client_errors),
            (&self.server_errors, usage.server_errors),
            (&self.limited, usage.limited),
        ] {
            counter.fetch_add(count, Ordering::Relaxed);
        }
    }
}

impl Usage {
    /// Requests of every outcome.
    pub const fn total(&self) -> u64 {
        self.succeeded + self.client_errors + self.server_errors + self.limited
    }
}
