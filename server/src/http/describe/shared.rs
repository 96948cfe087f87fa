//! What the answers of several routes are made of.

use iocd_core::claim::{Category, Confidence, Origin, Status, Tlp};
use iocd_core::query::MatchKind;
use iocd_core::score::Caution;
use iocd_core::value::Kind;
use serde_json::{Map, Value as Json, json};

use super::schema::{
    always, list, maybe, number, object, one_of, percent, share, shared, switch, text, texts, time,
};
use crate::http::code::Code;

/// Each by its name.
pub(in crate::http) fn schemas() -> Map<String, Json> {
    let schemas = [
        ("Type", kind()),
        ("Confidence", confidence()),
        ("Category", category()),
        ("Status", status()),
        ("Entry", entry()),
        ("Source", source()),
        ("Match", matched()),
        ("Explanation", explanation()),
        ("Reading", reading([])),
        ("Coverage", coverage()),
        ("Article", crate::http::articles::article_schema()),
        ("Error", error()),
    ];
    let schemas = schemas.map(|(name, schema)| (name.to_owned(), schema));
    schemas.into_iter().collect()
}

fn kind() -> Json {
    let meaning = "Type of a value. In queries, mitre_attack is taken for mitre-attack.";
    one_of(Kind::ALL.map(Kind::as_str), meaning)
}

fn confidence() -> Json {
    let names = [Confidence::High, Confidence::Medium, Confidence::Low];
    let meaning = "How sure the source is: from 75 of 100 on high, from 40 on medium.";
    one_of(names.map(Confidence::as_str), meaning)
}

fn category() -> Json {
    let meaning = "What kind of publisher the source is.";
    one_of(Category::ALL.map(Category::as_str), meaning)
}

fn status() -> Json {
    let all = [
        Status::Active,
        Status::Expired,
        Status::Removed,
        Status::FalsePositive,
    ];
    let meaning = "Whether the source still says so: its time is over (expired), its list no \
                   longer has it (removed), it was taken back as wrong (false_positive).";
    one_of(all.map(Status::as_str), meaning)
}

/// One source's statement about one value.
fn entry() -> Json {
    let tlp = [
        Tlp::Clear,
        Tlp::Green,
        Tlp::Amber,
        Tlp::AmberStrict,
        Tlp::Red,
    ];
    let mut entry = object([
        always("type", shared("Type")),
        always("value", text("In canonical form.")),
        always("confidence", shared("Confidence")),
        always("source", shared("Source")),
        always(
            "id",
            json!({"type": "string", "format": "uuid",
                "description": "Made from type, value and source: the same everywhere."}),
        ),
        maybe("first_seen", time("The source's earliest sighting.")),
        maybe("last_seen", time("The source's latest sighting.")),
        maybe("context", text("What the source adds in words.")),
        maybe("tags", texts("Sorted.")),
        maybe("mitre_techniques", texts("Ids of ATT&CK.")),
        maybe("match", shared("Match")),
        always(
            "score",
            percent("How much the value is worth acting on, by what all sources say of it."),
        ),
        maybe("malware", text("A malware family.")),
        maybe(
            "ports",
            list(
                json!({"type": "integer", "minimum": 0, "maximum": 65535}),
                "Ports.",
            ),
        ),
        maybe(
            "tlp",
            one_of(tlp.map(Tlp::as_str), "Traffic Light Protocol 2.0."),
        ),
        always("status", shared("Status")),
        maybe("sectors", texts("Sectors of industry.")),
        maybe(
            "warnings",
            texts("What speaks for caution, names of warning lists among it."),
        ),
        maybe("expires_at", time("When its time is over.")),
        always(
            "updated_at",
            time("When it last changed, or its source last changed what it says, in this store."),
        ),
        maybe("explanation", shared("Explanation")),
    ]);
    entry["description"] = json!("One source's statement about one value.");
    entry
}

