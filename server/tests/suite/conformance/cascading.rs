//! Answering with what is related to the value.

use iocd::store::ClaimStore;
use iocd_core::claim::Claim;
use iocd_core::query::{MAX_DEPTH, Page, Reach, StatusFilter};
use iocd_core::value::Value;

use crate::answer::{ALL, Answer, reach, seen};
use crate::values::{claim, record, source, subtree, value};

async fn ask<S: ClaimStore>(store: &S, readings: &[Value], page: Page) -> Answer {
    reach(
        store,
        Reach::Cascade,
        readings,
        StatusFilter::Seen,
        page,
        50,
    )
    .await
}

/// The answer to a cascade, `value kind distance` for each entry.
async fn cascade<S: ClaimStore>(store: &S, text: &str) -> Vec<String> {
    let answer = ask(store, &[value(text)], ALL).await;
    assert_eq!(answer.total, Some(answer.entries.len() as u64));
    let told = answer.entries.iter().map(|entry| {
        let matched = entry.matched.unwrap();
        let kind = matched.kind.as_str();
        format!("{} {kind} {}", entry.value, matched.distance)
    });
    told.collect()
}

async fn tell<S: ClaimStore>(store: &S, texts: &[&str]) {
    // One after the other, so that the order is known: the last is the newest.
    for (second, text) in texts.iter().rev().enumerate() {
        let second = i64::try_from(second).unwrap();
        record(store, &source("a"), second, [claim(text)]).await;
    }
}

pub(crate) async fn parents_answer_whatever_they_cover<S: ClaimStore>(store: &S) {
    tell(
        store,
        &[
            "mid.example.co.uk",
            "example.co.uk",
            "co.uk",
            "notexample.co.uk",
        ],
    )
    .await;
    let expected = [
        "mid.example.co.uk parent_domain 2",
        "example.co.uk parent_domain 3",
    ];
    assert_eq!(cascade(store, "a.b.mid.example.co.uk").await, expected);
    assert_eq!(
        seen(store, &value("a.mid.example.co.uk"), 50).await.total,
        Some(0)
    );
    assert_eq!(cascade(store, "other.co.uk").await, [""; 0]);
    record(store, &source("b"), 20, [subtree("github.io")]).await;
    assert_eq!(cascade(store, "victim.github.io").await, [""; 0]);
}

pub(crate) async fn subdomains_answer_by_labels<S: ClaimStore>(store: &S) {
    let said = [
        "a.evil.com",
        "c.b.a.evil.com",
        "notevil.com",
        "x.notevil.com",
        "evil.com.example.org",
        "evil.org",
    ];
    tell(store, &said).await;
    let expected = ["a.evil.com subdomain 1", "c.b.a.evil.com subdomain 3"];
    assert_eq!(cascade(store, "evil.com").await, expected);
    let expected = ["a.evil.com exact 0", "c.b.a.evil.com subdomain 2"];
    assert_eq!(cascade(store, "a.evil.com").await, expected);
    let expected = ["c.b.a.evil.com subdomain 1", "a.evil.com parent_domain 1"];
    let mut found = cascade(store, "b.a.evil.com").await;
    found.sort_by_key(|told| told.contains("parent"));
    assert_eq!(found, expected);
}

pub(crate) async fn a_url_finds_its_host_and_what_covers_it<S: ClaimStore>(store: &S) {
    tell(
        store,
        &[
            "google.com",
            "www.google.com",
            "203.0.113.7",
            "203.0.113.0/24",
        ],
    )
    .await;
    assert_eq!(
        cascade(store, "http://google.com/x").await,
        ["google.com url_host 2"]
    );
    let expected = ["www.google.com url_host 3", "google.com parent_domain 4"];
    assert_eq!(
        cascade(store, "ftp://u:p@www.google.com:21/x?y").await,
        expected
    );
    let expected = ["203.0.113.7 url_host 1", "203.0.113.0/24 network 9"];
    assert_eq!(cascade(store, "https://203.0.113.7:8443/").await, expected);
    let expected = ["203.0.113.7 mapped_ipv4 1", "203.0.113.0/24 mapped_ipv4 9"];
    assert_eq!(
        cascade(store, "http://[::ffff:203.0.113.7]/").await,
        expected
    );
    assert_eq!(
        seen(store, &value("http://google.com/x"), 50).await.total,
        Some(0)
    );
    assert_eq!(cascade(store, "http://notgoogle.com/x").await, [""; 0]);
}

