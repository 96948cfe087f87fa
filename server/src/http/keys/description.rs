//! What `/api/v1/keys` takes and answers.

use crate::control::MAX_USAGE_DAYS;
use crate::http::code::Code;
use crate::http::describe::{Example, Form, Header, Operation, Tag};
use crate::http::parameter::{Known, Shape};

mod schemas;

use schemas::{all, made, one, reason, revoked, used, wanted};

pub(super) const PAGE: &[Known] = &[
    Known::new(
        "limit",
        Shape::Number(1),
        "Keys on a page, 1,000 at most: more is reduced, and `meta.limit` tells.",
    )
    .default("100")
    .example("25"),
    Known::new("offset", Shape::Number(0), "Keys to skip.")
        .default("0")
        .example("0"),
];

pub(super) const DAYS: &[Known] = &[Known::new(
    "days",
    Shape::Within(1, MAX_USAGE_DAYS as u64),
    "How many days are told of, today among them.",
)
.default("30")
.example("7")];

const ID: &[Known] = &[Known::new("id", Shape::Text(64), "The key's id.")
    .required()
    .example("key_0123456789abcdef")];

pub(in crate::http) const LIST: Operation = Operation {
    id: "listKeys",
    tag: Tag::Keys,
    summary: "The keys of the caller's account",
    description: "Newest first, those that were revoked among them. Never with their secrets.",
    parameters: PAGE,
    gives: &[Form::json(all)],
    errors: &[Code::NotAcceptable],
    examples: &[Example::plain("Ask")],
    ..Operation::NOTHING
};

pub(in crate::http) const CREATE: Operation = Operation {
    id: "createKey",
    tag: Tag::Keys,
    summary: "Make a key",
    description: "Of the caller's account, with no more than the caller's own key may do, and \
                  never with a scope that manages. When the caller's own key expires does not \
                  bind it: it may live on, or never expire. The secret is in the answer, and told \
                  only this once.",
    takes: &[Form {
        media_type: "application/json",
        schema: wanted,
        example: Some("{\"name\": \"siem\", \"expires_in_days\": 90, \"scopes\": [\"read:iocs\"]}"),
    }],
    status: axum::http::StatusCode::CREATED,
    gives: &[Form::json(made)],
    headers: &[Header {
        name: "Location",
        meaning: "Where the key is.",
        example: "/api/v1/keys/key_0123456789abcdef",
    }],
    errors: &[
        Code::MissingParameter,
        Code::TierRequired,
        Code::NotAcceptable,
        Code::KeyLimitReached,
        Code::UnsupportedMediaType,
    ],
    examples: &[Example {
        title: "A key for a program that asks",
        query: &[],
        body: Some((
            "application/json",
            "{\"name\": \"siem\", \"expires_in_days\": 90}",
        )),
    }],
    ..Operation::NOTHING
};

pub(in crate::http) const SHOW: Operation = Operation {
    id: "showKey",
    tag: Tag::Keys,
    summary: "One key",
    description: "A key of another account is not found.",
    segments: ID,
    gives: &[Form::json(one)],
    errors: &[Code::NotFound, Code::NotAcceptable],
    examples: &[Example::plain("Ask")],
    ..Operation::NOTHING
};

pub(in crate::http) const REVOKE: Operation = Operation {
    id: "revokeKey",
    tag: Tag::Keys,
    summary: "End a key at once and for good",
    description: "Ending it again changes nothing.",
    segments: ID,
    takes: &[Form {
        media_type: "application/json",
        schema: reason,
        example: Some("{\"reason\": \"it was in a log\"}"),
    }],
    takes_nothing_too: true,
    gives: &[Form::json(revoked)],
    errors: &[
        Code::NotFound,
        Code::NotAcceptable,
        Code::UnsupportedMediaType,
    ],
    examples: &[Example::plain("Revoke it")],
    ..Operation::NOTHING
};

pub(in crate::http) const USAGE: Operation = Operation {
    id: "keyUsage",
    tag: Tag::Keys,
    summary: "How much a key was used",
    description: "Counts by status, latencies, the most that was used of both limits, and when.",
    segments: ID,
    parameters: DAYS,
    gives: &[Form::json(used)],
    errors: &[Code::NotFound, Code::NotAcceptable],
    examples: &[Example::plain("Ask")],
    ..Operation::NOTHING
};
