//! When a feed is due: pure reckoning, with the time and the chance as
//! arguments.

use jiff::{SignedDuration, Timestamp};

/// The first pause after a failure, unless the interval is shorter.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// The longest pause between two attempts, unless the interval is longer.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// Between the first runs of two feeds after a start.
const SPREAD: SignedDuration = SignedDuration::from_secs(2);

/// A number in `0..=1` that looks random, and is the same for the same seed,
/// feed and time: so that many servers do not ask at one moment, and a test
/// sees the same twice.
#[derive(Clone, Copy, Debug)]
pub struct Chance(f64);

impl Chance {
    /// Of a feed at a time.
    pub fn of(seed: u64, feed: &str, at: Timestamp) -> Chance {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes());
        hasher.update(&at.as_millisecond().to_le_bytes());
        hasher.update(feed.as_bytes());
        let hash = hasher.finalize();
        let (word, _) = hash.as_bytes().split_first_chunk().expect("32 bytes");
        Chance(f64::from(u32::from_le_bytes(*word)) / f64::from(u32::MAX))
    }

    /// So much of a span.
    fn part(self, of: SignedDuration) -> SignedDuration {
        of.mul_f64(self.0)
    }
}

/// After a run that went well: an interval later, up to a twentieth more.
pub fn after_good(interval: SignedDuration, now: Timestamp, chance: Chance) -> Timestamp {
    later(now, interval + chance.part(interval / 20))
}

/// After so many runs that failed in a row (at least one): sooner than the
/// interval at first, twice as long each time, and half of each pause by
/// chance. Never before `retry_after` is over, if the source said that.
pub fn after_bad(
    interval: SignedDuration,
    failures: u32,
    retry_after: Option<SignedDuration>,
    now: Timestamp,
    chance: Chance,
) -> Timestamp {
    let first = interval.min(FIRST_PAUSE);
    let doubled = 1_i32 << failures.saturating_sub(1).min(16);
    let pause = (first * doubled).min(interval.max(LONGEST_PAUSE));
    let pause = pause / 2 + chance.part(pause / 2);
    let wanted = retry_after.map_or(SignedDuration::ZERO, |wait| {
        wait + chance.part(interval.min(FIRST_PAUSE))
    });
    later(now, pause.max(wanted))
}

/// For the `position`th of the feeds that a start finds overdue.
pub fn after_start(position: usize, now: Timestamp, chance: Chance) -> Timestamp {
    let position = i32::try_from(position).unwrap_or(i32::MAX);
    later(now, SPREAD * position + chance.part(SPREAD))
}

/// In whole seconds: nobody needs to know it better.
fn later(now: Timestamp, span: SignedDuration) -> Timestamp {
    let seconds = now.as_second().saturating_add(span.as_secs());
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn now() -> Timestamp {
        Timestamp::from_second(1_000_000).unwrap()
    }

    /// Seconds from now.
    fn wait(at: Timestamp) -> i64 {
        at.duration_since(now()).as_secs()
    }

    #[test]
    fn chance_is_spread_and_the_same_twice() {
        let of = |name: usize| Chance::of(7, &name.to_string(), now()).0;
        let all: Vec<f64> = (0..1_000).map(of).collect();
        assert!(all.iter().all(|part| (0.0..=1.0).contains(part)));
        let mean = all.iter().sum::<f64>() / 1_000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
        assert_eq!(of(3).to_bits(), of(3).to_bits());
        assert_ne!(of(3).to_bits(), Chance::of(8, "3", now()).0.to_bits());
    }

    #[test]
    fn good_runs_come_an_interval_apart() {
        let waits = [0.0, 0.5, 1.0].map(|chance| wait(after_good(HOUR, now(), Chance(chance))));
        assert_eq!(waits, [3600, 3690, 3780]);
    }

    #[test]
    fn failures_back_off_to_the_interval() {
        let pauses = |interval, chance| {
            let pause = |n| wait(after_bad(interval, n, None, now(), Chance(chance)));
            (1..12).map(pause).collect::<Vec<_>>()
        };
        let longest = pauses(HOUR * 6, 1.0);
        assert_eq!(longest[..4], [60, 120, 240, 480]);
        assert_eq!(longest[10], 6 * 3600);
        let shortest = pauses(HOUR * 6, 0.0);
        assert_eq!(shortest[..3], [30, 60, 120]);
        let often = pauses(SignedDuration::from_mins(5), 1.0);
        assert_eq!(often[10], 3600, "a source that is down is asked hourly");
        let at_last = after_bad(HOUR, u32::MAX, None, now(), Chance(1.0));
        assert_eq!(wait(at_last), 3600);
    }

    #[test]
    fn a_source_that_says_when_is_not_asked_before() {
        let three_hours = Some(HOUR * 3);
        for (chance, seconds) in [(0.0, 10_800), (1.0, 10_860)] {
            let next = after_bad(HOUR, 1, three_hours, now(), Chance(chance));
            assert_eq!(wait(next), seconds);
        }
        let short = Some(SignedDuration::from_secs(1));
        let next = after_bad(HOUR, 5, short, now(), Chance(1.0));
        assert_eq!(wait(next), 16 * 60, "nor sooner than the pause");
    }

    #[test]
    fn a_start_spreads_what_is_overdue() {
        let seconds = |position| {
            let at = after_start(position, now(), Chance(0.5));
            at.duration_since(now()).as_secs()
        };
        assert_eq!([0, 1, 50].map(seconds), [1, 3, 101]);
    }
}
