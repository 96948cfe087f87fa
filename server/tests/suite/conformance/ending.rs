//! Claims that end.

use iocd::store::{Batch, ClaimStore, Removal};
use iocd_core::claim::held::Outcome::{Added, Merged, Unchanged};
use iocd_core::claim::{Claim, ClaimId, ClaimIdSet, Extent, Scope, Source, Status};
use iocd_core::query::{Filter, StatusFilter};
use iocd_core::value::{Kind, Value};

use crate::answer::{ALL, find, list, seen};
use crate::values::{DAY, at, claim, record, source, value};

fn snapshot(name: &str) -> Source {
    Source {
        extent: Extent::Snapshot,
        ..source(name)
    }
}

fn ids(source: &Source, values: &[&str]) -> ClaimIdSet {
    let id = |value: Value| ClaimId::new(value.kind(), value.as_str(), &source.name);
    values.iter().map(|text| id(value(text))).collect()
}

pub(crate) async fn what_left_the_list_is_removed<S: ClaimStore>(store: &S) {
    let feed = snapshot("a");
    record(
        store,
        &feed,
        10,
        [claim("one.example.com"), claim("two.example.com")],
    )
    .await;
    record(store, &source("b"), 10, [claim("two.example.com")]).await;
    let before = store.counts().revision;
    let removed = store
        .retain_present(&feed, &ids(&feed, &["one.example.com"]), at(20))
        .await;
    assert_eq!(removed.unwrap(), 1);
    let counts = store.counts();
    assert!(counts.revision > before);
    assert_eq!((counts.active, counts.retained), (2, 3));

    // It was seen, so it is found; the other source still says so, and comes first.
    let answer = seen(store, &value("two.example.com"), 30).await;
    assert_eq!(answer.sources(), ["b", "a"]);
    assert_eq!(answer.entries[1].status, Status::Removed);
    assert_eq!(answer.entries[1].updated_at, at(20));
    assert_eq!(answer.entries[1].last_seen, Some(at(10)));
    let two = [value("two.example.com")];
    let active = find(store, &two, StatusFilter::Active, ALL, 30).await;
    assert_eq!(active.sources(), ["b"]);

    let again = store
        .retain_present(&feed, &ids(&feed, &["one.example.com"]), at(40))
        .await;
    assert_eq!(
        (again.unwrap(), store.counts().revision),
        (0, counts.revision)
    );
}

pub(crate) async fn still_listed_moves_last_seen<S: ClaimStore>(store: &S) {
    let feed = snapshot("a");
    let dated = Claim {
        last_seen: Some(at(-50)),
        ..claim("dated.example.com")
    };
    record(store, &feed, 10, [claim("one.example.com"), dated]).await;
    let present = ids(&feed, &["one.example.com", "dated.example.com"]);
    let before = store.counts().revision;
    store
        .retain_present(&feed, &present, at(9 * DAY))
        .await
        .unwrap();
    assert_eq!(store.counts().revision, before);
    let entry = seen(store, &value("one.example.com"), 9 * DAY)
        .await
        .entries
        .remove(0);
    assert_eq!(
        (entry.last_seen, entry.updated_at),
        (Some(at(9 * DAY)), at(10))
    );
    // What the source says of itself is better than what we conclude.
    let entry = seen(store, &value("dated.example.com"), 9 * DAY)
        .await
        .entries
        .remove(0);
    assert_eq!(entry.last_seen, Some(at(-50)));
}

