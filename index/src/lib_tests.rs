mod damage;

use std::fs;
use std::path::Path;

use iocd_core::claim::held::Outcome;
use iocd_core::claim::{Category, Claim, ClaimId, ClaimIdSet, Extent, Source, Status};
use iocd_core::query::{
    Brief, BriefSink, Entry, EntrySink, Filter, Listing, ManyOptions, Page, Question, Reach,
    StatusFilter,
};
use iocd_core::questions::Questions;
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;

use super::*;

fn source(name: &str) -> Source {
    Source {
        extent: Extent::Snapshot,
        ..Source::new(name, &name.to_uppercase(), Category::Community)
    }
}

fn domain(name: &str) -> Value {
    Value::parse(Kind::Domain, name).unwrap()
}

fn claim(name: &str) -> Claim {
    let mut claim = Claim::new(domain(name), 80);
    claim.tags = vec!["phishing".into(), name.into()];
    claim
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

const ALL: Page = Page {
    offset: 0,
    limit: 1000,
};

#[derive(Default)]
struct Values {
    total: u64,
    values: Vec<String>,
}

impl EntrySink for Values {
    fn total(&mut self, total: u64) {
        self.total = total;
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.values
            .push(format!("{} {}", entry.value, entry.status.as_str()));
    }
}

struct LastSeen(Option<Timestamp>);
impl EntrySink for LastSeen {
    fn total(&mut self, _: u64) {}
    fn entry(&mut self, entry: &Entry<'_>) {
        self.0 = entry.last_seen;
    }
}

fn list(index: &Index) -> Vec<String> {
    let mut values = Values::default();
    index
        .list(
            &Listing {
                filter: &Filter::default(),
                page: ALL,
                now: at(0),
                revision: None,
            },
            &mut values,
        )
        .unwrap();
    assert_eq!(values.total, values.values.len() as u64);
    values.values.sort();
    values.values
}

fn find(index: &Index, name: &str) -> Result<Vec<String>, IndexError> {
    let mut values = Values::default();
    let question = Question {
        readings: &[domain(name)],
        reach: Reach::Scope,
        status: StatusFilter::Any,
        page: ALL,
        now: at(0),
        as_of: false,
    };
    index.find(&question, &mut values)?;
    Ok(values.values)
}

fn segment(dir: &Path) -> std::path::PathBuf {
    dir.join("claims-000000.log")
}

/// A store with three batches, and the size of the log after each.
fn three_batches(dir: &Path) -> Vec<u64> {
    let index = Index::open(dir).unwrap();
    let feed = source("feed");
    let mut sizes = Vec::new();
    for (second, names) in [
        (0, ["a.example.com", "b.example.com"]),
        (1, ["c.example.com", "d.example.com"]),
    ] {
        index
            .record(&feed, names.map(claim).into(), at(second))
            .unwrap();
        sizes.push(fs::metadata(segment(dir)).unwrap().len());
    }
    index
        .remove(&feed, &[domain("a.example.com")], Status::Removed, at(2))
        .unwrap();
    sizes.push(fs::metadata(segment(dir)).unwrap().len());
    sizes
}

/// What is listed after so many of the three batches.
fn expected(batches: usize) -> Vec<&'static str> {
    match batches {
        0 => vec![],
        1 => vec!["a.example.com active", "b.example.com active"],
        2 => vec![
            "a.example.com active",
            "b.example.com active",
            "c.example.com active",
            "d.example.com active",
        ],
        _ => vec![
            "b.example.com active",
            "c.example.com active",
            "d.example.com active",
        ],
    }
}

#[test]
fn a_store_is_the_same_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    three_batches(dir.path());
    let index = Index::open(dir.path()).unwrap();
    let recovery = index.recovery();
    assert!(recovery.was_clean);
    assert_eq!(recovery.dropped_bytes, 0);
    assert_eq!(list(&index), expected(3));
    assert_eq!(
        find(&index, "a.example.com").unwrap(),
        ["a.example.com removed"]
    );
    assert_eq!(index.counts(), (3, 4, 5));
    index.close().unwrap();
    drop(index);
    let index = Index::open(dir.path()).unwrap();
    assert!(index.recovery().was_clean);
    assert_eq!(list(&index), expected(3));
}

#[test]
fn one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let _index = Index::open(dir.path()).unwrap();
    assert!(matches!(
        Index::open(dir.path()),
        Err(IndexError::InUse { .. })
    ));
}

#[test]
fn saying_it_again_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let feed = source("feed");
    let claims = || {
        vec![
            claim("a.example.com"),
            claim("b.example.com"),
            claim("a.example.com"),
        ]
    };
    let first = index.record(&feed, claims(), at(0)).unwrap().outcomes;
    assert_eq!(first, [Outcome::Added, Outcome::Added, Outcome::Unchanged]);
    let size = index.size();
    let again = index.record(&feed, claims(), at(100_000)).unwrap().outcomes;
    assert_eq!(again, [Outcome::Unchanged; 3]);
    assert_eq!(index.size(), size);
}