pub(crate) async fn a_url_finds_its_prefixes<S: ClaimStore>(store: &S) {
    let said = [
        "http://example.org/a/b/c",
        "http://example.org/a/b/",
        "http://example.org/a",
        "http://example.org/",
        "http://example.org/a/bc",
        "http://example.org/a/b?x=1",
        "https://example.org/a/",
        "http://example.org:8080/a",
    ];
    tell(store, &said).await;
    let expected = [
        "http://example.org/a/b/c url_prefix 1",
        "http://example.org/a/b/ url_prefix 2",
        "http://example.org/a url_prefix 3",
        "http://example.org/ url_prefix 4",
    ];
    assert_eq!(cascade(store, "http://example.org/a/b/c?d").await, expected);
    let expected = [
        "http://example.org/a/b/ url_prefix 1",
        "http://example.org/a url_prefix 1",
        "http://example.org/ url_prefix 2",
    ];
    assert_eq!(cascade(store, "http://example.org/a/b").await, expected);
}

pub(crate) async fn a_url_finds_its_other_scheme_and_ports<S: ClaimStore>(store: &S) {
    let said = [
        "https://example.org/a?b",
        "http://example.org:8080/a?b",
        "http://example.org:8081/a?b",
        "https://example.org:8080/a?b",
        "http://example.org:8080/a?c",
        "ftp://example.org/a?b",
    ];
    tell(store, &said).await;
    let expected = [
        "https://example.org/a?b url_scheme 1",
        "http://example.org:8080/a?b url_port 1",
        "http://example.org:8081/a?b url_port 1",
    ];
    assert_eq!(cascade(store, "http://example.org/a?b").await, expected);
    let expected = [
        "http://example.org:8080/a?b exact 0",
        "http://example.org:8081/a?b url_port 1",
        "https://example.org:8080/a?b url_scheme 1",
    ];
    assert_eq!(
        cascade(store, "http://example.org:8080/a?b").await,
        expected
    );
}

pub(crate) async fn urls_on_a_host_answer<S: ClaimStore>(store: &S) {
    let said = [
        "http://evil.com/",
        "https://evil.com:8443/a/b",
        "http://x.evil.com/",
        "http://notevil.com/",
        "http://example.org/evil.com/",
        "http://evil.com@example.org/",
        "http://203.0.113.7/a",
        "http://203.0.113.77/a",
        "http://[2001:db8::7]:81/",
    ];
    tell(store, &said).await;
    let expected = [
        "http://evil.com/ url_on_host 1",
        "https://evil.com:8443/a/b url_on_host 3",
    ];
    assert_eq!(cascade(store, "evil.com").await, expected);
    assert_eq!(
        cascade(store, "203.0.113.7").await,
        ["http://203.0.113.7/a url_on_host 2"]
    );
    assert_eq!(
        cascade(store, "::ffff:203.0.113.7").await,
        ["http://203.0.113.7/a url_on_host 2"]
    );
    assert_eq!(
        cascade(store, "2001:db8::7").await,
        ["http://[2001:db8::7]:81/ url_on_host 1"]
    );
}

pub(crate) async fn what_is_inside_a_network_answers<S: ClaimStore>(store: &S) {
    let said = [
        "203.0.113.0/25",
        "203.0.113.255",
        "203.0.113.0",
        "203.0.112.0/20",
        "203.0.114.0",
        "203.0.112.255",
        "2001:db8:1::/48",
        "2001:db8:ffff::1",
        "2001:db9::1",
    ];
    tell(store, &said).await;
    let expected = [
        "203.0.113.0/25 address_in_network 1",
        "203.0.112.0/20 network 4",
        "203.0.113.255 address_in_network 8",
        "203.0.113.0 address_in_network 8",
    ];
    assert_eq!(cascade(store, "203.0.113.0/24").await, expected);
    let expected = [
        "2001:db8:1::/48 address_in_network 16",
        "2001:db8:ffff::1 address_in_network 96",
    ];
    assert_eq!(cascade(store, "2001:db8::/32").await, expected);
    let expected = ["203.0.113.255 address_in_network 1"];
    let found = cascade(store, "::ffff:203.0.113.254/127").await;
    assert_eq!(found[..1], expected);
    assert_eq!(
        cascade(store, "203.0.113.255").await[0],
        "203.0.113.255 exact 0"
    );
}

