//! Questions that may have much to walk through.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::code::Code;
use super::error::ApiError;
use crate::control::Caller;

/// Questions of a lane that wait for their turn; the next one is told to come
/// again.
const WAITING: usize = 64;
/// Of those that run or wait, the questions of one key.
const PLACES_OF_KEY: usize = 16;

/// Room for such questions. Those that are asked by exact keys need none.
pub(super) struct Walks {
    /// For what walks through as many values as there are.
    pub(super) long: Lane,
    /// For lookups, which should not wait behind those.
    pub(super) short: Lane,
}

/// So many questions at a time, of each key half of them at most, and so many
/// that wait.
pub(super) struct Lane {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    turns_of_key: usize,
    /// By the id of the key, of those that have a question here.
    keys: Mutex<HashMap<String, Weak<OwnLane>>>,
}

/// What one key has of a lane.
struct OwnLane {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// A turn in a lane, and all that comes with it.
struct Turn {
    _own: Arc<OwnLane>,
    _permits: [OwnedSemaphorePermit; 4],
}

impl Walks {
    pub(super) fn new() -> Walks {
        Walks {
            long: Lane::new(4),
            short: Lane::new(2),
        }
    }
}

impl Lane {
    fn new(at_a_time: usize) -> Lane {
        Lane {
            turns: Arc::new(Semaphore::new(at_a_time)),
            places: Arc::new(Semaphore::new(at_a_time + WAITING)),
            turns_of_key: at_a_time / 2,
            keys: Mutex::default(),
        }
    }

    /// Waits for a turn, where there is a place to wait. Whose key has its
    /// turns waits for one of these, and not before the questions of others.
    async fn turn(&self, key: &str) -> Result<Turn, ApiError> {
        let own = self.own(key);
        let Ok(own_place) = Arc::clone(&own.places).try_acquire_owned() else {
            let message = "Of your key as many questions that look through many values run or \
                           wait as may at a time: wait for one to end.";
            return Err(ApiError::new(Code::RateLimitExceeded, message).retry_after(1));
        };
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let message = "As many questions that look through many values wait as may wait.";
            return Err(ApiError::new(Code::Unavailable, message).retry_after(1));
        };
        let open = "the semaphore is never closed";
        let own_turn = Arc::clone(&own.turns).acquire_owned().await.expect(open);
        let turn = Arc::clone(&self.turns).acquire_owned().await.expect(open);
        Ok(Turn {
            _own: own,
            _permits: [own_place, place, own_turn, turn],
        })
    }

    fn own(&self, key: &str) -> Arc<OwnLane> {
        // A map that a panic left is whole: entries are put in and taken out.
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = keys.get(key).and_then(Weak::upgrade) {
            return own;
        }
        keys.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(OwnLane {
            turns: Arc::new(Semaphore::new(self.turns_of_key)),
            places: Arc::new(Semaphore::new(PLACES_OF_KEY)),
        });
        keys.insert(key.to_owned(), Arc::downgrade(&own));
        own
    }
}

/// Somebody waits for an answer for as long as this is kept.
#[derive(Default)]
pub(super) struct Wait(Arc<AtomicBool>);

impl Wait {
    /// Whether it is over.
    pub(super) fn is_over(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits for an answer that is worked out apart from the threads that serve:
/// others would wait for it there. Not more of them at a time than permitted.
pub(super) async fn run_apart<T, E>(
    lane: &Lane,
    caller: &Caller,
    answer: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    E: Send + 'static,
    ApiError: From<E>,
{
    let turn = lane.turn(&caller.key().id).await?;
    run_at_once(async move {
        // Held until the work is done, also where the client has gone.
        let _turn = turn;
        answer.await
    })
    .await
}

/// As [`run_apart`], for what is never worked out twice at a time.
pub(super) async fn run_at_once<T, E>(
    answer: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    E: Send + 'static,
    ApiError: From<E>,
{
    let runtime = Handle::current();
    match tokio::task::spawn_blocking(move || runtime.block_on(answer)).await {
        Ok(answered) => Ok(answered?),
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(failed) => Err(ApiError::internal(failed)),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn who_finds_no_place_to_wait_is_told_at_once() {
        let lane = Lane::new(4);
        let name = |number: usize| format!("key_{}", number / 2);
        let mut turns = Vec::new();
        for number in 0..4 {
            turns.push(lane.turn(&name(number)).await.unwrap());
        }
        let names: Vec<_> = (4..4 + WAITING).map(name).collect();
        let mut waiting: Vec<_> = names.iter().map(|key| Box::pin(lane.turn(key))).collect();
        for turn in &mut waiting {
            assert!(poll(turn.as_mut()).is_pending());
        }
        let refused = lane.turn("another").await.err().unwrap();
        assert_eq!(refused.code(), Code::Unavailable);
        // Who goes makes room, for a turn and for a place.
        turns.pop();
        assert!(poll(waiting[0].as_mut()).is_ready());
        assert!(poll(pin!(lane.turn("another"))).is_pending());
        waiting.clear();
        assert!(lane.turn("another").await.is_ok());
        drop(turns);
        lane.own("the last");
        assert_eq!(lane.keys.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn no_key_takes_the_turns_of_the_others() {
        let lane = Lane::new(4);
        let mut turns = vec![lane.turn("a").await.unwrap(), lane.turn("a").await.unwrap()];
        let mut waiting: Vec<_> = (2..PLACES_OF_KEY)
            .map(|_| Box::pin(lane.turn("a")))
            .collect();
        for turn in &mut waiting {
            assert!(poll(turn.as_mut()).is_pending());
        }
        let refused = lane.turn("a").await.err().unwrap();
        assert_eq!(refused.code(), Code::RateLimitExceeded);
        // However many of that one wait: another's turn comes at once.
        let other = lane.turn("b").await.unwrap();
        turns.pop();
        let Poll::Ready(next) = poll(waiting[0].as_mut()) else {
            panic!("a turn of its own key was given back");
        };
        drop(other);
        assert!(poll(waiting[1].as_mut()).is_pending());
        drop(next);
        assert!(poll(waiting[1].as_mut()).is_ready());
    }
}
