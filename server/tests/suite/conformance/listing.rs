//! Lists.

use iocd::store::{ClaimStore, Removal};
use iocd_core::claim::{Category, Claim, Confidence, Source, Status};
use iocd_core::query::{Entry, EntrySink, Filter, Listing, Page};
use iocd_core::value::Kind;

use crate::answer::{ALL, list};
use crate::values::{at, claim, record, source, value};

pub(crate) async fn newest_update_first<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let texts = ["one.example.com", "two.example.com", "three.example.com"];
    record(store, &feed, 10, texts.map(claim)).await;
    record(store, &feed, 20, [claim("four.example.com")]).await;
    let everything = Filter::default();
    let answer = list(store, &everything, ALL, 30).await;
    assert_eq!(
        answer.values(),
        [
            "four.example.com",
            "three.example.com",
            "two.example.com",
            "one.example.com"
        ]
    );
    assert!(answer.entries.iter().all(|entry| entry.matched.is_none()));
    let news = Claim {
        tags: vec!["news".into()],
        ..claim("two.example.com")
    };
    record(store, &feed, 40, [news]).await;
    let answer = list(store, &everything, ALL, 50).await;
    assert_eq!(
        answer.values(),
        [
            "two.example.com",
            "four.example.com",
            "three.example.com",
            "one.example.com"
        ]
    );
    assert_eq!(answer.total, Some(4));
}

pub(crate) async fn filters_and_exact_totals<S: ClaimStore>(store: &S) {
    let government = Source {
        category: Category::Government,
        ..source("gov")
    };
    for number in 0..60 {
        let confidence = [10, 50, 90][number % 3];
        let domain = Claim {
            confidence,
            ..claim(&format!("d{number}.example.com"))
        };
        let address = Claim {
            confidence,
            ..claim(&format!("203.0.113.{number}"))
        };
        let feed = if number % 2 == 0 {
            source("com")
        } else {
            government.clone()
        };
        record(store, &feed, 10, [domain, address]).await;
    }
    let total = async |filter: Filter| list(store, &filter, ALL, 20).await.total.unwrap();
    assert_eq!(total(Filter::default()).await, 120);
    assert_eq!(
        total(Filter {
            kind: Some(Kind::Domain),
            ..Filter::default()
        })
        .await,
        60
    );
    assert_eq!(
        total(Filter {
            kind: Some(Kind::Url),
            ..Filter::default()
        })
        .await,
        0
    );
    assert_eq!(
        total(Filter {
            confidence: Some(Confidence::Low),
            ..Filter::default()
        })
        .await,
        40
    );
    assert_eq!(
        total(Filter {
            category: Some(Category::News),
            ..Filter::default()
        })
        .await,
        0
    );
    let narrow = Filter {
        kind: Some(Kind::Ipv4),
        confidence: Some(Confidence::High),
        category: Some(Category::Government),
        ..Filter::default()
    };
    let answer = list(store, &narrow, ALL, 20).await;
    assert_eq!(answer.total, Some(10));
    assert!(answer.entries.iter().all(|entry| {
        entry.kind == Kind::Ipv4
            && entry.confidence == 90
            && entry.source.category == Category::Government
    }));
}

fn said(text: &str, tags: &[&str], technique: &str, malware: &str) -> Claim {
    Claim {
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
        techniques: vec![technique.to_owned()],
        malware: Some(malware.to_owned()),
        sectors: vec!["energy".to_owned()],
        ..claim(text)
    }
}

