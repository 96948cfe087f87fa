//! What `GET /healthz` and `GET /readyz` answer.

use serde_json::Value as Json;

use crate::http::describe::schema::{always, maybe, number, object, one_of, text};
use crate::http::describe::{Example, Form, Operation, Tag};

pub(in crate::http) const ALIVE: Operation = Operation {
    id: "isAlive",
    tag: Tag::Server,
    summary: "Is the process up?",
    description: "For whoever restarts it where it is not. What stands in the query is passed over: \
                  probes write there what keeps caches from answering.",
    gives: &[Form {
        media_type: "application/json",
        schema: || object([always("status", one_of(["ok"], "It is."))]),
        example: Some("{\"status\": \"ok\"}"),
    }],
    examples: &[Example::plain("Ask")],
    ..Operation::NOTHING
};

pub(in crate::http) const READY: Operation = Operation {
    id: "isReady",
    tag: Tag::Server,
    summary: "Are requests welcome?",
    description: "200 where the store is open, 503 where the server is stopping. A store that \
                  takes no writes any more still answers. What stands in the query is passed over.",
    gives: &[Form {
        media_type: "application/json",
        schema: ready,
        example: Some("{\"status\": \"ready\", \"entries\": 1250000, \"revision\": 1310042}"),
    }],
    examples: &[Example::plain("Ask")],
    ..Operation::NOTHING
};

fn ready() -> Json {
    object([
        always("status", one_of(["ready"], "They are.")),
        always("entries", number("Active entries.")),
        always("revision", number("The store's latest revision.")),
        maybe("read_only", text("Why the store takes no writes.")),
    ])
}
