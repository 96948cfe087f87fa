//! How much keys are used, as it is written down and told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::latency::Latency;
use super::{Control, ControlError, lock};
use crate::limit::{Changed, DAY_WIDTH, MINUTE_WIDTH};

/// Days for which usage is kept, and that can be asked for at a time.
pub const MAX_USAGE_DAYS: u32 = 90;
/// Days that are told where nobody says.
pub const DEFAULT_USAGE_DAYS: u32 = 30;
/// Endpoints that are told.
const TOP: usize = 10;

const SECONDS_IN_HOUR: i64 = 3_600;
const SECONDS_IN_DAY: i64 = 24 * SECONDS_IN_HOUR;

/// What was counted of one key since the last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// The key's id.
    pub key: String,
    /// When it was taken, in hours since 1970.
    pub hour: i64,
    /// Requests by status.
    pub statuses: Vec<(u16, u32)>,
    /// Requests by the number of their [`Endpoint`](crate::endpoint::Endpoint).
    pub endpoints: Vec<(usize, u32)>,
    /// Requests by the bucket of the time that they took.
    pub latencies: Vec<(u32, u32)>,
    /// What changed in the rate windows.
    pub windows: Vec<Changed>,
    /// When the key was last used.
    pub last_used_at: Option<Timestamp>,
}

impl Counted {
    pub(super) fn is_empty(&self) -> bool {
        self.statuses.is_empty() && self.windows.is_empty()
    }

    /// Requests of every status.
    pub(super) fn total(&self) -> u64 {
        self.statuses
            .iter()
            .map(|(_, count)| u64::from(*count))
            .sum()
    }
}

/// What was written down of a bucket of a key's rate window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowCount {
    /// The key's id.
    pub key: String,
    /// See [`Changed::width`].
    pub width: u64,
    /// The bucket's number since 1970.
    pub bucket: u64,
    /// Requests in it.
    pub count: u32,
}

/// What was written down of one key from some day on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredUsage {
    /// Requests by hour since 1970 and status, in their order.
    pub statuses: Vec<(i64, u16, u64)>,
    /// Requests by name of the endpoint, most first.
    pub endpoints: Vec<(String, u64)>,
    /// Requests by bucket of the time that they took, in the order of buckets.
    pub latencies: Vec<(u32, u64)>,
    /// The highest count of each rate window, by its width.
    pub peaks: Vec<(u64, u32)>,
}

/// How much a key was used in some days, today the last of them. It does not
/// have what was counted in the last few seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageReport {
    /// The key's id.
    pub key: String,
    /// How many days.
    pub days: u32,
    /// Requests by status; a rare one counts as the first of its class.
    pub statuses: BTreeMap<u16, u64>,
    /// How long answers took; `None` if there were none.
    pub latency: Option<Latency>,
    /// The most requests in 60 seconds, where they are limited.
    pub peak_per_minute: Option<u32>,
    /// The most requests in 24 hours, where they are limited.
    pub peak_per_day: Option<u32>,
    /// The ten endpoints that were asked most, and how often.
    pub endpoints: Vec<(String, u64)>,
    /// Each day, newest first: its first moment, requests, and errors among them.
    pub daily: Vec<(Timestamp, u64, u64)>,
    /// Hours with requests over a limit, newest first, and how many.
    pub limited: Vec<(Timestamp, u64)>,
}

impl Control {
    /// Writes down what was counted since the last time. What could not be
    /// written stays counted.
    pub fn flush_usage(&self) -> Result<(), ControlError> {
        let now = self.clock.now();
        self.forget_old_usage(now)?;
        let hour = now.as_second().div_euclid(SECONDS_IN_HOUR);
        let (taken, counted): (Vec<_>, Vec<_>) = lock(&self.activities)
            .iter()
            .filter_map(|(key, activity)| Some((activity.clone(), activity.take(key, hour)?)))
            .unzip();
        if counted.is_empty() {
            return Ok(());
        }
        self.records.add_usage(&counted).inspect_err(|_| {
            for (activity, counted) in taken.iter().zip(&counted) {
                activity.give_back(counted);
            }
        })
    }

    /// How much a key was used in the last `days` days, at most
    /// [`MAX_USAGE_DAYS`], as far as it was written down.
    pub fn usage(&self, key: &str, days: u32) -> Result<UsageReport, ControlError> {
        let days = days.clamp(1, MAX_USAGE_DAYS);
        let today = day_of(self.clock.now());
        let first = today - i64::from(days - 1);
        let stored = self.records.usage(key, first)?;
        Ok(UsageReport::of(key, days, today, stored))
    }

    /// Once a day: what is older than can be asked for is not kept.
    fn forget_old_usage(&self, now: Timestamp) -> Result<(), ControlError> {
        let today = day_of(now);
        let mut forgotten = lock(&self.forgotten);
        if *forgotten != Some(today) {
            self.records
                .forget_usage(today - i64::from(MAX_USAGE_DAYS - 1), now)?;
            *forgotten = Some(today);
        }
        Ok(())
    }

