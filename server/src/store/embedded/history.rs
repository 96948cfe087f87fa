//! How far back a store knows what happened.

use iocd_index::Retention;
use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;

/// For how long what happened is kept, and by which clock.
#[derive(Clone, Debug)]
pub struct History {
    /// Days.
    pub days: u32,
    /// Where the time comes from.
    pub clock: Clock,
}

impl History {
    /// What is kept now.
    pub fn retention(&self) -> Retention {
        let length = SignedDuration::from_hours(24 * i64::from(self.days));
        let since = self.clock.now().checked_sub(length);
        Retention {
            // More days than there were keep everything.
            since: since.unwrap_or(Timestamp::MIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_back_from_now() {
        let now = Timestamp::from_second(864_000).unwrap();
        let since = |days| {
            let clock = Clock::manual(now);
            History { days, clock }.retention().since
        };
        assert_eq!(since(0), now);
        assert_eq!(since(9).as_second(), 86_400);
        assert_eq!(since(u32::MAX), Timestamp::MIN);
    }
}
