//! Answering "has anyone seen this?".

use iocd::store::{ClaimStore, Removal};
use iocd_core::claim::{Claim, ClaimIdSet, Status};
use iocd_core::query::{Match, MatchKind, Page, StatusFilter};
use iocd_core::questions::{Questions, Unreadable};
use iocd_core::value::{Kind, Value};

use crate::answer::{ALL, Answer, find, find_many, seen};
use crate::values::{at, claim, record, source, subtree, value};

fn reason(kind: MatchKind, distance: u16) -> Match {
    Match { kind, distance }
}

/// Why the entries answered, in order.
fn reasons(answer: &Answer) -> Vec<Match> {
    answer
        .entries
        .iter()
        .map(|entry| entry.matched.unwrap())
        .collect()
}

pub(crate) async fn nothing_is_found_in_an_empty_store<S: ClaimStore>(store: &S) {
    let answer = seen(store, &value("evil.example.com"), 0).await;
    assert_eq!((answer.total, answer.entries.len()), (Some(0), 0));
    assert_eq!(
        find(store, &[], StatusFilter::Any, ALL, 0).await.total,
        Some(0)
    );
}

pub(crate) async fn a_value_never_answers_for_part_of_another<S: ClaimStore>(store: &S) {
    let said = [
        subtree("evil.com"),
        claim("exact.example.com"),
        claim("http://example.com/a"),
        claim("203.0.113.7"),
        claim("user@example.com"),
    ];
    record(store, &source("a"), 10, said).await;
    for text in [
        "notevil.com",
        "evil.com.example.org",
        "com.example",
        "deep.exact.example.com",
        "example.com",
        "http://example.com/a/",
        "https://example.com/a",
        "203.0.113.70",
        "203.0.113.0/24",
        "other@example.com",
    ] {
        assert_eq!(seen(store, &value(text), 20).await.total, Some(0), "{text}");
    }
}

pub(crate) async fn networks_answer_for_their_addresses<S: ClaimStore>(store: &S) {
    let said = [
        "203.0.113.0/24",
        "203.0.112.0/20",
        "203.0.113.7",
        "203.0.113.128/25",
        "198.51.100.0/31",
    ];
    record(store, &source("a"), 10, said.map(claim)).await;
    let answer = seen(store, &value("203.0.113.7"), 20).await;
    assert_eq!(
        answer.values(),
        ["203.0.113.7", "203.0.113.0/24", "203.0.112.0/20"]
    );
    assert_eq!(answer.total, Some(3));
    let expected = [
        Match::EXACT,
        reason(MatchKind::Network, 8),
        reason(MatchKind::Network, 12),
    ];
    assert_eq!(reasons(&answer), expected);
    // A network is asked for as an address is: what encloses it answers.
    let answer = seen(store, &value("203.0.113.128/26"), 20).await;
    assert_eq!(
        answer.values(),
        ["203.0.113.128/25", "203.0.113.0/24", "203.0.112.0/20"]
    );
    assert_eq!(reasons(&answer)[0], reason(MatchKind::Network, 1));
    assert_eq!(seen(store, &value("198.51.100.1"), 20).await.total, Some(1));
    assert_eq!(seen(store, &value("198.51.100.2"), 20).await.total, Some(0));
}

pub(crate) async fn ipv6_networks_answer_for_their_addresses<S: ClaimStore>(store: &S) {
    let said = [
        "2001:db8::/32",
        "2001:db8:0:1::/64",
        "2001:db8:0:1::5",
        "2001:db8:8000::/33",
    ];
    record(store, &source("a"), 10, said.map(claim)).await;
    let answer = seen(store, &value("2001:db8:0:1::5"), 20).await;
    assert_eq!(
        answer.values(),
        ["2001:db8:0:1::5", "2001:db8:0:1::/64", "2001:db8::/32"]
    );
    assert_eq!(reasons(&answer)[2], reason(MatchKind::Network, 96));
    assert_eq!(
        seen(store, &value("2001:db8:8000::1"), 20).await.total,
        Some(2)
    );
    assert_eq!(seen(store, &value("2001:db9::1"), 20).await.total, Some(0));
}

