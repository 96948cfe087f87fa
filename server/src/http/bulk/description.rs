//! What `POST /api/v1/iocs/search` and `POST /api/v1/normalize` take and answer.

use iocd_core::query::Matching;
use serde_json::{Value as Json, json};

use super::NDJSON;
use crate::http::code::Code;
use crate::http::describe::schema::{
    always, list, maybe, number, object, one_of, shared, switch, text, texts, time,
};
use crate::http::describe::shared::reading;
use crate::http::describe::{Example, Form, Operation, Tag};
use crate::http::parameter::{Known, Shape};
use crate::http::search::STATUS;

pub(super) const SEARCH_PARAMETERS: &[Known] = &[
    KIND,
    STATUS,
    Known::new(
        "limit",
        Shape::Number(0),
        "Entries looked at for each value, 100 at most. 0: only the status and the total.",
    )
    .default("10")
    .example("10"),
    Known::new(
        "match",
        Shape::OneOf(|| vec![Matching::Exact.as_str()]),
        "Entries whose stated scope covers the value.",
    )
    .default("exact")
    .example("exact"),
    EXTRACT,
];

pub(super) const NORMALIZE_PARAMETERS: &[Known] = &[KIND, EXTRACT];

const KIND: Known = Known::kind("Read the values only as this type.").example("ipv4");

const EXTRACT: Known = Known::new(
    "extract",
    Shape::Switch,
    "The body is any text, sent as `text/plain` or another `text/` type: the values that it \
     mentions are the inputs.",
)
.default("false")
.example("false");

const TAKES: &[Form] = &[
    Form {
        media_type: "text/plain",
        schema: || text("One value a line."),
        example: Some("203.0.113[.]7\nnobody.example.org\n"),
    },
    Form {
        media_type: NDJSON,
        schema: || text("One JSON string a line."),
        example: Some("\"203.0.113[.]7\"\n\"nobody.example.org\"\n"),
    },
    Form {
        media_type: "application/json",
        // What is no string is an input, too, that is answered as invalid.
        schema: || list(json!({}), "Values, each a string."),
        example: Some("[\"203.0.113[.]7\", \"nobody.example.org\"]"),
    },
];

const ERRORS: &[Code] = &[
    Code::TierRequired,
    Code::NotAcceptable,
    Code::UnsupportedMediaType,
];

pub(in crate::http) const SEARCH: Operation = Operation {
    id: "searchMany",
    tag: Tag::Indicators,
    summary: "Has anyone seen these values?",
    description: "One line of JSON for each input, in their order, written as the body comes in. \
                  An input that is no value has the status `invalid`. What goes wrong after the \
                  first line is told in a last line, `{\"error\": …}`. A request takes 100,000 \
                  values or what the tier says, and a rate unit for each 100.",
    parameters: SEARCH_PARAMETERS,
    takes: TAKES,
    gives: &[Form {
        media_type: NDJSON,
        schema: searched,
        example: Some(include_str!("example.search.json")),
    }],
    errors: ERRORS,
    examples: &[
        Example {
            title: "Two values",
            query: &[],
            body: Some((
                "application/json",
                "[\"203.0.113[.]7\", \"nobody.example.org\"]",
            )),
        },
        Example {
            title: "What a text mentions",
            query: &[("extract", "true")],
            body: Some((
                "text/plain",
                "Seen on 203.0.113[.]7, sent by nobody(at)example.org.",
            )),
        },
    ],
    is_coded: true,
    ..Operation::NOTHING
};

pub(in crate::http) const NORMALIZE: Operation = Operation {
    id: "normalize",
    tag: Tag::Indicators,
    summary: "How would these values be read?",
    description: "One line of JSON for each input, in their order: its readings, or why there is \
                  none. Bodies and limits are those of a search for many values.",
    parameters: NORMALIZE_PARAMETERS,
    takes: TAKES,
    gives: &[Form {
        media_type: NDJSON,
        schema: normalized,
        example: Some(include_str!("example.normalize.json")),
    }],
    errors: ERRORS,
    examples: &[Example {
        title: "An address as a report would print it, and as somebody typed it",
        query: &[],
        body: Some(("application/json", "[\"203.0.113[.]7\", \"2001:DB8::1\"]")),
    }],
    is_coded: true,
    ..Operation::NOTHING
};

fn searched() -> Json {
    let names = ["known", "warning", "unknown", "invalid"];
    let entry = object([
        always("type", shared("Type")),
        always("value", text("What is stored.")),
        always("match", text("As `match.kind` of a search.")),
        maybe(
            "distance",
            number("As `match.distance`, where it is not 0."),
        ),
        always("status", shared("Status")),
        always("confidence", shared("Confidence")),
        always("sources", texts("Who says so.")),
        maybe("first_seen", time("The earliest sighting.")),
        maybe("last_seen", time("The latest sighting.")),
        maybe("malware", texts("Malware families.")),
    ]);
    let interpretation = object([
        always("type", shared("Type")),
        always("value", text("In canonical form.")),
    ]);
    line(object([
        always("input", text("As it came.")),
        maybe("offset", number("Bytes of the text before it.")),
        maybe("doubtful", switch("It may well be something else.")),
        always(
            "status",
            one_of(
                names,
                "warning: known, and not to be acted on without a look.",
            ),
        ),
        maybe("error", text("Why it was not read.")),
        maybe("type", shared("Type")),
        maybe("value", text("The first reading, in canonical form.")),
        maybe("changes", texts("What was done to read it so.")),
        maybe("warnings", texts("What is worth knowing of it.")),
        maybe(
            "interpretations",
            list(interpretation, "Every reading, where there are several."),
        ),
        maybe("total", number("Entries that answer.")),
        maybe(
            "entries",
            list(entry, "One for each value that they are about."),
        ),
    ]))
}

fn normalized() -> Json {
    let registrable = json!({"type": ["string", "null"], "description": "The registrable domain."});
    line(object([
        always("input", text("As it came.")),
        maybe("offset", number("Bytes of the text before it.")),
        maybe("doubtful", switch("It may well be something else.")),
        maybe("error", text("Why it was not read.")),
        maybe("type", shared("Type")),
        maybe("value", text("The first reading, in canonical form.")),
        maybe("changes", texts("What was done to read it so.")),
        maybe("registrable", registrable),
        maybe("warnings", texts("What is worth knowing of it.")),
        maybe("interpretations", list(reading([]), "Every reading.")),
    ]))
}

/// A line about an input, or the last one where something went wrong.
fn line(mut answer: Json) -> Json {
    answer["title"] = json!("Answer");
    json!({"anyOf": [answer, shared("Error")]})
}
