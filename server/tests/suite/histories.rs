//! Random histories on which two stores must agree.

use std::sync::Arc;

use iocd::store::{Batch, ClaimStore, Removal};
use iocd_core::claim::{
    ArticleRef, Category, Claim, ClaimId, ClaimIdSet, Confidence, Extent, Scope, Source,
};
use iocd_core::query::{Filter, Page, Reach, Stats, StatusFilter};
use iocd_core::questions::Questions;
use iocd_core::value::{Kind, Value};
use iocd_core::warning::{ALLOWED, WarningList, WarningSet};
use proptest::prelude::*;

use crate::answer::{contains, find_many, list, reach, related, seen_as_of};
use crate::values::{DAY, at, source, value};

/// One event in the life of a store.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Record {
        source: usize,
        claims: Vec<Claim>,
    },
    Retain {
        source: usize,
        present: Vec<usize>,
    },
    /// A complete fetch shows the list of the one before.
    RetainAll {
        source: usize,
    },
    Remove {
        source: usize,
        values: Vec<usize>,
        reason: Removal,
    },
    /// The operator changes a feed's rules.
    Redescribe {
        source: usize,
        expires_after: Option<u32>,
        category: Category,
        list_non_global: bool,
    },
    /// Other warning lists come into force.
    Assess(usize),
    Expire,
    /// Seconds go by.
    Wait(i64),
}

/// Few values and sources, so that events meet; related, so that they match.
pub(crate) const VALUES: [&str; 23] = [
    "203.0.113.7",
    "203.0.113.0/24",
    "203.0.112.0/20",
    "::ffff:203.0.113.7",
    "2001:db8::1",
    "2001:db8::/32",
    "10.0.0.1",
    "8.8.8.8",
    "example.com",
    "a.example.com",
    "b.a.example.com",
    "github.io",
    "x.github.io",
    "http://a.example.com/",
    "https://a.example.com/",
    "http://a.example.com:8080/x/",
    "http://a.example.com/x?y",
    "http://a.example.com/x",
    "http://203.0.113.7/x/y",
    "http://[::ffff:203.0.113.7]:81/",
    "00112233445566778899aabbccddeeff",
    "00112233445566778899aabbccddeeff00112233",
    "CVE-2021-44228",
];

pub(crate) fn sources() -> [Source; 4] {
    [
        Source {
            list_non_global: false,
            ..source("window")
        },
        Source {
            extent: Extent::Snapshot,
            category: Category::Government,
            ..source("snapshot")
        },
        Source {
            expires_after: Some(100_000),
            extent: Extent::Events,
            ..source("events")
        },
        Source {
            expires_after: Some(200_000),
            expires_after_by_kind: [(Kind::Url, 50_000), (Kind::Ipv4, 300_000)].into(),
            extent: Extent::Snapshot,
            ..source("short")
        },
    ]
}

/// The warning lists that a history chooses from.
fn warnings(number: usize) -> WarningSet {
    let list = |name: &str, json: &str| {
        let (list, refused) = WarningList::read_misp(name, json.as_bytes()).unwrap();
        assert_eq!(refused.count, 0);
        list
    };
    let hosts = r#"{"type": "hostname", "matching_attributes": ["domain", "url"], "list": ["a.example.com", "github.io"]}"#;
    let addresses = r#"{"type": "cidr", "matching_attributes": ["ip-src"], "list": ["203.0.113.0/24", "8.8.8.8"]}"#;
    match number {
        0 => WarningSet::default(),
        1 => WarningSet::new(vec![list("hosts", hosts), list(ALLOWED, addresses)]),
        _ => {
            let mut labels = list("hosts", hosts);
            labels.withholds = false;
            WarningSet::new(vec![labels])
        }
    }
}

/// The lists in force at the end of a history.
pub(crate) fn last_warnings(history: &[Step]) -> Arc<WarningSet> {
    let last = history.iter().rev().find_map(|step| match step {
        Step::Assess(number) => Some(*number),
        _ => None,
    });
    Arc::new(warnings(last.unwrap_or(0)))
}