pub(crate) async fn the_same_list_again_keeps_its_claims<S: ClaimStore>(store: &S) {
    let feed = Source {
        expires_after: Some(100),
        ..snapshot("a")
    };
    let ending = Claim {
        expires_at: Some(at(50)),
        ..claim("ending.example.com")
    };
    record(store, &feed, 10, [claim("one.example.com"), ending]).await;
    record(store, &source("b"), 10, [claim("other.example.com")]).await;
    store.retain_all(&feed, at(90)).await.unwrap();
    let one = value("one.example.com");
    let entry = seen(store, &one, 150).await.entries.remove(0);
    assert_eq!(
        (entry.status, entry.last_seen, entry.updated_at),
        (Status::Active, Some(at(90)), at(10)),
        "still listed, and no revision for it"
    );
    let ended = seen(store, &value("ending.example.com"), 150).await;
    assert_eq!(ended.entries[0].status, Status::Expired);
    // 90 and 100 are over: another fetch does not bring back what had ended.
    store.retain_all(&feed, at(200)).await.unwrap();
    let entry = seen(store, &one, 210).await.entries.remove(0);
    assert_eq!(entry.status, Status::Expired);
    let other = seen(store, &value("other.example.com"), 210).await;
    assert_eq!(other.entries[0].status, Status::Active);
}

pub(crate) async fn removed_entries_come_back<S: ClaimStore>(store: &S) {
    let feed = snapshot("a");
    let first = Claim {
        tags: vec!["kept".into()],
        ..claim("one.example.com")
    };
    record(store, &feed, 10, [first]).await;
    store
        .retain_present(&feed, &ClaimIdSet::default(), at(20))
        .await
        .unwrap();
    assert_eq!(store.counts().active, 0);
    let receipt = record(store, &feed, 30, [claim("one.example.com")]).await;
    assert_eq!(receipt.outcomes, [Merged]);
    let entry = seen(store, &value("one.example.com"), 40)
        .await
        .entries
        .remove(0);
    assert_eq!(
        (entry.status, entry.first_seen),
        (Status::Active, Some(at(10)))
    );
    assert_eq!(
        (entry.updated_at, entry.tags),
        (at(30), vec!["kept".to_owned()])
    );
    let counts = store.counts();
    assert_eq!((counts.active, counts.retained), (1, 1));
}

pub(crate) async fn what_begins_anew_has_nothing_of_before<S: ClaimStore>(store: &S) {
    let feed = source("a");
    for (text, second) in [
        ("removed.example.com", 20),
        ("expired.example.com", 2 * DAY),
    ] {
        let before = Claim {
            confidence: 90,
            scope: Scope::Subtree,
            tags: vec!["gone".into()],
            expires_at: Some(at(DAY)),
            ..claim(text)
        };
        record(store, &feed, 10, [before]).await;
        if second < DAY {
            let (values, reason) = ([value(text)], Removal::RemovedBySource);
            store.remove(&feed, &values, reason, at(15)).await.unwrap();
        }
        let batch = Batch {
            source: &feed,
            claims: vec![Claim {
                confidence: 30,
                ..claim(text)
            }],
            heard_at: at(second),
            anew: true,
        };
        let receipt = store.record(batch).await.unwrap();
        assert_eq!(receipt.outcomes, [Added], "{text}");
        let entry = seen(store, &value(text), second + 1)
            .await
            .entries
            .remove(0);
        assert_eq!(entry.status, Status::Active, "{text}");
        assert_eq!(entry.expires_at, None, "{text}");
        assert_eq!(entry.confidence, 30, "{text}");
        assert!(entry.tags.is_empty(), "{text}");
        let below = value(&format!("x.{text}"));
        assert_eq!(
            seen(store, &below, second + 1).await.total,
            Some(0),
            "{text}"
        );
    }
}

pub(crate) async fn false_positives_answer_only_on_request<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let values = [value("good.example.com"), value("never.example.com")];
    record(store, &feed, 10, [claim("good.example.com")]).await;
    let removed = store
        .remove(&feed, &values, Removal::FalsePositive, at(20))
        .await;
    assert_eq!(removed.unwrap(), 1);
    assert_eq!(seen(store, &values[0], 30).await.total, Some(0));
    let active = find(store, &values, StatusFilter::Active, ALL, 30).await;
    assert_eq!(active.total, Some(0));
    let any = find(store, &values, StatusFilter::Any, ALL, 30).await;
    assert_eq!(
        (any.total, any.entries[0].status),
        (Some(1), Status::FalsePositive)
    );
}

