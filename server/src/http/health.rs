//! Whether the server is up, and answers where there is nothing to answer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use iocd_core::export::json::write_string;

use super::App;
use super::code::Code;
use super::error::ApiError;
use super::headers::set_content_type;
use crate::store::ClaimStore;

mod description;

pub(super) use description::{ALIVE, READY};

/// `GET /healthz`: the process runs.
pub(super) async fn alive<S: ClaimStore>(
    _app: Arc<App<S>>,
    _request: Request,
) -> Result<Response, ApiError> {
    Ok(json(r#"{"status":"ok"}"#))
}

/// `GET /readyz`: the store is open and requests are welcome. Where the store
/// takes no writes any more, `read_only` says why: it still answers.
pub(super) async fn ready<S: ClaimStore>(
    app: Arc<App<S>>,
    _request: Request,
) -> Result<Response, ApiError> {
    if app.is_stopping() {
        return Err(ApiError::new(Code::Unavailable, "The server is stopping.").retry_after(5));
    }
    let counts = app.store.counts();
    let mut body = format!(
        r#"{{"status":"ready","entries":{},"revision":{}"#,
        counts.active, counts.revision
    )
    .into_bytes();
    if let Some(reason) = app.store.refusal() {
        body.extend_from_slice(b",\"read_only\":");
        write_string(&mut body, &reason);
    }
    body.push(b'}');
    Ok(json(body))
}

/// A path that is no route.
pub(super) async fn no_such_path<S: ClaimStore>(
    _app: Arc<App<S>>,
    _request: Request,
) -> Result<Response, ApiError> {
    Err(ApiError::new(
        Code::NotFound,
        "There is nothing at this path.",
    ))
}

/// A route without the method. The router adds `Allow`.
pub(super) async fn no_such_method<S: ClaimStore>(
    _app: Arc<App<S>>,
    request: Request,
) -> Result<Response, ApiError> {
    let method: String = request.method().as_str().chars().take(32).collect();
    let message = format!("This path cannot be asked with {method}: see the Allow header.");
    Err(ApiError::new(Code::MethodNotAllowed, message))
}

fn json(body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    set_content_type(response.headers_mut(), "application/json");
    response
}
