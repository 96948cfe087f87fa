//! What waits for the disk of control data.

use std::sync::Arc;

use super::App;
use super::error::ApiError;
use crate::control::{Control, ControlError};

/// Does it apart from the threads that serve: others would wait with it there.
pub(super) async fn wait_for_disk<S, T: Send + 'static>(
    app: &App<S>,
    work: impl FnOnce(&Control) -> Result<T, ControlError> + Send + 'static,
) -> Result<T, ApiError> {
    let control = Arc::clone(&app.control);
    match tokio::task::spawn_blocking(move || work(&control)).await {
        Ok(done) => done.map_err(ApiError::from),
        Err(failed) => Err(ApiError::internal(failed)),
    }
}
