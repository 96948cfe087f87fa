//! `Content-Type` of a request: what its body says that it is.

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};

use super::code::Code;
use super::error::ApiError;

/// The type of a body that is neither compressed nor in another character set.
pub(super) fn media_type(headers: &HeaderMap, forms: &str) -> Result<String, ApiError> {
    let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
        let what = "The body is compressed, which is not supported here";
        return Err(unsupported(what, forms));
    }
    let Some(text) = headers.get(CONTENT_TYPE) else {
        return Err(unsupported("The request has no Content-Type", forms));
    };
    let mut parts = text.to_str().unwrap_or_default().split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    for part in parts {
        let charset = part
            .split_once('=')
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
            .map(|(_, charset)| charset.trim().trim_matches('"'));
        let known = ["utf-8", "utf8", "us-ascii"];
        if charset.is_some_and(|given| !known.iter().any(|k| k.eq_ignore_ascii_case(given))) {
            return Err(unsupported("This character set is not supported", forms));
        }
    }
    Ok(media_type)
}

/// An error that says what is wrong, and which `forms` would be right.
pub(super) fn unsupported(what: &str, forms: &str) -> ApiError {
    let message = format!("{what}: send {forms}, in UTF-8.");
    ApiError::new(Code::UnsupportedMediaType, message)
}
