//! What `GET /api/v1/feeds` and `GET /api/v1/feeds/{name}` take and answer.

use iocd_core::claim::Category;
use iocd_core::value::Kind;
use serde_json::{Value as Json, json};

use crate::control::{Condition, Health};
use crate::http::code::Code;
use crate::http::describe::schema::{
    Member, always, list, maybe, number, object, one_of, or_null, switch, text, time,
};
use crate::http::describe::{Example, Form, Operation, Tag};
use crate::http::parameter::{Known, Shape};

pub(in crate::http) const LIST: Operation = Operation {
    id: "listFeeds",
    tag: Tag::Feeds,
    summary: "How every feed is",
    description: "All feeds that are known, were read, or have entries, by name.",
    gives: &[Form::json(all)],
    errors: &[Code::NotAcceptable],
    examples: &[Example::plain("Ask")],
    is_coded: true,
    ..Operation::NOTHING
};

pub(in crate::http) const SHOW: Operation = Operation {
    id: "showFeed",
    tag: Tag::Feeds,
    summary: "How one feed is, and which of its rows were refused",
    description: "Rows of its latest reading that could not be read, with the reasons.",
    segments: &[
        Known::new("name", Shape::Text(200), "The feed's short name.")
            .required()
            .example("urlhaus"),
    ],
    gives: &[Form::json(one)],
    errors: &[Code::NotAcceptable, Code::NotFound],
    examples: &[Example::plain("Ask")],
    is_coded: true,
    ..Operation::NOTHING
};

pub(in crate::http) const RUN: Operation = Operation {
    id: "runFeed",
    tag: Tag::Feeds,
    summary: "Run a feed now",
    description: "It is fetched and read, whatever its schedule. The answer does not wait for \
                  that: `running` of the feed is true until it is done, and its `state` and \
                  `message` tell how it went.",
    segments: SHOW.segments,
    status: axum::http::StatusCode::ACCEPTED,
    gives: &[Form::json(begun)],
    errors: &[Code::NotAcceptable, Code::NotFound, Code::FeedBusy],
    examples: &[Example::plain("Ask")],
    ..Operation::NOTHING
};

fn begun() -> Json {
    let meta = object([always("generated_at", time("When."))]);
    let data = object([
        always("name", text("The feed's short name.")),
        always("running", switch("Whether it is at it: true.")),
        always("started_at", time("Since when.")),
    ]);
    object([always("meta", meta), always("data", data)])
}

fn all() -> Json {
    let meta = object([
        always("total", number("Feeds.")),
        always("generated_at", time("When.")),
        always("health", health()),
    ]);
    let feed = object(brief().into_iter().chain(whole()));
    object([always("meta", meta), always("data", list(feed, "By name."))])
}

fn one() -> Json {
    let meta = object([always("generated_at", time("When."))]);
    let row = object([
        always("line", number("Its line in the document, from 1.")),
        always("text", text("What stood there, as far as it is kept.")),
        always("reason", text("Why it was refused.")),
    ]);
    let rows = maybe(
        "refused_rows",
        list(row, "Of the latest reading, the first 20."),
    );
    let data = object(brief().into_iter().chain(whole()).chain([rows]));
    object([always("meta", meta), always("data", data)])
}

/// How many feeds are how.
pub(in crate::http) fn health() -> Json {
    let counts = Health::ALL.map(|health| always(health.as_str(), number("Feeds.")));
    object(counts)
}

/// What is told of a feed wherever one is told of.
pub(in crate::http) fn brief() -> Vec<Member> {
    let states = Condition::ALL.map(Condition::as_str);
    let mut state = one_of(states, "How it is; never: it was not read yet.");
    if let Some(names) = state["enum"].as_array_mut() {
        names.push(json!("never"));
    }
    vec![
        always("name", text("Its short name.")),
        always("feed_name", text("Its title.")),
        always(
            "category",
            or_null(one_of(Category::ALL.map(Category::as_str), "What it is.")),
        ),
        always("entries", number("Active entries.")),
        always("state", state),
        always(
            "health",
            or_null(one_of(
                Health::ALL.map(Health::as_str),
                "How that is; null: not read yet.",
            )),
        ),
    ]
}

/// What more is told, where it is known.
fn whole() -> Vec<Member> {
    let extents = ["snapshot", "window", "events"];
    vec![
        maybe("publisher", text("Who is behind it.")),
        maybe("homepage", text("Where it is described.")),
        maybe("terms", text("On which terms it may be used.")),
        maybe("redistribute", switch("Whether it may be passed on.")),
        maybe(
            "extent",
            one_of(extents, "How much of it one reading shows."),
        ),
        maybe("interval_seconds", number("How often it is to be read.")),
        maybe("expires_after_seconds", number("How long an entry holds.")),
        maybe(
            "mirrored_by",
            text("The feed by which its entries are mirrored from another server."),
        ),
        maybe("expires_after_seconds_by_type", expiry_by_type()),
        maybe("message", text("What went wrong last.")),
        maybe("last_good_at", time("When it was last read with success.")),
        maybe("last_attempt_at", time("When it was last tried.")),
        maybe(
            "stale_at",
            time("When it is too old, without another reading."),
        ),
        maybe("rows_accepted", number("Of the latest reading.")),
        maybe("rows_refused", number("Of the latest reading.")),
        maybe("scheduled", switch("Whether it is fetched on a schedule.")),
        maybe("running", switch("Whether it is being run.")),
        maybe(
            "failures",
            number("Attempts that failed since the last good one."),
        ),
        maybe("next_run_at", time("When it runs next.")),
        maybe("held", held()),
    ]
}

/// Types of value that have a rule of their own.
fn expiry_by_type() -> Json {
    let types = Kind::ALL.map(|kind| maybe(kind.as_str(), number("Seconds.")));
    let mut rules = object(types);
    rules["description"] = json!("How long an entry of a type holds that has a rule of its own.");
    rules
}

/// The list that broke the feed's contract.
fn held() -> Json {
    object([
        always("held_at", time("When it came.")),
        always("reason", text("What about it is not as expected.")),
        always("bytes", number("Its size.")),
        always("rows", number("Its rows.")),
        always(
            "rows_refused",
            number("Of them, those that could not be read."),
        ),
    ])
}
