//! Claims of other servers.

use iocd::store::{ClaimStore, Removal};
use iocd_core::claim::retained::{Changes, Progress};
use iocd_core::claim::{Claim, ClaimId, ClaimIdSet, Extent, Source, Status};
use iocd_core::query::StatusFilter;

use crate::answer::{ALL, find, seen};
use crate::model::Model;
use crate::values::{DAY, at, claim, record, source, value};

/// A list whose claims hold for two days.
fn list() -> Source {
    Source {
        extent: Extent::Snapshot,
        expires_after: Some(2 * 86_400),
        ..source("list")
    }
}

fn mirrored(source: &Source) -> Source {
    Source {
        mirrored_by: Some("upstream".into()),
        ..source.clone()
    }
}

async fn all_changes<S: ClaimStore>(store: &S) -> Changes {
    let last = store.counts().revision;
    let mut told = Progress::beginning(last);
    let mut all = Changes::default();
    while told.reached < last {
        let some = store.changes(told, last, 2).await.unwrap();
        assert!(some.claims.len() <= 2 && some.reached > told.reached);
        all.claims.extend(some.claims);
        told.reached = some.reached;
    }
    all.reached = told.reached;
    all
}

/// Another server, with all that may be of a claim.
async fn upstream() -> Model {
    let store = Model::default();
    let list = list();
    let full = Claim {
        last_seen: Some(at(-50)),
        context: Some("context".into()),
        tags: vec!["a".into()],
        ..claim("one.example.com")
    };
    let claims = [full, claim("two.example.com"), claim("three.example.com")];
    record(&store, &list, 10, claims).await;
    let values = [value("two.example.com")];
    let removed = store.remove(&list, &values, Removal::FalsePositive, at(20));
    assert_eq!(removed.await.unwrap(), 1);
    store
}

async fn mirror<S: ClaimStore>(store: &S, upstream: &Model, second: i64) -> u64 {
    for (source, listed_at) in upstream.listed_sources() {
        let source = mirrored(&source);
        let described = store.mirror_source(&source, listed_at, at(second));
        described.await.unwrap();
    }
    let changes = all_changes(upstream).await;
    store.mirror(changes.claims, at(second)).await.unwrap()
}

pub(crate) async fn changes_are_told_once_each_as_they_are<S: ClaimStore>(store: &S) {
    let list = list();
    let names = ["one.example.com", "two.example.com", "three.example.com"];
    record(store, &list, 10, names.map(claim)).await;
    let first = store.counts().revision;
    let surer = Claim {
        confidence: 99,
        ..claim("one.example.com")
    };
    record(store, &list, 20, [surer]).await;
    let values = [value("two.example.com")];
    let removed = store.remove(&list, &values, Removal::RemovedBySource, at(30));
    removed.await.unwrap();

    let changes = all_changes(store).await;
    let told = changes.claims.iter().map(|told| {
        let held = &told.claim.held.claim;
        (held.value.as_str(), held.confidence, told.claim.status)
    });
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [
            ("three.example.com", 80, Status::Active),
            ("one.example.com", 99, Status::Active),
            ("two.example.com", 80, Status::Removed),
        ]
    );
    assert_eq!(changes.reached, store.counts().revision);
    let told = |reached| Progress { begun: 0, reached };
    let end = changes.reached;
    let news = store.changes(told(first), end, 9).await.unwrap();
    assert_eq!(news.claims, changes.claims[1..]);
    let unknown = store.changes(told(end + 1), end + 9, 9);
    assert!(unknown.await.is_err());
}

pub(crate) async fn a_store_mirrors_what_another_holds<S: ClaimStore>(store: &S) {
    let upstream = upstream().await;
    assert_eq!(mirror(store, &upstream, 100).await, 3);
    for name in ["one.example.com", "two.example.com", "three.example.com"] {
        let here = find(store, &[value(name)], StatusFilter::Any, ALL, 100).await;
        let there = find(&upstream, &[value(name)], StatusFilter::Any, ALL, 100).await;
        let (here, there) = (&here.entries[0], &there.entries[0]);
        assert_eq!((&here.id, here.status), (&there.id, there.status));
        assert_eq!(here.first_seen, there.first_seen);
        assert_eq!(here.last_seen, there.last_seen);
        assert_eq!(here.expires_at, there.expires_at);
    }
    let before = store.counts();
    assert_eq!(mirror(store, &upstream, 200).await, 0);
    assert_eq!(store.counts(), before);
    // What was over there holds again, and the other way round.
    let list = list();
    record(&upstream, &list, 300, [claim("two.example.com")]).await;
    let values = [value("three.example.com")];
    let removed = upstream.remove(&list, &values, Removal::RemovedBySource, at(300));
    removed.await.unwrap();
    assert_eq!(mirror(store, &upstream, 300).await, 2);
    let two = seen(store, &value("two.example.com"), 300).await;
    assert_eq!(two.entries[0].status, Status::Active);
    let three = seen(store, &value("three.example.com"), 300).await;
    assert_eq!(three.entries[0].status, Status::Removed);
}

pub(crate) async fn a_mirrored_claim_is_ended_a_day_late<S: ClaimStore>(store: &S) {
    let upstream = upstream().await;
    mirror(store, &upstream, 100).await;
    let end = 10 + 2 * DAY;
    let one = seen(store, &value("one.example.com"), end).await;
    assert_eq!(one.entries[0].status, Status::Expired);
    assert_eq!(store.expire_due(at(end)).await.unwrap(), 0);
    // The list was seen there again: it holds on.
    let seen_again = mirrored(&list());
    let listed = store.mirror_source(&seen_again, Some(at(end - 5)), at(end));
    listed.await.unwrap();
    let one = seen(store, &value("one.example.com"), end).await;
    assert_eq!(one.entries[0].status, Status::Active);
    let end = end - 5 + 2 * DAY;
    assert_eq!(store.expire_due(at(end + DAY - 1)).await.unwrap(), 0);
    assert_eq!(store.expire_due(at(end + DAY)).await.unwrap(), 2);
}

pub(crate) async fn what_is_gone_elsewhere_is_removed<S: ClaimStore>(store: &S) {
    let upstream = upstream().await;
    mirror(store, &upstream, 100).await;
    let one = value("one.example.com");
    let present: ClaimIdSet = [ClaimId::new(one.kind(), one.as_str(), "list")]
        .into_iter()
        .collect();
    let none = ClaimIdSet::default();
    for (told, second, expected) in [(&present, 200, 1), (&none, 200, 2), (&none, 3 * DAY, 0)] {
        let untold = store.count_untold("list", told, at(second));
        assert_eq!(untold.await.unwrap(), expected);
    }
    let removed = store.retain_mirrored("list", &present, at(200));
    assert_eq!(removed.await.unwrap(), 1);
    let three = seen(store, &value("three.example.com"), 200).await;
    assert_eq!(three.entries[0].status, Status::Removed);
    let one = seen(store, &one, 200).await;
    assert_eq!(one.entries[0].status, Status::Active);
}

pub(crate) async fn own_sources_are_not_mirrored<S: ClaimStore>(store: &S) {
    let upstream = upstream().await;
    record(store, &list(), 50, [claim("own.example.com")]).await;
    let before = store.counts();
    let changes = all_changes(&upstream).await;
    assert!(store.mirror(changes.claims, at(100)).await.is_err());
    assert_eq!(store.counts(), before);
}