fn claims() -> impl Strategy<Value = Claim> {
    let time = prop::option::weighted(0.4, (-3 * DAY..3 * DAY).prop_map(at));
    let article = (0..3_i64).prop_map(|number| ArticleRef {
        id: number.to_string(),
        title: format!("Article {number}"),
        url: format!("https://example.com/{number}"),
        published_at: at(number * 100),
    });
    let words = |names: &'static [&'static str]| {
        prop::collection::vec(prop::sample::select(names).prop_map(str::to_owned), 0..3)
    };
    let word = |names: &'static [&'static str]| {
        prop::option::weighted(0.3, prop::sample::select(names).prop_map(str::to_owned))
    };
    (
        (0..VALUES.len(), 0_u8..=100, any::<bool>()),
        (time.clone(), time.clone(), time),
        (
            words(&["a", "b", "campaign:c"]),
            words(&["T1001", "T1059", "T1059.001"]),
            words(&["energy"]),
        ),
        (word(&["x", "MD5 00112233445566778899aabbccddeeff, SHA-1 00112233445566778899aabbccddeeff00112233"]), word(&["Worm", "worm", "Bot"])),
        prop::collection::vec(prop::sample::select(&[80_u16, 443][..]), 0..3),
        words(&["https://example.com/1", "https://example.com/2"]),
        prop::option::weighted(0.2, article),
    )
        .prop_map(|(basic, times, lists, texts, ports, references, article)| Claim {
            article,
            confidence: basic.1,
            scope: if basic.2 {
                Scope::Subtree
            } else {
                Scope::Exact
            },
            first_seen: times.0,
            last_seen: times.1,
            expires_at: times.2,
            tags: lists.0,
            techniques: lists.1,
            sectors: lists.2,
            context: texts.0,
            malware: texts.1,
            ports,
            references,
            ..Claim::new(value(VALUES[basic.0]), basic.1)
        })
}

/// A claim that says little, so that saying it again is common.
fn plain_claims() -> impl Strategy<Value = Claim> {
    (0..VALUES.len()).prop_map(|number| Claim::new(value(VALUES[number]), 50))
}

/// Histories of up to `length` events.
pub(crate) fn histories(length: usize) -> impl Strategy<Value = Vec<Step>> {
    let source = 0..sources().len();
    let some = prop::collection::vec(0..VALUES.len(), 0..10);
    let said = prop_oneof![claims(), plain_claims()];
    let step = prop_oneof![
        6 => (source.clone(), prop::collection::vec(said, 0..6))
            .prop_map(|(source, claims)| Step::Record { source, claims }),
        2 => (source.clone(), some.clone())
            .prop_map(|(source, present)| Step::Retain { source, present }),
        1 => source.clone().prop_map(|source| Step::RetainAll { source }),
        1 => (source, some, any::<bool>()).prop_map(|(source, values, wrong)| Step::Remove {
            source,
            values,
            reason: if wrong { Removal::FalsePositive } else { Removal::RemovedBySource },
        }),
        1 => (
            0..sources().len(),
            prop::option::of(prop::sample::select(&[1_000_u32, 100_000, 200_000][..])),
            prop::sample::select(&[Category::Government, Category::News][..]),
            any::<bool>(),
        )
            .prop_map(|(source, expires_after, category, list_non_global)| Step::Redescribe {
                source,
                expires_after,
                category,
                list_non_global,
            }),
        1 => (0..3_usize).prop_map(Step::Assess),
        1 => Just(Step::Expire),
        3 => prop_oneof![0..100_i64, 0..2 * DAY].prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..=length)
}

/// Lives through the history with both stores; after each event they must
/// have done the same, and in the end they must answer every question alike.
/// Gives the time at its end.
pub(crate) async fn agree<A: ClaimStore, B: ClaimStore>(a: &A, b: &B, history: &[Step]) -> i64 {
    let mut now = 0;
    live_on(a, b, history, &mut now, &mut sources()).await;
    compare(a, b, now).await;
    now
}

/// Lives through a part of a history with both stores, which must do the same.
pub(crate) async fn live_on<A: ClaimStore, B: ClaimStore>(
    a: &A,
    b: &B,
    part: &[Step],
    now: &mut i64,
    sources: &mut [Source],
) {
    for step in part {
        if let Step::Wait(seconds) = step {
            *now += seconds;
            continue;
        }
        describe(sources, step);
        let done_a = perform(a, step, sources, *now).await;
        let done_b = perform(b, step, sources, *now).await;
        assert_eq!(done_a, done_b, "{step:?} at {now}");
    }
}

/// Takes in what a step says of a source.
pub(crate) fn describe(sources: &mut [Source], step: &Step) {
    if let Step::Redescribe {
        source,
        expires_after,
        category,
        list_non_global,
    } = step
    {
        sources[*source] = Source {
            expires_after: *expires_after,
            category: *category,
            list_non_global: *list_non_global,
            ..sources[*source].clone()
        };
    }
}

/// Both stores give the same answers from `now` on, and about the past.
pub(crate) async fn compare<A: ClaimStore, B: ClaimStore>(a: &A, b: &B, now: i64) {
    compare_since(a, b, now, 0).await;
}

