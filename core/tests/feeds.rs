//! Every shipped feed against its fixtures, and against the real files where
//! they are at hand.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)] // tests read files

#[path = "feeds/fixture.rs"]
mod fixture;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use iocd_core::feed::{Feed, FeedError, HEAD, Row, Summary, read_feed, recognise};

use self::fixture::{Fixture, Reading, fixtures, read, shipped};

#[test]
fn every_feed_has_a_fixture_folder() {
    for feed in shipped() {
        let folder = fixture::root().join("core/tests/feeds").join(&feed.name);
        let fixtures = fixtures(&feed);
        assert!(!fixtures.is_empty(), "{} holds no input", folder.display());
        for format in 0..feed.formats.len() {
            assert!(
                fixtures.iter().any(|fixture| read(&feed, None, &fixture.bytes).format() == Some(format)),
                "{}: no fixture is read as {}",
                feed.name,
                feed.formats[format].name
            );
        }
    }
}

#[test]
fn names_agree_with_files_and_are_unique() {
    let mut titles: Vec<String> = shipped().into_iter().map(|feed| feed.title).collect();
    let count = titles.len();
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), count, "two feeds with one title");
}

#[test]
fn fixtures_are_recognised() {
    let feeds = shipped();
    for feed in &feeds {
        for Fixture { name, bytes } in fixtures(feed) {
            let path = format!("{}/{name}", feed.name);
            let found = recognise(&feeds, &path, head(&bytes)).map(|(feed, _)| &*feed.name);
            assert_eq!(found, Some(&*feed.name), "{path}");
        }
    }
}

#[test]
fn fixtures_give_the_expected_claims() {
    for feed in shipped() {
        let mut text = String::new();
        for fixture in fixtures(&feed) {
            let reading = read(&feed, None, &fixture.bytes);
            writeln!(text, "{}", reading.heading(&feed, &fixture.name)).unwrap();
            for row in &reading.rows {
                for line in fixture::lines(row) {
                    writeln!(text, "{line}").unwrap();
                }
            }
        }
        let golden = fixture::folder(&feed).join("expected.jsonl");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &text).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        for (line, (got, want)) in text.lines().zip(expected.lines()).enumerate() {
            assert_eq!(got, want, "{}:{}", golden.display(), line + 1);
        }
        assert_eq!(text.lines().count(), expected.lines().count(), "{}", golden.display());
    }
}

#[test]
fn reading_twice_gives_the_same() {
    for feed in shipped() {
        for fixture in fixtures(&feed) {
            let once = read(&feed, None, &fixture.bytes);
            let again = read(&feed, None, &fixture.bytes);
            assert_eq!(once.rows, again.rows, "{}/{}", feed.name, fixture.name);
        }
    }
}

#[test]
fn line_ends_marks_and_chunks_do_not_matter() {
    for feed in shipped() {
        for Fixture { name, bytes } in fixtures(&feed) {
            let Ok(text) = std::str::from_utf8(&bytes) else { continue };
            let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
            let plain = read(&feed, None, text.as_bytes());
            let wide = |unit: fn(u16) -> [u8; 2]| {
                std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect::<Vec<u8>>()
            };
            for (how, bytes) in [
                ("CRLF", text.replace('\n', "\r\n").into_bytes()),
                ("byte-order mark", format!("\u{feff}{text}").into_bytes()),
                ("no last line end", text.trim_end().as_bytes().to_vec()),
                ("UTF-16LE", wide(u16::to_le_bytes)),
                ("UTF-16BE", wide(u16::to_be_bytes)),
            ] {
                let other = read(&feed, None, &bytes);
                assert_eq!(plain.claims(), other.claims(), "{}/{name}: {how}", feed.name);
            }
            let format = plain.format();
            let mut rows = Vec::new();
            let mut small = std::io::BufReader::with_capacity(7, text.as_bytes());
            drop(read_feed(&feed, format, &mut small, fixture::now(), &mut |row| rows.push(row)));
            assert_eq!(plain.rows, rows, "{}/{name}: small chunks", feed.name);
        }
    }
}

#[test]
fn cut_input_never_panics() {
    for feed in shipped() {
        for fixture in fixtures(&feed) {
            for end in 0..fixture.bytes.len() {
                let reading = read(&feed, None, &fixture.bytes[..end]);
                if let Ok(summary) = &reading.result {
                    assert_eq!(summary.rows, reading.rows.len() as u64);
                }
            }
        }
    }
}

#[test]
fn cut_documents_are_told() {
    for feed in shipped() {
        for fixture in fixtures(&feed) {
            let whole = read(&feed, None, &fixture.bytes);
            let Some(format) = whole.format() else { continue };
            if feed.formats[format].connector_name != "json" || fixture.name.ends_with("l") {
                continue;
            }
            let end = fixture.bytes.trim_ascii_end().len() - 1;
            let cut = read(&feed, Some(format), &fixture.bytes[..end]);
            assert!(
                matches!(cut.result, Err(FeedError::Truncated { .. })),
                "{}/{}: {:?}",
                feed.name,
                fixture.name,
                cut.result
            );
        }
    }
}

