//! `index/FORMAT.md` is true: a decoder written from that page alone, sharing no
//! code with the store, reads a stored directory of version 1 byte by byte, and
//! the same from what the store writes today.
//!
//! `UPDATE_GOLDEN=1` writes the directory anew: only for a new version.

// A test that cannot go on has failed: that is what `unwrap` says.
#![allow(clippy::unwrap_used)]

#[path = "format/decoder.rs"]
mod decoder;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use iocd_core::claim::{
    ArticleRef, Category, Claim, ClaimId, ClaimIdSet, Extent, Scope, Source, Status, Tlp,
};
use iocd_core::query::{Entry, EntrySink, Page, Question, Reach, StatusFilter};
use iocd_core::value::{Kind, Value};
use iocd_core::warning::{WarningList, WarningSet};
use iocd_index::{Index, Retention};
use jiff::Timestamp;

/// The files of a store that was closed in order.
const FILES: [&str; 4] = ["claims-000000.log", "fetches.log", "epoch", "clean"];

/// The files of one that was compacted.
const COMPACTED: [&str; 6] = [
    "claims-000000-1.log",
    "claims-000001.log",
    "generation",
    "fetches.log",
    "epoch",
    "clean",
];

fn stored() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn source(name: &str, extent: Extent) -> Source {
    Source {
        extent,
        expires_after: Some(86_400),
        ..Source::new(name, &format!("The {name}"), Category::Research)
    }
}

fn value(kind: Kind, text: &str) -> Value {
    Value::parse(kind, text).unwrap()
}

/// A claim that says everything that a claim can say.
fn full() -> Claim {
    Claim {
        value: value(Kind::Domain, "bad.example.com"),
        confidence: 90,
        scope: Scope::Subtree,
        first_seen: Some(at(-300)),
        last_seen: Some(at(-200)),
        expires_at: Some(at(9_000)),
        context: Some("Seen in a test – “quoted”".into()),
        malware: Some("ExampleBot".into()),
        tags: vec!["botnet".into(), "c2".into()],
        techniques: vec!["T1071".into()],
        sectors: vec!["energy".into()],
        ports: vec![443, 8443],
        references: vec![
            "https://example.org/1".into(),
            "https://example.org/2".into(),
        ],
        tlp: Some(Tlp::AmberStrict),
        article: Some(ArticleRef {
            id: "a-1".into(),
            title: "A title".into(),
            url: "https://example.org/article".into(),
            published_at: at(-1_000),
        }),
        raw: Some("bad[.]example[.]com".into()),
    }
}

/// Writes a store with every type of record and every field.
fn write_store(dir: &Path) {
    let index = Index::open(dir).unwrap();
    let events = source("events", Extent::Events);
    let list = source("list", Extent::Snapshot);
    let private = Claim::new(value(Kind::Ipv4, "10.0.0.1"), 7);
    index.record(&events, vec![full(), private], at(0)).unwrap();
    let listed = |name| Claim::new(value(Kind::Domain, name), 50);
    let both = vec![listed("a.example.net"), listed("b.example.net")];
    index.record(&list, both, at(10)).unwrap();
    let present = ClaimIdSet::from_iter([ClaimId::new(Kind::Domain, "a.example.net", "list")]);
    index.retain_present(&list, &present, at(20)).unwrap();
    let seen_again = Claim {
        last_seen: Some(at(30)),
        ..full()
    };
    index.record(&events, vec![seen_again], at(40)).unwrap();
    let surer = Claim {
        confidence: 95,
        ..full()
    };
    index.record(&events, vec![surer], at(50)).unwrap();
    let wrong = [value(Kind::Ipv4, "10.0.0.1")];
    index
        .remove(&events, &wrong, Status::FalsePositive, at(60))
        .unwrap();
    let hosts =
        br#"{"type": "hostname", "matching_attributes": ["domain"], "list": ["a.example.net"]}"#;
    let (warning_list, _) = WarningList::read_misp("hosts", hosts).unwrap();
    let warnings = WarningSet::new(vec![warning_list]);
    index.assess(Arc::new(warnings), at(70)).unwrap();
    index.close().unwrap();
}

/// Writes a store of which a version was dropped, and a sighting of another,
/// and that went on.
fn write_compacted(dir: &Path) {
    write_store(dir);
    let index = Index::open(dir).unwrap();
    let events = source("events", Extent::Events);
    let seen_at = |second| Claim {
        last_seen: Some(at(second)),
        ..full()
    };
    for second in [80, 90] {
        index
            .record(&events, vec![seen_at(second)], at(second))
            .unwrap();
    }
    let retention = Retention::since(at(65));
    index.compact(&retention, &mut || true).unwrap();
    let new = Claim::new(value(Kind::Domain, "new.example.com"), 20);
    let both = vec![seen_at(100), new];
    index.record(&events, both, at(100)).unwrap();
    index.close().unwrap();
    drop(index);
    fs::remove_file(dir.join("checkpoint")).unwrap();
}