pub(crate) async fn what_claims_say_narrows_lists<S: ClaimStore>(store: &S) {
    let one = said("one.example.com", &["Spam", "spam"], "T1059", "Émotet");
    let two = said("two.example.com", &["ham"], "T1059.001", "émotet");
    let three = said("three.example.com", &["spam"], "T10590", "other");
    record(store, &source("a"), 10, [one, two.clone()]).await;
    record(
        store,
        &source("b"),
        20,
        [two, three, claim("four.example.com")],
    )
    .await;
    let text = |text: &str| Some(text.to_owned());
    let all = Filter::default;
    for (filter, expected) in [
        (
            Filter {
                sources: vec!["a".to_owned()],
                ..all()
            },
            "two one",
        ),
        (
            Filter {
                tag: text("SPAM"),
                ..all()
            },
            "three one",
        ),
        (
            Filter {
                technique: text("T1059"),
                ..all()
            },
            "two two one",
        ),
        (
            Filter {
                technique: text("T1059.001"),
                ..all()
            },
            "two two",
        ),
        (
            Filter {
                malware: text("ÉMOTET"),
                ..all()
            },
            "two two one",
        ),
        (
            Filter {
                sector: text("energy"),
                ..all()
            },
            "three two two one",
        ),
        (
            Filter {
                sector: text("dams"),
                ..all()
            },
            "",
        ),
        (
            Filter {
                sources: vec!["b".to_owned()],
                malware: text("émotet"),
                tag: text("ham"),
                ..all()
            },
            "two",
        ),
    ] {
        let answer = list(store, &filter, ALL, 30).await;
        let values = answer.values().join(" ").replace(".example.com", "");
        assert_eq!(values, expected, "{filter:?}");
        assert_eq!(answer.total, Some(answer.entries.len() as u64));
    }
}

pub(crate) async fn an_end_has_the_labels_of_what_it_ends<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let tagged = |text: &str| Claim {
        tags: vec!["Spam".to_owned()],
        expires_at: Some(at(50)),
        ..claim(text)
    };
    let texts = ["one.example.com", "two.example.com"];
    record(store, &feed, 10, texts.map(tagged)).await;
    record(store, &feed, 20, [claim("three.example.com")]).await;
    store.expire_due(at(60)).await.unwrap();
    let filter = Filter {
        tag: Some("spam".to_owned()),
        sources: vec!["a".to_owned()],
        include_expired: true,
        ..Filter::default()
    };
    let answer = list(store, &filter, ALL, 70).await;
    assert_eq!(answer.values(), ["two.example.com", "one.example.com"]);
    let active = Filter {
        include_expired: false,
        ..filter.clone()
    };
    assert_eq!(list(store, &active, ALL, 70).await.total, Some(0));
    // Said again, it has what it had.
    let again = Claim {
        expires_at: Some(at(500)),
        ..claim("one.example.com")
    };
    record(store, &feed, 80, [again]).await;
    assert_eq!(
        list(store, &active, ALL, 90).await.values(),
        ["one.example.com"]
    );
}

pub(crate) async fn scores_narrow_lists<S: ClaimStore>(store: &S) {
    for number in 0..10_u8 {
        let claim = Claim {
            confidence: 10 * number,
            ..claim(&format!("d{number}.example.com"))
        };
        record(store, &source("a"), i64::from(number), [claim]).await;
    }
    let whole = list(store, &Filter::default(), ALL, 100).await;
    for least in [0, 1, 20, 45, 100] {
        let filter = Filter {
            min_score: Some(least),
            ..Filter::default()
        };
        let answer = list(store, &filter, ALL, 100).await;
        let enough = whole.entries.iter().filter(|entry| entry.score >= least);
        assert_eq!(answer.entries, enough.cloned().collect::<Vec<_>>());
        assert_eq!(answer.total, Some(answer.entries.len() as u64));
        let page = Page {
            offset: 1,
            limit: 2,
        };
        let part = list(store, &filter, page, 100).await;
        assert_eq!(part.total, answer.total);
        let second = answer.entries.iter().skip(1).take(2);
        assert_eq!(part.entries, second.cloned().collect::<Vec<_>>());
    }
    // Time alone takes values off such a list.
    let filter = Filter {
        min_score: Some(20),
        ..Filter::default()
    };
    let year = 365 * 86_400;
    assert_eq!(list(store, &filter, ALL, year).await.total, Some(0));
}