pub(crate) async fn removing_what_is_not_there_does_nothing<S: ClaimStore>(store: &S) {
    record(store, &source("a"), 10, [claim("one.example.com")]).await;
    let values = [value("one.example.com")];
    let before = store.counts();
    let by_other = store
        .remove(&source("b"), &values, Removal::RemovedBySource, at(20))
        .await;
    assert_eq!((by_other.unwrap(), store.counts()), (0, before));
    let twice = [values[0].clone(), values[0].clone()];
    let removed = store
        .remove(&source("a"), &twice, Removal::RemovedBySource, at(20))
        .await;
    assert_eq!(removed.unwrap(), 1);
    let after = store.counts();
    let again = store
        .remove(&source("a"), &values, Removal::FalsePositive, at(30))
        .await;
    assert_eq!((again.unwrap(), store.counts()), (0, after));
    assert_eq!(
        seen(store, &values[0], 40).await.entries[0].status,
        Status::Removed
    );
}

pub(crate) async fn time_runs_out_with_or_without_the_sweeper<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let bounded = Claim {
        expires_at: Some(at(100)),
        ..claim("one.example.com")
    };
    record(
        store,
        &feed,
        10,
        [bounded.clone(), claim("two.example.com")],
    )
    .await;
    let one = value("one.example.com");
    let everything = Filter::default();
    assert_eq!(
        seen(store, &one, 99).await.entries[0].status,
        Status::Active
    );
    assert_eq!(list(store, &everything, ALL, 99).await.total, Some(2));
    // From its end on, though nobody has swept.
    assert_eq!(
        seen(store, &one, 100).await.entries[0].status,
        Status::Expired
    );
    assert_eq!(
        list(store, &everything, ALL, 100).await.values(),
        ["two.example.com"]
    );
    assert_eq!(list(store, &everything, ALL, 100).await.total, Some(1));
    let active = find(
        store,
        std::slice::from_ref(&one),
        StatusFilter::Active,
        ALL,
        100,
    )
    .await;
    assert_eq!(active.total, Some(0));
    assert_eq!(store.counts().active, 2);

    assert_eq!(store.expire_due(at(99)).await.unwrap(), 0);
    let before = store.counts().revision;
    assert_eq!(store.expire_due(at(150)).await.unwrap(), 1);
    assert_eq!(store.expire_due(at(160)).await.unwrap(), 0);
    let counts = store.counts();
    assert!(counts.revision > before);
    assert_eq!((counts.active, counts.retained), (1, 2));
    let entry = seen(store, &one, 170).await.entries.remove(0);
    assert_eq!((entry.status, entry.updated_at), (Status::Expired, at(150)));
    assert_eq!(entry.expires_at, Some(at(100)));

    // A later end revives it.
    let extended = Claim {
        expires_at: Some(at(500)),
        ..bounded
    };
    assert_eq!(
        record(store, &feed, 200, [extended]).await.outcomes,
        [Merged]
    );
    assert_eq!(
        seen(store, &one, 210).await.entries[0].status,
        Status::Active
    );
    assert_eq!(
        seen(store, &one, 500).await.entries[0].status,
        Status::Expired
    );
}

pub(crate) async fn expiry_after_the_last_hearing<S: ClaimStore>(store: &S) {
    let feed = Source {
        expires_after: Some(3 * 86_400),
        ..source("a")
    };
    let one = value("one.example.com");
    record(store, &feed, 0, [claim("one.example.com")]).await;
    assert_eq!(
        seen(store, &one, 10).await.entries[0].expires_at,
        Some(at(3 * DAY))
    );
    // Heard again within a day: not worth a revision.
    assert_eq!(
        record(store, &feed, DAY - 1, [claim("one.example.com")])
            .await
            .outcomes,
        [Unchanged]
    );
    assert_eq!(
        record(store, &feed, DAY, [claim("one.example.com")])
            .await
            .outcomes,
        [Merged]
    );
    assert_eq!(
        seen(store, &one, DAY).await.entries[0].expires_at,
        Some(at(4 * DAY))
    );
    assert_eq!(
        seen(store, &one, 4 * DAY).await.entries[0].status,
        Status::Expired
    );
    // Heard again after its end.
    assert_eq!(
        record(store, &feed, 9 * DAY, [claim("one.example.com")])
            .await
            .outcomes,
        [Merged]
    );
    let entry = seen(store, &one, 9 * DAY).await.entries.remove(0);
    assert_eq!(
        (entry.status, entry.expires_at),
        (Status::Active, Some(at(12 * DAY)))
    );
}

