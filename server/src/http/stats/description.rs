//! What `GET /api/v1/iocs/stats` answers.

use iocd_core::claim::{Category, Confidence};
use iocd_core::value::Kind;
use serde_json::{Value as Json, json};

use crate::http::code::Code;
use crate::http::describe::schema::{always, list, number, object, text, time};
use crate::http::describe::{Example, Form, Header, Operation, Tag};
use crate::http::feeds::description::{brief, health};

pub(in crate::http) const STATS: Operation = Operation {
    id: "stats",
    tag: Tag::Indicators,
    summary: "What the store holds, in figures",
    description: "Counts of the entries that lists give. They are taken anew every few seconds \
                  at most; the headers say how old they are.",
    gives: &[Form::json(answer)],
    headers: &[
        Header {
            name: "X-Cache-Updated-At",
            meaning: "When the counts were taken.",
            example: "2026-01-02T03:04:05Z",
        },
        Header {
            name: "X-Cache-Age-Seconds",
            meaning: "How long ago that is.",
            example: "3",
        },
    ],
    errors: &[Code::NotAcceptable],
    examples: &[Example::plain("Ask")],
    is_coded: true,
    ..Operation::NOTHING
};

fn answer() -> Json {
    let meta = object([
        always("generated_at", time("When the counts were taken.")),
        always("feed_version", text("The store's revision.")),
        always("source", text("The server's name.")),
    ]);
    let recent = |when: &str| {
        object([
            always("added", number(&format!("First heard {when}."))),
            always("changed", number(&format!("Changed {when}."))),
        ])
    };
    let top = |what: &'static str, meaning: &str| {
        let item = object([
            always("id", text("Its id.")),
            always(what, number("How many.")),
        ]);
        list(item, meaning)
    };
    let data = object([
        always("total_iocs", number("Entries.")),
        always("total_articles", number("Articles that are not archived.")),
        always("by_type", counts(&Kind::ALL.map(Kind::as_str))),
        always(
            "by_confidence",
            counts(&Confidence::ALL.map(Confidence::as_str)),
        ),
        always("by_category", counts(&Category::ALL.map(Category::as_str))),
        always("last_24h", recent("in the last 24 hours")),
        always("last_7d", recent("in the last 7 days")),
        always("top_techniques", top("entries", "Most named, by entries.")),
        always("top_cves", top("sources", "Most named, by sources.")),
        always("feed_health", health()),
        always("by_feed", list(object(brief()), "Every feed.")),
    ]);
    object([always("meta", meta), always("data", data)])
}

/// Counts by some of these names.
fn counts(names: &[&str]) -> Json {
    json!({
        "type": "object",
        "propertyNames": {"enum": names},
        "additionalProperties": {"type": "integer", "minimum": 0},
        "description": "Entries by name.",
    })
}
