//! Headers that every response carries.

use axum::body::Bytes;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use iocd_core::export::write_number;

use super::request_id::RequestId;
use crate::limit::Standing;

/// Headers that a response has besides those of its own, and room for a few of these.
const USUAL: usize = 11;
/// Name of the header with the request's id.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Adds what does not depend on the answer: the request's id, how the key's
/// rate windows stand, and what keeps a browser from doing more with an answer
/// than showing it.
pub(super) fn stamp(headers: &mut HeaderMap, id: RequestId, standing: Option<Standing>) {
    headers.reserve(USUAL);
    // The values share one buffer: each of its own would be an allocation.
    let mut text = Vec::with_capacity(64);
    text.extend_from_slice(id.as_str().as_bytes());
    let id_end = text.len();
    let mut ends = [id_end; 3];
    if let Some(Standing {
        limit,
        remaining,
        reset,
    }) = standing
    {
        let numbers = [
            u64::from(limit),
            u64::from(remaining),
            reset.max(0).unsigned_abs(),
        ];
        for (end, number) in ends.iter_mut().zip(numbers) {
            write_number(&mut text, number);
            *end = text.len();
        }
    }
    let text = Bytes::from(text);
    let value = |from: usize, to: usize| {
        HeaderValue::from_maybe_shared(text.slice(from..to)).expect("letters and digits")
    };
    headers.insert(X_REQUEST_ID, value(0, id_end));
    if standing.is_some() {
        headers.insert(X_RATELIMIT_LIMIT, value(id_end, ends[0]));
        headers.insert(X_RATELIMIT_REMAINING, value(ends[0], ends[1]));
        headers.insert(X_RATELIMIT_RESET, value(ends[1], ends[2]));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// Says what the body is.
pub(super) fn set_content_type(headers: &mut HeaderMap, media_type: &'static str) {
    if headers.is_empty() {
        // At once for those that are stamped on: growing hashes all anew.
        headers.reserve(USUAL + 1);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
}
