//! What `GET /api/v1/iocs` takes and answers.

use iocd_core::claim::{Category, Confidence};
use iocd_core::export::Format;
use iocd_core::query::GoneReason;
use iocd_core::sector::SECTORS;
use serde_json::{Value as Json, json};

use super::narrowing::MAX_LABEL;
use crate::http::code::Code;
use crate::http::describe::schema::{always, maybe, number, object, one_of, shared, text, time};
use crate::http::describe::{Example, Form, Header, Operation, Tag};
use crate::http::parameter::{Known, Shape, join};
use crate::http::sealed::MAX_TEXT;

/// What narrows a list.
pub(super) const FILTERS: &[Known] = &[
    Known::kind("Only this type.").example("domain"),
    Known::new(
        "confidence",
        Shape::OneOf(|| {
            let labels = [Confidence::High, Confidence::Medium, Confidence::Low];
            labels.map(Confidence::as_str).to_vec()
        }),
        "Only this label.",
    )
    .example("high"),
    Known::new(
        "category",
        Shape::OneOf(|| Category::ALL.map(Category::as_str).to_vec()),
        "Only sources of this category.",
    )
    .example("threat-intel"),
    Known::new(
        "source",
        Shape::Text(MAX_TEXT),
        "Only these feeds: short names or titles with commas between them, in any letter case.",
    )
    .example("urlhaus"),
    Known::new(
        "tag",
        Shape::Label(MAX_LABEL),
        "Only with this tag, in any letter case.",
    )
    .example("botnet_cc"),
    Known::new(
        "technique",
        Shape::Pattern("^T[0-9]{4}(\\.[0-9]{3})?$", "ATT&CK id of a technique"),
        "Only with this technique of ATT&CK or one of its sub-techniques.",
    )
    .example("T1071"),
    Known::new(
        "malware",
        Shape::Label(MAX_LABEL),
        "Only of this malware family, in any letter case.",
    )
    .example("ExampleBot"),
    Known::new(
        "industry",
        Shape::OneOf(|| SECTORS.to_vec()),
        "Only of this sector of industry, by CISA's names.",
    )
    .example("energy"),
    Known::new(
        "min_score",
        Shape::Within(0, 100),
        "Only with this score or a higher one.",
    )
    .example("40"),
    Known::new(
        "since",
        Shape::Time,
        "Only entries added or changed in this store at this time or later. What is before the \
         tier's lookback becomes that, and `meta.filters.since` tells.",
    )
    .example("2026-01-02T03:04:05Z"),
    Known::new(
        "until",
        Shape::Time,
        "Only entries added or changed in this store before this time.",
    )
    .example("2026-01-03"),
    Known::new(
        "include_expired",
        Shape::Switch,
        "Entries whose time is over, too.",
    )
    .default("false")
    .example("true"),
    Known::new(
        "include_warned",
        Shape::Switch,
        "Also values that a warning list keeps out, and such as are not globally reachable.",
    )
    .default("false")
    .example("true"),
];

/// How a list is told.
const TELLING: &[Known] = &[
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
        "Entries to skip; exact only while nobody writes, unlike `links.next`. Not beside a \
         `cursor`.",
    )
    .default("0")
    .example("0"),
    Known::new(
        "format",
        Shape::OneOf(|| Format::ALL.map(Format::as_str).to_vec()),
        "How the page is written. `txt` is not part of tier free.",
    )
    .default("json")
    .example("json"),
    Known::new(
        "raw",
        Shape::Switch,
        "Leaves CSV cells that a spreadsheet would take for a formula without a leading \
         apostrophe.",
    )
    .default("false")
    .example("false"),
    Known::new(
        "cursor",
        Shape::Text(MAX_TEXT),
        "A place in a list, from `links.next` or `links.delta`, unchanged: alone, or beside the \
         filters that it was given for.",
    ),
    Known::new(
        "include_removed",
        Shape::Switch,
        "With a delta, also what has left the list, and why. Not in CSV and text.",
    )
    .default("false")
    .example("true"),
];

