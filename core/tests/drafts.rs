//! Feeds drafted from documents: whatever a document is, its draft reads it,
//! and what stands in it is found.
#![allow(clippy::unwrap_used)] // a helper that fails is a test that fails

use std::fmt::Write as _;

use iocd_core::feed::connector::CONNECTORS;
use iocd_core::feed::{Draft, Feed, HEAD, Row, draft_feed, read_feed};
use jiff::Timestamp;
use proptest::prelude::*;

/// The values of a document, as its draft reads it, in order.
fn values(draft: &Draft, document: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut rows = 0;
    let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    let summary = read_feed(
        &draft.feed,
        Some(0),
        &mut document.as_bytes(),
        now,
        &mut |row| {
            rows += 1;
            if let Row::Claims { claims, .. } = row {
                values.extend(claims.iter().map(|claim| claim.value.as_str().to_owned()));
            }
        },
    );
    if let Ok(summary) = summary {
        assert_eq!(summary.rows, rows);
    }
    values.sort();
    values.dedup();
    values
}

fn draft(document: &str) -> Draft {
    draft_feed(
        "test",
        &document.as_bytes()[..document.len().min(HEAD)],
        None,
    )
    .unwrap()
}

/// A value, and how a document writes it.
fn value() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        (1..=250_u8, 1..=250_u8)
            .prop_map(|(a, b)| { (format!("203.0.{a}.{b}"), format!("203.0[.]{a}[.]{b}")) }),
        "[a-z]{4,10}".prop_map(|name| {
            (
                format!("{name}.example.com"),
                format!("{name}[.]example[.]com"),
            )
        }),
        "[a-z]{4,10}/[a-z0-9]{1,8}".prop_map(|path| {
            (
                format!("http://bad.example.org/{path}"),
                format!("hxxp://bad[.]example[.]org/{path}"),
            )
        }),
        "[0-9a-f]{31}b".prop_map(|hash| (hash.clone(), hash)),
        "[0-9a-f]{63}b".prop_map(|hash| (hash.clone(), hash.to_uppercase())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), which in 0..8_usize) {
        let connector = CONNECTORS.get(which).map(|entry| entry.name);
        if let Ok(draft) = draft_feed("test", &bytes, connector) {
            let _ = values(&draft, &String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn no_delimiters_panic(text in "[\\[\\]{}<>\",;:|\\\\ \n#a0.*/=&!-]{0,300}") {
        if let Ok(draft) = draft_feed("test", text.as_bytes(), None) {
            prop_assert!(draft.toml.parse::<Feed>().is_ok());
            let _ = values(&draft, &text);
        }
    }

    /// Values are found in whatever form they are published.
    #[test]
    fn every_value_is_found(
        list in prop::collection::vec(value(), 1..12),
        separator in prop::sample::select(vec![",", ";", "\t", "|"]),
        form in 0..7_u8,
    ) {
        let join = |row: &dyn Fn(&str) -> String| -> String {
            list.iter().map(|(_, written)| row(written)).collect()
        };
        let document = match form {
            0 => join(&|value| format!("{value}\n")),
            1 => format!("Indicator{separator}Note\n{}", join(&|value| format!("{value}{separator}\"a, b; c\"\n"))),
            2 => join(&|value| format!("2024-01-02{separator}{value}{separator}seen by us\n")),
            3 => join(&|value| format!("- {value}  setup file.exe\n")),
            4 => format!("[{}null]", join(&|value| format!("{{\"x\": {{\"ioc\": \"{value}\"}}}}, "))),
            5 => format!("{{\"iocs\": {{\"all\": [{}\"\"], \"none\": []}}}}", join(&|value| format!("\"{value}\", "))),
            _ => format!("<html><body><ul>{}</ul></body></html>", join(&|value| format!("<li><b>{value}</b>"))),
        };
        let mut expected: Vec<String> = list.iter().map(|(value, _)| value.clone()).collect();
        expected.sort();
        expected.dedup();
        let draft = draft(&document);
        prop_assert_eq!(values(&draft, &document), expected, "{}\n{}", document, draft.toml);
    }
}

/// A long document is read to its end by what its beginning shows.
#[test]
fn long_documents() {
    let mut table = "Type;Value;Comment\n".to_owned();
    let mut json = "{\"meta\": {\"count\": 9000}, \"data\": {\"items\": [".to_owned();
    let mut page = "<!doctype html><html><body><h1>Domains</h1><p>".to_owned();
    for n in 0..9000 {
        writeln!(table, "domain;h{n}[.]example[.]com;number {n}").unwrap();
        writeln!(json, "{{\"indicator\": \"h{n}.example.com\"}},").unwrap();
        writeln!(page, "<code>h{n}[.]example[.]com</code>, ").unwrap();
    }
    json.push_str("{\"indicator\": \"last.example.com\"}]}}");
    for (document, count) in [(table, 9000), (json, 9001), (page, 9000)] {
        assert!(document.len() > 2 * HEAD);
        assert_eq!(values(&draft(&document), &document).len(), count);
    }
}
