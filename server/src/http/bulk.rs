//! `POST /api/v1/iocs/search` and `POST /api/v1/normalize`: many values at a
//! time, a line of JSON for each, in their order.
//!
//! The answer is written as the body comes in and as the client takes it. What
//! goes wrong before the first line is an error like any other; after it, the
//! last line tells it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::response::Response;
use futures_util::{FutureExt as _, stream};
use iocd_core::query::{Matching, StatusFilter};

use super::App;
use super::accept::check_accept;
use super::code::Code;
use super::coding::{Coding, respond_in_pieces};
use super::error::ApiError;
use super::front::Call;
use super::parameter::Parameters;
use super::read_ahead::{Piece, ReadAhead};
use super::request_id::RequestId;
use super::search::read_status;
use crate::bulk::{Bulk, DEFAULT_LIMIT, Form, Interruption, MAX_LIMIT, Purpose, UNIT};
use crate::config::Tier;
use crate::control::Caller;
use crate::store::ClaimStore;

mod description;
mod form;

pub(super) use self::description::{NORMALIZE, SEARCH};
use self::description::{NORMALIZE_PARAMETERS, SEARCH_PARAMETERS};
use self::form::{check_prose, read_form};

const NDJSON: &str = "application/x-ndjson";
/// Bytes of answers that are worth a write of their own.
const FULL: usize = 64 << 10;

/// Has anyone seen these values?
pub(super) async fn search<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    let api_key = call.app.settings.api_key_in_query;
    let mut parameters = Parameters::new(call.request.uri().query(), SEARCH_PARAMETERS, api_key);
    let (mut kind, mut status, mut limit) = (None, StatusFilter::default(), DEFAULT_LIMIT);
    let mut extract = false;
    let cap = MAX_LIMIT.min(call.caller.tier().results);
    while let Some(parameter) = parameters.next()? {
        match parameter.name {
            "type" => kind = Some(parameter.kind()?),
            "status" => status = parameter.one_of(read_status)?,
            "limit" => {
                let asked = parameter.number()?.min(u64::from(cap));
                limit = u32::try_from(asked).unwrap_or(cap);
            }
            "match" => {
                let matching = parameter.one_of(Matching::from_name)?;
                if matching != Matching::Exact {
                    return Err(parameter.not_available().allowing(["exact".into()]));
                }
            }
            _ => extract = parameter.switch()?,
        }
    }
    let purpose = Purpose::Search {
        kind,
        status,
        limit,
    };
    answer(call, purpose, extract).await
}

/// How would these values be read?
pub(super) async fn normalize<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    let api_key = call.app.settings.api_key_in_query;
    let query = call.request.uri().query();
    let mut parameters = Parameters::new(query, NORMALIZE_PARAMETERS, api_key);
    let (mut kind, mut extract) = (None, false);
    while let Some(parameter) = parameters.next()? {
        match parameter.name {
            "type" => kind = Some(parameter.kind()?),
            _ => extract = parameter.switch()?,
        }
    }
    answer(call, Purpose::Normalize { kind }, extract).await
}

async fn answer<S: ClaimStore>(
    call: Call<S>,
    purpose: Purpose,
    extract: bool,
) -> Result<Response, ApiError> {
    check_accept(call.request.headers(), NDJSON)?;
    let headers = call.request.headers();
    let form = if extract {
        check_prose(headers)?;
        Form::Prose(purpose.kind())
    } else {
        read_form(headers)?
    };
    let coding = Coding::wanted(call.request.headers());
    let body = call.request.into_body();
    let mut exchange = Exchange {
        pieces: ReadAhead::start(body, call.app.settings.limits, &call.app.read_ahead),
        current: None,
        bulk: Bulk::new(
            Arc::clone(&call.app.store),
            call.app.warnings.current(),
            form,
            purpose,
        ),
        app: call.app,
        caller: call.caller,
        id: call.id,
        out: Vec::new(),
        stage: Stage::Answering,
    };
    let first = match exchange.advance().await {
        Ok(()) => exchange.take_out(),
        Err(error) if exchange.out.is_empty() => return Err(error),
        Err(error) => exchange.end_with(&error),
    };
    let rest = stream::unfold(exchange, async |mut exchange| {
        let piece = exchange.next().await?;
        Some((piece, exchange))
    });
    let pieces = stream::StreamExt::chain(stream::once(std::future::ready(first)), rest);
    respond_in_pieces(coding, NDJSON, stream::StreamExt::map(pieces, Ok))
}

/// One body on its way to its answers.
struct Exchange<S> {
    app: Arc<App<S>>,
    caller: Arc<Caller>,
    id: RequestId,
    pieces: ReadAhead,
    /// A piece of the body, and how much of it has been answered.
    current: Option<(Piece, usize)>,
    bulk: Bulk<S>,
    /// Lines that are not yet on their way.
    out: Vec<u8>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Answering,
    /// The body has been read; what its end completes is being answered.
    Ending,
    /// All that is to be said has been said; the rest of the body is read, for
    /// a client that writes all before it reads would lose the answer to a
    /// connection that is closed on it.
    Draining,
    Over,
}

