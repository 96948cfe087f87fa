//! Extraction on the command line, for scoring and measuring.
//!
//! Reads JSON Lines `{"id": …, "text": …}` on standard input and writes, for
//! each, `{"id": …, "found": [{"type", "value", "start", "end", "doubtful"}]}`.
//! With `--normalize`, reads `{"type": …, "value": …}` and writes
//! `{"value": canonical or null, "warnings": […]}` for each.

#![allow(clippy::disallowed_methods)] // the crate does no I/O; its examples do

use std::io::{self, BufRead as _, Write as _};

use iocd_core::extract::{Mention, Options, mentions};
use iocd_core::normalize::{Lenience, read};
use iocd_core::value::Kind;
use serde_json::{Value as Json, json};

fn main() -> io::Result<()> {
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let options = Options {
        unique: true,
        hosts: asked("--hosts"),
    };
    let normalize_only = asked("--normalize");
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let case: Json = serde_json::from_str(&line?)?;
        if normalize_only {
            writeln!(out, "{}", canonical(&case))?;
            continue;
        }
        let text = case["text"].as_str().unwrap_or_default();
        let found: Vec<Json> = mentions(text, &options).iter().map(describe).collect();
        writeln!(out, "{}", json!({"id": case["id"], "found": found}))?;
    }
    out.flush()
}

fn canonical(case: &Json) -> Json {
    let text = case["value"].as_str().unwrap_or_default();
    let kind = case["type"]
        .as_str()
        .and_then(|kind| kind.parse::<Kind>().ok());
    match kind.and_then(|kind| read(kind, text, Lenience::Question).ok()) {
        Some(reading) => json!({"value": reading.value.as_str(), "warnings": reading.warnings}),
        None => json!({"value": null, "warnings": []}),
    }
}

fn describe(mention: &Mention) -> Json {
    json!({
        "type": mention.reading.value.kind().as_str(),
        "value": mention.reading.value.as_str(),
        "start": mention.span.start,
        "end": mention.span.end,
        "doubtful": mention.doubtful,
    })
}