/// Both stores give the same answers from `now` on, and about the past since a
/// time.
pub(crate) async fn compare_since<A: ClaimStore, B: ClaimStore>(
    a: &A,
    b: &B,
    now: i64,
    since: i64,
) {
    compare_from(a, b, now).await;
    for text in VALUES {
        for past in [now / 3, now / 2, now - 1, since] {
            if past < since {
                continue;
            }
            let in_a = seen_as_of(a, &value(text), past).await;
            let in_b = seen_as_of(b, &value(text), past).await;
            assert_eq!(in_a, in_b, "{text} as of {past}");
        }
    }
}

/// Both stores give the same answers from `now` on.
pub(crate) async fn compare_from<A: ClaimStore, B: ClaimStore>(a: &A, b: &B, now: i64) {
    for second in [now, now + DAY, now + 30 * DAY] {
        compare_answers(a, b, second).await;
    }
}

/// What an event did, in numbers that stores must agree on. Revisions need not
/// be the same ones, but must move for the same reasons.
pub(crate) async fn perform<S: ClaimStore>(
    store: &S,
    step: &Step,
    sources: &[Source],
    now: i64,
) -> String {
    let values = |numbers: &[usize]| -> Vec<Value> {
        numbers
            .iter()
            .map(|number| value(VALUES[*number]))
            .collect()
    };
    let before = store.counts().revision;
    let done = match step {
        Step::Record { source, claims } => {
            let batch = Batch {
                source: &sources[*source],
                claims: claims.clone(),
                heard_at: at(now),
                // half of the times, to be told by what is random already
                anew: claims.len() % 2 == 1,
            };
            format!("{:?}", store.record(batch).await.unwrap().outcomes)
        }
        Step::Retain { source, present } => {
            let source = &sources[*source];
            let id = |value: &Value| ClaimId::new(value.kind(), value.as_str(), &source.name);
            let present: ClaimIdSet = values(present).iter().map(id).collect();
            store
                .retain_present(source, &present, at(now))
                .await
                .unwrap()
                .to_string()
        }
        Step::RetainAll { source } => {
            let retained = store.retain_all(&sources[*source], at(now)).await;
            format!("{:?}", retained.unwrap())
        }
        Step::Remove {
            source,
            values: numbers,
            reason,
        } => {
            let values = values(numbers);
            store
                .remove(&sources[*source], &values, *reason, at(now))
                .await
                .unwrap()
                .to_string()
        }
        Step::Redescribe { source, .. } => {
            let batch = Batch {
                source: &sources[*source],
                claims: Vec::new(),
                heard_at: at(now),
                anew: false,
            };
            format!("{:?}", store.record(batch).await.unwrap().outcomes)
        }
        Step::Assess(number) => {
            let set = Arc::new(warnings(*number));
            store.assess(set, at(now)).await.unwrap().to_string()
        }
        Step::Expire => store.expire_due(at(now)).await.unwrap().to_string(),
        Step::Wait(_) => String::new(),
    };
    let counts = store.counts();
    let moved = counts.revision > before;
    format!(
        "{done}, active {}, retained {}, moved {moved}",
        counts.active, counts.retained
    )
}