impl<S: ClaimStore> Exchange<S> {
    /// The next piece of the answer.
    async fn next(&mut self) -> Option<Vec<u8>> {
        // Others on this thread get their turn, and what was told is sent.
        tokio::task::yield_now().await;
        if matches!(self.stage, Stage::Answering | Stage::Ending) {
            let caught = AssertUnwindSafe(self.advance()).catch_unwind().await;
            let advanced = caught.unwrap_or_else(|_| Err(ApiError::internal("panic in bulk")));
            let piece = match advanced {
                Ok(()) => self.take_out(),
                Err(error) => self.end_with(&error),
            };
            if !piece.is_empty() {
                return Some(piece);
            }
        }
        if self.stage == Stage::Draining {
            while let Some(Ok(_)) = self.pieces.next().await {}
            self.stage = Stage::Over;
        }
        None
    }

    /// Answers until there is enough to send, or until what there is of the
    /// body has been answered.
    async fn advance(&mut self) -> Result<(), ApiError> {
        while self.out.len() < FULL && self.stage != Stage::Over {
            if self.stage == Stage::Answering && self.current.is_none() {
                let next = match self.pieces.try_next() {
                    Some(next) => next,
                    // What is there should not wait for more of the body.
                    None if !self.out.is_empty() => return Ok(()),
                    None => self.pieces.next().await,
                };
                match next {
                    Some(piece) => self.current = Some((piece?, 0)),
                    None => self.stage = Stage::Ending,
                }
            }
            self.work().await?;
        }
        Ok(())
    }

    /// Answers a group of the current piece, or of what the end of the body
    /// completes.
    async fn work(&mut self) -> Result<(), ApiError> {
        let now = self.app.clock.now();
        let allowance = Allowance {
            tier: self.caller.tier(),
            tiers: &self.app.settings.tiers,
        };
        let meter = &self.caller.activity().meter;
        let app = &*self.app;
        let caller = &*self.caller;
        let mut admit = |number: u64| {
            allowance.check(number)?;
            // The request's own unit pays for the first values.
            if number > 0 && number.is_multiple_of(UNIT) {
                let now = app.clock.now();
                if !app.control.is_live(caller, now) {
                    return Err(ApiError::ended_api_key().after(number));
                }
                let charged = meter.charge(allowance.tier.limits, now);
                charged.map_err(|exhausted| ApiError::rate_limited(&exhausted).after(number))?;
            }
            Ok(())
        };
        let done = match &mut self.current {
            None => {
                let done = self.bulk.finish(now, &mut admit, &mut self.out).await;
                done.map(|is_over| {
                    if is_over {
                        self.stage = Stage::Over;
                    }
                })
            }
            Some((piece, answered)) => {
                let mut rest = &piece.bytes()[*answered..];
                let done = self
                    .bulk
                    .answer(&mut rest, now, &mut admit, &mut self.out)
                    .await;
                *answered = piece.bytes().len() - rest.len();
                if rest.is_empty() {
                    self.current = None;
                }
                done
            }
        };
        done.map_err(|interruption| match interruption {
            Interruption::Malformed(malformed) => ApiError::new(
                Code::InvalidParameter,
                format!("The body is not valid: {malformed}."),
            )
            .about("body"),
            Interruption::NotAdmitted(error) => error,
            Interruption::Store(error) => error.into(),
            Interruption::Io(error) => ApiError::internal(error),
        })
    }

    fn take_out(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// The last piece: what is not yet on its way, and the error.
    fn end_with(&mut self, error: &ApiError) -> Vec<u8> {
        self.stage = Stage::Draining;
        let (id, code, key) = (
            self.id,
            error.code().as_str(),
            self.caller.key().id.as_str(),
        );
        let answered = self.bulk.taken();
        self.app.traffic.count_error(error.code());
        if let Some(cause) = error.cause() {
            tracing::error!(request_id = %id, code, key, answered, cause);
        } else {
            tracing::info!(request_id = %id, code, key, answered);
        }
        let mut piece = self.take_out();
        piece.extend_from_slice(&error.body(id));
        piece.push(b'\n');
        piece
    }
}

/// How many values the caller may send at a time.
#[derive(Clone, Copy)]
struct Allowance<'a> {
    tier: &'a Tier,
    tiers: &'a crate::config::Tiers,
}

impl Allowance<'_> {
    fn check(self, number: u64) -> Result<(), ApiError> {
        let Tier {
            name, values, rank, ..
        } = self.tier;
        if number < u64::from(*values) {
            return Ok(());
        }
        let higher = self
            .tiers
            .iter()
            .any(|tier| tier.rank > *rank && tier.values > *values);
        let (code, hint) = if higher {
            (Code::TierRequired, ", or use a key of a higher tier")
        } else {
            (Code::PayloadTooLarge, "")
        };
        let message = format!(
            "Tier {name} takes {values} values in a request, and these were answered: send the \
             others in further requests{hint}."
        );
        Err(ApiError::new(code, message))
    }
}
