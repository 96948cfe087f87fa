//! What surrounds every handler: who asks, whether they may, how long it may
//! take, what a failure looks like, and the headers and the log line of it all.

use std::pin::Pin;
use std::sync::Arc;

use axum::extract::Request;
use axum::handler::Handler;
use axum::http::header::CONTENT_LENGTH;
use axum::response::Response;
use jiff::Timestamp;

use super::App;
use super::code::Code;
use super::error::ApiError;
use super::request_id::RequestId;
use super::share::Share;
use crate::config::Settings;
use crate::control::{Caller, Scope, Shared};
use crate::endpoint::Endpoint;
use crate::limit::Standing;
use crate::store::ClaimStore;

mod exchange;

use exchange::Exchange;

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

/// Who may make a request, and their share of those that run.
type Admitted = (Arc<Caller>, Share);

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
            let mut exchange = Exchange::begin(&app, &request, self.endpoint, true);
            let (standing, admitted) = admit(&mut exchange, &request, &self);
            let (result, share) = match admitted {
                Ok((caller, share)) => {
                    let call = Call {
                        app: Arc::clone(&app),
                        caller,
                        request,
                        now: exchange.now,
                        id: exchange.id,
                    };
                    (exchange.bound((self.handler)(call)).await, Some(share))
                }
                Err(error) => (Err(error), None),
            };
            exchange.finish(result, share, standing)
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
            // Public routes are nobody's usage; a path that is no route is a
            // mistake that its maker should see.
            let counts = self.endpoint == Endpoint::OTHER;
            let mut exchange = Exchange::begin(&app, &request, self.endpoint, counts);
            // Who presents a key is told how its windows stand, at no charge.
            let _ = exchange.recognise(&request);
            let standing = exchange.standing();
            let result = match check_size(&app.settings, &request) {
                Ok(()) => {
                    let handler = (self.handler)(Arc::clone(&app), request);
                    exchange.bound(handler).await
                }
                Err(error) => Err(error),
            };
            exchange.finish(result, None, standing)
        })
    }
}

/// Tells what no route is asked for.
pub(super) fn tell_unrouted<S>(
    app: &App<S>,
    request: &Request,
    result: Result<Response, ApiError>,
) -> Response {
    let mut exchange = Exchange::begin(app, request, Endpoint::OTHER, true);
    let _ = exchange.recognise(request);
    let standing = exchange.standing();
    exchange.finish(result, None, standing)
}

/// Who asks, if they may, with their share of the requests that run; and how
/// their windows stand after this one.
fn admit<S, H>(
    exchange: &mut Exchange<'_, S>,
    request: &Request,
    route: &Keyed<H>,
) -> (Option<Standing>, Result<Admitted, ApiError>) {
    let (app, now) = (exchange.app, exchange.now);
    // Who is told to come again has not been served, and is not charged.
    let recognised = exchange.recognise(request);
    let shared = recognised.and_then(|caller| Ok((check_load(app, &caller)?, caller)));
    let (share, caller) = match shared {
        Ok(shared) => shared,
        Err(error) => return (exchange.standing(), Err(error)),
    };
    match caller.activity().meter.charge(caller.tier().limits, now) {
        Ok(standing) => {
            let admitted = check_permission(app, &caller, route)
                .and_then(|()| check_size(&app.settings, request))
                .map(|()| (caller, share));
            (Some(standing), admitted)
        }
        Err(exhausted) => {
            let error = ApiError::rate_limited(&exhausted);
            (Some(exhausted.standing), Err(error))
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

/// So many requests at a time and no more, of all and of each key: the next one
/// is told at once to come again, and does not wait behind those that wait
/// already. Whether the server is up and how it is can be asked at any time.
fn check_load<S>(app: &App<S>, caller: &Arc<Caller>) -> Result<Share, ApiError> {
    let limits = &app.settings.limits;
    if app.traffic.running() > limits.max_requests {
        let message = "The server has as many requests as it takes at a time.";
        return Err(ApiError::new(Code::Unavailable, message).retry_after(1));
    }
    let most = limits.max_requests_per_key;
    Share::take(caller, Shared::Requests, 1, most).ok_or_else(|| {
        let message = format!(
            "Of your key {most} requests run, as many as may at a time: wait for one to end."
        );
        ApiError::new(Code::RateLimitExceeded, message).retry_after(1)
    })
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