pub(crate) async fn since_and_until_bound_the_last_change<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let old_sighting = |text: &str| Claim {
        last_seen: Some(at(-9_999)),
        ..claim(text)
    };
    record(store, &feed, 10, [old_sighting("one.example.com")]).await;
    record(store, &feed, 20, [old_sighting("two.example.com")]).await;
    record(store, &feed, 30, [old_sighting("three.example.com")]).await;
    let values = async |since: Option<i64>, until: Option<i64>| {
        let filter = Filter {
            since: since.map(at),
            until: until.map(at),
            ..Filter::default()
        };
        let answer = list(store, &filter, ALL, 40).await;
        assert_eq!(answer.total, Some(answer.entries.len() as u64));
        answer.values().join(" ")
    };
    assert_eq!(
        values(Some(20), None).await,
        "three.example.com two.example.com"
    );
    assert_eq!(values(Some(21), None).await, "three.example.com");
    assert_eq!(values(None, Some(20)).await, "one.example.com");
    assert_eq!(
        values(Some(10), Some(30)).await,
        "two.example.com one.example.com"
    );
    assert_eq!(values(Some(30), Some(10)).await, "");
    assert_eq!(
        values(Some(-1_759_999_999), Some(2_000_000_000))
            .await
            .split(' ')
            .count(),
        3
    );
}

pub(crate) async fn what_is_not_global_is_listed_on_request_only<S: ClaimStore>(store: &S) {
    let strict = Source {
        list_non_global: false,
        ..source("strict")
    };
    let said = [
        "10.1.2.3",
        "203.0.113.7",
        "193.0.14.129",
        "evil.example.com",
        "http://192.168.0.1/x",
    ];
    record(store, &strict, 10, said.map(claim)).await;
    record(store, &source("open"), 20, [claim("10.1.2.3")]).await;
    let answer = list(store, &Filter::default(), ALL, 30).await;
    assert_eq!(answer.values()[0], "10.1.2.3");
    assert_eq!(answer.entries[0].source.name, "open");
    assert_eq!(answer.entries[0].warnings, ["non_global"]);
    assert!(answer.values().contains(&"193.0.14.129"));
    assert!(!answer.sources()[1..].contains(&"open"));
    let strict_values = &answer.values()[1..];
    assert!(
        strict_values
            .iter()
            .all(|text| !text.starts_with("10.") && !text.contains("192.168"))
    );
    // Search knows no such bound.
    let found = crate::answer::seen(store, &value("10.1.2.3"), 30).await;
    assert_eq!(found.sources(), ["open", "strict"]);
}

pub(crate) async fn ended_entries_are_not_listed<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let bounded = Claim {
        expires_at: Some(at(50)),
        ..claim("bounded.example.com")
    };
    record(
        store,
        &feed,
        10,
        [claim("one.example.com"), claim("two.example.com"), bounded],
    )
    .await;
    let one = [value("one.example.com")];
    store
        .remove(&feed, &one, Removal::FalsePositive, at(20))
        .await
        .unwrap();
    let everything = Filter::default();
    assert_eq!(
        list(store, &everything, ALL, 30).await.values(),
        ["bounded.example.com", "two.example.com"]
    );
    assert_eq!(
        list(store, &everything, ALL, 50).await.values(),
        ["two.example.com"]
    );
    let last = list(
        store,
        &everything,
        Page {
            offset: 1,
            limit: 5,
        },
        50,
    )
    .await;
    assert_eq!((last.total, last.entries.len()), (Some(1), 0));
    record(store, &feed, 60, [claim("one.example.com")]).await;
    assert_eq!(
        list(store, &everything, ALL, 70).await.values(),
        ["one.example.com", "two.example.com"]
    );
}