pub(crate) async fn what_is_over_said_again_is_no_news<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let one = value("one.example.com");
    let over = Claim {
        expires_at: Some(at(100)),
        ..claim("one.example.com")
    };
    record(store, &feed, 200, [over.clone()]).await;
    let first = store.counts();
    assert_eq!(
        record(store, &feed, 300, [over.clone()]).await.outcomes,
        [Unchanged]
    );
    assert_eq!(store.counts(), first);
    assert_eq!(store.expire_due(at(400)).await.unwrap(), 1);
    let swept = store.counts();
    for second in [500, 3 * DAY] {
        let receipt = record(store, &feed, second, [over.clone()]).await;
        assert_eq!(receipt.outcomes, [Unchanged]);
    }
    assert_eq!(store.counts(), swept);
    let entry = seen(store, &one, 3 * DAY).await.entries.remove(0);
    assert_eq!((entry.status, entry.updated_at), (Status::Expired, at(400)));
}

pub(crate) async fn a_removal_after_the_end_changes_nothing<S: ClaimStore>(store: &S) {
    let feed = snapshot("a");
    let one = value("one.example.com");
    let bounded = Claim {
        expires_at: Some(at(100)),
        ..claim("one.example.com")
    };
    record(store, &feed, 10, [bounded]).await;
    let before = store.counts();
    let values = std::slice::from_ref(&one);
    let removed = store
        .remove(&feed, values, Removal::RemovedBySource, at(200))
        .await;
    assert_eq!(removed.unwrap(), 0);
    assert_eq!(store.counts(), before);
    // A complete fetch writes down what is over; it is not the list that ended it.
    let removed = store
        .retain_present(&feed, &ClaimIdSet::default(), at(200))
        .await;
    assert_eq!(removed.unwrap(), 0);
    assert_eq!(store.expire_due(at(200)).await.unwrap(), 0);
    assert_eq!(
        seen(store, &one, 210).await.entries[0].status,
        Status::Expired
    );
}

pub(crate) async fn what_is_listed_holds_while_the_list_is_fetched<S: ClaimStore>(store: &S) {
    let feed = Source {
        expires_after: Some(3 * 86_400),
        extent: Extent::Snapshot,
        ..source("a")
    };
    let one = value("one.example.com");
    let id = ClaimId::new(one.kind(), one.as_str(), "a");
    let present = ClaimIdSet::from_iter([id]);
    let status = async |second| seen(store, &one, second).await.entries[0].status;
    record(store, &feed, 0, [claim("one.example.com")]).await;
    let revision = store.counts().revision;
    for day in 0..30 {
        let told = record(store, &feed, day * DAY, [claim("one.example.com")]).await;
        assert_eq!((told.outcomes, told.revision), (vec![Unchanged], revision));
        let fetched = store.retain_present(&feed, &present, at(day * DAY)).await;
        assert_eq!(fetched.unwrap(), 0);
    }
    // The source fell silent.
    assert_eq!(status(32 * DAY - 1).await, Status::Active);
    assert_eq!(status(32 * DAY).await, Status::Expired);
    assert_eq!(store.expire_due(at(32 * DAY)).await.unwrap(), 1);
    // And is back.
    let told = record(store, &feed, 40 * DAY, [claim("one.example.com")]).await;
    assert_eq!(told.outcomes, [Merged]);
    assert_eq!(status(40 * DAY).await, Status::Active);
}

