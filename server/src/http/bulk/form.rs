//! How a body of values says that it is written.

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};

use super::NDJSON;
use crate::bulk::Form;
use crate::http::code::Code;
use crate::http::error::ApiError;

/// The form of a body whose inputs are written one by one.
pub(super) fn read_form(headers: &HeaderMap) -> Result<Form, ApiError> {
    const FORMS: &str = "application/json (an array of strings), application/x-ndjson (a string a \
                         line) or text/plain (a value a line)";
    match media_type(headers, FORMS)?.as_str() {
        "application/json" => Ok(Form::Array),
        NDJSON => Ok(Form::Ndjson),
        "text/plain" => Ok(Form::Text),
        _ => Err(unsupported("This Content-Type is not supported", FORMS)),
    }
}

/// Whether a body is a text that values may be pulled out of. JSON is none:
/// its escapes would be taken for parts of values.
pub(super) fn check_prose(headers: &HeaderMap) -> Result<(), ApiError> {
    const FORMS: &str = "text/plain (or another type of text) with extract=true";
    if media_type(headers, FORMS)?.starts_with("text/") {
        return Ok(());
    }
    Err(unsupported("This Content-Type is not supported", FORMS))
}

/// The type of a body that is neither compressed nor in another character set.
fn media_type(headers: &HeaderMap, forms: &str) -> Result<String, ApiError> {
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

fn unsupported(what: &str, forms: &str) -> ApiError {
    let message = format!("{what}: send {forms}, in UTF-8.");
    ApiError::new(Code::UnsupportedMediaType, message)
}
