//! Finding values by a part of them.

use iocd::store::ClaimStore;
use iocd_core::claim::{Claim, ClaimIdSet};
use iocd_core::query::{Match, Page, StatusFilter};
use iocd_core::value::Kind;

use crate::answer::{ALL, Answer, contains};
use crate::values::{at, claim, record, source, value};

async fn ask<S: ClaimStore>(store: &S, text: &str) -> Answer {
    contains(store, text, None, StatusFilter::Seen, ALL, 50).await
}

pub(crate) async fn values_that_contain_the_text_answer<S: ClaimStore>(store: &S) {
    let said = [
        "login-bank.example.com",
        "http://203.0.113.7/Bank/Login.php?id=1",
        "bank@example.org",
        "203.0.113.7",
        "CVE-2021-44228",
    ];
    for (second, text) in said.iter().enumerate() {
        let second = i64::try_from(second).unwrap();
        record(store, &source("a"), second, [claim(text)]).await;
    }
    record(store, &source("b"), 10, [claim("203.0.113.7")]).await;
    // Newest update first, where the label is the same.
    let found = ask(store, "BANK").await;
    assert_eq!(found.values(), [said[2], said[1], said[0]]);
    assert_eq!(found.total, Some(3));
    assert!(
        found
            .entries
            .iter()
            .all(|entry| entry.matched == Some(Match::CONTAINS))
    );
    for (text, expected) in [
        ("203.0.113.", 3),
        (" 203[.]0[.]113 ", 3),
        ("login.php?id=", 1),
        ("hxxp://203", 1),
        ("-44228", 1),
        ("cve", 1),
        ("bank.login", 0),
        ("203.0.113.70", 0),
        ("nothing", 0),
    ] {
        assert_eq!(ask(store, text).await.total, Some(expected), "{text}");
    }
}

pub(crate) async fn types_and_states_narrow_a_part<S: ClaimStore>(store: &S) {
    let sure = |text, confidence| Claim::new(value(text), confidence);
    let gone = source("gone");
    record(store, &gone, 1, [sure("bank.example.com", 100)]).await;
    store
        .retain_present(&gone, &ClaimIdSet::default(), at(2))
        .await
        .unwrap();
    let said = [
        sure("bank.example.com", 50),
        sure("http://bank.example.com/", 90),
        sure("other.example.com", 90),
    ];
    record(store, &source("a"), 3, said).await;
    let all = ask(store, "bank").await;
    let expected = [
        "http://bank.example.com/",
        "bank.example.com",
        "bank.example.com",
    ];
    assert_eq!(all.values(), expected);
    assert_eq!(all.sources(), ["a", "a", "gone"]);
    let domains = contains(
        store,
        "bank",
        Some(Kind::Domain),
        StatusFilter::Active,
        ALL,
        50,
    );
    assert_eq!(domains.await.values(), ["bank.example.com"]);
}

pub(crate) async fn many_values_with_a_part_are_counted_and_paged<S: ClaimStore>(store: &S) {
    let said = |number| claim(&format!("h{number}.example.com"));
    record(store, &source("a"), 10, (0..700).map(said)).await;
    record(store, &source("b"), 20, (300..400).map(said)).await;
    assert_eq!(ask(store, "h67").await.total, Some(11));
    assert_eq!(ask(store, "h699.").await.values(), ["h699.example.com"]);
    let whole = ask(store, "example").await;
    assert_eq!((whole.total, whole.entries.len()), (Some(800), 800));
    let mut walked = Vec::new();
    for offset in (0..900).step_by(100) {
        let page = Page { offset, limit: 100 };
        let answer = contains(store, "example", None, StatusFilter::Seen, page, 50).await;
        assert_eq!(answer.total, Some(800));
        walked.extend(answer.entries);
    }
    assert_eq!(walked, whole.entries);
}
