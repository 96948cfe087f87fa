//! Replies that cost no thought, for `iocd bench` alone: what a route costs
//! beyond them is its own. A server that is not measured does not have them.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;

use super::describe::Operation;
use super::error::ApiError;
use super::front::Call;
use super::headers::set_content_type;
use super::{App, GET, answering, routes};
use crate::config::FREE;
use crate::control::Scope;
use crate::store::ClaimStore;

/// Behind all that surrounds a handler.
pub(crate) const FIXED: &str = "/bench/fixed";
/// Behind nothing.
pub(crate) const BARE: &str = "/bench/bare";

const LARGEST: usize = 64 << 10;
static FILLING: [u8; LARGEST] = [b'x'; LARGEST];

/// Every route, and those with fixed replies: `?bytes=N` is the size of the
/// body, and must come first.
pub(crate) fn router_with_fixed<S: ClaimStore>(app: Arc<App<S>>) -> Router {
    let needs = (Scope::ReadIocs, FREE);
    let routes = routes().keyed(GET, FIXED, needs, &Operation::NOTHING, fixed);
    answering(routes, app).route(BARE, get(bare))
}

async fn fixed<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    Ok(reply(call.request.uri()))
}

async fn bare(request: Request) -> Response {
    reply(request.uri())
}

fn reply(uri: &Uri) -> Response {
    let bytes = uri
        .query()
        .and_then(|query| query.strip_prefix("bytes="))
        .and_then(|rest| rest.split('&').next()?.parse().ok())
        .unwrap_or(0)
        .min(LARGEST);
    let mut response = Response::new(Body::from(Bytes::from_static(&FILLING[..bytes])));
    set_content_type(response.headers_mut(), "application/json");
    response
}

#[cfg(test)]
mod tests {
    use axum::body::HttpBody as _;

    use super::*;

    #[test]
    fn a_reply_has_as_many_bytes_as_were_asked_for() {
        for (target, bytes) in [
            ("/?bytes=700&fill=xx", 700),
            ("/?bytes=0", 0),
            ("/?bytes=99999999", LARGEST as u64),
            ("/?fill=xx", 0),
            ("/", 0),
        ] {
            let reply = reply(&Uri::from_static(target));
            assert_eq!(reply.body().size_hint().exact(), Some(bytes), "{target}");
        }
    }
}
