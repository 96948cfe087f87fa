//! The key that a request presents.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use jiff::Timestamp;

use super::App;
use super::code::Code;
use super::error::ApiError;
use super::escape::decode;
use super::peer::client_address;
use crate::control::{AuthError, Caller};

/// Why nobody was recognised; an expired key still has its rate windows.
pub(super) struct Unidentified {
    pub(super) error: ApiError,
    pub(super) caller: Option<Arc<Caller>>,
}

impl From<ApiError> for Unidentified {
    fn from(error: ApiError) -> Self {
        Unidentified {
            error,
            caller: None,
        }
    }
}

/// Who makes the request.
pub(super) fn identify<S>(
    app: &App<S>,
    request: &Request,
    now: Timestamp,
) -> Result<Arc<Caller>, Unidentified> {
    let secret = presented(request, app.settings.api_key_in_query)?;
    let secret = secret.ok_or_else(ApiError::missing_api_key)?;
    let caller = app
        .control
        .authenticate(&secret, now)
        .map_err(|error| match error {
            AuthError::Invalid => ApiError::invalid_api_key().into(),
            AuthError::Expired(caller) => Unidentified {
                error: ApiError::expired_api_key(),
                caller: Some(caller),
            },
        })?;
    if !caller.key().networks.is_empty() {
        let address = client_address(request, &app.settings.trusted_proxies);
        if !caller.may_call_from(address) {
            return Err(ApiError::foreign_network().into());
        }
    }
    Ok(caller)
}

/// The one secret that the request presents, wherever it stands.
fn presented<'a>(request: &'a Request, in_query: bool) -> Result<Option<Cow<'a, [u8]>>, ApiError> {
    let mut found: Option<Cow<'a, [u8]>> = None;
    let mut add = |secret: Cow<'a, [u8]>| match &found {
        // Which of the two is meant cannot be known; the same twice is one.
        Some(other) if *other != secret => Err(ApiError::new(
            Code::InvalidParameter,
            "The request presents two different API keys: send one.",
        )
        .about("api_key")),
        _ => {
            found = Some(secret);
            Ok(())
        }
    };
    for field in request.headers().get_all(AUTHORIZATION) {
        if let Some(secret) = bearer(field.as_bytes()) {
            add(secret.into())?;
        }
    }
    for field in request.headers().get_all("x-api-key") {
        add(field.as_bytes().trim_ascii().into())?;
    }
    if in_query {
        for pair in request.uri().query().unwrap_or_default().split('&') {
            if let Some(secret) = pair.strip_prefix("api_key=") {
                let secret = decode(secret).map_err(|_| ApiError::invalid_api_key())?;
                add(secret.into_owned().into_bytes().into())?;
            }
        }
    }
    Ok(found)
}

/// The token of a `Bearer` field (RFC 6750). Basic credentials present no key
/// here; what is neither is a malformed one.
fn bearer(field: &[u8]) -> Option<&[u8]> {
    let field = field.trim_ascii();
    let end = field
        .iter()
        .position(|byte| *byte == b' ')
        .unwrap_or(field.len());
    let (scheme, token) = field.split_at(end);
    if scheme.eq_ignore_ascii_case(b"basic") || field.is_empty() {
        None
    } else if scheme.eq_ignore_ascii_case(b"bearer") {
        Some(token.trim_ascii())
    } else {
        Some(b"")
    }
}
