//! What `GET /api/v1/lookup` takes and answers.

use iocd_core::score::RiskLevel;
use iocd_core::value::MAX_VALUE;
use serde_json::Value as Json;

use crate::http::code::Code;
use crate::http::describe::schema::{
    always, list, maybe, number, object, one_of, percent, shared, switch, text, texts, time,
};
use crate::http::describe::shared::reading;
use crate::http::describe::{Example, Form, Operation, Tag};
use crate::http::parameter::{Known, Shape};

pub(super) const PARAMETERS: &[Known] = &[
    Known::new(
        "value",
        Shape::Text(MAX_VALUE),
        "The value in any spelling. It has to be given, under this name or as `ioc`.",
    )
    .example("203.0.113[.]7"),
    Known::new(
        "ioc",
        Shape::Text(MAX_VALUE),
        "Another name of `value`: one of the two is given.",
    ),
    Known::kind("Read the value only as this type.").example("ipv4"),
];

pub(in crate::http) const LOOKUP: Operation = Operation {
    id: "lookup",
    tag: Tag::Indicators,
    summary: "All that is known of one value, for a person",
    description: "Sources, risk and every term of it, what is around the value, and queries that \
                  hunt for it elsewhere. `found` false means \"no record\", never \"safe\": \
                  `meta.coverage` says what was searched.",
    parameters: PARAMETERS,
    gives: &[Form {
        media_type: "application/json",
        schema: answer,
        example: Some(include_str!("example.json")),
    }],
    errors: &[Code::MissingParameter, Code::NotAcceptable],
    examples: &[Example {
        title: "An address",
        query: &[("value", "203.0.113[.]7")],
        body: None,
    }],
    ..Operation::NOTHING
};

fn answer() -> Json {
    let told = always("occurrences", number("Statements that cover this reading."));
    let query = object([
        always("input", text("As it was given.")),
        always(
            "interpretations",
            list(reading([told]), "Every sensible reading of it."),
        ),
    ]);
    let meta = object([
        always("generated_at", time("When.")),
        always("query", query),
        maybe("coverage", shared("Coverage")),
    ]);
    object([always("meta", meta), always("data", data())])
}

fn data() -> Json {
    let levels = [
        RiskLevel::Critical,
        RiskLevel::High,
        RiskLevel::Medium,
        RiskLevel::Low,
    ];
    let [critical, high, medium, low] = levels.map(RiskLevel::as_str);
    let names = [critical, high, medium, low, "unknown"];
    let risk = object([
        always("score", percent("As in the entries of a search.")),
        always("level", one_of(names, "unknown: no record.")),
    ]);
    let technique = object([
        always("id", text("ATT&CK's id.")),
        maybe("name", text("ATT&CK's name.")),
    ]);
    let cascade = object([
        always("total", number("How many there are.")),
        always("entries", list(shared("Entry"), "The first 25.")),
    ]);
    object([
        always(
            "found",
            switch("Whether anybody says anything of the value."),
        ),
        always(
            "ioc_value",
            text("In canonical form; as given where it has no reading."),
        ),
        maybe("ioc_type", shared("Type")),
        always("risk", risk),
        maybe("status", shared("Status")),
        maybe("confidence", shared("Confidence")),
        maybe("first_seen", time("The earliest sighting by any source.")),
        maybe("last_seen", time("The latest sighting by any source.")),
        always(
            "total_occurrences",
            number("Statements that cover the value."),
        ),
        always("reporting_sources", number("Sources that made them.")),
        maybe("threat_type", text("What it is used for.")),
        maybe("malware_family", text("A malware family.")),
        always("tags", texts("Of all statements, the first 100.")),
        always(
            "mitre_techniques",
            list(technique, "Of all statements, the first 100."),
        ),
        always(
            "sources",
            list(
                source(),
                "One for each source, as many as the tier has results.",
            ),
        ),
        maybe("explanation", shared("Explanation")),
        maybe("hunting", hunting()),
        always(
            "articles",
            list(
                shared("Article"),
                "For a CVE: the newest articles that name it, 20 at most, as far as the tier looks back.",
            ),
        ),
        always("cascade", cascade),
        always("warnings", texts("What speaks for caution.")),
    ])
}

fn source() -> Json {
    object([
        always("source_feed", text("The source's title.")),
        always("source_category", shared("Category")),
        maybe("reference_url", text("Where it says more.")),
        maybe("first_seen", time("Its earliest sighting.")),
        maybe("last_seen", time("Its latest sighting.")),
        always(
            "occurrence_count",
            number("Its statements that cover the value."),
        ),
        always("confidence", shared("Confidence")),
        maybe("context", text("What it adds in words.")),
        always("status", shared("Status")),
        always("ioc_value", text("What its nearest statement is about.")),
        always("match", shared("Match")),
    ])
}

fn hunting() -> Json {
    object([
        always(
            "detection_guidance",
            text("Where to look, and what a find means."),
        ),
        maybe("splunk_query", text("For Splunk.")),
        maybe(
            "kql_query",
            text("For Microsoft Defender XDR and Sentinel."),
        ),
        maybe("elastic_query", text("For Kibana.")),
        maybe("sigma", text("A Sigma rule, YAML.")),
    ])
}
