use iocd_core::article::{Article, Indicator};
use iocd_core::claim::held::Outcome;
use iocd_core::claim::{Category, Source};
use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

pub(super) fn source() -> Source {
    Source::new("news", "News", Category::News)
}

fn article(number: i64) -> Article {
    Article {
        id: format!("id-{number}"),
        title: format!("Title {number}"),
        url: format!("https://example.com/{number}"),
        published_at: Some(at(-100 * number)),
        ..Article::default()
    }
}

fn filled() -> Articles {
    let store = Articles::in_memory().unwrap();
    let rich = Article {
        title: "Ransomware in a bank".to_owned(),
        summary: "The Play gang exploits CVE-2026-0001.".to_owned(),
        topic: Topic::Ransomware,
        severity: 80,
        tags: vec!["banking".to_owned()],
        sectors: vec!["financial-services".to_owned()],
        actors: vec!["APT28".to_owned()],
        cves: vec!["CVE-2026-0001".to_owned()],
        techniques: vec!["T1059.001".to_owned()],
        indicators: vec![Indicator {
            kind: "domain".to_owned(),
            value: "bad.example.com".to_owned(),
            context: String::new(),
        }],
        ..article(0)
    };
    let mut all: Vec<Article> = (1..10).map(article).collect();
    all.push(rich);
    store.record(&source(), &all, at(0)).unwrap();
    store
}

fn ids(store: &Articles, filter: &Filter, sort: Sort) -> Vec<String> {
    let page = store.page(filter, sort, None, 100).unwrap();
    assert_eq!(page.total, page.articles.len() as u64);
    page.articles
        .into_iter()
        .map(|article| article.id)
        .collect()
}

#[test]
fn an_article_is_stored_once_and_changes_move_it() {
    let store = Articles::in_memory().unwrap();
    let first = article(1);
    let record = |article: &Article, now| {
        store
            .record(&source(), std::slice::from_ref(article), now)
            .unwrap()[0]
    };
    assert_eq!(record(&first, at(0)), Outcome::Added);
    assert_eq!(record(&first, at(9)), Outcome::Unchanged);
    let before = store.get("id-1").unwrap().unwrap();
    assert_eq!((before.fetched_at, before.modified_at), (at(0), at(0)));
    let other = Article {
        title: "Other".to_owned(),
        published_at: Some(at(5)),
        ..first
    };
    assert_eq!(record(&other, at(10)), Outcome::Merged);
    let after = store.get("id-1").unwrap().unwrap();
    assert_eq!((after.fetched_at, after.modified_at), (at(0), at(10)));
    assert_eq!(after.published_at, before.published_at);
    assert_eq!(after.title, "Other");
    assert!(after.change > before.change);
    assert_eq!(store.count().unwrap(), 1);
    let text = Filter {
        text: Some("title".to_owned()),
        ..Filter::default()
    };
    assert!(ids(&store, &text, Sort::Newest).is_empty());
}

#[test]
fn filters_admit() {
    let store = filled();
    let some = |text: &str| Some(text.to_owned());
    let none = Filter::default();
    for filter in [
        Filter {
            text: some("BANK ransom*"),
            ..none.clone()
        },
        Filter {
            text: some("cve-2026-0001"),
            ..none.clone()
        },
        Filter {
            text: some("banking"),
            ..none.clone()
        },
        Filter {
            topic: Some(Topic::Ransomware),
            ..none.clone()
        },
        Filter {
            least: Some(70),
            below: Some(90),
            ..none.clone()
        },
        Filter {
            since: Some(at(-50)),
            ..none.clone()
        },
        Filter {
            has_iocs: Some(true),
            ..none.clone()
        },
        Filter {
            actor: some("apt28"),
            ..none.clone()
        },
        Filter {
            sector: some("financial-services"),
            ..none.clone()
        },
        Filter {
            technique: some("T1059"),
            ..none.clone()
        },
        Filter {
            technique: some("T1059.001"),
            ..none.clone()
        },
    ] {
        assert_eq!(ids(&store, &filter, Sort::Newest), ["id-0"], "{filter:?}");
    }
    for filter in [
        Filter {
            text: some("bank trojan"),
            ..none.clone()
        },
        Filter {
            text: some("\"*()"),
            ..none.clone()
        },
        Filter {
            technique: some("T105"),
            ..none.clone()
        },
        Filter {
            modified_since: Some(at(1)),
            ..none.clone()
        },
    ] {
        assert!(ids(&store, &filter, Sort::Newest).is_empty(), "{filter:?}");
    }
    assert_eq!(ids(&store, &none, Sort::Oldest)[0], "id-9");
    assert_eq!(ids(&store, &none, Sort::Changed).last().unwrap(), "id-0");
    let naming = store.naming("CVE-2026-0001", None, 9).unwrap();
    assert_eq!(naming.len(), 1);
    assert!(
        store
            .naming("CVE-2026-0001", Some(at(1)), 9)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_walk_neither_skips_nor_repeats_what_was_there() {
    let store = filled();
    for sort in Sort::ALL {
        let mut expected = ids(&store, &Filter::default(), sort);
        let (mut told, mut after, mut round) = (Vec::new(), None, 0);
        loop {
            let page = store.page(&Filter::default(), sort, after, 3).unwrap();
            after = page.articles.last().map(|last| sort.place(last));
            told.extend(page.articles.into_iter().map(|article| article.id));
            if !page.has_more {
                break;
            }
            round += 1;
            let new = Article {
                id: format!("new-{sort:?}-{round}"),
                ..article(0)
            };
            store.record(&source(), &[new], at(round)).unwrap();
        }
        told.retain(|id| !id.starts_with(&format!("new-{sort:?}")));
        told.sort();
        expected.sort();
        assert_eq!(told, expected, "{sort:?}");
    }
}

#[test]
fn what_is_archived_is_told_only_by_its_id() {
    let store = filled();
    let kept = SignedDuration::from_secs(5);
    assert_eq!(store.archive_old(kept, at(5)).unwrap(), 0);
    assert_eq!(store.archive_old(kept, at(6)).unwrap(), 10);
    assert_eq!(store.count().unwrap(), 0);
    assert!(ids(&store, &Filter::default(), Sort::Newest).is_empty());
    assert!(store.get("id-1").unwrap().unwrap().is_archived);
}

#[test]
fn it_lasts_and_is_copied() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(ARTICLES);
    let store = Articles::open(&path).unwrap();
    store.record(&source(), &[article(1)], at(0)).unwrap();
    let copy = dir.path().join("copy.db");
    store.copy_to(&copy).unwrap();
    drop(store);
    for path in [path, copy] {
        assert_eq!(Articles::open(&path).unwrap().count().unwrap(), 1);
    }
}

proptest! {
    #[test]
    fn no_question_is_a_wrong_one(typed in "\\PC{0,60}", words in "[a-z\"*():^+{} -]{0,40}") {
        let store = filled();
        for typed in [typed, words] {
            let filter = Filter { text: Some(typed), ..Filter::default() };
            store.page(&filter, Sort::Newest, None, 1).unwrap();
        }
    }
}
