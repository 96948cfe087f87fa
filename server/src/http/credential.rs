//! The key that a request presents.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::App;
use super::code::Code;
use super::error::ApiError;
use super::escape::decode;
use super::peer::client_address;
use crate::control::{AuthError, Caller, MARK};

/// Why nobody was let in; a key that has expired, or that is not for where it
/// is used, is known all the same.
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
            return Err(Unidentified {
                error: ApiError::foreign_network(),
                caller: Some(caller),
            });
        }
    }
    Ok(caller)
}

/// The one secret that the request presents, wherever it stands.
fn presented<'a>(request: &'a Request, in_query: bool) -> Result<Option<Cow<'a, [u8]>>, ApiError> {
    let mut found: Option<Cow<'a, [u8]>> = None;
    let mut add = |secret: Cow<'a, [u8]>| match &found {
        Some(other) if *other != secret => Err(two_keys()),
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
    // It opens nothing here, but whoever sends it beside another means one of
    // the two, and perhaps this one.
    for field in request.headers().get_all(AUTHORIZATION) {
        let key = basic_key(field.as_bytes());
        if key.is_some_and(|key| found.as_ref().is_some_and(|found| **found != *key)) {
            return Err(two_keys());
        }
    }
    Ok(found)
}

/// Which of two keys is meant cannot be known; the same one twice is one.
fn two_keys() -> ApiError {
    let message = "The request presents two different API keys: send one.";
    ApiError::new(Code::InvalidParameter, message).about("api_key")
}

/// The password of a `Basic` field (RFC 7617), if it is a key. Anything else is
/// for a proxy on the way.
fn basic_key(field: &[u8]) -> Option<Vec<u8>> {
    let (scheme, coded) = field.trim_ascii().split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let pair = STANDARD.decode(coded.trim_ascii()).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let password = &pair[colon + 1..];
    password
        .starts_with(MARK.as_bytes())
        .then(|| password.to_vec())
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
