//! How far back a store knows what happened.

use iocd_index::Retention;
use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

/// For how long what happened is kept, and by which clock.
#[derive(Clone, Debug)]
pub struct History {
    /// Days for which what happened is kept.
    pub days: u32,
    /// Days after which claims that have ended go; `None`: they stay.
    pub ended_days: Option<u32>,
    /// Where the time comes from.
    pub clock: Clock,
}

impl History {
    /// What is kept now.
    pub fn retention(&self) -> Retention {
        let now = self.clock.now();
        let ago = |days: u32| {
            let length = SignedDuration::from_hours(24 * i64::from(days));
            // More days than there were keep everything.
            now.checked_sub(length).unwrap_or(Timestamp::MIN)
        };
        Retention {
            since: ago(self.days),
            ended_since: self.ended_days.map(ago),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_back_from_now() {
        let now = Timestamp::from_second(864_000).unwrap();
        let kept = |days, ended_days| {
            let clock = Clock::manual(now);
            let history = History {
                days,
                ended_days,
                clock,
            };
            let Retention { since, ended_since } = history.retention();
            (since, ended_since)
        };
        let day = Timestamp::from_second(86_400).unwrap();
        assert_eq!(kept(0, None), (now, None));
        assert_eq!(kept(0, Some(9)), (now, Some(day)));
        assert_eq!(kept(9, Some(u32::MAX)), (day, Some(Timestamp::MIN)));
        assert_eq!(kept(u32::MAX, None), (Timestamp::MIN, None));
    }
}
