//! `If-None-Match` (RFC 9110, 13.1.2) and the answer that nothing is new.

use axum::body::Body;
use axum::http::header::{ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use super::coding::{Coding, describe};

/// Whether the client has what this tag names: by the weak comparison, which
/// is the one for `If-None-Match`.
pub(super) fn is_current(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(ours) = tag.to_str().map(opaque) else {
        return false;
    };
    let fields = headers.get_all(IF_NONE_MATCH).into_iter();
    // Tags of this server have no commas.
    let mut tags = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','));
    tags.any(|theirs| theirs.trim() == "*" || opaque(theirs) == ours)
}

/// That nothing is new.
pub(super) fn not_modified(tag: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    describe(response.headers_mut(), Coding::Identity);
    response.headers_mut().insert(ETAG, tag);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly() {
        let is_current = |field: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, field.parse().unwrap());
            let [strong, weak] = ["\"abc\"", "W/\"abc\""].map(HeaderValue::from_static);
            let answers = [is_current(&headers, &strong), is_current(&headers, &weak)];
            assert_eq!(answers[0], answers[1], "{field}");
            answers[0]
        };
        for field in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            assert!(is_current(field), "{field}");
        }
        assert!(!super::is_current(
            &HeaderMap::new(),
            &HeaderValue::from_static("\"abc\"")
        ));
        for field in ["", "abc", "\"abcd\"", "\"x\", \"y\"", "W/\"\""] {
            assert!(!is_current(field), "{field}");
        }
    }
}
