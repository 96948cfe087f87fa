//! Real files, where they lie beside the repository.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use iocd_core::feed::{Feed, Row, Summary, recognise};

use super::fixture::{self, Reading, read, shipped};
use super::head;

/// Every real file is either of no shipped feed, or all of its data rows are
/// accounted for.
#[test]
fn real_files_lose_no_row() {
    let folder = fixture::root().join("../shared/data/feeds");
    if !folder.is_dir() {
        println!("skipped: no real files beside the repository");
        return;
    }
    let feeds = shipped();
    let mut table = String::new();
    let mut paths: Vec<PathBuf> = Vec::new();
    for group in fs::read_dir(&folder).unwrap() {
        paths.extend(
            fs::read_dir(group.unwrap().path())
                .unwrap()
                .map(|entry| entry.unwrap().path()),
        );
    }
    paths.sort();
    for path in paths
        .iter()
        .filter(|path| path.extension().is_none_or(|end| end != "gz"))
    {
        let bytes = fs::read(path).unwrap();
        let label = path.strip_prefix(&folder).unwrap().display().to_string();
        let Some((feed, format)) = recognise(&feeds, &label, head(&bytes)) else {
            writeln!(table, "{label:<60} -").unwrap();
            continue;
        };
        let reading = read(feed, Some(format), &bytes);
        let summary = reading
            .result
            .as_ref()
            .unwrap_or_else(|error| panic!("{label}: {error}"));
        describe(&mut table, &label, feed, summary, &reading);
        assert_eq!(summary.rows, reading.rows.len() as u64, "{label}");
        if let Some(expected) = data_rows(feed, format, &bytes) {
            assert_eq!(
                summary.rows, expected,
                "{label}: rows counted independently"
            );
        }
    }
    println!("{table}");
}

fn describe(table: &mut String, label: &str, feed: &Feed, summary: &Summary, reading: &Reading) {
    writeln!(
        table,
        "{label:<60} {:<24} {:<12} rows {:>6} claims {:>6} refused {:>5} partly {:>3} skipped {:>5} {}",
        feed.name,
        feed.formats[summary.format].name,
        summary.rows,
        summary.claims,
        summary.refused,
        summary.partly,
        summary.skipped,
        summary.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    )
    .unwrap();
    let limit = std::env::var("SHOW_REFUSED")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(3);
    let partly = reading.rows.iter().filter_map(|row| match row {
        Row::Claims {
            line,
            partly: Some(reason),
            ..
        } => Some((line, "(part)", reason)),
        Row::Refused { line, text, reason } => Some((line, &**text, reason)),
        Row::Claims { .. } | Row::Article { .. } | Row::Withdrawn { .. } => None,
    });
    for (line, text, reason) in partly.take(limit) {
        writeln!(table, "      {line}: {text:?}: {reason}").unwrap();
    }
}

/// Data rows as a simple look counts them, where one can.
fn data_rows(feed: &Feed, format: usize, bytes: &[u8]) -> Option<u64> {
    let format = &feed.formats[format];
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    if format.connector_name == "json" {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        return Some(count_json(&value));
    }
    let signs: &[char] = if format.name == "reputation" {
        &[]
    } else {
        &['#', ';']
    };
    let lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with(signs));
    Some(match &*format.name {
        // Quoted cells may hold line ends.
        "csv" if feed.name == "cisa-kev" => text.matches("\nCVE-").count() as u64,
        "csv" | "csv-defanged" | "csv-two-column" | "block" => lines
            .filter(|line| {
                let lower = line.to_lowercase();
                ![
                    "url,",
                    "sha1,",
                    "dst_ip",
                    "ioc_value",
                    "address,",
                    "start\t",
                ]
                .iter()
                .any(|name| lower.contains(name))
                    || lower.contains("http")
            })
            .count() as u64,
        "rpz" => lines.filter(|line| line.contains("CNAME")).count() as u64,
        _ => lines.filter(|line| *line != "Site").count() as u64,
    })
}

fn count_json(value: &serde_json::Value) -> u64 {
    match value {
        serde_json::Value::Array(rows) => rows
            .iter()
            .map(|row| {
                row.get("indicators")
                    .and_then(|rows| rows.as_array())
                    .map_or(1, |rows| rows.len() as u64)
            })
            .sum(),
        serde_json::Value::Object(keys) => keys
            .values()
            .filter(|value| value.is_array())
            .map(count_json)
            .sum(),
        _ => 0,
    }
}
