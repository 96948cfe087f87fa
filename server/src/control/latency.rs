//! How long answers took: a histogram in the manner of HDR histograms, with
//! buckets that are narrow for short times and wide for long ones.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Buckets to each doubling: a bucket is at most 1/16 wide.
const STEPS: u64 = 1 << STEP_BITS;
const STEP_BITS: u32 = 4;
/// The unit is 2^8 ns: below 16 of them, 4 µs, a bucket is one unit.
const UNIT_BITS: u32 = 8;
/// Longer times count as 2^36 ns, 68 s.
const MAX_BITS: u32 = 36 - UNIT_BITS;
/// How many there are.
const BUCKETS: usize = ((MAX_BITS - STEP_BITS + 1) as usize) << STEP_BITS;

/// The bucket of a time.
fn bucket_of(time: Duration) -> usize {
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let units = (nanoseconds >> UNIT_BITS).min((1 << MAX_BITS) - 1);
    let bucket = if units < STEPS {
        units
    } else {
        let shift = units.ilog2() - STEP_BITS;
        u64::from(shift) * STEPS + (units >> shift)
    };
    usize::try_from(bucket).expect("there are few buckets")
}

/// The times of a bucket: from, and below, in units.
fn units_of(bucket: usize) -> (u64, u64) {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return (bucket, bucket + 1);
    }
    let shift = bucket / STEPS - 1;
    let step = bucket % STEPS + STEPS;
    (step << shift, (step + 1) << shift)
}

/// The middle of a bucket, in milliseconds.
fn milliseconds_of(bucket: usize) -> f64 {
    let (from, below) = units_of(bucket);
    let middle = u32::try_from(from + below).unwrap_or(u32::MAX);
    f64::from(middle) / 2.0 * f64::from(1_u32 << UNIT_BITS) / 1e6
}

/// Counts that threads add to.
#[derive(Debug)]
pub(super) struct Histogram([AtomicU32; BUCKETS]);

impl Default for Histogram {
    fn default() -> Self {
        Histogram([const { AtomicU32::new(0) }; BUCKETS])
    }
}

impl Histogram {
    pub(super) fn count(&self, time: Duration) {
        self.0[bucket_of(time)].fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the counts, leaving none.
    pub(super) fn take(&self) -> Vec<(u32, u32)> {
        let counts = (0..).zip(&self.0).map(|(bucket, count)| {
            let is_used = count.load(Ordering::Relaxed) > 0;
            let taken = if is_used {
                count.swap(0, Ordering::Relaxed)
            } else {
                0
            };
            (bucket, taken)
        });
        counts.filter(|(_, count)| *count > 0).collect()
    }

    pub(super) fn give_back(&self, counts: &[(u32, u32)]) {
        for (bucket, count) in counts {
            self.0[*bucket as usize].fetch_add(*count, Ordering::Relaxed);
        }
    }
}

/// What is told of many times, in milliseconds; exact to a few percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// The mean.
    pub average: f64,
    /// Half of the answers took no longer.
    pub p50: f64,
    /// 95 of a hundred took no longer.
    pub p95: f64,
    /// 99 of a hundred took no longer.
    pub p99: f64,
}

impl Latency {
    /// Of counts by bucket, in the order of the buckets; `None` of nothing.
    pub(super) fn of(counts: &[(u32, u64)]) -> Option<Latency> {
        // A later version may have written buckets that are not known here.
        let known = counts.partition_point(|(bucket, _)| (*bucket as usize) < BUCKETS);
        let counts = &counts[..known];
        let total: u64 = counts.iter().map(|(_, count)| count).sum();
        if total == 0 {
            return None;
        }
        let quantile = |percent: u64| {
            let rank = (total * percent).div_ceil(100);
            let mut seen = 0;
            let bucket = counts.iter().find(|(_, count)| {
                seen += count;
                seen >= rank
            });
            bucket.map_or(0.0, |(bucket, _)| milliseconds_of(*bucket as usize))
        };
        let sum: f64 = counts
            .iter()
            .map(|(bucket, count)| milliseconds_of(*bucket as usize) * as_f64(*count))
            .sum();
        Some(Latency {
            average: sum / as_f64(total),
            p50: quantile(50),
            p95: quantile(95),
            p99: quantile(99),
        })
    }
}

/// Counts are far below 2^52, from where on this would round.
#[allow(clippy::cast_precision_loss)]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        let mut end = 0;
        for bucket in 0..BUCKETS {
            let (from, below) = units_of(bucket);
            assert_eq!(from, end, "{bucket}");
            assert!((below - from) * STEPS <= from.max(STEPS), "{bucket}");
            for units in [from, below - 1] {
                let time = Duration::from_nanos(units << UNIT_BITS);
                assert_eq!(bucket_of(time), bucket, "{units}");
            }
            end = below;
        }
        assert_eq!(end, 1 << MAX_BITS);
        assert_eq!(bucket_of(Duration::ZERO), 0);
        assert_eq!(bucket_of(Duration::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_are_within_a_few_percent() {
        let histogram = Histogram::default();
        for microseconds in 1..=100_000 {
            histogram.count(Duration::from_micros(microseconds));
        }
        let counts = histogram.take();
        assert!(histogram.take().is_empty());
        let wide: Vec<_> = counts.iter().map(|(b, n)| (*b, u64::from(*n))).collect();
        let told = Latency::of(&wide).unwrap();
        for (told, exact) in [
            (told.average, 50.0),
            (told.p50, 50.0),
            (told.p95, 95.0),
            (told.p99, 99.0),
        ] {
            assert!((told - exact).abs() / exact < 0.04, "{told} for {exact}");
        }
        histogram.give_back(&counts);
        assert_eq!(histogram.take(), counts);
        assert_eq!(Latency::of(&[]), None);
    }
}
