//! Every status that a route can give.

use serde_json::{Map, Value as Json, json};

use super::content;
use crate::config::FREE;
use crate::http::code::Code;
use crate::http::route::{Access, Route};

/// How every route may fail.
const ALWAYS: &[Code] = &[
    Code::InvalidParameter,
    Code::Timeout,
    Code::PayloadTooLarge,
    Code::UriTooLong,
    Code::HeadersTooLarge,
    Code::InternalError,
    Code::Unavailable,
];

/// How every route that needs a key may fail, too.
const KEYED: &[Code] = &[
    Code::UnknownParameter,
    Code::MissingApiKey,
    Code::InvalidApiKey,
    Code::ExpiredApiKey,
    Code::InsufficientScope,
    Code::RateLimitExceeded,
];

/// Every code that a route's errors may have, in their order.
pub(in crate::http) fn codes(route: &Route) -> Vec<Code> {
    let (keyed, tier): (&[Code], &[Code]) = match route.access {
        Access::Everyone => (&[], &[]),
        Access::Key { tier: FREE, .. } => (KEYED, &[]),
        Access::Key { .. } => (KEYED, &[Code::TierRequired]),
    };
    let own = route.operation.errors;
    let can = |code: &Code| {
        [ALWAYS, keyed, tier, own]
            .iter()
            .any(|few| few.contains(code))
    };
    Code::ALL.iter().copied().filter(can).collect()
}

/// The responses of a route.
pub(super) fn responses(route: &Route) -> Json {
    let described = route.operation;
    let mut headers = headers_of_every_answer(route);
    for header in described.headers {
        let name = header.name.to_owned();
        headers.insert(name, own_header(header.meaning, header.example));
    }
    headers.extend(headers_of_content(route));
    let status = described.status;
    let mut responses = Map::new();
    responses.insert(
        status.as_str().to_owned(),
        json!({
            "description": described.summary,
            "headers": headers,
            "content": content(described.gives, Some("answer")),
        }),
    );
    if described.revalidates {
        let mut headers = headers_of_every_answer(route);
        headers.extend(headers_of_content(route));
        headers.remove("Content-Encoding");
        let response = json!({"description": "What is at hand is current.", "headers": headers});
        responses.insert("304".to_owned(), response);
    }
    let mut rest = &*codes(route);
    while let Some(first) = rest.first() {
        let same = rest
            .iter()
            .take_while(|code| code.status() == first.status());
        let (same, others) = rest.split_at(same.count());
        responses.insert(first.status().as_str().to_owned(), error(route, same));
        rest = others;
    }
    Json::Object(responses)
}

fn error(route: &Route, codes: &[Code]) -> Json {
    let names: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    let status = codes[0].status();
    let mut headers = Map::new();
    for name in ["X-Request-Id", "Cache-Control"] {
        headers.insert(name.to_owned(), reference(name));
    }
    match codes[0] {
        Code::MissingApiKey => {
            headers.insert("WWW-Authenticate".to_owned(), reference("WWW-Authenticate"));
        }
        Code::RateLimitExceeded | Code::Unavailable => {
            headers.insert("Retry-After".to_owned(), reference("Retry-After"));
        }
        _ => {}
    }
    // The others may be told before it is known who asks.
    if matches!(
        status.as_u16(),
        403 | 404 | 406 | 408 | 409 | 410 | 413 | 415 | 429
    ) {
        headers.extend(headers_of_every_answer(route));
    }
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let reason = status.canonical_reason().unwrap_or_default();
    let error = json!({"properties": {"code": {"enum": names}}});
    json!({
        "description": format!("{reason}: {}.", quoted.join(", ")),
        "headers": headers,
        "content": {"application/json": {"schema": {
            "allOf": [{"$ref": "#/components/schemas/Error"}, {"properties": {"error": error}}],
        }}},
    })
}

/// Headers that every answer of a route has where all is well.
fn headers_of_every_answer(route: &Route) -> Map<String, Json> {
    let names: &[&str] = match route.access {
        Access::Everyone => &["X-Request-Id", "Cache-Control"],
        Access::Key { .. } => &[
            "X-Request-Id",
            "Cache-Control",
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
        ],
    };
    let headers = names
        .iter()
        .map(|name| ((*name).to_owned(), reference(name)));
    headers.collect()
}

/// Headers that say what an answer is, where all is well.
fn headers_of_content(route: &Route) -> Map<String, Json> {
    let described = route.operation;
    let tag: &[&str] = if described.revalidates {
        &["ETag"]
    } else {
        &[]
    };
    let coding: &[&str] = if described.is_coded {
        &["Vary", "Content-Encoding"]
    } else {
        &[]
    };
    let names = tag.iter().chain(coding);
    let headers = names.map(|name| ((*name).to_owned(), reference(name)));
    headers.collect()
}

fn reference(name: &str) -> Json {
    json!({"$ref": format!("#/components/headers/{name}")})
}

fn own_header(meaning: &str, example: &str) -> Json {
    json!({
        "description": meaning,
        "required": true,
        "schema": {"type": "string"},
        "example": example,
    })
}

/// Headers that several responses have.
pub(super) fn headers() -> Json {
    let number = |meaning: &str, example: u64| {
        json!({
            "description": meaning,
            "required": true,
            "schema": {"type": "integer", "minimum": 0},
            "example": example,
        })
    };
    json!({
        "X-Request-Id": {
            "description": "The request's name, which is in the server's log, too.",
            "required": true,
            "schema": {"type": "string", "pattern": "^req_[0-9a-f]{16}$"},
            "example": "req_9f86d081884c7d65",
        },
        "X-RateLimit-Limit": number(
            "Requests that the key may make in its window (a minute or a day) with less remaining.",
            1_000,
        ),
        "X-RateLimit-Remaining": number("Requests that are left in it.", 999),
        "X-RateLimit-Reset": number("When there are more, in Unix seconds.", 1_767_312_060),
        "Cache-Control": own_header("Who may keep the answer, and for how long.", "no-store"),
        "Vary": own_header(
            "By which headers of a request the answer may be another.",
            "accept, accept-encoding, authorization, x-api-key",
        ),
        "Content-Encoding": {
            "description": "How the body is coded, where `Accept-Encoding` lets it be.",
            "schema": {"type": "string", "enum": ["gzip", "zstd"]},
            "example": "zstd",
        },
        "Retry-After": number("Seconds after which to try again.", 60),
        "WWW-Authenticate": own_header("How to present a key.", "Bearer"),
        "ETag": own_header("The name of this answer's content.", "\"9f86d081884c7d659a2feaa0c55ad015\""),
    })
}
