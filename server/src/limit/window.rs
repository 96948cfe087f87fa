//! One rolling window: counts in a ring of buckets.

use super::Standing;

/// Counts per bucket, in a ring with room for the window and the running bucket.
#[derive(Debug)]
pub(super) struct Window {
    counts: Box<[u32]>,
    /// Seconds in a bucket.
    width: u64,
    /// Number of the running bucket since 1970. A clock that steps back within
    /// the window does not move it, and so opens nothing early.
    head: u64,
    /// No bucket older than this one holds a count.
    tail: u64,
    sum: u32,
    /// The oldest bucket that changed since the window was written down.
    unsaved: Option<u64>,
    /// The highest sum since then.
    peak: u32,
}

/// What of a window changed since it was last written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Seconds in a bucket: tells the minute's window from the day's.
    pub width: u64,
    /// The oldest bucket, by its number since 1970, that still counts.
    pub oldest: u64,
    /// The newest bucket: there is none after it.
    pub newest: u64,
    /// The buckets that changed, and what each counts now.
    pub counts: Vec<(u64, u32)>,
    /// The highest count of the whole window since the last time.
    pub peak: u32,
}

impl Window {
    pub(super) fn new(buckets: u64, width: u64) -> Window {
        // The running bucket comes on top, see the head of the module above.
        let room = usize::try_from(buckets + 1).expect("a window has few buckets");
        Window {
            counts: vec![0; room].into_boxed_slice(),
            width,
            head: 0,
            tail: 0,
            sum: 0,
            unsaved: None,
            peak: 0,
        }
    }

    pub(super) fn width(&self) -> u64 {
        self.width
    }

    fn slot(&self, bucket: u64) -> usize {
        let room = self.counts.len() as u64;
        usize::try_from(bucket % room).expect("a remainder of a small number is small")
    }

    /// Makes the bucket of `second` the running one.
    pub(super) fn roll(&mut self, second: u64) {
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
        if was_wrong {
            self.unsaved = Some(now);
        }
        while self.tail < self.head && self.counts[self.slot(self.tail)] == 0 {
            self.tail += 1;
        }
    }

    pub(super) fn add(&mut self, units: u32) {
        let slot = self.slot(self.head);
        self.counts[slot] = self.counts[slot].saturating_add(units);
        self.sum = self.sum.saturating_add(units);
        self.peak = self.peak.max(self.sum);
        self.unsaved.get_or_insert(self.head);
    }

    pub(super) fn standing(&self, limit: u32, second: i64) -> Standing {
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

    /// What changed since the last time, if anything did.
    pub(super) fn take_changed(&mut self) -> Option<Changed> {
        let from = self.unsaved.take()?.max(self.tail);
        let counts = (from..=self.head)
            .map(|bucket| (bucket, self.counts[self.slot(bucket)]))
            .filter(|(_, count)| *count > 0)
            .collect();
        Some(Changed {
            width: self.width,
            oldest: self.tail,
            newest: self.head,
            counts,
            peak: std::mem::take(&mut self.peak),
        })
    }

    /// Notes that a change could not be written down.
    pub(super) fn give_back(&mut self, changed: &Changed) {
        let oldest = changed.counts.first().map_or(changed.newest, |(b, _)| *b);
        self.unsaved = Some(self.unsaved.map_or(oldest, |own| own.min(oldest)));
        self.peak = self.peak.max(changed.peak);
    }

    /// Counts again what was written down of a bucket; buckets come in order.
    pub(super) fn restore(&mut self, bucket: u64, count: u32) {
        self.roll(bucket.saturating_mul(self.width));
        self.add(count);
        (self.unsaved, self.peak) = (None, 0);
    }
}
