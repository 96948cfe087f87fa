//! `error.code`: one name and one status for each way to fail.

use axum::http::StatusCode;

macro_rules! codes {
    ($($name:ident = $text:literal, $status:ident;)+) => {
        /// `error.code`: the names that clients program against.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)] // the names in the API say it
        pub enum Code {
            $($name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$name,)+];

            /// The name in the API.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)+
                }
            }

            /// The status that it travels under.
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Code::$name => StatusCode::$status,)+
                }
            }
        }
    };
}

codes! {
    MissingParameter = "missing_parameter", BAD_REQUEST;
    InvalidParameter = "invalid_parameter", BAD_REQUEST;
    UnknownParameter = "unknown_parameter", BAD_REQUEST;
    MissingApiKey = "missing_api_key", UNAUTHORIZED;
    InvalidApiKey = "invalid_api_key", UNAUTHORIZED;
    ExpiredApiKey = "expired_api_key", UNAUTHORIZED;
    TierRequired = "tier_required", FORBIDDEN;
    InsufficientScope = "insufficient_scope", FORBIDDEN;
    LookbackExceeded = "lookback_exceeded", FORBIDDEN;
    NotFound = "not_found", NOT_FOUND;
    ArticleNotFound = "article_not_found", NOT_FOUND;
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED;
    NotAcceptable = "not_acceptable", NOT_ACCEPTABLE;
    Timeout = "timeout", REQUEST_TIMEOUT;
    KeyLimitReached = "key_limit_reached", CONFLICT;
    FeedBusy = "feed_busy", CONFLICT;
    ArticleArchived = "article_archived", GONE;
    CursorExpired = "cursor_expired", GONE;
    HistoryCompacted = "history_compacted", GONE;
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE;
    UriTooLong = "uri_too_long", URI_TOO_LONG;
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE;
    HeadersTooLarge = "headers_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE;
    RateLimitExceeded = "rate_limit_exceeded", TOO_MANY_REQUESTS;
    InternalError = "internal_error", INTERNAL_SERVER_ERROR;
    Unavailable = "unavailable", SERVICE_UNAVAILABLE;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_one_name_each() {
        for (position, code) in Code::ALL.iter().enumerate() {
            assert!(
                Code::ALL[..position]
                    .iter()
                    .all(|other| other.as_str() != code.as_str())
            );
            assert!(code.status().as_u16() >= 400);
        }
    }
}
