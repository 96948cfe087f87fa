//! Pages of other origins that may ask: none but those that the settings name.
//!
//! Keys travel in header fields that a page has to set itself, never in cookies:
//! so no answer speaks of credentials, and a page gets nothing that its user
//! would not have without it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use super::App;
use super::front::tell_unrouted;
use crate::store::ClaimStore;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, DELETE");
const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("accept, authorization, content-type, if-none-match, x-api-key");
const RESPONSE_HEADERS: HeaderValue = HeaderValue::from_static(
    "etag, link, retry-after, x-cache-age-seconds, x-cache-updated-at, x-ratelimit-limit, \
     x-ratelimit-remaining, x-ratelimit-reset, x-request-id",
);
/// Seconds for which a browser need not ask again whether it may.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// Lets pages of the origins in the settings ask. Without any, nothing changes.
pub(super) fn with_origins<S: ClaimStore>(router: Router, app: Arc<App<S>>) -> Router {
    if app.settings.cors_origins.is_empty() {
        return router;
    }
    router.layer(from_fn_with_state(app, answer::<S>))
}

async fn answer<S: ClaimStore>(
    State(app): State<Arc<App<S>>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = known_origin(&app.settings.cors_origins, &request);
    let is_preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight && origin.is_some() {
        tell_unrouted(&app, &request, Ok(preflight()))
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    // Caches must not give one origin what was said to another.
    headers.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
    }
    response
}

/// The origin of the page that asks, if it is one of these.
fn known_origin(known: &[String], request: &Request) -> Option<HeaderValue> {
    let mut origins = request.headers().get_all(ORIGIN).iter();
    let (origin, None) = (origins.next()?, origins.next()) else {
        return None;
    };
    let is_known = known.iter().any(|known| known.as_bytes() == origin);
    is_known.then(|| origin.clone())
}

/// What may be asked.
fn preflight() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    response
}
