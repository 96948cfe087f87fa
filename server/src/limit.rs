//! Rate windows: how many requests a key may make in a minute and in a day.
//!
//! Windows roll in buckets. A window counts its full length *before* the
//! running bucket as well as the bucket itself, so never more than the limit
//! is admitted in any stretch of its length; a request may be refused up to
//! one bucket longer than an exact window would.

use std::sync::Mutex;

use jiff::Timestamp;

/// Buckets of one second in the minute's window.
const MINUTE_BUCKETS: u64 = 60;
/// Buckets of one minute in the day's window.
const DAY_BUCKETS: u64 = 1_440;

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

/// The windows of one key.
#[derive(Debug, Default)]
pub struct Meter {
    windows: Mutex<Option<Windows>>,
}

#[derive(Debug)]
struct Windows {
    minute: Window,
    day: Window,
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

    fn take(&self, limits: Limits, now: Timestamp, units: u32) -> Result<Standing, Exhausted> {
        let second = now.as_second().max(0);
        if limits == Limits::default() {
            return Ok(Standing {
                limit: u32::MAX,
                remaining: u32::MAX,
                reset: second,
            });
        }
        // A poisoned lock cannot be: nothing below panics. The count stays right anyway.
        let mut guard = self
            .windows
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let windows = guard.get_or_insert_with(|| Windows {
            minute: Window::new(MINUTE_BUCKETS, 1),
            day: Window::new(DAY_BUCKETS, 60),
        });
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
        windows.minute.add(units);
        windows.day.add(units);
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

/// Counts per bucket, in a ring with room for the window and the running bucket.
#[derive(Debug)]
struct Window {
    counts: Box<[u32]>,
    /// Seconds in a bucket.
    width: u64,
    /// Number of the running bucket since 1970. A clock that steps back within
    /// the window does not move it, and so opens nothing early.
    head: u64,
    /// No bucket older than this one holds a count.
    tail: u64,
    sum: u32,
}

impl Window {
    fn new(buckets: u64, width: u64) -> Window {
        // The running bucket comes on top, see the module's head.
        let room = usize::try_from(buckets + 1).expect("a window has few buckets");
        Window {
            counts: vec![0; room].into_boxed_slice(),
            width,
            head: 0,
            tail: 0,
            sum: 0,
        }
    }

    fn slot(&self, bucket: u64) -> usize {
        let room = self.counts.len() as u64;
        usize::try_from(bucket % room).expect("a remainder of a small number is small")
    }

    /// Makes the bucket of `second` the running one.
    fn roll(&mut self, second: u64) {
        let now = second / self.width;
        let room = self.counts.len() as u64;
        // A step back by more than a window means that the clock had been
        // wrong: waiting for it to come round again would lock the key out.
        let was_wrong = self.head > now + room;
        if now <= self.head && !was_wrong {
            return;
        }
        if self.sum == 0 || was_wrong || now - self.head >= room {
            self.counts.fill(0);
            self.sum = 0;
            self.tail = now;
        } else {
            for bucket in self.head + 1..=now {
                let slot = self.slot(bucket);
                self.sum -= std::mem::take(&mut self.counts[slot]);
            }
            self.tail = self.tail.max((now + 1).saturating_sub(room));
        }
        self.head = now;
        while self.tail < self.head && self.counts[self.slot(self.tail)] == 0 {
            self.tail += 1;
        }
    }

    fn add(&mut self, units: u32) {
        let slot = self.slot(self.head);
        self.counts[slot] = self.counts[slot].saturating_add(units);
        self.sum = self.sum.saturating_add(units);
    }

    fn standing(&self, limit: u32, second: i64) -> Standing {
        let reset = if self.sum == 0 {
            second
        } else {
            let leaves = (self.tail + self.counts.len() as u64) * self.width;
            i64::try_from(leaves).unwrap_or(i64::MAX)
        };
        Standing {
            limit,
            remaining: limit.saturating_sub(self.sum),
            reset,
        }
    }
}

#[cfg(test)]
mod tests;
