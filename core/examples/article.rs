//! What articles claim, on the command line, for scoring.
//!
//! Reads JSON Lines `{"id": …, "text": …}` on standard input, the text as HTML
//! if it looks so, and writes `{"id": …, "claims": [{"type", "value"}]}` for
//! each.

#![allow(clippy::disallowed_methods)] // the crate does no I/O; its examples do

use std::io::{self, BufRead as _, Write as _};

use iocd_core::article::syndication::{Item, Markup};
use iocd_core::article::{Publication, read_article};
use iocd_core::claim::Scope;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

fn main() -> io::Result<()> {
    let publication = Publication {
        source: "example",
        home: "",
        confidence: 50,
        scope: Scope::Exact,
        tags: &[],
        now: Timestamp::MAX,
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let case: Json = serde_json::from_str(&line?)?;
        let item = Item {
            content: Markup {
                text: case["text"].as_str().unwrap_or_default().to_owned(),
                is_html: false,
            },
            ..Item::default()
        };
        let claims =
            read_article(&item, None, &publication).map_or_else(Vec::new, |(_, claims)| claims);
        let claims: Vec<Json> = claims
            .iter()
            .map(
                |claim| json!({"type": claim.value.kind().as_str(), "value": claim.value.as_str()}),
            )
            .collect();
        writeln!(out, "{}", json!({"id": case["id"], "claims": claims}))?;
    }
    out.flush()
}
