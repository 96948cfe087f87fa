//! `iocd key usage`.

use clap::Args;
use serde_json::Value as Json;

use crate::cli::table;
use crate::control::{DEFAULT_USAGE_DAYS, MAX_USAGE_DAYS};
use crate::operation::Operation;
use crate::owner::Owner;

/// What is shown before the tables.
const FIGURES: [&str; 11] = [
    "total_requests",
    "successful",
    "client_errors",
    "server_errors",
    "success_rate",
    "avg_response_time_ms",
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
    "rate_limit_peak_per_minute",
    "rate_limit_peak_per_day",
];

#[derive(Debug, Args)]
pub(in crate::cli) struct Usage {
    /// The key's id or prefix
    key: String,
    /// Days to show, today the last of them, 1 to 90
    #[arg(long, default_value_t = DEFAULT_USAGE_DAYS, value_name = "D",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_USAGE_DAYS)))]
    days: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Usage {
    pub(super) fn run(self, owner: &Owner) -> anyhow::Result<()> {
        let (key, days) = (self.key, self.days);
        let usage = owner.perform(Operation::KeyUsage { key, days })?;
        if self.json {
            say!("{usage}");
            return Ok(());
        }
        let figures = FIGURES.map(|name| vec![name.to_owned(), table::text(&usage, name)]);
        table::print(&["FIGURE", "VALUE"], figures)?;
        if let Some(statuses) = usage["by_status"].as_object() {
            let rows = statuses
                .iter()
                .map(|(status, count)| vec![status.clone(), count.to_string()]);
            say!();
            table::print(&["STATUS", "REQUESTS"], rows)?;
        }
        print(&usage, "top_endpoints", ["method", "path", "count"])?;
        print(&usage, "daily", ["date", "requests", "errors"])?;
        print(&usage, "rate_limit_hits_by_hour", ["hour", "count"])
    }
}

/// One of the arrays as a table, if there is anything in it.
fn print<const N: usize>(usage: &Json, array: &str, fields: [&str; N]) -> anyhow::Result<()> {
    let was_used = |row: &&Json| row["requests"].as_u64() != Some(0);
    let rows: Vec<_> = usage[array]
        .as_array()
        .into_iter()
        .flatten()
        .filter(was_used)
        .map(|row| fields.map(|field| table::text(row, field)).to_vec())
        .collect();
    if !rows.is_empty() {
        say!();
        let headings = fields.map(str::to_uppercase);
        table::print(&headings.each_ref().map(String::as_str), rows)?;
    }
    Ok(())
}
