use iocd_core::claim::{ArticleRef, Category, Claim, ClaimIdSet, Extent, Scope, Status, Tlp};
use iocd_core::query::{Entry, EntrySink, Filter, Listing, Page, Question, Reach, StatusFilter};
use iocd_core::value::{Kind, Value};

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn source(name: &str, extent: Extent) -> Source {
    Source {
        extent,
        list_non_global: true,
        expires_after: Some(1000),
        ..Source::new(name, &name.to_uppercase(), Category::Vendor)
    }
}

fn domain(name: &str) -> Value {
    Value::parse(Kind::Domain, &format!("{name}.example.com")).unwrap()
}

const NAMES: [&str; 8] = ["full", "a", "b", "c", "d", "e", "f", "g"];
const NOW: i64 = 1500;

/// A store in which everything has happened.
fn fill(index: &Index) {
    let events = source("events", Extent::Events);
    let list = source("list", Extent::Snapshot);
    let full = Claim {
        confidence: 90,
        scope: Scope::Subtree,
        first_seen: Some(at(-300)),
        last_seen: Some(at(-200)),
        expires_at: Some(at(9_000)),
        context: Some("context".into()),
        malware: Some("Bot".into()),
        tags: vec!["a".into(), "b".into()],
        techniques: vec!["T1071".into()],
        sectors: vec!["energy".into()],
        ports: vec![443],
        references: vec!["https://example.org/1".into()],
        tlp: Some(Tlp::Green),
        article: Some(ArticleRef {
            id: "a-1".into(),
            title: "A title".into(),
            url: "https://example.org/article".into(),
            published_at: at(-1_000),
        }),
        raw: Some("FULL".into()),
        ..Claim::new(domain("full"), 90)
    };
    let plain = |name: &str| Claim::new(domain(name), 50);
    let says = |names: &[&str]| names.iter().map(|name| plain(name)).collect::<Vec<_>>();
    index.record(&events, vec![full.clone()], at(0)).unwrap();
    index
        .record(&events, says(&["a", "b", "c"]), at(10))
        .unwrap();
    index.record(&list, says(&["a", "d", "e"]), at(20)).unwrap();
    let present: ClaimIdSet = ["a", "d"]
        .iter()
        .map(|name| ClaimId::new(Kind::Domain, domain(name).as_str(), "list"))
        .collect();
    index.retain_present(&list, &present, at(900)).unwrap();
    let seen_again = Claim {
        last_seen: Some(at(100)),
        ..full
    };
    index.record(&events, vec![seen_again], at(950)).unwrap();
    index
        .remove(&events, &[domain("b")], Status::FalsePositive, at(960))
        .unwrap();
    index.expire_due(at(1020)).unwrap();
    index.record(&events, says(&["b", "f"]), at(1030)).unwrap();
    index.record(&list, says(&["g"]), at(400)).unwrap();
}

#[derive(Default)]
struct All(Vec<String>);

impl EntrySink for All {
    fn total(&mut self, total: u64) {
        self.0.push(total.to_string());
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.0.push(format!("{entry:?}"));
    }
}

/// Every answer of a store, with every field.
fn answers(index: &Index) -> Vec<String> {
    let mut all = All::default();
    let page = Page {
        offset: 0,
        limit: 100,
    };
    for name in NAMES {
        let question = Question {
            readings: &[domain(name)],
            reach: Reach::Cascade,
            status: StatusFilter::Any,
            page,
            now: at(NOW),
            as_of: false,
        };
        index.find(&question, &mut all).unwrap();
    }
    index
        .list(
            &Listing {
                filter: &Filter::default(),
                page,
                now: at(NOW),
                revision: None,
            },
            &mut all,
        )
        .unwrap();
    all.0
}

fn walk(index: &Index) -> Vec<Transfer> {
    let mut walk = index.walk();
    let mut claims = Vec::new();
    while let Some(some) = index.walk_on(&mut walk).unwrap() {
        claims.extend(some);
    }
    claims
}

/// Takes everything over, each change at the time it had or all at one.
fn take_all(from: &Index, to: &Index, at: Option<Timestamp>) -> u64 {
    for (source, listed_at) in from.listed_sources() {
        to.take_over_source(&source, listed_at, at.unwrap_or(Timestamp::UNIX_EPOCH))
            .unwrap();
    }
    let mut changed = 0;
    for transfer in walk(from) {
        let at = at.unwrap_or(transfer.claim.updated_at);
        changed += to.take_over(vec![transfer], at).unwrap();
    }
    changed
}

#[test]
fn an_empty_store_that_takes_all_over_answers_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (
        Index::open(&dir.path().join("from")).unwrap(),
        Index::open(&dir.path().join("to")).unwrap(),
    );
    fill(&from);
    take_all(&from, &to, None);
    assert_eq!(answers(&to), answers(&from));
    // And over a reopening, and once more to the same.
    drop(to);
    let to = Index::open(&dir.path().join("to")).unwrap();
    assert_eq!(answers(&to), answers(&from));
    let before = to.size();
    assert_eq!(take_all(&from, &to, Some(at(5000))), 0);
    assert_eq!(to.size(), before, "taking it over again writes nothing");
    assert_eq!(take_all(&from, &from, Some(at(5000))), 0);
}

#[test]
fn a_walk_is_of_one_moment() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    fill(&index);
    let before = walk(&index);
    let mut walk = index.walk();
    let events = source("events", Extent::Events);
    index
        .remove(&events, &[domain("f")], Status::Removed, at(1200))
        .unwrap();
    let surer = Claim::new(domain("full"), 99);
    index.record(&events, vec![surer], at(1210)).unwrap();
    let new = Claim::new(domain("new"), 1);
    index.record(&events, vec![new], at(1220)).unwrap();
    let mut claims = Vec::new();
    while let Some(some) = index.walk_on(&mut walk).unwrap() {
        claims.extend(some);
    }
    assert_eq!(claims, before);
    let times: Vec<Timestamp> = claims.iter().map(|c| c.claim.updated_at).collect();
    assert!(times.is_sorted());
}

#[test]
fn one_batch_may_say_the_same_claim_twice() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    fill(&index);
    let mut claims = walk(&index);
    for transfer in &mut claims {
        transfer.claim.status = Status::Removed;
        transfer.claim.updated_at = at(9000);
    }
    claims.extend(claims.clone());
    index.take_over(claims, at(9000)).unwrap();
    assert_eq!(index.counts().0, 0);
    drop(index);
    assert_eq!(Index::open(dir.path()).unwrap().counts().0, 0);
    let stranger = Transfer {
        source: "stranger".into(),
        ..walk(&Index::open(dir.path()).unwrap()).remove(0)
    };
    let index = Index::open(dir.path()).unwrap();
    let refused = index.take_over(vec![stranger], at(9000)).unwrap_err();
    assert!(refused.to_string().contains("\"stranger\""), "{refused}");
}
