//! Where the time comes from.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// A source of the time, cheap to clone; clones of a manual clock move together.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that stands still until it is moved: for tests. Milliseconds
    /// since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A manual clock that shows `now`.
    pub fn manual(now: Timestamp) -> Clock {
        Clock::Manual(Arc::new(AtomicI64::new(now.as_millisecond())))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp::now(),
            Clock::Manual(milliseconds) => {
                // Out of range only if a test moved it there.
                Timestamp::from_millisecond(milliseconds.load(Ordering::SeqCst))
                    .unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// Moves a manual clock by so many milliseconds; the machine's clock
    /// is not ours to move.
    pub fn advance(&self, milliseconds: i64) {
        if let Clock::Manual(shown) = self {
            shown.fetch_add(milliseconds, Ordering::SeqCst);
        }
    }
}
