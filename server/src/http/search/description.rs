//! What `GET /api/v1/iocs/search` takes and answers.

use iocd_core::query::Matching;
use iocd_core::value::MAX_VALUE;
use serde_json::Value as Json;

use crate::http::code::Code;
use crate::http::describe::schema::{always, list, maybe, number, object, shared, text};
use crate::http::describe::{Example, Form, Operation, Tag};
use crate::http::parameter::{Known, Shape};

pub(super) const PARAMETERS: &[Known] = &[
    Known::new(
        "q",
        Shape::Text(MAX_VALUE),
        "The value in any spelling: defanged, in capitals, quoted, with a port. With \
         `match=contains`, a text of at least 3 characters between the blanks and control \
         characters at its ends.",
    )
    .required()
    .example("203.0.113[.]7"),
    Known::kind("Read `q` only as this type.").example("ipv4"),
    STATUS,
    Known::new(
        "limit",
        Shape::Number(1),
        "Entries on a page. More than the key's tier allows is reduced, and `meta.limit` tells.",
    )
    .default("100")
    .example("25"),
    Known::new(
        "offset",
        Shape::Number(0),
        "Entries to skip. With `cascade` and `contains`, at most 100,000 together with `limit`.",
    )
    .default("0")
    .example("0"),
    Known::new(
        "match",
        Shape::OneOf(|| Matching::ALL.map(Matching::as_str).to_vec()),
        "`exact`: entries whose stated scope covers the value. `cascade`: also what is related \
         to it, labelled with how. `contains`: values that have the text `q` in them.",
    )
    .default("exact")
    .example("cascade"),
    Known::new(
        "include_related",
        Shape::Switch,
        "Adds `related`: what shares an article, a file, a malware family or a campaign.",
    )
    .default("false")
    .example("true"),
    Known::new(
        "explain",
        Shape::Switch,
        "Adds to each entry every term of its score.",
    )
    .default("false")
    .example("true"),
    Known::new(
        "as_of",
        Shape::Time,
        "Answers as the store stood at this time, which is not in the future.",
    )
    .example("2026-01-02T03:04:05Z"),
];

/// `status`, where entries answer.
pub(in crate::http) const STATUS: Known = Known::new(
    "status",
    Shape::OneOf(|| vec!["active", "any"]),
    "`active`: only what holds now. `any`: also what was taken back as wrong. Where it is not \
     given, all but that.",
)
.example("active");

pub(in crate::http) const SEARCH: Operation = Operation {
    id: "search",
    tag: Tag::Indicators,
    summary: "Has anyone seen this value?",
    description: "Answers with one entry for each source's statement about the value, active \
                  ones first, then by distance of the match, confidence, newest update and id. \
                  `meta.total` counts all of them.\n\nNothing found is 200 with `total` 0, and \
                  `meta.coverage` says what was searched. So is a text that is no indicator in \
                  any reading, with no `interpretations`.",
    parameters: PARAMETERS,
    gives: &[Form {
        media_type: "application/json",
        schema: answer,
        example: Some(include_str!("example.json")),
    }],
    errors: &[
        Code::MissingParameter,
        Code::NotAcceptable,
        Code::HistoryCompacted,
    ],
    examples: &[
        Example {
            title: "A value as a report would print it",
            query: &[("q", "203.0.113[.]7")],
            body: None,
        },
        Example {
            title: "A domain, what is below it and the URLs on it, with every term of the scores",
            query: &[
                ("q", "example.com"),
                ("match", "cascade"),
                ("explain", "true"),
                ("limit", "5"),
            ],
            body: None,
        },
        Example {
            title: "Values that have a text in them",
            query: &[("q", "bad.example"), ("match", "contains")],
            body: None,
        },
    ],
    ..Operation::NOTHING
};

fn answer() -> Json {
    let query = object([
        always("input", text("As it was given.")),
        always(
            "interpretations",
            list(shared("Reading"), "Every sensible reading of it."),
        ),
    ]);
    let meta = object([
        always("total", number("Entries that answer, on all pages.")),
        always("limit", number("The page's size as applied.")),
        always("offset", number("Entries skipped.")),
        always("query", query),
        maybe("coverage", shared("Coverage")),
    ]);
    object([
        always("meta", meta),
        always("data", list(shared("Entry"), "The page.")),
        maybe(
            "related",
            list(shared("Entry"), "With include_related: 10 at most."),
        ),
    ])
}
