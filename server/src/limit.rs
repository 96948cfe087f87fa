//! Rate windows: how many requests a key may make in a minute and in a day.
//!
//! Windows roll in buckets. A window counts its full length *before* the
//! running bucket as well as the bucket itself, so never more than the limit
//! is admitted in any stretch of its length; a request may be refused up to
//! one bucket longer than an exact window would.
//!
//! What was counted is written down every few seconds ([`Meter::take_changed`])
//! and taken up again by the next process ([`Meter::restore`]), so that a
//! restart forgives nothing but what a crash kept from being written.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

mod window;

pub use window::Changed;
use window::Window;

/// Buckets of one second in the minute's window.
const MINUTE_BUCKETS: u64 = 60;
/// Buckets of one minute in the day's window.
const DAY_BUCKETS: u64 = 1_440;
/// Seconds in a bucket of the minute's window.
pub const MINUTE_WIDTH: u64 = 1;
/// Seconds in a bucket of the day's window.
pub const DAY_WIDTH: u64 = 60;

/// Limits of a key; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests in 60 seconds.
    pub per_minute: Option<u32>,
    /// Requests in 24 hours.
    pub per_day: Option<u32>,
}

/// What the `X-RateLimit-*` headers say: the window with less remaining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The window's limit; `u32::MAX` where there is none.
    pub limit: u32,
    /// Requests that would still be admitted now.
    pub remaining: u32,
    /// Unix seconds at which the oldest counted request leaves the window.
    pub reset: i64,
}

/// A request was refused: how things stand, and when to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// The window that is full.
    pub standing: Standing,
    /// Seconds until a request would be admitted, at least 1.
    pub retry_after: i64,
}

/// The windows of one key. They take memory from the first request on, and
/// only where there is a limit.
#[derive(Debug, Default)]
pub struct Meter {
    windows: Mutex<Option<Windows>>,
}

#[derive(Debug)]
struct Windows {
    minute: Window,
    day: Window,
}

impl Default for Windows {
    fn default() -> Self {
        Windows {
            minute: Window::new(MINUTE_BUCKETS, MINUTE_WIDTH),
            day: Window::new(DAY_BUCKETS, DAY_WIDTH),
        }
    }
}

impl Meter {
    /// Counts one request, or refuses it without counting.
    pub fn charge(&self, limits: Limits, now: Timestamp) -> Result<Standing, Exhausted> {
        self.take(limits, now, 1)
    }

    /// How things stand, counting nothing.
    pub fn standing(&self, limits: Limits, now: Timestamp) -> Standing {
        match self.take(limits, now, 0) {
            Ok(standing) | Err(Exhausted { standing, .. }) => standing,
        }
    }

    /// What changed since the last time, of each window that did.
    pub fn take_changed(&self) -> Vec<Changed> {
        let mut guard = self.lock();
        let windows = guard.iter_mut().flat_map(Windows::both);
        windows.filter_map(Window::take_changed).collect()
    }

    /// Takes back what could not be written down.
    pub fn give_back(&self, changes: &[Changed]) {
        let mut guard = self.lock();
        for window in guard.iter_mut().flat_map(Windows::both) {
            let width = window.width();
            for changed in changes.iter().filter(|changed| changed.width == width) {
                window.give_back(changed);
            }
        }
    }

    /// Takes up what an earlier process wrote down of a bucket. Buckets of one
    /// window come oldest first.
    pub fn restore(&self, width: u64, bucket: u64, count: u32) {
        let mut guard = self.lock();
        let windows = guard.get_or_insert_default().both();
        for window in windows.into_iter().filter(|w| w.width() == width) {
            window.restore(bucket, count);
        }
    }

    /// A poisoned lock cannot be: nothing under it panics. The count stays
    /// right anyway.
    fn lock(&self) -> MutexGuard<'_, Option<Windows>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, limits: Limits, now: Timestamp, units: u32) -> Result<Standing, Exhausted> {
        let second = now.as_second().max(0);
        if limits == Limits::default() {
            return Ok(Standing {
                limit: u32::MAX,
                remaining: u32::MAX,
                reset: second,
            });
        }
        let mut guard = self.lock();
        let windows = guard.get_or_insert_default();
        windows.minute.roll(second.unsigned_abs());
        windows.day.roll(second.unsigned_abs());
        let [minute, day] = windows.standings(limits, second);
        let full = [minute, day]
            .into_iter()
            .flatten()
            .filter(|window| window.remaining < units);
        // Both may be full: the wait is for the later of the two.
        if let Some(standing) = full.max_by_key(|window| window.reset) {
            return Err(Exhausted {
                standing,
                retry_after: (standing.reset - second).max(1),
            });
        }
        if units > 0 {
            windows.minute.add(units);
            windows.day.add(units);
        }
        let [minute, day] = windows.standings(limits, second);
        let tighter = minute
            .into_iter()
            .chain(day)
            .min_by_key(|window| window.remaining);
        Ok(tighter.unwrap_or(Standing {
            limit: u32::MAX,
            remaining: u32::MAX,
            reset: second,
        }))
    }
}

impl Windows {
    fn both(&mut self) -> [&mut Window; 2] {
        [&mut self.minute, &mut self.day]
    }

    /// The minute's and the day's, where there is a limit.
    fn standings(&self, limits: Limits, second: i64) -> [Option<Standing>; 2] {
        [
            limits
                .per_minute
                .map(|limit| self.minute.standing(limit, second)),
            limits.per_day.map(|limit| self.day.standing(limit, second)),
        ]
    }
}

#[cfg(test)]
mod tests;
