//! Errors as the API tells them.
//!
//! What the client is told and what the operator is told are two things: the
//! message is for the client, the cause goes to the log only.

use std::borrow::Cow;
use std::fmt;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use iocd_core::export::json::write_string;

use super::code::Code;
use super::nearest::nearest;
use super::request_id::RequestId;
use crate::limit::Exhausted;
use crate::store::StoreError;

/// The message of [`Code::MissingApiKey`] is fixed by the contract.
const MISSING_API_KEY: &str = "API key is required. Include it in the Authorization header as \
                               \"Bearer sk_live_...\" or in the X-API-Key header.";
/// Characters of a client's own text that an error repeats.
const MAX_GIVEN: usize = 200;

/// A request could not be answered.
#[derive(Debug)]
pub struct ApiError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    message: Cow<'static, str>,
    details: Details,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

/// `error.details`: what about the parameter.
#[derive(Debug, Default)]
struct Details {
    parameter: Option<Cow<'static, str>>,
    given: Option<String>,
    allowed: Vec<Cow<'static, str>>,
    nearest: Option<Cow<'static, str>>,
}

impl ApiError {
    /// An error with a message for the client.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError(Box::new(Inner {
            code,
            message: message.into(),
            details: Details::default(),
            headers: Vec::new(),
            cause: None,
        }))
    }

    /// A parameter has a value that it cannot have.
    pub(super) fn invalid(
        parameter: &'static str,
        given: &str,
        expected: impl fmt::Display,
    ) -> ApiError {
        let message = format!("Parameter {parameter} is not valid: expected {expected}.");
        let mut error = ApiError::new(Code::InvalidParameter, message).about(parameter);
        error.0.details.given = Some(cut(given));
        error
    }

    /// A parameter has a name that it cannot have.
    pub(super) fn unknown(
        name: &str,
        known: impl Iterator<Item = &'static str> + Clone,
    ) -> ApiError {
        let nearest = nearest(name, known.clone());
        let hint = nearest.map_or_else(String::new, |known| format!(" Did you mean {known}?"));
        let message = format!(
            "This endpoint has no parameter of this name.{hint} A misspelt filter that is ignored \
             would return too much."
        );
        let mut error = ApiError::new(Code::UnknownParameter, message);
        error.0.details = Details {
            parameter: Some(Cow::Owned(cut(name))),
            given: Some(cut(name)),
            allowed: known.map(Cow::Borrowed).collect(),
            nearest: nearest.map(Cow::Borrowed),
        };
        error
    }

    /// A parameter that has to be there is not.
    pub(super) fn missing(parameter: &'static str, meaning: &str) -> ApiError {
        ApiError::new(
            Code::MissingParameter,
            format!("Parameter {parameter} is required: {meaning}."),
        )
        .about(parameter)
    }

    /// No key came with a request that needs one.
    pub(super) fn missing_api_key() -> ApiError {
        ApiError::new(Code::MissingApiKey, MISSING_API_KEY).challenge()
    }

    /// The key opens nothing.
    pub(super) fn invalid_api_key() -> ApiError {
        ApiError::new(
            Code::InvalidApiKey,
            "The API key is unknown, malformed or revoked.",
        )
        .challenge()
    }

    /// The key ended while its request was being answered.
    pub(super) fn ended_api_key() -> ApiError {
        ApiError::new(
            Code::InvalidApiKey,
            "The API key was revoked or has expired meanwhile.",
        )
        .challenge()
    }

    /// The key opens nothing from where it is used.
    pub(super) fn foreign_network() -> ApiError {
        ApiError::new(
            Code::InvalidApiKey,
            "The API key may not be used from this network.",
        )
        .challenge()
    }

    /// The key's time is over.
    pub(super) fn expired_api_key() -> ApiError {
        ApiError::new(
            Code::ExpiredApiKey,
            "The API key has expired: make a new one.",
        )
        .challenge()
    }

    /// Something here went wrong; `cause` is for the log only.
    pub(super) fn internal(cause: impl fmt::Display) -> ApiError {
        let message =
            "Something went wrong here. The operator's log has more under the request id.";
        let mut error = ApiError::new(Code::InternalError, message);
        error.0.cause = Some(cause.to_string());
        error
    }

    /// The key's requests are used up.
    pub(super) fn rate_limited(exhausted: &Exhausted) -> ApiError {
        let message = format!(
            "The limit of {} requests is used up: try again in {} s.",
            exhausted.standing.limit, exhausted.retry_after
        );
        ApiError::new(Code::RateLimitExceeded, message).retry_after(exhausted.retry_after)
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What the client is told.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// Headers that the response has besides those of every response.
    pub(super) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }

    /// What only the log may say.
    pub(super) fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The same error, about a parameter.
    #[must_use]
    pub(super) fn about(mut self, parameter: &'static str) -> ApiError {
        self.0.details.parameter = Some(Cow::Borrowed(parameter));
        self
    }

    /// The same error, with what the client gave.
    #[must_use]
    pub(super) fn given(mut self, given: &str) -> ApiError {
        self.0.details.given = Some(cut(given));
        self
    }

    /// The same error, with what would have been right, and which of it was
    /// probably meant.
    #[must_use]
    pub(super) fn allowing(
        mut self,
        allowed: impl IntoIterator<Item = Cow<'static, str>>,
    ) -> ApiError {
        let allowed: Vec<_> = allowed.into_iter().collect();
        let details = &mut self.0.details;
        let given = details.given.as_deref().unwrap_or_default();
        let meant = nearest(given, allowed.iter().map(|known| &**known));
        if let Some(meant) = meant.map(str::to_owned) {
            let message = format!("{} Did you mean {meant}?", self.0.message);
            self.0.message = Cow::Owned(message);
            details.nearest = Some(Cow::Owned(meant));
        }
        details.allowed = allowed;
        self
    }

    /// The same error, of a request of which so many values were answered.
    #[must_use]
    pub(super) fn after(mut self, values: u64) -> ApiError {
        let message = format!("{} {values} values were answered.", self.0.message);
        self.0.message = Cow::Owned(message);
        self
    }

    /// The same error, with the seconds after which to try again.
    #[must_use]
    pub(super) fn retry_after(self, seconds: i64) -> ApiError {
        self.with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    fn challenge(self) -> ApiError {
        self.with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    fn with_header(mut self, name: HeaderName, value: HeaderValue) -> ApiError {
        self.0.headers.push((name, value));
        self
    }

    /// The response that tells it.
    pub(super) fn into_response(self, id: RequestId) -> Response {
        let body = self.body(id);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.0.code.status();
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().extend(self.0.headers);
        response
    }

    /// The body that tells it.
    pub(super) fn body(&self, id: RequestId) -> Vec<u8> {
        let Inner {
            code,
            message,
            details,
            ..
        } = &*self.0;
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(b"{\"error\":{\"code\":");
        write_string(&mut out, code.as_str());
        out.extend_from_slice(b",\"message\":");
        write_string(&mut out, message);
        out.extend_from_slice(b",\"request_id\":");
        write_string(&mut out, id.as_str());
        details.write(&mut out);
        out.extend_from_slice(b"}}");
        out
    }
}

impl Details {
    fn write(&self, out: &mut Vec<u8>) {
        let Some(parameter) = &self.parameter else {
            return;
        };
        out.extend_from_slice(b",\"details\":{\"parameter\":");
        write_string(out, parameter);
        if let Some(given) = &self.given {
            out.extend_from_slice(b",\"given\":");
            write_string(out, given);
        }
        for (position, allowed) in self.allowed.iter().enumerate() {
            out.extend_from_slice(if position == 0 {
                b",\"allowed\":["
            } else {
                b","
            });
            write_string(out, allowed);
        }
        if !self.allowed.is_empty() {
            out.push(b']');
        }
        if let Some(nearest) = &self.nearest {
            out.extend_from_slice(b",\"nearest\":");
            write_string(out, nearest);
        }
        out.push(b'}');
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                let mut error = ApiError::new(
                    Code::Unavailable,
                    "The store is not available now: try again soon.",
                )
                .retry_after(5);
                error.0.cause = Some(cause);
                error
            }
            StoreError::HistoryCompacted { .. } => {
                ApiError::new(Code::HistoryCompacted, error.to_string()).about("as_of")
            }
            StoreError::UnknownRevision(_) => {
                ApiError::new(Code::CursorExpired, error.to_string()).about("cursor")
            }
            StoreError::Abandoned => ApiError::new(
                Code::Timeout,
                "The request was given up before it was answered.",
            ),
            StoreError::Write(_) | StoreError::Corrupt(_) => ApiError::internal(error),
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_GIVEN).collect()
}