#[test]
fn pages_and_other_things_are_no_feed() {
    let feeds = shipped();
    let pages: [&[u8]; 7] = [
        b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>203.0.113.7</body></html>",
        b"\xef\xbb\xbf\n  <html>\nbad.example\n</html>",
        b"<?xml version=\"1.0\"?><rss><item><title>bad.example</title></item></rss>",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
        b"PK\x03\x04\x14\x00",
        b"\x00\x01\x02\x03binary",
        b"{\"error\": \"Too many requests\"}",
    ];
    for feed in &feeds {
        for page in pages {
            let reading = read(feed, None, page);
            assert!(
                matches!(reading.result, Err(FeedError::NotThisFormat { .. })),
                "{}: {:?} of {:?}",
                feed.name,
                reading.result,
                String::from_utf8_lossy(page)
            );
            assert!(recognise(&feeds, &format!("{}/{}.txt", feed.name, feed.name), page).is_none());
        }
        assert!(matches!(read(feed, None, b"").result, Err(FeedError::Empty)), "{}", feed.name);
        let sorry = read(feed, None, b"Access denied, please come back later\n");
        assert!(
            matches!(
                sorry.result,
                Err(FeedError::NotThisFormat { .. } | FeedError::TooManyRefused { .. })
            ) || feed.name == "maltrail",
            "{}: {:?}",
            feed.name,
            sorry.result
        );
    }
}

#[test]
fn unknown_keys_are_named() {
    for (toml, words) in [
        ("name = \"x\"\nnmae = 1", &["nmae", "publisher"][..]),
        (
            "name = \"x\"\ntitle = \"x\"\npublisher = \"x\"\ncategory = \"news\"\nconfidence = 1\nextent = \"window\"\n[[format]]\nname = \"a\"\nconnector = \"csv\"\nvalue = [{ column = \"a\" }]\nsettings = { seperator = \";\" }",
            &["format.a.settings", "seperator", "separator"],
        ),
        (
            "name = \"x\"\ntitle = \"x\"\npublisher = \"x\"\ncategory = \"news\"\nconfidence = 1\nextent = \"window\"\n[[format]]\nname = \"a\"\nconnector = \"lines\"\nvalue = [{ column = \"url\" }]",
            &["url", "value, note"],
        ),
        (
            "name = \"x\"\ntitle = \"x\"\npublisher = \"x\"\ncategory = \"news\"\nconfidence = 1\nextent = \"window\"\n[[format]]\nname = \"a\"\nconnector = \"xml\"\nvalue = [{ column = \"url\" }]",
            &["xml", "lines, csv, json"],
        ),
    ] {
        let error = toml.parse::<Feed>().unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{word:?} in {error}");
        }
    }
}

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
        paths.extend(fs::read_dir(group.unwrap().path()).unwrap().map(|entry| entry.unwrap().path()));
    }
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_none_or(|end| end != "gz")) {
        let bytes = fs::read(path).unwrap();
        let label = path.strip_prefix(&folder).unwrap().display().to_string();
        let Some((feed, format)) = recognise(&feeds, &label, head(&bytes)) else {
            writeln!(table, "{label:<60} -").unwrap();
            continue;
        };
        let reading = read(feed, Some(format), &bytes);
        let summary = reading.result.as_ref().unwrap_or_else(|error| panic!("{label}: {error}"));
        describe(&mut table, &label, feed, summary, &reading);
        assert_eq!(summary.rows, reading.rows.len() as u64, "{label}");
        if let Some(expected) = data_rows(feed, format, &bytes) {
            assert_eq!(summary.rows, expected, "{label}: rows counted independently");
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
    let limit = std::env::var("SHOW_REFUSED").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let partly = reading.rows.iter().filter_map(|row| match row {
        Row::Claims { line, partly: Some(reason), .. } => Some((line, "(part)", reason)),
        Row::Refused { line, text, reason } => Some((line, &**text, reason)),
        Row::Claims { .. } => None,
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
    let signs: &[char] = if format.name == "reputation" { &[] } else { &['#', ';'] };
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with(signs));
    Some(match &*format.name {
        // Quoted cells may hold line ends.
        "csv" if feed.name == "cisa-kev" => text.matches("\nCVE-").count() as u64,
        "csv" | "csv-defanged" | "block" => {
            lines.filter(|line| {
                let lower = line.to_lowercase();
                !["url,", "sha1,", "dst_ip", "ioc_value", "address,", "start\t"]
                    .iter()
                    .any(|name| lower.contains(name))
                    || lower.contains("http")
            })
            .count() as u64
        }
        "rpz" => lines.filter(|line| line.contains("CNAME")).count() as u64,
        _ => lines.filter(|line| *line != "Site").count() as u64,
    })
}

fn count_json(value: &serde_json::Value) -> u64 {
    match value {
        serde_json::Value::Array(rows) => rows
            .iter()
            .map(|row| row.get("indicators").and_then(|rows| rows.as_array()).map_or(1, |rows| rows.len() as u64))
            .sum(),
        serde_json::Value::Object(keys) => {
            keys.values().filter(|value| value.is_array()).map(count_json).sum()
        }
        _ => 0,
    }
}

fn head(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(HEAD)]
}

#[allow(dead_code)] // used by hand
fn exists(path: &Path) -> bool {
    path.exists()
}
