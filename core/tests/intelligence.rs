//! Formats that say themselves what everything in them is, over real documents
//! where they lie beside the repository.
// Tests read files, and a helper that fails is a test that fails.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use iocd_core::feed::{Feed, FeedError, Pattern, Row, Summary, read_feed};

fn feed(connector: &str) -> Feed {
    format!(
        "name = \"test\"\ntitle = \"Test\"\npublisher = \"Test\"\ncategory = \"research\"\n\
         confidence = 50\nextent = \"events\"\n[[format]]\nname = \"f\"\nconnector = \"{connector}\"\n"
    )
    .parse()
    .unwrap()
}

fn read(feed: &Feed, bytes: &[u8]) -> (Vec<Row>, Result<Summary, FeedError>) {
    let mut rows = Vec::new();
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    let result = read_feed(feed, None, &mut &*bytes, now, &mut |row| rows.push(row));
    (rows, result)
}

/// Every file below a folder of real data.
fn files(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let mut files = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            println!("skipped: no real files beside the repository");
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Reads every file and demands that those, and only those, which
/// `is_no_document` names are errors.
fn read_all(connector: &str, folder: &str, is_no_document: fn(&str) -> bool) {
    let feed = feed(connector);
    let mut table = String::new();
    for path in files(folder) {
        let label = path.components().rev().take(2).collect::<PathBuf>();
        let label = label
            .iter()
            .rev()
            .collect::<PathBuf>()
            .display()
            .to_string();
        let (rows, result) = read(&feed, &fs::read(&path).unwrap());
        let told = match &result {
            Ok(summary) => {
                assert_eq!(summary.rows, rows.len() as u64, "{label}");
                format!(
                    "claims {} withdrawn {} refused {} skipped {} {}",
                    summary.claims,
                    summary.withdrawn,
                    summary.refused,
                    summary.skipped,
                    summary
                        .warnings
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join("; ")
                )
            }
            Err(error) => error.to_string(),
        };
        writeln!(table, "{label} | {told}").unwrap();
        for row in &rows {
            if let Row::Refused { line, text, reason } = row {
                writeln!(table, "    {line}: {text:?}: {reason}").unwrap();
            }
        }
        assert_eq!(result.is_err(), is_no_document(&label), "{label}: {told}");
    }
    println!("{table}");
}

#[test]
fn stix_documents_are_read() {
    read_all("stix", "stix", |label| {
        // Broken on purpose, schemas, text, and STIX 1.
        label.contains("__invalid_")
            || label.contains("interop__")
            || Path::new(label).extension().is_some_and(|end| end == "txt" || end == "xml")
            // MISP events, of which the documents beside them were made.
            || label.ends_with("_collection_2.json")
    });
}

#[test]
fn pages_of_taxii_are_read() {
    read_all("stix", "taxii", |label| {
        // An index of pages, and what a server keeps for itself.
        label.ends_with("index.json") || label.ends_with("medallion_default_data.json")
    });
}

#[test]
fn misp_documents_are_read() {
    read_all("misp", "misp", |label| {
        // Lists for a table, the manifest of a feed, metadata, no event.
        Path::new(label).extension().is_some_and(|end| end == "csv")
            || label.ends_with("manifest.json")
            || label.ends_with("feed_defaults.json")
            || label.ends_with("testfiles__galaxy.json")
            || label.ends_with("testfiles__simple.json")
    });
}

#[test]
fn openioc_documents_are_read() {
    read_all("openioc", "openioc", |_| false);
}

/// A whole document by whatever encoding and line ends; a part of it never
/// says anything else.
#[test]
fn documents_are_read_in_any_encoding_and_cut_anywhere() {
    let feed = feed("openioc");
    let text = include_str!("documents/example.ioc");
    let (rows, result) = read(&feed, text.as_bytes());
    let summary = result.unwrap();
    assert_eq!((summary.claims, summary.refused), (3, 1));
    let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(unit).collect()
    };
    for bytes in [
        text.replace('\n', "\r\n").into_bytes(),
        format!("\u{feff}{text}").into_bytes(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
    ] {
        let (same, result) = read(&feed, &bytes);
        assert_eq!(same, rows);
        result.unwrap();
    }
    for cut in 0..text.len() {
        let (part, result) = read(&feed, &text.as_bytes()[..cut]);
        assert!(rows.starts_with(&part), "{cut}: {part:?}");
        let whole = text.trim_end().len();
        assert_eq!(result.is_ok(), cut >= whole, "{cut}");
    }
}

#[test]
fn patterns_print_as_they_are_read() {
    for line in include_str!("documents/patterns.txt").lines() {
        let pattern: Pattern = line.parse().unwrap();
        assert_eq!(pattern.to_string(), line);
    }
}
