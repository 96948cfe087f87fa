//! Why there is no answer, or none that is a document.

use reqwest::{StatusCode, Url};

use crate::fetch::address::host;
use crate::fetch::error::FetchError;
use crate::fetch::resolver::Forbidden;

/// What a status means here.
pub(super) fn hint(status: StatusCode) -> Option<&'static str> {
    Some(match status.as_u16() {
        401 | 403 => "the feed needs other credentials, or this machine is not welcome there",
        404 | 410 => "the list is not there any more: its address may have changed",
        407 => "the proxy wants credentials",
        429 => "it is asked too often",
        204 => "without a document",
        206 => "with a part of the document, which was not asked for",
        304 => "although the document was not here yet",
        100..=399 => "which is no document",
        _ => return None,
    })
}

/// Why there is no answer.
pub(super) fn failure(error: &reqwest::Error, url: &Url) -> FetchError {
    if let Some(forbidden) = cause::<Forbidden>(error) {
        return FetchError::Refused {
            host: forbidden.name.clone(),
            address: forbidden.address,
            objection: forbidden.objection,
        };
    }
    if error.is_timeout() {
        let what = if error.is_connect() {
            "no connection came about in time"
        } else {
            "no answer came in time"
        };
        return FetchError::TooSlow {
            host: host(url),
            what: what.to_owned(),
        };
    }
    FetchError::Unreachable {
        host: host(url),
        problem: explain(error),
    }
}

/// The cause of this type, if it is among the causes.
fn cause<'e, T: std::error::Error + 'static>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e T> {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.take(16).find_map(|error| error.downcast_ref())
}

/// The causes of an error, without the address that it is about.
pub(in crate::fetch) fn explain(error: &reqwest::Error) -> String {
    let first = std::error::Error::source(error);
    let causes = std::iter::successors(first, |error| error.source());
    let mut texts: Vec<String> = Vec::new();
    for cause in causes.take(16).map(ToString::to_string) {
        let is_known = texts.iter().any(|text| text.contains(&cause));
        if !is_known && cause != "client error (Connect)" {
            texts.push(cause);
        }
    }
    if texts.is_empty() {
        // It names nothing but itself.
        return "the request failed".to_owned();
    }
    texts.join(": ")
}