pub(crate) async fn files_of_a_list_keep_its_claims_alive<S: ClaimStore>(store: &S) {
    let feed = Source {
        expires_after: Some(10 * 86_400),
        extent: Extent::Snapshot,
        ..source("a")
    };
    let one = value("one.example.com");
    // Read every few days, never declared to be complete.
    for day in 0..20 {
        record(store, &feed, 3 * day * DAY, [claim("one.example.com")]).await;
        let entry = seen(store, &one, 3 * day * DAY + 1).await.entries.remove(0);
        assert_eq!(entry.status, Status::Active, "day {}", 3 * day);
    }
}

pub(crate) async fn a_later_fetch_does_not_revive_what_left<S: ClaimStore>(store: &S) {
    let feed = Source {
        expires_after: Some(86_400),
        ..snapshot("a")
    };
    let both = [claim("one.example.com"), claim("two.example.com")];
    record(store, &feed, 0, both).await;
    // Nobody swept, and meanwhile "one" left the list.
    record(store, &feed, 2 * DAY, [claim("two.example.com")]).await;
    let present = ids(&feed, &["two.example.com"]);
    let removed = store
        .retain_present(&feed, &present, at(2 * DAY))
        .await
        .unwrap();
    assert_eq!(removed, 0, "it was over before");
    let one = seen(store, &value("one.example.com"), 2 * DAY + 1).await;
    assert_eq!(one.entries[0].status, Status::Expired);
    let two = seen(store, &value("two.example.com"), 2 * DAY + 1).await;
    assert_eq!(two.entries[0].status, Status::Active);
}

pub(crate) async fn each_type_ends_by_its_own_rule<S: ClaimStore>(store: &S) {
    let feed = |by_kind: &[(Kind, u32)]| Source {
        expires_after: Some(1_000),
        expires_after_by_kind: by_kind.iter().copied().collect(),
        ..snapshot("a")
    };
    let short = feed(&[(Kind::Ipv4, 100), (Kind::Url, 5_000)]);
    let values = [
        (Kind::Domain, "one.example.com", 1_000),
        (Kind::Ipv4, "198.51.100.7", 100),
        (Kind::Url, "http://one.example.com/x", 5_000),
    ];
    let values = values.map(|(kind, text, after)| (Value::parse(kind, text).unwrap(), after));
    let claims = values
        .each_ref()
        .map(|(value, _)| Claim::new(value.clone(), 50));
    record(store, &short, 0, claims).await;
    let ends_from = async |heard_at: i64| {
        for (value, after) in &values {
            for (now, status) in [(-1, Status::Active), (0, Status::Expired)] {
                let now = heard_at + after + now;
                let entry = seen(store, value, now).await.entries.remove(0);
                assert_eq!(entry.status, status, "{value:?} at {now}");
                assert_eq!(entry.expires_at, Some(at(heard_at + after)));
            }
        }
    };
    ends_from(0).await;
    // A complete fetch moves each on by its own rule.
    store.retain_all(&short, at(50)).await.unwrap();
    ends_from(50).await;
    assert_eq!(store.expire_due(at(149)).await.unwrap(), 0);
    assert_eq!(store.expire_due(at(150)).await.unwrap(), 1);
    // Another rule for one type leaves the others as they are.
    record(store, &feed(&[(Kind::Url, 60)]), 150, []).await;
    assert_eq!(store.expire_due(at(151)).await.unwrap(), 1);
    let domain = seen(store, &values[0].0, 1_049).await.entries.remove(0);
    assert_eq!(domain.status, Status::Active);
}

pub(crate) async fn an_end_may_be_moved_back_and_forth<S: ClaimStore>(store: &S) {
    let feed = |expires_after| Source {
        expires_after: Some(expires_after),
        ..source("a")
    };
    record(store, &feed(10), 0, [claim("one.example.com")]).await;
    for expires_after in [7_200, 10, 7_200, 20, 10] {
        record(store, &feed(expires_after), 1, []).await;
    }
    let everything = Filter::default();
    assert_eq!(list(store, &everything, ALL, 100).await.total, Some(0));
    assert_eq!(store.expire_due(at(100)).await.unwrap(), 1);
    assert_eq!(store.expire_due(at(100)).await.unwrap(), 0);
    assert_eq!(store.counts().active, 0);
}
