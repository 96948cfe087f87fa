//! The bodies about keys.

use serde_json::{Value as Json, json};

use crate::control::{MAX_EXPIRY_DAYS, MAX_REASON, Scope};
use crate::http::describe::schema::{
    Member, always, list, maybe, number, object, one_of, or_null, share, text, time,
};
use crate::http::openapi::LABEL;

/// Scopes that a key can have of another.
fn scopes() -> Vec<&'static str> {
    let given = Scope::ALL.into_iter().filter(|scope| !scope.manages());
    given.map(Scope::as_str).collect()
}

pub(super) fn wanted() -> Json {
    let name = json!({"type": "string", "minLength": 1, "maxLength": 100, "pattern": LABEL,
        "description": "What to call it."});
    let days = json!({"type": ["integer", "null"], "minimum": 1, "maximum": MAX_EXPIRY_DAYS,
        "description": "Days until it ends; without it, it does not."});
    let scopes = json!({"type": ["array", "null"], "minItems": 1,
        "items": {"type": "string", "enum": scopes()},
        "description": "What it may do; without it, to read what the caller may."});
    let networks = json!({"type": ["array", "null"], "maxItems": 100,
        "items": {"type": "string"},
        "description": "Addresses and networks that it may be used from; without it, the caller's."});
    let mut wanted = object([
        always("name", name),
        maybe("expires_in_days", days),
        maybe(
            "tier",
            or_null(text(
                "Its tier, not higher than the caller's, which it is if not given.",
            )),
        ),
        maybe("scopes", scopes),
        maybe("allowed_networks", networks),
    ]);
    wanted["additionalProperties"] = json!(false);
    wanted["description"] = json!("The key that is wanted.");
    wanted
}

pub(super) fn reason() -> Json {
    let reason = json!({"type": ["string", "null"], "maxLength": MAX_REASON,
        "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", "description": "Why, for whoever looks."});
    let mut body = object([maybe("reason", reason)]);
    body["additionalProperties"] = json!(false);
    body["description"] = json!("Why, if anybody is to know; the body may be left out.");
    body
}

/// What is told of a key.
fn key() -> Vec<Member> {
    let scope = json!({"type": "string", "enum": Scope::ALL.map(Scope::as_str)});
    let networks = || json!({"type": "string"});
    vec![
        always("id", text("Its id.")),
        always("key_prefix", text("How its secret begins.")),
        always("name", text("What it is called.")),
        always("account", text("Whose it is.")),
        always("tier", text("Its tier.")),
        always(
            "status",
            one_of(
                ["active", "expired", "revoked"],
                "Whether it opens anything.",
            ),
        ),
        always("scopes", list(scope, "What it may do.")),
        always("rate_limit_per_minute", or_null(number("null: none."))),
        always("rate_limit_per_day", or_null(number("null: none."))),
        always("total_requests", number("Since it was made.")),
        always("last_used_at", or_null(time("null: never."))),
        always("created_at", time("When it was made.")),
        always(
            "expires_at",
            or_null(time("When it ends; null: it does not.")),
        ),
        always(
            "revoked_at",
            or_null(time("When it was ended; null: it was not.")),
        ),
        always("revoked_reason", or_null(text("Why it was ended."))),
        always(
            "allowed_networks",
            list(networks(), "Where it may be used from; none: anywhere."),
        ),
        always(
            "allowed_ips",
            or_null(list(
                networks(),
                "The same, for clients of the hosted service.",
            )),
        ),
    ]
}

pub(super) fn all() -> Json {
    let meta = object([
        always("total", number("Keys of the account.")),
        always("limit", number("The page's size as applied.")),
        always("offset", number("Keys skipped.")),
    ]);
    object([
        always("meta", meta),
        always("data", list(object(key()), "The page.")),
    ])
}

pub(super) fn one() -> Json {
    object([always("data", object(key()))])
}

pub(super) fn made() -> Json {
    let secret = always("key", text("The secret: told only this once."));
    let data = object(key().into_iter().chain([secret]));
    let meta = object([always("warning", text("That it is told only this once."))]);
    object([always("data", data), always("meta", meta)])
}

pub(super) fn revoked() -> Json {
    object([
        always("success", json!({"const": true})),
        always("message", text("Whether it had been revoked before.")),
        always("data", object(key())),
    ])
}

pub(super) fn used() -> Json {
    let milliseconds =
        |meaning: &str| or_null(json!({"type": "number", "minimum": 0, "description": meaning}));
    let endpoint = object([
        always("path", text("The template of its path.")),
        always("method", text("How it was asked.")),
        always("count", number("Requests.")),
    ]);
    let day = object([
        always("date", json!({"type": "string", "format": "date"})),
        always("requests", number("Requests.")),
        always("errors", number("Those with a status of 400 or more.")),
    ]);
    let hour = object([
        always("hour", time("Its beginning.")),
        always("count", number("Requests.")),
    ]);
    let by_status = json!({"type": "object", "propertyNames": {"pattern": "^[1-5][0-9]{2}$"},
        "additionalProperties": {"type": "integer", "minimum": 0}, "description": "Requests by status; `499`: the client went away before there was an answer."});
    let data = object([
        always("key_id", text("The key's id.")),
        always("window_days", number("Days that are told of.")),
        always("total_requests", number("Requests.")),
        always("successful", number("With a status below 400.")),
        always("client_errors", number("With a status from 400 on.")),
        always("server_errors", number("With a status from 500 on.")),
        always(
            "success_rate",
            or_null(share("null: there were no requests.")),
        ),
        always(
            "avg_response_time_ms",
            milliseconds("null: there were no requests."),
        ),
        always("latency_p50_ms", milliseconds("Half took no longer.")),
        always("latency_p95_ms", milliseconds("95 of 100 took no longer.")),
        always("latency_p99_ms", milliseconds("99 of 100 took no longer.")),
        always(
            "rate_limit_peak_per_minute",
            or_null(number(
                "The most that was used in a minute; null: it has no limit.",
            )),
        ),
        always(
            "rate_limit_peak_per_day",
            or_null(number(
                "The most that was used in a day; null: it has no limit.",
            )),
        ),
        always("top_endpoints", list(endpoint, "Most asked first.")),
        always("by_status", by_status),
        always("daily", list(day, "Day by day.")),
        always(
            "rate_limit_hits_by_hour",
            list(hour, "Requests that were refused, 429."),
        ),
    ]);
    object([always("data", data)])
}
