//! Questions that may have much to walk through.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::App;
use super::error::ApiError;

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
    let permits = Arc::clone(&app.walks);
    let permit = permits
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    let runtime = Handle::current();
    let answered = tokio::task::spawn_blocking(move || {
        // Held until the work is done, also where the client has gone.
        let _permit = permit;
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