    /// Takes up the rate windows that an earlier process wrote down.
    pub(super) fn restore_windows(&self) -> Result<(), ControlError> {
        let now = self.clock.now().as_second().max(0).unsigned_abs();
        let mut activities = lock(&self.activities);
        for window in self.records.windows()? {
            // What left even the longer window long ago costs no memory.
            let end = window.bucket.saturating_add(1).saturating_mul(window.width);
            if end.saturating_add(SECONDS_IN_DAY.unsigned_abs()) >= now {
                let activity = activities.entry(window.key).or_default();
                activity
                    .meter
                    .restore(window.width, window.bucket, window.count);
            }
        }
        Ok(())
    }
}

/// Days since 1970.
fn day_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(SECONDS_IN_DAY)
}

fn time_of(number: i64, seconds: i64) -> Timestamp {
    Timestamp::from_second(number.saturating_mul(seconds)).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl UsageReport {
    fn of(key: &str, days: u32, today: i64, stored: StoredUsage) -> UsageReport {
        let mut statuses = BTreeMap::new();
        let mut daily: Vec<_> = (0..i64::from(days))
            .map(|back| (time_of(today - back, SECONDS_IN_DAY), 0, 0))
            .collect();
        let mut limited = Vec::new();
        for (hour, status, count) in stored.statuses {
            *statuses.entry(status).or_default() += count;
            let back = usize::try_from(today - hour.div_euclid(24)).ok();
            if let Some((_, requests, errors)) = back.and_then(|back| daily.get_mut(back)) {
                *requests += count;
                *errors += if status >= 400 { count } else { 0 };
            }
            if status == 429 {
                limited.push((time_of(hour, SECONDS_IN_HOUR), count));
            }
        }
        limited.reverse();
        let peak = |width| stored.peaks.iter().find(|(w, _)| *w == width);
        let mut endpoints = stored.endpoints;
        endpoints.truncate(TOP);
        UsageReport {
            key: key.to_owned(),
            days,
            statuses,
            latency: Latency::of(&stored.latencies),
            peak_per_minute: peak(MINUTE_WIDTH).map(|(_, peak)| *peak),
            peak_per_day: peak(DAY_WIDTH).map(|(_, peak)| *peak),
            endpoints,
            daily,
            limited,
        }
    }

    /// Requests whose status is in the range.
    pub fn count(&self, statuses: std::ops::Range<u16>) -> u64 {
        self.statuses.range(statuses).map(|(_, count)| count).sum()
    }

    /// Requests of every status.
    pub fn total(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// As `GET /api/v1/keys/{id}/usage` tells it.
    pub fn to_json(&self) -> Json {
        let (total, successful) = (self.total(), self.count(0..400));
        let latency = |part: fn(&Latency) -> f64| self.latency.as_ref().map(|l| rounded(part(l)));
        let by_status: serde_json::Map<_, _> = self
            .statuses
            .iter()
            .map(|(status, count)| (status.to_string(), (*count).into()))
            .collect();
        let endpoints = self.endpoints.iter().map(|(name, count)| {
            let (method, path) = name.split_once(' ').unwrap_or(("", name));
            json!({"path": path, "method": method, "count": count})
        });
        let daily = self.daily.iter().map(|(day, requests, errors)| {
            let date = day.strftime("%F").to_string();
            json!({"date": date, "requests": requests, "errors": errors})
        });
        let limited = self
            .limited
            .iter()
            .map(|(hour, count)| json!({"hour": hour.to_string(), "count": count}));
        json!({
            "key_id": self.key,
            "window_days": self.days,
            "total_requests": total,
            "successful": successful,
            "client_errors": self.count(400..500),
            "server_errors": self.count(500..1_000),
            "success_rate": (total > 0).then(|| share(successful, total)),
            "avg_response_time_ms": latency(|l| l.average),
            "latency_p50_ms": latency(|l| l.p50),
            "latency_p95_ms": latency(|l| l.p95),
            "latency_p99_ms": latency(|l| l.p99),
            "rate_limit_peak_per_minute": self.peak_per_minute,
            "rate_limit_peak_per_day": self.peak_per_day,
            "top_endpoints": endpoints.collect::<Vec<_>>(),
            "by_status": by_status,
            "daily": daily.collect::<Vec<_>>(),
            "rate_limit_hits_by_hour": limited.collect::<Vec<_>>(),
        })
    }
}

/// To four digits behind the point, never rounded up to a whole.
fn share(part: u64, whole: u64) -> f64 {
    let share = u128::from(part) * 10_000 / u128::from(whole);
    f64::from(u16::try_from(share).unwrap_or(u16::MAX)) / 10_000.0
}

/// Milliseconds to the microsecond.
fn rounded(milliseconds: f64) -> f64 {
    (milliseconds * 1e3).round() / 1e3
}
