use jiff::Timestamp;
use proptest::prelude::*;

use super::csv::Cells;
use super::*;
use crate::claim::{ArticleRef, Category, ClaimId, Source, Status, Tlp};
use crate::query::{Entry, Match};
use crate::value::Kind;

fn source() -> Source {
    Source::new("example", "Example, \"List\"", Category::ThreatIntel)
}

fn bare<'a>(source: &'a Source, value: &'a str) -> Entry<'a> {
    Entry {
        id: ClaimId::new(Kind::Domain, value, &source.name),
        kind: Kind::Domain,
        value,
        source,
        confidence: 80,
        status: Status::Active,
        first_seen: None,
        last_seen: None,
        expires_at: None,
        updated_at: Timestamp::UNIX_EPOCH,
        context: None,
        malware: None,
        tags: Vec::new(),
        techniques: Vec::new(),
        sectors: Vec::new(),
        ports: Vec::new(),
        references: Vec::new(),
        tlp: None,
        article: None,
        warnings: Vec::new(),
        score: 60,
        explanation: None,
        matched: None,
    }
}

fn as_json(entry: &Entry<'_>) -> String {
    let mut out = Vec::new();
    json::write_entry(&mut out, entry);
    String::from_utf8(out).unwrap()
}

fn as_csv(entry: &Entry<'_>, cells: Cells) -> String {
    let mut out = Vec::new();
    csv::write_entry(&mut out, entry, cells);
    String::from_utf8(out).unwrap()
}

#[test]
fn what_is_unknown_is_absent() {
    let source = source();
    let entry = bare(&source, "evil.example.com");
    assert_eq!(
        as_json(&entry),
        format!(
            "{{\"type\":\"domain\",\"value\":\"evil.example.com\",\"confidence\":\"high\",\
             \"source\":{{\"feed_name\":\"Example, \\\"List\\\"\",\"category\":\"threat-intel\",\
             \"origin\":\"feed\"}},\"id\":\"{}\",\"score\":60,\"status\":\"active\",\
             \"updated_at\":\"1970-01-01T00:00:00Z\"}}",
            entry.id
        )
    );
}

#[test]
fn what_is_known_is_told() {
    let source = source();
    let mut entry = bare(&source, "evil.example.com");
    let time: Timestamp = "2026-02-28T23:59:59Z".parse().unwrap();
    entry.first_seen = Some(time);
    entry.last_seen = Some("2026-02-28T23:59:59.25Z".parse().unwrap());
    entry.expires_at = Some(time);
    entry.context = Some("line\nand \u{1}");
    entry.malware = Some("Worm");
    entry.tags = vec!["a", "b"];
    entry.techniques = vec!["T1059"];
    entry.sectors = vec!["energy"];
    entry.ports = vec![80, 65_535];
    entry.references = vec!["https://example.com/report", "https://example.com/more"];
    entry.tlp = Some(Tlp::AmberStrict);
    entry.warnings = vec!["non_global"];
    entry.matched = Some(Match::EXACT);
    entry.article = Some(ArticleRef {
        id: "a1".into(),
        title: "Title".into(),
        url: "https://example.com/a1".into(),
        published_at: time,
    });
    let read: serde_json::Value = serde_json::from_str(&as_json(&entry)).unwrap();
    assert_eq!(read["first_seen"], "2026-02-28T23:59:59Z");
    assert_eq!(read["last_seen"], "2026-02-28T23:59:59.25Z");
    assert_eq!(read["context"], "line\nand \u{1}");
    assert_eq!(read["tags"], serde_json::json!(["a", "b"]));
    assert_eq!(read["mitre_techniques"], serde_json::json!(["T1059"]));
    assert_eq!(read["ports"], serde_json::json!([80, 65_535]));
    assert_eq!(
        read["match"],
        serde_json::json!({"kind": "exact", "distance": 0})
    );
    assert_eq!(read["source"]["article_title"], "Title");
    assert_eq!(
        read["source"]["reference_url"],
        "https://example.com/report"
    );
    assert_eq!(read["tlp"], "amber+strict");
    assert_eq!(read["warnings"], serde_json::json!(["non_global"]));
}

#[test]
fn csv_quotes_and_guards() {
    let source = source();
    let mut entry = bare(&source, "=cmd,1");
    entry.tags = vec!["@x", "y"];
    let id = entry.id;
    assert_eq!(
        as_csv(&entry, Cells::Guarded),
        format!("{id},domain,\"'=cmd,1\",high,,,,\"Example, \"\"List\"\"\",threat-intel,'@x;y\r\n")
    );
    assert_eq!(
        as_csv(&entry, Cells::Raw),
        format!("{id},domain,\"=cmd,1\",high,,,,\"Example, \"\"List\"\"\",threat-intel,@x;y\r\n")
    );
}

#[test]
fn txt_is_the_value() {
    let source = source();
    let mut out = Vec::new();
    txt::write_entry(&mut out, &bare(&source, "=evil.example.com"));
    assert_eq!(out, b"=evil.example.com\n");
}

#[test]
fn formats_are_read_by_name() {
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(format));
    }
    assert!("xml".parse::<Format>().is_err());
}

proptest! {
    #[test]
    fn strings_survive(text in any::<String>()) {
        let mut out = Vec::new();
        json::write_string(&mut out, &text);
        prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }

    #[test]
    fn times_are_as_jiff_writes_them(seconds in -62_135_596_800_i64..253_402_207_000, nanos in prop_oneof![Just(0), 0..1_000_000_000_i32]) {
        let time = Timestamp::new(seconds, nanos).unwrap();
        let mut out = Vec::new();
        write_time(&mut out, time);
        prop_assert_eq!(String::from_utf8(out).unwrap(), time.to_string());
    }

    #[test]
    fn numbers_are_decimal(number in any::<u64>()) {
        let mut out = Vec::new();
        write_number(&mut out, number);
        prop_assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
    }
}
