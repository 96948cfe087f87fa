//! `iocd search`.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::Args;
use iocd_core::query::Matching;
use iocd_core::value::Kind;
use serde_json::Value as Json;

use super::respondent::{Remote, Respondent};
use super::{Global, table};
use crate::client;
use crate::operation::FileSearch;

mod file;

/// Entries for each value where nobody says.
const DEFAULT_LIMIT: u32 = 100;

/// Ask whether anyone has seen these values, in any spelling.
#[derive(Debug, Args)]
pub(super) struct Search {
    /// The values: addresses, domains, URLs, hashes, CVEs, ATT&CK ids, e-mails
    #[arg(required_unless_present = "file", value_name = "VALUE")]
    values: Vec<String>,
    /// Ask about each line of a file instead; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "values")]
    file: Option<PathBuf>,
    /// Read the values only as this type
    #[arg(long, value_name = "TYPE")]
    r#type: Option<Kind>,
    /// What counts as an answer: the value and what covers it (exact), also related values (cascade), values with this text in them (contains)
    #[arg(long, value_name = "HOW", value_parser = Matching::ALL.map(Matching::as_str))]
    r#match: Option<String>,
    /// Which entries answer [default: all but those taken back as wrong]
    #[arg(long, value_parser = ["active", "any"])]
    status: Option<String>,
    /// Entries for each value at most [default: 100; 10 for each line of a file]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Print what the API answers, one line of JSON for each value
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

impl Search {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let respondent = Respondent::find(&self.remote, global)?;
        if let Some(path) = &self.file {
            let request = FileSearch {
                kind: self.r#type,
                status: self.status.clone(),
                limit: self.limit,
            };
            file::search(&respondent, path, &request, self.json)?;
        }
        for value in &self.values {
            let answer = respondent.search(&client::Search {
                q: value,
                kind: self.r#type,
                matching: self.r#match.as_deref(),
                status: self.status.as_deref(),
                limit: self.limit.unwrap_or(DEFAULT_LIMIT),
            })?;
            if self.json {
                say!("{answer}");
            } else {
                print_answer(value, &answer)?;
            }
        }
        respondent.close()?;
        Ok(ExitCode::SUCCESS)
    }
}

fn print_answer(asked: &str, answer: &Json) -> io::Result<()> {
    let entries = answer["data"].as_array().map_or(&[][..], Vec::as_slice);
    let bold = Style::new().bold();
    let total = answer["meta"]["total"].as_u64().unwrap_or_default();
    // What was pasted may hold control characters: never to the terminal.
    let asked = asked.escape_debug();
    if total == 0 {
        let none = AnsiColor::Yellow.on_default();
        say!(
            "{bold}{asked}{bold:#}: {none}not found{none:#}{}{}",
            searched(answer),
            warned(answer)
        );
        return Ok(());
    }
    let noun = if total == 1 { "entry" } else { "entries" };
    say!("{bold}{asked}{bold:#}: {total} {noun}{}", warned(answer));
    let rows = entries.iter().map(|entry| {
        vec![
            table::text(entry, "value"),
            table::text(entry, "type"),
            table::text(entry, "confidence"),
            table::text(entry, "status"),
            match_text(&entry["match"]),
            table::text(&entry["source"], "feed_name"),
            table::text(entry, "last_seen"),
            [table::text(entry, "malware"), table::text(entry, "context")]
                .join(" ")
                .trim()
                .escape_debug()
                .to_string(),
        ]
    });
    table::print(
        &[
            "VALUE",
            "TYPE",
            "CONFIDENCE",
            "STATUS",
            "MATCH",
            "SOURCE",
            "LAST SEEN",
            "CONTEXT",
        ],
        rows,
    )
}

/// What is worth knowing about the value, whichever way it is read.
fn warned(answer: &Json) -> String {
    let readings = answer["meta"]["query"]["interpretations"].as_array();
    let mut names: Vec<&str> = readings
        .into_iter()
        .flatten()
        .filter_map(|reading| reading["warnings"].as_array())
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return String::new();
    }
    let warning = AnsiColor::Yellow.on_default();
    format!(", {warning}warning{warning:#}: {}", names.join(", "))
}

/// Why an entry answered, and from how far.
fn match_text(matched: &Json) -> String {
    let kind = table::text(matched, "kind");
    match matched["distance"].as_u64() {
        Some(distance) if distance > 0 => format!("{kind} {distance}"),
        _ => kind,
    }
}

/// What a "no" rests on.
fn searched(answer: &Json) -> String {
    let readings = answer["meta"]["query"]["interpretations"]
        .as_array()
        .map_or(0, Vec::len);
    if readings == 0 {
        return " (it is no indicator in any reading)".to_owned();
    }
    let coverage = &answer["meta"]["coverage"];
    match coverage["feeds"].as_u64() {
        Some(feeds) => format!(
            " (searched {feeds} feeds, {} stale, {} failing)",
            coverage["stale"], coverage["failing"]
        ),
        None => String::new(),
    }
}
