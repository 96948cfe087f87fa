//! Politeness: one request at a time to a host, and a pause between two.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};
use tokio::time::Instant;

/// Hosts that are remembered before idle ones are forgotten.
const MANY_HOSTS: usize = 1_000;

/// Whose turn it is, by host.
pub(super) struct Turns {
    pause: Duration,
    hosts: Mutex<HashMap<String, Arc<Turn<Option<Instant>>>>>,
}

/// A turn at a host; it ends when this is dropped.
pub(super) struct Held(OwnedMutexGuard<Option<Instant>>);

impl Drop for Held {
    fn drop(&mut self) {
        *self.0 = Some(Instant::now());
    }
}

impl Turns {
    /// With this pause between the end of a request and the next one.
    pub(super) fn new(pause: Duration) -> Turns {
        Turns {
            pause,
            hosts: Mutex::default(),
        }
    }

    /// Waits for a turn at a host.
    pub(super) async fn wait(&self, host: &str) -> Held {
        let turn = self.of(host);
        let last = turn.lock_owned().await;
        if let Some(ended) = *last {
            tokio::time::sleep_until(ended + self.pause).await;
        }
        Held(last)
    }

    fn of(&self, host: &str) -> Arc<Turn<Option<Instant>>> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MANY_HOSTS {
            // Whoever waits has a handle, too.
            hosts.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(hosts.entry(host.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_at_a_time_with_a_pause_at_each_host() {
        let pause = Duration::from_millis(30);
        let turns = Turns::new(pause);
        let begun = Instant::now();
        let held = turns.wait("a").await;
        drop(turns.wait("b").await);
        let waiting = turns.wait("a");
        tokio::pin!(waiting);
        let early = tokio::time::timeout(Duration::from_millis(5), &mut waiting).await;
        assert!(early.is_err(), "the first is not done");
        drop(held);
        drop(waiting.await);
        assert!(begun.elapsed() >= pause);
    }
}
