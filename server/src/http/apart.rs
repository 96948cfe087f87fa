//! Questions that may have much to walk through.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::App;
use super::code::Code;
use super::error::ApiError;

/// Such questions at a time: those that are asked by exact keys go on.
const AT_A_TIME: usize = 4;
/// Such questions that wait for their turn; the next one is told to come again.
const WAITING: usize = 64;

/// Room for such questions.
pub(super) struct Walks {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Walks {
    pub(super) fn new() -> Walks {
        Walks {
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
            places: Arc::new(Semaphore::new(AT_A_TIME + WAITING)),
        }
    }

    /// Waits for a turn, where there is a place to wait.
    async fn turn(&self) -> Result<[OwnedSemaphorePermit; 2], ApiError> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            let message = "As many questions that look through many values wait as may wait.";
            return Err(ApiError::new(Code::Unavailable, message).retry_after(1));
        };
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        Ok([place, turn.expect("the semaphore is never closed")])
    }
}

/// Waits for an answer that is worked out apart from the threads that serve:
/// others would wait for it there. Not more of them at a time than permitted.
pub(super) async fn run_apart<S, T, E>(
    app: &App<S>,
    answer: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, ApiError>
where
    T: Send + 'static,
    E: Send + 'static,
    ApiError: From<E>,
{
    let turn = app.walks.turn().await?;
    let runtime = Handle::current();
    let answered = tokio::task::spawn_blocking(move || {
        // Held until the work is done, also where the client has gone.
        let _turn = turn;
        runtime.block_on(answer)
    });
    match answered.await {
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
        let walks = Walks::new();
        let mut turns = Vec::new();
        for _ in 0..AT_A_TIME {
            turns.push(walks.turn().await.unwrap());
        }
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(walks.turn())).collect();
        for turn in &mut waiting {
            assert!(poll(turn.as_mut()).is_pending());
        }
        let refused = walks.turn().await.unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        // Who goes makes room, for a turn and for a place.
        turns.pop();
        assert!(poll(waiting[0].as_mut()).is_ready());
        assert!(poll(pin!(walks.turn())).is_pending());
        waiting.clear();
        assert!(walks.turn().await.is_ok());
    }
}
