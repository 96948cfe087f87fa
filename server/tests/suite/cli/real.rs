//! Real feed files, where they are there: see `shared`.

use std::collections::HashMap;
use std::io::Read as _;

use iocd::store::embedded::Embedded;
use iocd_core::interpret::interpret;
use iocd_core::query::StatusFilter;
use iocd_core::value::Kind;

use super::{Bench, shared};
use crate::answer::{ALL, find};

#[test]
fn every_row_of_the_real_feeds_is_accounted_for() {
    let Some(feeds) = shared("feeds") else { return };
    let bench = Bench::new();
    let reports = bench.json(&["ingest", "--json", "--dir", feeds.to_str().unwrap()]);
    let number = |report: &serde_json::Value, field: &str| report[field].as_u64().unwrap();
    let mut read = 0;
    for report in &reports {
        assert_ne!(report["verdict"], "bad", "{report}");
        let fates: u64 = ["accepted", "merged", "unchanged", "withdrawn", "refused"]
            .iter()
            .map(|fate| number(report, fate))
            .sum();
        assert_eq!(number(report, "rows"), fates, "{report}");
        read += u64::from(report["verdict"] == "read");
    }
    assert!(read >= 50, "{read} documents were read");
    // And once more: nothing new, not even where two rows tell different
    // stories of one value.
    let again = bench.json(&["ingest", "--json", "--dir", feeds.to_str().unwrap()]);
    let fresh: Vec<_> = again
        .iter()
        .filter(|report| number(report, "accepted") + number(report, "merged") > 0)
        .collect();
    let names: Vec<_> = fresh.iter().map(|report| &report["name"]).collect();
    assert!(fresh.is_empty(), "not the same again: {names:?}");
}

const MIXED: &str = r#"
name = "mixed"
title = "Mixed"
publisher = "test"
category = "community"
confidence = 50
extent = "events"

[[format]]
name = "tsv"
connector = "csv"
max_refused = 100
settings = { separator = "\t", quotes = false, columns = ["kind", "value"] }
value = [{ column = "value", type = "auto" }]

[format.type]
column = "kind"
types = { ipv4 = "ipv4", domain = "domain", url = "url" }
"#;

/// What was loaded is found in the spelling in which it was loaded; what was
/// not is not.
#[test]
fn every_value_that_the_policy_accepts_is_found() {
    let Some(file) = shared("bench/indicators_mixed.tsv.zst") else {
        return;
    };
    let mut text = String::new();
    ruzstd::decoding::StreamingDecoder::new(std::fs::File::open(file).unwrap())
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    let bench = Bench::new();
    bench.file("feeds/mixed.toml", MIXED);
    let list = bench.file("mixed.tsv", &text);
    let feeds = bench.dir.path().join("feeds");
    let report = bench
        .json(&[
            "--feeds",
            feeds.to_str().unwrap(),
            "ingest",
            "--json",
            "--feed",
            "mixed",
            "--file",
            list.to_str().unwrap(),
        ])
        .remove(0);
    assert_eq!(
        report["rows"].as_u64().unwrap(),
        text.lines().count() as u64,
        "{}",
        report["reason"]
    );
    let refused: HashMap<u64, &str> = report["refused_rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["line"].as_u64().unwrap(),
                row["reason"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(refused.len() as u64, report["refused"].as_u64().unwrap());
    println!("{} rows, {} refused:", report["rows"], report["refused"]);
    for row in report["refused_rows"].as_array().unwrap() {
        println!("  line {}: {}: {}", row["line"], row["text"], row["reason"]);
    }

    let store = Embedded::open(&bench.data().join("claims")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let found = |kind: &str, value: &str| {
        let readings: Vec<_> = interpret(value, kind.parse::<Kind>().ok())
            .readings
            .into_iter()
            .map(|reading| reading.value)
            .collect();
        let found = find(&store, &readings, StatusFilter::Seen, ALL, 0);
        runtime.block_on(found).total > Some(0)
    };
    for (line, row) in (1..).zip(text.lines()) {
        let (kind, value) = row.split_once('\t').unwrap();
        if !refused.contains_key(&line) {
            assert!(
                found(kind, value),
                "line {line}: {row} was accepted and is not found"
            );
        }
    }
    let queries = shared("bench/lookup_queries.tsv").unwrap();
    let queries = std::fs::read_to_string(queries).unwrap();
    let mut checked = [0, 0];
    for query in queries.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = query.split('\t').collect();
        let expected = fields[2] == "hit";
        let is_found = found(fields[0], fields[1]);
        // A hit whose row was refused cannot be one.
        if is_found != expected {
            let line = (1..)
                .zip(text.lines())
                .find(|(_, row)| *row == format!("{}\t{}", fields[0], fields[1]));
            assert!(
                expected && line.is_some_and(|(line, _)| refused.contains_key(&line)),
                "{query}"
            );
        }
        checked[usize::from(expected)] += 1;
    }
    println!(
        "{} absent and {} present values asked for",
        checked[0], checked[1]
    );
}