pub(crate) async fn mapped_addresses_find_the_inner_one<S: ClaimStore>(store: &S) {
    let said = ["203.0.113.7", "203.0.113.0/24", "::ffff:203.0.113.9"];
    record(store, &source("a"), 10, said.map(claim)).await;
    let answer = seen(store, &value("::ffff:203.0.113.7"), 20).await;
    assert_eq!(answer.values(), ["203.0.113.7", "203.0.113.0/24"]);
    let expected = [
        reason(MatchKind::MappedIpv4, 0),
        reason(MatchKind::MappedIpv4, 8),
    ];
    assert_eq!(reasons(&answer), expected);
    // The other way round nothing is inside.
    let answer = seen(store, &value("203.0.113.9"), 20).await;
    assert_eq!(answer.values(), ["203.0.113.0/24"]);
    let answer = seen(store, &value("::ffff:203.0.113.9"), 20).await;
    assert_eq!(answer.total, Some(2));
    assert_eq!(answer.entries[0].matched, Some(Match::EXACT));
}

pub(crate) async fn subtrees_answer_down_to_the_public_suffix<S: ClaimStore>(store: &S) {
    let said = [
        subtree("example.co.uk"),
        subtree("mid.example.co.uk"),
        claim("exact.example.co.uk"),
        subtree("github.io"),
        subtree("co.uk"),
    ];
    record(store, &source("a"), 10, said).await;
    let answer = seen(store, &value("a.b.mid.example.co.uk"), 20).await;
    assert_eq!(answer.values(), ["mid.example.co.uk", "example.co.uk"]);
    let expected = [
        reason(MatchKind::ParentDomain, 2),
        reason(MatchKind::ParentDomain, 3),
    ];
    assert_eq!(reasons(&answer), expected);
    assert_eq!(
        seen(store, &value("x.exact.example.co.uk"), 20)
            .await
            .values(),
        ["example.co.uk"]
    );
    assert_eq!(
        seen(store, &value("victim.github.io"), 20).await.total,
        Some(0)
    );
    assert_eq!(seen(store, &value("other.co.uk"), 20).await.total, Some(0));
    assert_eq!(seen(store, &value("github.io"), 20).await.total, Some(1));
}

pub(crate) async fn readings_are_united<S: ClaimStore>(store: &S) {
    record(
        store,
        &source("a"),
        10,
        [subtree("example.com"), claim("http://one.example.com/")],
    )
    .await;
    let readings = [
        value("one.example.com"),
        value("http://one.example.com/"),
        value("example.com"),
        value("one.example.com"),
    ];
    let answer = find(store, &readings, StatusFilter::Seen, ALL, 20).await;
    assert_eq!(answer.total, Some(2));
    // The nearest reason is told.
    assert!(
        answer
            .entries
            .iter()
            .all(|entry| entry.matched == Some(Match::EXACT))
    );
}

pub(crate) async fn order_is_status_distance_confidence_update<S: ClaimStore>(store: &S) {
    let sure = |text: &str, confidence| Claim {
        confidence,
        ..claim(text)
    };
    let gone = source("gone");
    record(store, &gone, 5, [sure("203.0.113.7", 100)]).await;
    store
        .retain_present(&gone, &ClaimIdSet::default(), crate::values::at(50))
        .await
        .unwrap();
    record(store, &source("old"), 60, [sure("203.0.113.7", 80)]).await;
    record(store, &source("new"), 70, [sure("203.0.113.7", 75)]).await;
    record(store, &source("low"), 80, [sure("203.0.113.7", 10)]).await;
    record(store, &source("wide"), 90, [sure("203.0.113.0/24", 100)]).await;
    for name in ["tie1", "tie2", "tie3"] {
        record(store, &source(name), 100, [sure("203.0.113.7", 50)]).await;
    }
    let answer = seen(store, &value("203.0.113.7"), 110).await;
    let mut ties = ["tie1", "tie2", "tie3"].map(|name| (id(&value("203.0.113.7"), name), name));
    ties.sort_unstable_by_key(|(id, _)| *id);
    let expected = [
        "new", "old", ties[0].1, ties[1].1, ties[2].1, "low", "wide", "gone",
    ];
    assert_eq!(answer.sources(), expected);
    assert_eq!(answer.entries[7].status, Status::Removed);
}

