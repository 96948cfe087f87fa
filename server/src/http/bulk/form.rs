//! How a body of values says that it is written.

use axum::http::HeaderMap;

use super::NDJSON;
use crate::bulk::Form;
use crate::http::error::ApiError;
use crate::http::media_type::{media_type, unsupported};

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