fn source() -> Json {
    object([
        always("feed_name", text("The source's title.")),
        always("category", shared("Category")),
        maybe(
            "origin",
            one_of(
                [Origin::Feed, Origin::Article].map(Origin::as_str),
                "A list that a machine publishes, or prose.",
            ),
        ),
        maybe(
            "article_id",
            text("The newest article that the statement was read from."),
        ),
        maybe("article_title", text("Its title.")),
        maybe("article_url", text("Its address.")),
        maybe("reference_url", text("Where the source says more.")),
    ])
}

fn matched() -> Json {
    let kinds = [
        MatchKind::Exact,
        MatchKind::MappedIpv4,
        MatchKind::Network,
        MatchKind::ParentDomain,
        MatchKind::UrlHost,
        MatchKind::UrlPrefix,
        MatchKind::UrlScheme,
        MatchKind::UrlPort,
        MatchKind::Subdomain,
        MatchKind::UrlOnHost,
        MatchKind::AddressInNetwork,
        MatchKind::Contains,
        MatchKind::SameArticle,
        MatchKind::SameFile,
        MatchKind::SameMalware,
        MatchKind::SameCampaign,
    ];
    object([
        always(
            "kind",
            one_of(
                kinds.map(MatchKind::as_str),
                "How the entry's value is related to the one asked for.",
            ),
        ),
        always(
            "distance",
            number("0 for the value itself, else the steps between the two."),
        ),
    ])
}

fn explanation() -> Json {
    let caution = [Caution::None, Caution::Withheld, Caution::Allowed];
    let term = object([
        always("source", text("The source's title.")),
        always("publisher", text("Who publishes it.")),
        always("status", shared("Status")),
        always("confidence", percent("How sure the source is.")),
        always("weight", percent("Trust in the source.")),
        maybe("last_seen", time("The source's latest sighting.")),
        always("age", number("Seconds since then.")),
        maybe(
            "half_life",
            number("Seconds in which it is worth half; absent where it does not age."),
        ),
        always("decay", share("What its age leaves.")),
        always("standing", share("What its status leaves.")),
        always("strength", share("The product of all this.")),
        always(
            "counts",
            switch("Whether it is the strongest of its publisher."),
        ),
    ]);
    object([
        always("score", percent("The score.")),
        always(
            "combined",
            share("What the strengths that count add up to."),
        ),
        always(
            "caution",
            one_of(
                caution.map(Caution::as_str),
                "What speaks against acting on it.",
            ),
        ),
        always("caution_factor", share("What that leaves.")),
        always("terms", list(term, "One for each statement.")),
    ])
}

/// One way to read a text, with what a route tells besides.
pub(in crate::http) fn reading<const N: usize>(more: [super::schema::Member; N]) -> Json {
    let members = [
        always("type", shared("Type")),
        always("value", text("In canonical form.")),
        always("changes", texts("What was done to read it so.")),
        maybe(
            "warnings",
            texts("What is worth knowing of it, names of warning lists among it."),
        ),
    ];
    object(members.into_iter().chain(more))
}

fn coverage() -> Json {
    let mut coverage = object([
        always("feeds", number("Feeds that were ever read.")),
        always("stale", number("Those that were not read for too long.")),
        always("failing", number("Those that could not be read last.")),
        maybe(
            "oldest_fetch",
            time("Of all feeds, the oldest last good reading."),
        ),
    ]);
    coverage["description"] = json!("What was searched where nothing was found.");
    coverage
}

/// The body of every error.
fn error() -> Json {
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let details = object([
        always("parameter", text("The parameter that it is about.")),
        maybe("given", text("What was given, cut to 200 characters.")),
        maybe("allowed", texts("What is allowed.")),
        maybe("nearest", text("What was probably meant.")),
    ]);
    let error = object([
        always(
            "code",
            json!({"type": "string", "enum": codes, "description": "To program against."}),
        ),
        always(
            "message",
            text("For a person: what is wrong, and what to do."),
        ),
        always(
            "request_id",
            json!({"type": "string", "pattern": "^req_[0-9a-f]{16}$",
                "description": "The same as in X-Request-Id and in the server's log."}),
        ),
        maybe("details", details),
    ]);
    object([always("error", error)])
}
