//! STIX, MISP and OpenIOC documents written by somebody who means harm:
//! bounded, without panic, and with every row accounted for.
#![allow(clippy::unwrap_used)] // a helper that fails is a test that fails

use std::io::{BufReader, Read};
use std::str::FromStr;

use iocd_core::feed::{Feed, FeedError, Pattern, Row, Summary, read_feed};
use jiff::Timestamp;
use proptest::prelude::*;

const CONNECTORS: [&str; 3] = ["stix", "misp", "openioc"];

fn feed(connector: &str) -> Feed {
    format!(
        "name = \"test\"\ntitle = \"Test\"\npublisher = \"Test\"\ncategory = \"research\"\n\
         confidence = 50\nextent = \"events\"\n[[format]]\nname = \"f\"\nconnector = \"{connector}\"\n"
    )
    .parse()
    .unwrap()
}

fn read(connector: &str, input: impl Read) -> (Vec<Row>, Result<Summary, FeedError>) {
    let mut rows = Vec::new();
    let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    let result = read_feed(
        &feed(connector),
        Some(0),
        &mut BufReader::new(input),
        now,
        &mut |row| rows.push(row),
    );
    if let Ok(summary) = &result {
        assert_eq!(summary.rows, rows.len() as u64);
    }
    (rows, result)
}

fn reason(connector: &str, text: &str) -> String {
    read(connector, text.as_bytes()).1.unwrap_err().to_string()
}

#[test]
fn depth_is_bounded() {
    for connector in ["stix", "misp"] {
        for open in [
            "[",
            "{\"objects\":[",
            "{\"Event\":",
            "[{\"Attribute\":[{\"a\":",
            "[{\"a\":[",
        ] {
            let error = reason(connector, &open.repeat(100_000));
            assert!(
                error.contains("the input ends in the middle"),
                "{connector} {open}: {error}"
            );
        }
        let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let (_, result) = read(connector, nested.as_bytes());
        assert!(result.is_err(), "{connector}");
        // Too deep a member costs the object that has it.
        let deep = format!(
            "[{{\"type\":\"domain\",\"id\":\"domain--1\",\"value\":{}{}}},7]",
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        let (rows, _) = read(connector, deep.as_bytes());
        let Row::Refused { reason, .. } = &rows[0] else {
            panic!("{:?}", rows[0])
        };
        assert!(reason.contains("recursion limit"), "{reason}");
    }
    let elements = format!("<ioc>{}", "<Indicator>".repeat(100_000));
    assert!(reason("openioc", &elements).contains("nested more than 64 deep"));
}

#[test]
fn long_parts_are_left_out_or_refused() {
    let long = "x".repeat(300_000);
    let text = format!(
        "[{{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--1\",\"value\":\"203.0.113.7\",\"x_data\":\"{long}\"}},\
         {{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--2\",\"value\":\"203.0.113.8\",\"{long}\":1}}]"
    );
    let (rows, result) = read("stix", text.as_bytes());
    assert_eq!(rows.len(), 1, "the long member is left out");
    assert!(
        matches!(result, Err(FeedError::Malformed { .. })),
        "{result:?}"
    );
    let sample = format!(
        "[{{\"type\":\"malware-sample\",\"value\":\"x|0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b\",\"data\":\"{long}\"}}]"
    );
    let (rows, result) = read("misp", sample.as_bytes());
    assert!(matches!(rows[0], Row::Claims { .. }), "{rows:?}");
    result.unwrap();
    // Without an end, nothing is kept.
    for (connector, start) in [
        ("stix", "{\"type\":\""),
        ("misp", "{\"Event\":{\"info\":\""),
        ("openioc", "<ioc><description>"),
        ("openioc", "<ioc a=\""),
        ("openioc", "<ioc><!-- "),
    ] {
        let endless = start.as_bytes().chain(std::io::repeat(b'a').take(64 << 20));
        let (rows, result) = read(connector, endless);
        assert!(result.is_err() && rows.is_empty(), "{connector} {start}");
    }
}

/// Objects that all refer to each other.
#[test]
fn costly_looking_links_are_cheap() {
    let count = 5_000;
    let mut objects = Vec::new();
    for place in 0..count {
        objects.push(format!(
            "{{\"type\":\"ipv4-addr\",\"id\":\"ipv4-addr--1\",\"value\":\"203.0.113.{}\"}}",
            place % 250
        ));
        objects.push(format!(
            "{{\"type\":\"relationship\",\"id\":\"relationship--{place}\",\"relationship_type\":\"uses\",\
             \"created\":\"2026-01-01T00:00:00Z\",\"modified\":\"2026-01-01T00:00:00Z\",\
             \"source_ref\":\"ipv4-addr--1\",\"target_ref\":\"malware--{place}\"}}"
        ));
        objects.push(format!(
            "{{\"type\":\"malware\",\"id\":\"malware--{place}\",\"name\":\"{}\",\
             \"created\":\"2026-01-01T00:00:00Z\",\"modified\":\"2026-01-01T00:00:00Z\"}}",
            "m".repeat(1_000)
        ));
    }
    let (rows, result) = read("stix", format!("[{}]", objects.join(",")).as_bytes());
    result.unwrap();
    assert_eq!(rows.len(), count);
    let tags = "{\"name\":\"t\"},".repeat(20_000);
    let attributes = "{\"type\":\"ip-dst\",\"value\":\"203.0.113.7\"},".repeat(count);
    let event = format!(
        "{{\"info\":\"{}\",\"Attribute\":[{}],\"Tag\":[{}]}}",
        "i".repeat(200_000),
        attributes.trim_end_matches(','),
        tags.trim_end_matches(',')
    );
    let (rows, result) = read("misp", event.as_bytes());
    result.unwrap();
    assert_eq!(rows.len(), count);
}

/// Pieces of which documents are made.
const PIECES: [&str; 40] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "null",
    "true",
    "7",
    "\"type\":",
    "\"id\":",
    "\"objects\":",
    "\"bundle\"",
    "\"indicator\"",
    "\"indicator--1\"",
    "\"pattern\":",
    "\"[domain-name:value='a.example.com']\"",
    "\"created\":\"2026-01-01T00:00:00Z\"",
    "\"modified\":\"2026-01-01T00:00:00Z\"",
    "\"Event\":",
    "\"response\":",
    "\"Attribute\":",
    "\"Object\":",
    "\"value\":",
    "\"a.example.com\"",
    "\"domain\"",
    "\"to_ids\":",
    "<ioc>",
    "</ioc>",
    "<IndicatorItem condition=\"is\">",
    "</IndicatorItem>",
    "<Context search=\"Network/DNS\"/>",
    "<Content>",
    "</Content>",
    "a.example.com",
    "&amp;",
    "<![CDATA[",
    "]]>",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for connector in CONNECTORS {
            let _ = read(connector, &bytes[..]);
        }
    }

    #[test]
    fn no_pieces_panic(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60)) {
        let text = pieces.concat();
        for connector in CONNECTORS {
            let _ = read(connector, text.as_bytes());
            let _ = read(connector, format!("<ioc>{text}").as_bytes());
        }
    }

    #[test]
    fn patterns_print_as_equal_patterns(text in "\\PC{0,40}") {
        for text in [text.clone(), format!("[a:b = '{text}']"), format!("[{text}:c = 1]")] {
            if let Ok(pattern) = Pattern::from_str(&text) {
                prop_assert_eq!(pattern.to_string().parse::<Pattern>(), Ok(pattern));
            }
        }
    }
}