#[allow(clippy::too_many_lines)] // one question after the other
async fn compare_answers<A: ClaimStore, B: ClaimStore>(a: &A, b: &B, second: i64) {
    let questions = VALUES.iter().chain(&[
        "203.0.113.9",
        "203.0.113.7/31",
        "c.b.a.example.com",
        "::ffff:203.0.113.1",
        "::ffff:203.0.113.0/120",
        "http://b.a.example.com:8080/x/y",
    ]);
    let mut questions: Vec<Vec<Value>> = questions.map(|text| vec![value(text)]).collect();
    questions.push(vec![
        value("a.example.com"),
        value("http://a.example.com/"),
        value("203.0.113.7"),
    ]);
    let pages = [
        Page {
            offset: 0,
            limit: 100,
        },
        Page {
            offset: 1,
            limit: 2,
        },
    ];
    for readings in &questions {
        for status in [StatusFilter::Seen, StatusFilter::Active, StatusFilter::Any] {
            for far in [Reach::Scope, Reach::Cascade] {
                for page in pages {
                    let in_a = reach(a, far, readings, status, page, second).await;
                    let in_b = reach(b, far, readings, status, page, second).await;
                    assert_eq!(
                        in_a, in_b,
                        "{readings:?} {far:?} {status:?} {page:?} at {second}"
                    );
                }
            }
        }
    }
    for (text, kind) in [
        ("example", None),
        ("A.EXAMPLE[.]com", None),
        ("203.0.11", Some(Kind::Ipv4)),
        ("://", Some(Kind::Url)),
        ("cve-2021", None),
        ("nothing", None),
    ] {
        for status in [StatusFilter::Seen, StatusFilter::Active] {
            for page in pages {
                let in_a = contains(a, text, kind, status, page, second).await;
                let in_b = contains(b, text, kind, status, page, second).await;
                assert_eq!(
                    in_a, in_b,
                    "{text} {kind:?} {status:?} {page:?} at {second}"
                );
            }
        }
    }
    for text in VALUES {
        let in_a = related(a, &value(text), second).await;
        let in_b = related(b, &value(text), second).await;
        assert_eq!(in_a, in_b, "related to {text} at {second}");
    }
    let mut many = Questions::default();
    for question in questions.iter().flatten() {
        many.ask(question.as_str(), None);
    }
    for status in [StatusFilter::Seen, StatusFilter::Active, StatusFilter::Any] {
        let in_a = find_many(a, &many, status, 2, second).await;
        let in_b = find_many(b, &many, status, 2, second).await;
        assert_eq!(in_a, in_b, "{status:?} at {second}");
    }
    let in_a = a.stats(at(second)).await.unwrap();
    let in_b = b.stats(at(second)).await.unwrap();
    assert_eq!(
        (in_a.revision, in_b.revision),
        (a.counts().revision, b.counts().revision)
    );
    let settled = |stats| Stats {
        revision: 0,
        ..stats
    };
    assert_eq!(settled(in_a), settled(in_b), "stats at {second}");
    let everything = Filter::default();
    let mut filters = vec![everything.clone()];
    filters.extend([Kind::Ipv4, Kind::Domain].map(|kind| Filter {
        kind: Some(kind),
        ..everything.clone()
    }));
    filters.extend(Confidence::ALL.map(|label| Filter {
        confidence: Some(label),
        ..everything.clone()
    }));
    filters.push(Filter {
        category: Some(Category::Government),
        ..everything.clone()
    });
    filters.push(Filter {
        since: Some(at(DAY)),
        ..everything.clone()
    });
    filters.push(Filter {
        since: Some(at(100)),
        until: Some(at(2 * DAY)),
        ..everything.clone()
    });
    for (include_expired, include_warned) in [(true, false), (false, true), (true, true)] {
        filters.push(Filter {
            include_expired,
            include_warned,
            ..everything.clone()
        });
        filters.push(Filter {
            include_expired,
            include_warned,
            category: Some(Category::Government),
            kind: Some(Kind::Ipv4),
            ..everything.clone()
        });
    }
    // What these add is tried by one page: the model looks at every claim for each.
    let simple = filters.len();
    filters.extend(labels());
    filters.extend([20, 60].map(|least| Filter {
        min_score: Some(least),
        ..everything.clone()
    }));
    filters.push(Filter {
        min_score: Some(30),
        kind: Some(Kind::Domain),
        include_expired: true,
        ..everything
    });
    for (position, filter) in filters.iter().enumerate() {
        let tried = if position < simple { pages.len() } else { 1 };
        for &page in &pages[..tried] {
            let in_a = list(a, filter, page, second).await;
            let in_b = list(b, filter, page, second).await;
            assert_eq!(in_a, in_b, "{filter:?} {page:?} at {second}");
        }
    }
}

/// Filters by what claims say besides the value.
pub(crate) fn labels() -> Vec<Filter> {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let all = Filter::default();
    vec![
        Filter {
            sources: names(&["snapshot"]),
            ..all.clone()
        },
        Filter {
            sources: names(&["events", "window", "nobody"]),
            include_expired: true,
            tag: Some("A".to_owned()),
            ..all.clone()
        },
        Filter {
            sources: names(&["nobody"]),
            ..all.clone()
        },
        Filter {
            technique: Some("T1059".to_owned()),
            include_warned: true,
            ..all.clone()
        },
        Filter {
            technique: Some("T1059.001".to_owned()),
            malware: Some("WORM".to_owned()),
            ..all.clone()
        },
        Filter {
            malware: Some("bot".to_owned()),
            include_expired: true,
            ..all.clone()
        },
        Filter {
            sector: Some("energy".to_owned()),
            confidence: Some(Confidence::High),
            ..all
        },
    ]
}

/// How many histories a test tries; `PROPTEST_CASES` says otherwise. A history
/// that failed becomes a case of the conformance suite, not a file of seeds.
pub(crate) fn cases(count: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|text| text.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(asked.unwrap_or(count))
    }
}

/// Runs a future of a test that is no async function.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

proptest! {
    #![proptest_config(crate::histories::cases(24))]

    /// The model is a function of its history.
    #[test]
    fn the_model_agrees_with_itself(history in histories(30)) {
        block_on(agree(&crate::model::Model::default(), &crate::model::Model::default(), &history));
    }
}