pub(crate) async fn the_nearest_relation_is_told<S: ClaimStore>(store: &S) {
    tell(store, &["a.example.org", "example.org"]).await;
    let readings = ["http://a.example.org/x/y", "b.a.example.org", "example.org"].map(value);
    let answer = ask(store, &readings, ALL).await;
    assert_eq!(answer.values(), ["example.org", "a.example.org"]);
    assert_eq!(answer.total, Some(2));
    // Below the one and above the other, each one label away.
    let matched = answer.entries[1].matched.unwrap();
    assert_eq!(
        (matched.kind.as_str(), matched.distance),
        ("parent_domain", 1)
    );
}

pub(crate) async fn a_cascade_of_many_readings_counts_each_entry_once<S: ClaimStore>(store: &S) {
    let said = ["203.0.113.7", "203.0.113.0/25", "http://203.0.113.7/"];
    for name in ["a", "b"] {
        record(store, &source(name), 10, said.map(claim)).await;
    }
    let readings = [
        "203.0.113.0/24",
        "203.0.112.0/20",
        "203.0.113.0/24",
        "203.0.113.7",
        "http://203.0.113.7/x",
    ];
    let answer = ask(store, &readings.map(value), ALL).await;
    assert_eq!(answer.total, Some(6));
    assert_eq!(answer.entries.len(), 6);
    assert_eq!(answer.values()[..2], ["203.0.113.7", "203.0.113.7"]);
}

pub(crate) async fn a_cascade_keeps_the_order_of_answers<S: ClaimStore>(store: &S) {
    let sure = |text, confidence| Claim::new(value(text), confidence);
    let gone = source("gone");
    record(store, &gone, 1, [sure("x.evil.com", 100)]).await;
    let nothing = iocd_core::claim::ClaimIdSet::default();
    store
        .retain_present(&gone, &nothing, crate::values::at(2))
        .await
        .unwrap();
    record(store, &source("old"), 3, [sure("y.evil.com", 80)]).await;
    record(store, &source("new"), 4, [sure("z.evil.com", 75)]).await;
    record(store, &source("low"), 5, [sure("x.evil.com", 10)]).await;
    record(store, &source("far"), 6, [sure("a.x.evil.com", 100)]).await;
    record(store, &source("self"), 0, [sure("evil.com", 1)]).await;
    let answer = ask(store, &[value("evil.com")], ALL).await;
    assert_eq!(
        answer.sources(),
        ["self", "new", "old", "low", "far", "gone"]
    );
    let readings = [value("evil.com")];
    let (far, active) = (Reach::Cascade, StatusFilter::Active);
    let active = reach(store, far, &readings, active, ALL, 50);
    assert_eq!(active.await.total, Some(5));
}

pub(crate) async fn a_wide_cascade_is_counted_and_paged<S: ClaimStore>(store: &S) {
    let said = |number| claim(&format!("h{number}.evil.com"));
    record(store, &source("a"), 10, (0..600).map(said)).await;
    record(store, &source("b"), 20, (300..900).map(said)).await;
    let readings = [value("evil.com")];
    let all = Page {
        offset: 0,
        limit: 2_000,
    };
    let whole = ask(store, &readings, all).await;
    assert_eq!((whole.total, whole.entries.len()), (Some(1_200), 1_200));
    let mut walked = Vec::new();
    for offset in (0..1_300).step_by(100) {
        let answer = ask(store, &readings, Page { offset, limit: 100 }).await;
        assert_eq!(answer.total, Some(1_200));
        walked.extend(answer.entries);
    }
    assert_eq!(walked, whole.entries);
    let beyond = Page {
        offset: MAX_DEPTH,
        limit: 10,
    };
    let answer = ask(store, &readings, beyond).await;
    assert_eq!((answer.total, answer.entries.len()), (Some(1_200), 0));
}
