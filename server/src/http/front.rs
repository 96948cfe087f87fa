//! What surrounds every handler: who asks, whether they may, how long it may
//! take, what a failure looks like, and the headers and the log line of it all.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::Request;
use axum::handler::Handler;
use axum::http::Method;
use axum::http::header::CONTENT_LENGTH;
use axum::http::uri::PathAndQuery;
use axum::response::Response;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use tokio::time::Instant;

use super::App;
use super::code::Code;
use super::credential::identify;
use super::error::ApiError;
use super::headers::stamp;
use super::peer::client_address;
use super::request_id::RequestId;
use crate::config::Settings;
use crate::control::{Caller, MARK, Scope};
use crate::endpoint::Endpoint;
use crate::limit::Standing;
use crate::store::ClaimStore;

/// Bytes of a request's target. A `q` that is too long gets an answer that
/// says so; only what cannot be a question is refused by its length alone.
const MAX_URI: usize = 60 << 10;

/// A request whose maker is known, within their limits and allowed to make it.
pub(super) struct Call<S> {
    pub(super) app: Arc<App<S>>,
    pub(super) caller: Arc<Caller>,
    pub(super) request: Request,
    pub(super) now: Timestamp,
    /// For what is told after the response has begun.
    pub(super) id: RequestId,
}

/// A handler for holders of a key: only keys with this scope, of this tier or
/// a higher one, reach it.
#[derive(Clone)]
pub(super) struct Keyed<H> {
    pub(super) endpoint: Endpoint,
    pub(super) scope: Scope,
    pub(super) tier: &'static str,
    pub(super) handler: H,
}

/// A handler that everyone reaches.
#[derive(Clone)]
pub(super) struct Open<H> {
    pub(super) endpoint: Endpoint,
    pub(super) handler: H,
}

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

