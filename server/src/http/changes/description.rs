//! What `GET /api/v1/iocs/changes` takes and answers.

use iocd_core::claim::{Category, Status};
use serde_json::{Value as Json, json};

use super::NDJSON;
use crate::http::code::Code;
use crate::http::describe::schema::{
    always, maybe, number, object, one_of, percent, shared, switch, text, texts, time,
};
use crate::http::describe::{Example, Form, Operation, Tag};
use crate::http::parameter::{Known, Shape};
use crate::http::sealed::MAX_TEXT;

pub(super) const PARAMETERS: &[Known] = &[
    Known::new(
        "cursor",
        Shape::Text(MAX_TEXT),
        "Where to go on: from the last line of an earlier answer, unchanged. Without it, from the \
         beginning.",
    ),
    Known::new(
        "limit",
        Shape::Number(1),
        "Entries of an answer. More than the key's tier allows is reduced.",
    )
    .default("10000")
    .example("2"),
];

pub(in crate::http) const CHANGES: Operation = Operation {
    id: "changes",
    tag: Tag::Indicators,
    summary: "Everything that is retained, for a server that mirrors this one",
    description: "Lines of JSON: `{\"source\": …}` for every source; `{\"entry\": …}` for each \
                  entry that changed after the cursor, as it is now and in the order of its last \
                  change, ended ones too; and `{\"cursor\": …, \"more\": …}`, without which the \
                  answer was cut off. Who goes on from cursor to cursor has every entry as it is, \
                  whatever is written meanwhile; a cursor is good for as long as history is kept, \
                  until a backup is restored. The feed of another iocd with `collector = \"iocd\"` does \
                  that.",
    parameters: PARAMETERS,
    gives: &[Form {
        media_type: NDJSON,
        schema: line,
        example: Some(include_str!("example.json")),
    }],
    errors: &[Code::TierRequired, Code::NotAcceptable, Code::CursorExpired],
    examples: &[Example {
        title: "From the beginning",
        query: &[("limit", "2")],
        body: None,
    }],
    is_coded: true,
    ..Operation::NOTHING
};

fn line() -> Json {
    let end = object([
        always("cursor", text("Where to go on.")),
        always("more", switch("Whether there is more already.")),
    ]);
    json!({"oneOf": [
        object([always("source", source())]),
        object([always("entry", entry())]),
        end,
    ]})
}

fn source() -> Json {
    let names = Category::ALL.map(Category::as_str);
    object([
        always("name", text("Short name.")),
        always("title", text("`source.feed_name` elsewhere.")),
        always(
            "category",
            one_of(names, "What kind of organisation speaks."),
        ),
        always("origin", one_of(["feed", "article"], "A list, or prose.")),
        always(
            "extent",
            one_of(["snapshot", "window", "events"], "What leaving it means."),
        ),
        always(
            "list_non_global",
            switch("Whether lists show its values that are not globally reachable."),
        ),
        always(
            "expires_after",
            json!({"type": ["integer", "null"],
                "description": "Seconds that its entries hold which have no end of their own."}),
        ),
        maybe(
            "expires_after_by_kind",
            json!({"type": "object", "additionalProperties": {"type": "integer"},
                "description": "The same for types with a rule of their own."}),
        ),
        maybe("publisher", text("Who publishes it.")),
        maybe("weight", percent("How far it is trusted.")),
        maybe(
            "half_life",
            number("Seconds after which a sighting is worth half."),
        ),
        maybe(
            "listed_at",
            time("When a complete fetch last showed its whole list."),
        ),
    ])
}

fn entry() -> Json {
    let statuses = [
        Status::Active,
        Status::Expired,
        Status::Removed,
        Status::FalsePositive,
    ];
    let article = object([
        always("id", text("Its id.")),
        always("title", text("Its title.")),
        always("url", text("Its address.")),
        always("published_at", time("When it was published.")),
    ]);
    object([
        always("id", json!({"type": "string", "format": "uuid"})),
        always("type", shared("Type")),
        always("value", text("In canonical form.")),
        always("source", text("Short name of the source.")),
        always(
            "status",
            one_of(
                statuses.map(Status::as_str),
                "Whether it holds, or why not.",
            ),
        ),
        always("confidence", percent("How sure the source is.")),
        always("scope", one_of(["exact", "subtree"], "What it covers.")),
        always("first_heard_at", time("When the store first heard it.")),
        always("heard_at", time("When the store last heard it, about.")),
        always("updated_at", time("When it last changed in the store.")),
        maybe("first_seen", time("As the source says.")),
        maybe("last_seen", time("As the source says.")),
        maybe("expires_at", time("As the source says.")),
        maybe("context", text("One sentence for a person.")),
        maybe("malware", text("Malware family.")),
        maybe("tags", texts("Tags.")),
        maybe("techniques", texts("ATT&CK techniques.")),
        maybe("sectors", texts("Sectors of industry.")),
        maybe(
            "ports",
            json!({"type": "array", "items": {"type": "integer"}, "description": "Ports."}),
        ),
        maybe("references", texts("Where there is more.")),
        maybe(
            "tlp",
            one_of(
                ["clear", "green", "amber", "amber+strict", "red"],
                "Marking of the source.",
            ),
        ),
        maybe("article", article),
        maybe("raw", text("The value as the source wrote it.")),
    ])
}
