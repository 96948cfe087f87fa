//! Warnings about values, and scores.

use std::sync::Arc;

use iocd::store::ClaimStore;
use iocd_core::claim::{Category, Claim, Source};
use iocd_core::query::Filter;
use iocd_core::warning::{ALLOWED, WarningList, WarningSet};

use crate::answer::{ALL, list, seen};
use crate::values::{DAY, at, claim, record, source, value};

fn warnings(name: &str, withholds: bool) -> Arc<WarningSet> {
    let json =
        r#"{"type": "hostname", "matching_attributes": ["domain"], "list": ["good.example.com"]}"#;
    let (mut list, _) = WarningList::read_misp(name, json.as_bytes()).unwrap();
    list.withholds = withholds;
    Arc::new(WarningSet::new(vec![list]))
}

pub(crate) async fn withheld_values_leave_lists_and_stay_found<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let claims = ["good.example.com", "bad.example.com"].map(claim);
    record(store, &feed, 10, claims).await;
    let before = store.counts().revision;

    let set = warnings("popular", true);
    assert_eq!(store.assess(Arc::clone(&set), at(20)).await.unwrap(), 1);
    // The change is one that clients hear of.
    assert_eq!(store.counts().revision, before + 1);
    assert_eq!(store.assess(set, at(30)).await.unwrap(), 0);
    assert_eq!(store.counts().revision, before + 1);

    let all = Filter::default();
    let listed = list(store, &all, ALL, 40).await;
    assert_eq!(listed.values(), ["bad.example.com"]);
    let warned = Filter {
        include_warned: true,
        ..all.clone()
    };
    let listed = list(store, &warned, ALL, 40).await;
    assert_eq!(listed.values(), ["good.example.com", "bad.example.com"]);
    assert_eq!(listed.entries[0].warnings, ["popular"]);
    assert_eq!(listed.entries[0].updated_at, at(20));

    let found = seen(store, &value("good.example.com"), 40).await;
    assert_eq!(found.entries[0].warnings, ["popular"]);
    let other = seen(store, &value("bad.example.com"), 40).await;
    assert!(found.entries[0].score < other.entries[0].score);

    // New claims are judged as they come; no longer warned of, they are back.
    record(store, &source("b"), 50, [claim("www.good.example.com")]).await;
    assert_eq!(list(store, &all, ALL, 60).await.total, Some(1));
    let none = Arc::new(WarningSet::new(Vec::new()));
    assert_eq!(store.assess(none, at(70)).await.unwrap(), 2);
    assert_eq!(list(store, &all, ALL, 80).await.total, Some(3));
}

pub(crate) async fn informational_lists_only_label<S: ClaimStore>(store: &S) {
    record(store, &source("a"), 10, [claim("good.example.com")]).await;
    let points = |answer: &crate::answer::Answer| answer.entries[0].score;
    let good = value("good.example.com");
    let before = seen(store, &good, 20).await;
    let changed = store.assess(warnings("dynamic", false), at(20)).await;
    assert_eq!(changed.unwrap(), 1);
    let after = seen(store, &good, 20).await;
    assert_eq!(after.entries[0].warnings, ["dynamic"]);
    assert_eq!(points(&after), points(&before));
    assert_eq!(
        list(store, &Filter::default(), ALL, 20).await.total,
        Some(1)
    );
}

pub(crate) async fn what_is_over_is_warned_of_too<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let short = Claim {
        expires_at: Some(at(20)),
        ..claim("good.example.com")
    };
    record(store, &feed, 10, [short]).await;
    store.expire_due(at(30)).await.unwrap();
    let everything = Filter {
        include_expired: true,
        ..Filter::default()
    };
    assert_eq!(list(store, &everything, ALL, 40).await.total, Some(1));
    store.assess(warnings(ALLOWED, true), at(50)).await.unwrap();
    assert_eq!(list(store, &everything, ALL, 60).await.total, Some(0));
    let found = seen(store, &value("good.example.com"), 60).await;
    assert_eq!(found.total, Some(1));
    assert_eq!(found.entries[0].warnings, [ALLOWED]);
    assert_eq!(found.entries[0].score, 0);
}

pub(crate) async fn a_feed_under_another_category_is_listed_there<S: ClaimStore>(store: &S) {
    let feed = source("a");
    record(store, &feed, 10, [claim("one.example.com")]).await;
    let moved = Source {
        category: Category::News,
        ..feed
    };
    let before = store.counts().revision;
    record(store, &moved, 20, []).await;
    assert_eq!(store.counts().revision, before + 1);
    let of = async |category| {
        let filter = Filter {
            category: Some(category),
            ..Filter::default()
        };
        list(store, &filter, ALL, 30).await.total
    };
    assert_eq!(of(Category::News).await, Some(1));
    assert_eq!(of(Category::Community).await, Some(0));
}

pub(crate) async fn scores_fade_and_corroborate<S: ClaimStore>(store: &S) {
    let one = source("a");
    record(
        store,
        &one,
        0,
        [claim("one.example.com"), claim("two.example.com")],
    )
    .await;
    record(store, &source("b"), 0, [claim("two.example.com")]).await;
    let points = async |text: &str, second| {
        let answer = seen(store, &value(text), second).await;
        let scores: Vec<u8> = answer.entries.iter().map(|entry| entry.score).collect();
        assert!(scores.windows(2).all(|pair| pair[0] == pair[1]));
        scores[0]
    };
    // Confidence 80, weight 70; the other source is another publisher's.
    assert_eq!(points("one.example.com", 0).await, 56);
    assert_eq!(points("two.example.com", 0).await, 81);
    assert_eq!(points("one.example.com", 90 * DAY).await, 28);
}
