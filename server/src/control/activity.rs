//! How much a key is used, as it happens: counted in memory, with nothing but
//! additions that wait for nobody, and taken every few seconds to be written down.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::holding::Holding;
use super::latency::Histogram;
use super::usage::Counted;
use crate::endpoint::{Endpoint, MAX_ENDPOINTS};
use crate::limit::Meter;

/// Statuses that are told apart, the usual ones first. Another counts as the
/// first one of its class.
const STATUSES: [u16; 27] = [
    200, 304, 201, 429, 404, 400, 401, 403, 202, 204, 206, 300, 405, 406, 408, 409, 410, 412, 413,
    414, 415, 416, 422, 431, ABANDONED, 500, 503,
];

/// Counts as the status of a request whose client went away before there was
/// an answer: no response has it. Web servers log it so.
pub const ABANDONED: u16 = 499;

/// Rate windows, counters and share of one key.
#[derive(Debug, Default)]
pub struct Activity {
    /// Its rate windows.
    pub meter: Meter,
    /// What it has of what all keys share.
    pub holding: Holding,
    /// Made with the first request: most keys of a large directory rest.
    tally: OnceLock<Box<Tally>>,
    /// Unix seconds of the latest request, 0 before the first.
    last_used: AtomicI64,
}

/// Counts since they were last taken.
#[derive(Debug)]
struct Tally {
    statuses: [AtomicU32; STATUSES.len()],
    endpoints: [AtomicU32; MAX_ENDPOINTS],
    latencies: Histogram,
}

impl Default for Tally {
    fn default() -> Self {
        Tally {
            statuses: [const { AtomicU32::new(0) }; STATUSES.len()],
            endpoints: [const { AtomicU32::new(0) }; MAX_ENDPOINTS],
            latencies: Histogram::default(),
        }
    }
}

impl Activity {
    /// Counts a request that was answered with `status` after `elapsed`. One
    /// to what is no endpoint counts as a request, and to none.
    pub fn count(&self, endpoint: Endpoint, status: u16, elapsed: Duration, now: Timestamp) {
        let second = now.as_second();
        if self.last_used.load(Ordering::Relaxed) < second {
            self.last_used.fetch_max(second, Ordering::Relaxed);
        }
        let tally = self.tally.get_or_init(Box::default);
        if endpoint != Endpoint::OTHER {
            tally.endpoints[endpoint.index()].fetch_add(1, Ordering::Relaxed);
        }
        tally.latencies.count(elapsed);
        // Last: where there is none of these, there is nothing else to take.
        tally.statuses[slot_of(status)].fetch_add(1, Ordering::Relaxed);
    }

    /// Takes what was counted since the last time, if anything was.
    pub(super) fn take(&self, key: &str, hour: i64) -> Option<Counted> {
        let mut counted = Counted {
            key: key.to_owned(),
            hour,
            windows: self.meter.take_changed(),
            ..Counted::default()
        };
        if let Some(tally) = self.tally.get() {
            counted.statuses = taken(STATUSES.into_iter().zip(&tally.statuses));
            if !counted.statuses.is_empty() {
                counted.endpoints = taken((0..).zip(&tally.endpoints));
                counted.latencies = tally.latencies.take();
                let second = self.last_used.load(Ordering::Relaxed);
                counted.last_used_at = Timestamp::from_second(second).ok();
            }
        }
        (!counted.is_empty()).then_some(counted)
    }

    /// Counts again what could not be written down.
    pub(super) fn give_back(&self, counted: &Counted) {
        self.meter.give_back(&counted.windows);
        let tally = self.tally.get_or_init(Box::default);
        for (endpoint, count) in &counted.endpoints {
            tally.endpoints[*endpoint].fetch_add(*count, Ordering::Relaxed);
        }
        tally.latencies.give_back(&counted.latencies);
        for (status, count) in &counted.statuses {
            tally.statuses[slot_of(*status)].fetch_add(*count, Ordering::Relaxed);
        }
    }
}

/// What is counted of each, leaving nothing.
fn taken<'a, T>(counters: impl Iterator<Item = (T, &'a AtomicU32)>) -> Vec<(T, u32)> {
    counters
        .map(|(what, counter)| (what, counter.swap(0, Ordering::Relaxed)))
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn slot_of(status: u16) -> usize {
    let position = |status| STATUSES.iter().position(|known| *known == status);
    position(status)
        .or_else(|| position(status / 100 * 100))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Code;

    #[test]
    fn every_status_of_an_error_is_told_apart() {
        for code in Code::ALL {
            let status = code.status().as_u16();
            assert_eq!(STATUSES[slot_of(status)], status);
        }
        for (status, counts_as) in [(200, 200), (304, 304), (226, 200), (418, 400), (599, 500)] {
            assert_eq!(STATUSES[slot_of(status)], counts_as, "{status}");
        }
    }

    #[test]
    fn what_is_taken_is_gone_until_it_is_given_back() {
        let activity = Activity::default();
        assert_eq!(activity.take("a", 1), None);
        let endpoint = Endpoint::named("GET /api/v1/iocs");
        let now = Timestamp::from_second(7).unwrap();
        activity.count(endpoint, 200, Duration::from_millis(1), now);
        activity.count(endpoint, 404, Duration::from_millis(1), now);
        let taken = activity.take("a", 1).unwrap();
        assert_eq!(taken.statuses, [(200, 1), (404, 1)]);
        assert_eq!(taken.endpoints, [(endpoint.index(), 2)]);
        assert_eq!(taken.last_used_at, Some(now));
        assert_eq!(activity.take("a", 1), None);
        activity.give_back(&taken);
        assert_eq!(activity.take("a", 1), Some(taken));
        activity.count(Endpoint::OTHER, 404, Duration::ZERO, now);
        let taken = activity.take("a", 1).unwrap();
        assert_eq!(
            (&*taken.statuses, &*taken.endpoints),
            (&[(404, 1)][..], &[][..])
        );
    }
}