#[test]
fn nothing_is_first_seen_after_it_was_last_seen() {
    struct Seen(Vec<[i64; 2]>);
    impl EntrySink for Seen {
        fn total(&mut self, _: u64) {}
        fn entry(&mut self, entry: &Entry<'_>) {
            let times = [entry.first_seen, entry.last_seen];
            self.0
                .push(times.map(|time| time.unwrap().duration_since(at(0)).as_secs()));
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let feed = source("feed");
    let seen = || {
        let mut seen = Seen(Vec::new());
        let question = Question {
            readings: &[domain("a.example.com")],
            reach: Reach::Scope,
            status: StatusFilter::Any,
            page: ALL,
            now: at(0),
            as_of: false,
        };
        index.find(&question, &mut seen).unwrap();
        seen.0
    };
    // The list dates the last sighting alone, before and after it is first read.
    for (told, heard, expected) in [
        (-500_000, 0, [-500_000, -500_000]),
        (300_000, 300_100, [-500_000, 300_000]),
    ] {
        let mut claim = claim("a.example.com");
        claim.last_seen = Some(at(told));
        index.record(&feed, vec![claim], at(heard)).unwrap();
        assert_eq!(seen(), [expected]);
    }
}

#[test]
fn a_complete_fetch_removes_what_is_absent() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let feed = source("feed");
    index
        .record(
            &feed,
            vec![claim("a.example.com"), claim("b.example.com")],
            at(0),
        )
        .unwrap();
    let present = ClaimIdSet::from_iter([ClaimId::new(Kind::Domain, "b.example.com", "feed")]);
    assert_eq!(index.retain_present(&feed, &present, at(50)).unwrap(), 1);
    assert_eq!(list(&index), ["b.example.com active"]);
    assert_eq!(index.retain_present(&feed, &present, at(60)).unwrap(), 0);
    drop(index);
    let index = Index::open(dir.path()).unwrap();
    assert_eq!(list(&index), ["b.example.com active"]);
    let mut last_seen = LastSeen(None);
    index
        .list(
            &Listing {
                filter: &Filter::default(),
                page: ALL,
                now: at(0),
                revision: None,
            },
            &mut last_seen,
        )
        .unwrap();
    assert_eq!(
        last_seen.0,
        Some(at(60)),
        "still listed is seen, without a word in the log"
    );
}

#[test]
fn a_claim_about_a_private_address_is_found_but_not_listed() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let private = Value::parse(Kind::Ipv4, "10.1.2.3").unwrap();
    let mut feed = source("feed");
    index
        .record(&feed, vec![Claim::new(private.clone(), 50)], at(0))
        .unwrap();
    assert!(list(&index).is_empty());
    let mut found = Values::default();
    let question = Question {
        readings: &[private],
        reach: Reach::Scope,
        status: StatusFilter::Seen,
        page: ALL,
        now: at(0),
        as_of: false,
    };
    index.find(&question, &mut found).unwrap();
    assert_eq!(found.values, ["10.1.2.3 active"]);
    // Unless its source says so, also afterwards.
    feed.list_non_global = true;
    index.record(&feed, Vec::new(), at(1)).unwrap();
    assert_eq!(list(&index), ["10.1.2.3 active"]);
}

/// Many questions are looked up in groups, with their memory asked for ahead.
#[test]
fn many_questions_are_answered_in_order() {
    #[derive(Default)]
    struct Answers(Vec<(u64, Vec<String>)>);

    impl BriefSink for Answers {
        fn question(&mut self, total: u64) {
            self.0.push((total, Vec::new()));
        }

        fn entry(&mut self, entry: &Brief<'_>) {
            let (_, values) = self.0.last_mut().unwrap();
            values.push(entry.value.to_owned());
        }
    }

    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let names: Vec<String> = (0..200).map(|n| format!("h{n}.example.com")).collect();
    let claims = names.iter().map(|name| claim(name)).collect();
    index.record(&source("feed"), claims, at(0)).unwrap();
    let mut questions = Questions::default();
    for name in &names {
        questions.ask(name, None);
        questions.ask(&format!("not-{name}"), None);
    }
    let options = ManyOptions {
        status: StatusFilter::Seen,
        limit: 10,
        now: at(0),
    };
    let mut answers = Answers::default();
    index.find_many(&questions, options, &mut answers).unwrap();
    let expected: Vec<(u64, Vec<String>)> = names
        .iter()
        .flat_map(|name| [(1, vec![name.clone()]), (0, Vec::new())])
        .collect();
    assert_eq!(answers.0, expected);
}

/// The number of versions is bounded by that of slots: what would go beyond is
/// refused before anything is written.
#[test]
fn a_full_store_takes_no_more_and_has_room_again_once_compacted() {
    let dir = tempfile::tempdir().unwrap();
    let settings = log::LogSettings {
        most_versions: 4,
        ..log::LogSettings::default()
    };
    let index = Index::open_with(dir.path(), &settings).unwrap();
    let feed = source("feed");
    let says = |confidence, second| {
        let claim = Claim::new(domain("a.example.com"), confidence);
        index.record(&feed, vec![claim], at(second)).map(drop)
    };
    for number in 1..=4 {
        says(number, i64::from(number)).unwrap();
    }
    let size = index.size();
    let full = |refused: Result<(), IndexError>| {
        assert!(matches!(refused, Err(IndexError::TooLarge { .. })));
        assert_eq!(index.size(), size);
        assert_eq!(list(&index), ["a.example.com active"]);
    };
    full(says(5, 5));
    let gone = [domain("a.example.com")];
    full(index.remove(&feed, &gone, Status::Removed, at(5)).map(drop));
    full(
        index
            .retain_present(&feed, &ClaimIdSet::default(), at(5))
            .map(drop),
    );
    assert_eq!(index.refusal(), None);
    let retention = Retention::since(at(4));
    index.compact(&retention, &mut || true).unwrap();
    says(5, 6).unwrap();
    assert_eq!(index.counts(), (1, 1, 5));
}
