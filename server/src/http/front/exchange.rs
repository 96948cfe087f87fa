//! One request and its response: for the log, and for what is counted of it.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::Method;
use axum::http::uri::PathAndQuery;
use axum::response::Response;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::control::{ABANDONED, Caller, MARK};
use crate::endpoint::Endpoint;
use crate::http::App;
use crate::http::code::Code;
use crate::http::credential::identify;
use crate::http::error::ApiError;
use crate::http::headers::stamp;
use crate::http::peer::client_address;
use crate::http::portions::hand_over;
use crate::http::request_id::RequestId;
use crate::http::share::Share;
use crate::limit::Standing;

/// A request on its way to its response. One that is dropped before it is
/// [finished](Exchange::finish) was given up by its client.
pub(super) struct Exchange<'a, S> {
    pub(super) app: &'a App<S>,
    pub(super) id: RequestId,
    pub(super) now: Timestamp,
    endpoint: Endpoint,
    /// When its head had been read.
    begun: Instant,
    method: Method,
    target: Option<PathAndQuery>,
    client: Option<IpAddr>,
    /// Who asks, once that is known.
    caller: Option<Arc<Caller>>,
    /// Whether it is usage of that key.
    counts: bool,
    is_finished: bool,
}

impl<'a, S> Exchange<'a, S> {
    /// `counts` says whether it is usage of the key that it presents.
    pub(super) fn begin(
        app: &'a App<S>,
        request: &Request,
        endpoint: Endpoint,
        counts: bool,
    ) -> Exchange<'a, S> {
        Exchange {
            app,
            id: app.ids.next(),
            endpoint,
            now: app.clock.now(),
            begun: Instant::now(),
            method: request.method().clone(),
            target: request.uri().path_and_query().cloned(),
            client: client_address(request, &app.settings.trusted_proxies),
            caller: None,
            counts,
            is_finished: false,
        }
    }

    /// Finds out who asks.
    pub(super) fn recognise(&mut self, request: &Request) -> Result<Arc<Caller>, ApiError> {
        match identify(self.app, request, self.now) {
            Ok(caller) => {
                self.caller = Some(Arc::clone(&caller));
                Ok(caller)
            }
            Err(unidentified) => {
                self.caller = unidentified.caller;
                Err(unidentified.error)
            }
        }
    }

    /// How the windows of the key stand, if one was recognised.
    pub(super) fn standing(&self) -> Option<Standing> {
        self.caller.as_ref().map(|caller| {
            let limits = caller.tier().limits;
            caller.activity().meter.standing(limits, self.now)
        })
    }

    /// Runs a handler within its time; a panic is an error like any other.
    pub(super) async fn bound(
        &self,
        handler: impl Future<Output = Result<Response, ApiError>>,
    ) -> Result<Response, ApiError> {
        let limits = &self.app.settings.limits;
        let caught = AssertUnwindSafe(handler).catch_unwind();
        let end = self.begun + limits.request_timeout;
        match tokio::time::timeout_at(end, caught).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => {
                let text = panic
                    .downcast_ref::<&str>()
                    .copied()
                    .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
                Err(ApiError::internal(format_args!(
                    "panic: {}",
                    text.unwrap_or("without a message")
                )))
            }
            Err(_elapsed) => {
                let seconds = limits.request_timeout.as_secs();
                let message =
                    format!("The request took more than {seconds} s: ask for less at a time.");
                Err(ApiError::new(Code::Timeout, message))
            }
        }
    }

    /// The response, which keeps the key's `share` until it has been taken.
    pub(super) fn finish(
        mut self,
        result: Result<Response, ApiError>,
        share: Option<Share>,
        standing: Option<Standing>,
    ) -> Response {
        self.is_finished = true;
        let app = self.app;
        let result = result
            .and_then(|response| hand_over(response, &app.answers, self.caller.as_ref(), share));
        let mut response = match result {
            Ok(response) => {
                tracing::debug!(request_id = %self.id, status = response.status().as_u16(), method = name(&self.method), key = self.key());
                response
            }
            Err(error) => {
                let code = error.code();
                self.log(code.status().as_u16(), code.as_str(), error.cause());
                app.traffic.count_error(error.code());
                error.into_response(self.id)
            }
        };
        let (status, elapsed) = (response.status().as_u16(), self.begun.elapsed());
        app.traffic.count_answer(self.endpoint, status, elapsed);
        self.count_for_key(status, elapsed);
        stamp(response.headers_mut(), self.id, standing);
        response
    }

    /// What public routes are asked is nobody's usage.
    fn count_for_key(&self, status: u16, elapsed: Duration) {
        if let Some(caller) = self.caller.as_ref().filter(|_| self.counts) {
            let activity = caller.activity();
            activity.count(self.endpoint, status, elapsed, self.now);
        }
    }

    /// Neither the query string nor a header is logged: both may hold secrets.
    fn log(&self, status: u16, code: &str, cause: Option<&str>) {
        let (id, method) = (self.id, name(&self.method));
        let path = self.target.as_ref().map_or("", PathAndQuery::path);
        let path = path.get(..path.len().min(200)).unwrap_or_default();
        // A key in the wrong place is a secret all the same.
        let path = path.split(MARK).next().unwrap_or_default();
        let client = self.client.map(tracing::field::display);
        let key = self.key();
        if let Some(cause) = cause {
            tracing::error!(request_id = %id, status, code, method, path, client, key, cause);
        } else {
            tracing::info!(request_id = %id, status, code, method, path, client, key);
        }
    }

    /// The key's id, for the log.
    fn key(&self) -> &str {
        let caller = self.caller.as_ref();
        caller.map_or("", |caller| caller.key().id.as_str())
    }
}

impl<S> Drop for Exchange<'_, S> {
    fn drop(&mut self) {
        if !self.is_finished {
            self.log(ABANDONED, "abandoned", None);
            self.app.traffic.count_abandoned(self.endpoint);
            self.count_for_key(ABANDONED, self.begun.elapsed());
        }
    }
}

/// A method that is known, for the log; any other is what a client wrote.
fn name(method: &Method) -> &str {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    if known.contains(method) {
        method.as_str()
    } else {
        "other"
    }
}