impl<S, H, F> Handler<(), Arc<App<S>>> for Keyed<H>
where
    S: ClaimStore,
    H: Fn(Call<S>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response, ApiError>> + Send + 'static,
{
    type Future = Answer;

    fn call(self, request: Request, app: Arc<App<S>>) -> Answer {
        Box::pin(async move {
            let exchange = Exchange::begin(&app, &request, self.endpoint);
            let (caller, standing, admitted) = admit(&app, &request, exchange.now, &self);
            let result = match (admitted, caller.clone()) {
                (Ok(()), Some(caller)) => {
                    let call = Call {
                        app: Arc::clone(&app),
                        caller,
                        request,
                        now: exchange.now,
                        id: exchange.id,
                    };
                    exchange.bound(&app.settings, (self.handler)(call)).await
                }
                (Ok(()), None) => Err(ApiError::missing_api_key()),
                (Err(error), _) => Err(error),
            };
            exchange.finish(&app, result, caller.as_deref(), standing)
        })
    }
}

impl<S, H, F> Handler<(), Arc<App<S>>> for Open<H>
where
    S: ClaimStore,
    H: Fn(Arc<App<S>>, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Response, ApiError>> + Send + 'static,
{
    type Future = Answer;

    fn call(self, request: Request, app: Arc<App<S>>) -> Answer {
        Box::pin(async move {
            let exchange = Exchange::begin(&app, &request, self.endpoint);
            // Who presents a key is told how its windows stand, at no charge.
            let caller = identify(&app, &request, exchange.now).ok();
            let standing = caller
                .as_ref()
                .map(|caller| standing_of(caller, exchange.now));
            let result = match check_size(&app.settings, &request) {
                Ok(()) => {
                    let handler = (self.handler)(Arc::clone(&app), request);
                    exchange.bound(&app.settings, handler).await
                }
                Err(error) => Err(error),
            };
            exchange.finish(&app, result, None, standing)
        })
    }
}

/// Tells what no route is asked for.
pub(super) fn tell_unrouted<S>(
    app: &App<S>,
    request: &Request,
    result: Result<Response, ApiError>,
) -> Response {
    Exchange::begin(app, request, Endpoint::OTHER).finish(app, result, None, None)
}

/// Who asks, how their windows stand after this request, and whether they may.
fn admit<S, H>(
    app: &App<S>,
    request: &Request,
    now: Timestamp,
    route: &Keyed<H>,
) -> (Option<Arc<Caller>>, Option<Standing>, Result<(), ApiError>) {
    let caller = match identify(app, request, now) {
        Ok(caller) => caller,
        Err(unidentified) => {
            let standing = unidentified
                .caller
                .as_ref()
                .map(|caller| standing_of(caller, now));
            return (unidentified.caller, standing, Err(unidentified.error));
        }
    };
    // Who is told to come again has not been served, and is not charged.
    if let Err(error) = check_load(app) {
        let standing = standing_of(&caller, now);
        return (Some(caller), Some(standing), Err(error));
    }
    match caller.activity().meter.charge(caller.tier().limits, now) {
        Ok(standing) => {
            let admitted = check_permission(app, &caller, route)
                .and_then(|()| check_size(&app.settings, request));
            (Some(caller), Some(standing), admitted)
        }
        Err(exhausted) => {
            let error = ApiError::rate_limited(&exhausted);
            (Some(caller), Some(exhausted.standing), Err(error))
        }
    }
}

fn check_permission<S, H>(app: &App<S>, caller: &Caller, route: &Keyed<H>) -> Result<(), ApiError> {
    let needed = app
        .settings
        .tiers
        .get(route.tier)
        .map_or(u32::MAX, |tier| tier.rank);
    if caller.tier().rank < needed {
        let message = format!(
            "This endpoint needs tier {}; the key has tier {}.",
            route.tier,
            caller.tier().name
        );
        return Err(ApiError::new(Code::TierRequired, message));
    }
    if !caller.may(route.scope) {
        let message = format!(
            "This endpoint needs a key with scope {}.",
            route.scope.as_str()
        );
        return Err(ApiError::new(Code::InsufficientScope, message));
    }
    Ok(())
}

/// So many requests at a time and no more: the next one is told at once to come
/// again, and does not wait behind those that wait already. Whether the server
/// is up and how it is can be asked at any time.
fn check_load<S>(app: &App<S>) -> Result<(), ApiError> {
    if app.traffic.running() <= app.settings.limits.max_requests {
        return Ok(());
    }
    let message = "The server has as many requests as it takes at a time.";
    Err(ApiError::new(Code::Unavailable, message).retry_after(1))
}

fn check_size(settings: &Settings, request: &Request) -> Result<(), ApiError> {
    let target = request
        .uri()
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if target > MAX_URI {
        let message = format!("The request's target has more than {MAX_URI} bytes.");
        return Err(ApiError::new(Code::UriTooLong, message));
    }
    let headers = request.headers();
    // 4: what stands between and after name and value.
    let size: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if size > settings.limits.max_headers {
        let limit = settings.limits.max_headers;
        let message = format!("The request's header fields have more than {limit} bytes.");
        return Err(ApiError::new(Code::HeadersTooLarge, message));
    }
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > settings.limits.max_body) {
        let limit = settings.limits.max_body;
        let message = format!("The request's body has more than {limit} bytes.");
        return Err(ApiError::new(Code::PayloadTooLarge, message));
    }
    Ok(())
}

fn standing_of(caller: &Caller, now: Timestamp) -> Standing {
    caller.activity().meter.standing(caller.tier().limits, now)
}

/// One request and its response: for the log, and for what is counted of it.
struct Exchange {
    id: RequestId,
    endpoint: Endpoint,
    now: Timestamp,
    /// When its head had been read.
    begun: Instant,
    method: Method,
    target: Option<PathAndQuery>,
    client: Option<IpAddr>,
}

impl Exchange {
    fn begin<S>(app: &App<S>, request: &Request, endpoint: Endpoint) -> Exchange {
        Exchange {
            id: app.ids.next(),
            endpoint,
            now: app.clock.now(),
            begun: Instant::now(),
            method: request.method().clone(),
            target: request.uri().path_and_query().cloned(),
            client: client_address(request, &app.settings.trusted_proxies),
        }
    }

    /// Runs a handler within its time; a panic is an error like any other.
    async fn bound(
        &self,
        settings: &Settings,
        handler: impl Future<Output = Result<Response, ApiError>>,
    ) -> Result<Response, ApiError> {
        let caught = AssertUnwindSafe(handler).catch_unwind();
        let end = self.begun + settings.limits.request_timeout;
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
                let seconds = settings.limits.request_timeout.as_secs();
                let message =
                    format!("The request took more than {seconds} s: ask for less at a time.");
                Err(ApiError::new(Code::Timeout, message))
            }
        }
    }

    fn finish<S>(
        &self,
        app: &App<S>,
        result: Result<Response, ApiError>,
        caller: Option<&Caller>,
        standing: Option<Standing>,
    ) -> Response {
        let mut response = match result {
            Ok(response) => {
                tracing::debug!(request_id = %self.id, status = response.status().as_u16(), method = name(&self.method), key = key(caller));
                response
            }
            Err(error) => {
                self.log(&error, caller);
                app.traffic.count_error(error.code());
                error.into_response(self.id)
            }
        };
        let (status, elapsed) = (response.status().as_u16(), self.begun.elapsed());
        app.traffic.count_answer(self.endpoint, status, elapsed);
        if let Some(caller) = caller {
            caller
                .activity()
                .count(self.endpoint, status, elapsed, self.now);
        }
        stamp(response.headers_mut(), self.id, standing);
        response
    }

    /// Neither the query string nor a header is logged: both may hold secrets.
    fn log(&self, error: &ApiError, caller: Option<&Caller>) {
        let (id, method) = (self.id, name(&self.method));
        let path = self.target.as_ref().map_or("", PathAndQuery::path);
        let path = path.get(..path.len().min(200)).unwrap_or_default();
        // A key in the wrong place is a secret all the same.
        let path = path.split(MARK).next().unwrap_or_default();
        let client = self.client.map(tracing::field::display);
        let (code, key) = (error.code().as_str(), key(caller));
        let status = error.code().status().as_u16();
        if let Some(cause) = error.cause() {
            tracing::error!(request_id = %id, status, code, method, path, client, key, cause);
        } else {
            tracing::info!(request_id = %id, status, code, method, path, client, key);
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

/// The key's id, for the log.
fn key(caller: Option<&Caller>) -> &str {
    caller.map_or("", |caller| caller.key().id.as_str())
}