fn id(value: &Value, source: &str) -> iocd_core::claim::ClaimId {
    iocd_core::claim::ClaimId::new(value.kind(), value.as_str(), source)
}

pub(crate) async fn pages_are_cut_from_one_order<S: ClaimStore>(store: &S) {
    for number in 0..7 {
        record(
            store,
            &source(&format!("s{number}")),
            number,
            [claim("evil.example.com")],
        )
        .await;
    }
    let readings = [value("evil.example.com")];
    let whole = find(store, &readings, StatusFilter::Seen, ALL, 20).await;
    let mut walked = Vec::new();
    for offset in (0..9).step_by(3) {
        let page = Page { offset, limit: 3 };
        let answer = find(store, &readings, StatusFilter::Seen, page, 20).await;
        assert_eq!(answer.total, Some(7));
        walked.extend(answer.entries);
    }
    assert_eq!(walked, whole.entries);
    let beyond = Page {
        offset: u64::MAX,
        limit: u32::MAX,
    };
    let answer = find(store, &readings, StatusFilter::Seen, beyond, 20).await;
    assert_eq!((answer.total, answer.entries.len()), (Some(7), 0));
}

pub(crate) async fn types_do_not_mix<S: ClaimStore>(store: &S) {
    let digests =
        [("d", 32), ("d", 40), ("d", 64), ("d", 128)].map(|(digit, length)| digit.repeat(length));
    let others = [
        "CVE-2021-44228",
        "T1059.001",
        "user@example.com",
        "http://203.0.113.7/x",
    ];
    let all: Vec<&str> = digests.iter().map(String::as_str).chain(others).collect();
    record(store, &source("a"), 10, all.iter().map(|text| claim(text))).await;
    for text in &all {
        let answer = seen(store, &value(text), 20).await;
        assert_eq!(answer.values(), [*text]);
        assert_eq!(answer.entries[0].kind, value(text).kind());
    }
    assert_eq!(store.counts().retained, all.len() as u64);
    assert_eq!(value(&digests[3]).kind(), Kind::Sha512);
}

pub(crate) async fn many_questions_are_answered_as_each_alone<S: ClaimStore>(store: &S) {
    let mut said: Vec<Claim> = (0..300)
        .map(|n| claim(&format!("h{n}.example.com")))
        .collect();
    said.extend(["203.0.113.0/24", "203.0.113.7", "2001:db8::/32"].map(claim));
    said.push(subtree("evil.example.org"));
    said[7].malware = Some("Emotet".into());
    record(store, &source("a"), 10, said.clone()).await;
    record(store, &source("b"), 20, said.split_off(290)).await;
    let gone = [value("h3.example.com")];
    store
        .remove(&source("a"), &gone, Removal::FalsePositive, at(30))
        .await
        .unwrap();

    let mut questions = Questions::default();
    find_many(store, &questions, StatusFilter::Any, 10, 40).await;
    for n in 0..350 {
        questions.ask(&format!("h{n}[.]example[.]com"), None);
        match n % 7 {
            0 => questions.ask("203.0.113[.]7", None),
            1 => questions.ask("no value", None),
            2 => questions.refuse("17", Unreadable::NotAString),
            3 => questions.ask("a.b.evil.example.org", None),
            4 => questions.ask("2001:db8::7", None),
            5 => questions.ask("::ffff:203.0.113.7", None),
            _ => questions.ask("evil.example.org/x", None),
        }
    }
    for status in [StatusFilter::Seen, StatusFilter::Active, StatusFilter::Any] {
        for limit in [0, 1, 100] {
            find_many(store, &questions, status, limit, 40).await;
        }
    }
}