pub(super) const PARAMETERS: [Known; FILTERS.len() + TELLING.len()] = join(FILTERS, TELLING);

pub(in crate::http) const LIST: Operation = Operation {
    id: "list",
    tag: Tag::Indicators,
    summary: "The entries that filters admit, and what happened to them",
    description: "Newest update first, with an exact `meta.total`. `links.next` leads through \
                  the list as it was when its first page was told: nothing is skipped or told \
                  twice, whatever is written meanwhile. `links.delta`, asked for later, tells \
                  what happened since, oldest first.",
    parameters: &PARAMETERS,
    gives: &[
        Form {
            media_type: "application/json",
            schema: answer,
            example: Some(include_str!("example.json")),
        },
        Form {
            media_type: "text/csv",
            schema: || {
                text(
                    "With `format=csv`: a header line, then id, type, value, confidence, \
                     first_seen, last_seen, source_article, source_feed, category, tags.",
                )
            },
            example: None,
        },
        Form {
            media_type: "text/plain",
            schema: || text("With `format=txt`: one value a line."),
            example: None,
        },
    ],
    headers: &[Header {
        name: "Link",
        meaning: "`rel=\"delta\"` and, where there is more, `rel=\"next\"`: as in `links`.",
        example: "</api/v1/iocs?limit=100&cursor=AQHwjQ>; rel=\"delta\"",
    }],
    revalidates: true,
    errors: &[Code::TierRequired, Code::NotAcceptable, Code::CursorExpired],
    examples: &[
        Example {
            title: "Domains that somebody is sure of",
            query: &[("type", "domain"), ("confidence", "high"), ("limit", "2")],
            body: None,
        },
        Example {
            title: "The same for a spreadsheet",
            query: &[
                ("type", "domain"),
                ("confidence", "high"),
                ("format", "csv"),
            ],
            body: None,
        },
        Example {
            title: "One value a line, for a block list",
            query: &[("type", "ipv4"), ("format", "txt"), ("limit", "1000")],
            body: None,
        },
    ],
    is_coded: true,
    ..Operation::NOTHING
};

fn answer() -> Json {
    let meta = object([
        always(
            "total",
            number("Entries that the filters admit, on all pages; of a delta, those to come."),
        ),
        always("limit", number("The page's size as applied.")),
        always("offset", number("Entries skipped.")),
        always("generated_at", time("When.")),
        always("feed_version", text("The store's revision.")),
        always("source", text("The server's name.")),
        always(
            "filters",
            json!({"type": "object", "additionalProperties": {"type": "string"},
                "description": "As applied."}),
        ),
    ]);
    let links = object([
        always("self", text("This page.")),
        maybe(
            "next",
            text("The next page, of the list as it was on the first one."),
        ),
        always("delta", text("What will have happened since.")),
    ]);
    let data = json!({
        "type": "array",
        "items": {"anyOf": [shared("Entry"), removal()]},
        "description": "The page.",
    });
    object([
        always("meta", meta),
        always("data", data),
        always("links", links),
    ])
}

/// What is told of an entry that has left the list.
fn removal() -> Json {
    let reasons = [
        GoneReason::RemovedBySource,
        GoneReason::Expired,
        GoneReason::FalsePositive,
        GoneReason::NoLongerMatches,
    ];
    let removed = object([
        always("reason", one_of(reasons.map(GoneReason::as_str), "Why.")),
        always("at", time("When.")),
    ]);
    let mut removal = object([
        always("type", shared("Type")),
        always("value", text("In canonical form.")),
        always("confidence", shared("Confidence")),
        always("source", shared("Source")),
        always("id", json!({"type": "string", "format": "uuid"})),
        always("removed", removed),
    ]);
    removal["title"] = json!("Removal");
    removal["description"] = json!("An entry that has left the list.");
    removal
}