pub(crate) async fn pages_of_lists_are_exact<S: ClaimStore>(store: &S) {
    let feed = source("a");
    for batch in 0..5 {
        let claims = (0..50).map(|number| claim(&format!("d{number}.b{batch}.example.com")));
        record(store, &feed, batch, claims).await;
    }
    let filter = Filter {
        kind: Some(Kind::Domain),
        ..Filter::default()
    };
    let whole = list(store, &filter, ALL, 10).await;
    assert_eq!(whole.entries.len(), 250);
    for limit in [1, 7, 64, 249] {
        let mut walked = Vec::new();
        for offset in (0..=250).step_by(limit) {
            let page = Page {
                offset,
                limit: u32::try_from(limit).unwrap(),
            };
            let answer = list(store, &filter, page, 10).await;
            assert_eq!(answer.total, Some(250));
            walked.extend(answer.entries);
        }
        assert_eq!(walked, whole.entries);
    }
}

pub(crate) async fn expired_entries_on_request<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let ending = |text: &str, second| Claim {
        expires_at: Some(at(second)),
        ..claim(text)
    };
    let claims = [
        ending("swept.example.com", 50),
        ending("due.example.com", 90),
        claim("active.example.com"),
        claim("removed.example.com"),
    ];
    record(store, &feed, 10, claims).await;
    store.expire_due(at(60)).await.unwrap();
    let gone = [value("removed.example.com")];
    let removed = Removal::RemovedBySource;
    store.remove(&feed, &gone, removed, at(70)).await.unwrap();

    let active = list(store, &Filter::default(), ALL, 100).await;
    assert_eq!(active.values(), ["active.example.com"]);
    assert_eq!(active.total, Some(1));
    let expired = Filter {
        include_expired: true,
        kind: Some(Kind::Domain),
        ..Filter::default()
    };
    let answer = list(store, &expired, ALL, 100).await;
    // The newest change first: the end of the swept one.
    let expected = ["swept.example.com", "active.example.com", "due.example.com"];
    assert_eq!(answer.values(), expected);
    assert_eq!(answer.total, Some(3));
    let statuses: Vec<Status> = answer.entries.iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [Status::Expired, Status::Active, Status::Expired]);

    // Said again with a later end, it is in both lists once.
    record(store, &feed, 110, [ending("swept.example.com", 500)]).await;
    assert_eq!(list(store, &expired, ALL, 120).await.total, Some(3));
    assert_eq!(
        list(store, &Filter::default(), ALL, 120).await.total,
        Some(2)
    );
}

/// The values of a list, piece by piece.
#[derive(Default)]
struct Pieces {
    totals: Vec<u64>,
    values: Vec<String>,
}

impl EntrySink for Pieces {
    fn total(&mut self, total: u64) {
        self.totals.push(total);
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.values.push(entry.value.to_owned());
    }
}

pub(crate) async fn a_list_goes_on_behind_an_entry<S: ClaimStore>(store: &S) {
    let feed = source("a");
    let texts: Vec<_> = (0..150).map(|n| format!("d{n}.example.com")).collect();
    let claims = |from: usize, to: usize| texts[from..to].iter().map(|text| claim(text));
    let brief = Claim {
        expires_at: Some(at(45)),
        ..claim("brief.example.com")
    };
    record(store, &feed, 10, claims(0, 60).chain([brief])).await;
    record(store, &feed, 20, claims(60, 150)).await;
    let tagged = |text: &String| Claim {
        tags: vec!["news".into()],
        ..claim(text)
    };
    let filter = Filter::default();
    let mut pieces = Pieces::default();
    let mut listing = Listing {
        filter: &filter,
        page: Page {
            offset: 7,
            limit: 40,
        },
        now: at(50),
        revision: Some(store.counts().revision),
    };
    let mut behind = store.list(&listing, &mut pieces).await.unwrap();
    listing.page.offset = 0;
    let mut rounds = 1;
    while let Some(told) = behind {
        // What is written meanwhile neither comes nor goes.
        let number = rounds * 10;
        record(store, &feed, 60, [tagged(&texts[number])]).await;
        behind = store.list_on(&listing, told, &mut pieces).await.unwrap();
        rounds += 1;
    }
    let expected: Vec<_> = texts.iter().rev().skip(7).cloned().collect();
    assert_eq!(pieces.values, expected);
    assert_eq!((rounds, pieces.totals), (4, vec![150]), "counted once");
}