/// What the decoder reads in the files of a directory.
fn decode(dir: &Path) -> String {
    let read = |name: &str| fs::read(dir.join(name)).unwrap();
    let (mut text, segments) = match fs::read(dir.join("generation")) {
        Ok(bytes) => decoder::decode_generation(&bytes, |name| dir.join(name).exists()),
        Err(_) => (String::new(), vec![(0, 1, "claims-000000.log".to_owned())]),
    };
    let segments = segments.into_iter();
    let segments = segments.map(|(number, version, name)| (number, version, read(&name)));
    text.push_str(&decoder::decode_log(&segments.collect::<Vec<_>>()));
    let [fetches, epoch, clean] = ["fetches.log", "epoch", "clean"].map(read);
    text.push_str(&decoder::decode_fetches(&fetches));
    text.push_str(&decoder::decode_epoch(&epoch));
    text.push_str(&decoder::decode_clean(&clean));
    text
}

/// The lines that are not random.
fn without_random(text: &str) -> Vec<&str> {
    let is_random = |line: &&str| line.starts_with("key ") || line.starts_with("epoch ");
    text.lines().filter(|line| !is_random(line)).collect()
}

#[test]
fn a_stored_directory_is_read_by_the_page() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let dir = tempfile::tempdir().unwrap();
        write_store(dir.path());
        for name in FILES {
            fs::copy(dir.path().join(name), stored().join(name)).unwrap();
        }
        fs::write(stored().join("expected.txt"), decode(dir.path())).unwrap();
    }
    let expected = fs::read_to_string(stored().join("expected.txt")).unwrap();
    assert_eq!(decode(&stored()), expected);
}

#[test]
fn what_is_written_today_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    write_store(dir.path());
    let expected = fs::read_to_string(stored().join("expected.txt")).unwrap();
    assert_eq!(
        without_random(&decode(dir.path())),
        without_random(&expected)
    );
}

#[test]
fn a_compacted_directory_is_read_by_the_page_too() {
    let stored = stored().join("compacted");
    let dir = tempfile::tempdir().unwrap();
    write_compacted(dir.path());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(&stored).unwrap();
        for name in COMPACTED {
            fs::copy(dir.path().join(name), stored.join(name)).unwrap();
        }
        fs::write(stored.join("expected.txt"), decode(dir.path())).unwrap();
    }
    let expected = fs::read_to_string(stored.join("expected.txt")).unwrap();
    assert_eq!(decode(&stored), expected);
    let written = decode(dir.path());
    assert_eq!(without_random(&written), without_random(&expected));
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "lock")
        .collect();
    names.sort_unstable();
    let mut known = COMPACTED;
    known.sort_unstable();
    assert_eq!(names, known);

    let opened = tempfile::tempdir().unwrap();
    for name in COMPACTED {
        fs::copy(stored.join(name), opened.path().join(name)).unwrap();
    }
    let index = Index::open(opened.path()).unwrap();
    assert!(index.recovery().was_clean);
    assert_eq!(index.counts(), (3, 5, 9));
}

#[test]
fn a_stored_directory_is_opened_today() {
    struct Found(Vec<String>);
    impl EntrySink for Found {
        fn total(&mut self, _: u64) {}
        fn entry(&mut self, entry: &Entry<'_>) {
            let Entry { value, tags, .. } = entry;
            let (status, confidence) = (entry.status.as_str(), entry.confidence);
            self.0
                .push(format!("{value} {status} {confidence} {tags:?}"));
        }
    }

    let dir = tempfile::tempdir().unwrap();
    for name in FILES {
        fs::copy(stored().join(name), dir.path().join(name)).unwrap();
    }
    let index = Index::open(dir.path()).unwrap();
    assert!(index.recovery().was_clean);
    assert_eq!(index.counts(), (2, 4, 8));
    let mut found = Found(Vec::new());
    for (kind, text) in [
        (Kind::Domain, "bad.example.com"),
        (Kind::Ipv4, "10.0.0.1"),
        (Kind::Domain, "a.example.net"),
        (Kind::Domain, "b.example.net"),
    ] {
        let question = Question {
            readings: &[value(kind, text)],
            reach: Reach::Scope,
            status: StatusFilter::Any,
            page: Page {
                offset: 0,
                limit: 10,
            },
            now: at(100),
            as_of: false,
        };
        index.find(&question, &mut found).unwrap();
    }
    assert_eq!(
        found.0,
        [
            "bad.example.com active 95 [\"botnet\", \"c2\"]",
            "10.0.0.1 false_positive 7 []",
            "a.example.net active 50 []",
            "b.example.net removed 50 []",
        ]
    );
}
