//! The examples of the description are what a server answers.
//!
//! `UPDATE_GOLDEN=1` writes them anew.

use std::path::Path;

use iocd_core::claim::{Category, Claim, Source};
use serde_json::Value as Json;

use super::super::standing::Stand;
use crate::values::{at, claim, record, source, subtree};

/// A store that has something to say about the values of the examples.
async fn stand() -> (Stand, String) {
    let stand = Stand::new();
    let store = &*stand.app.store;
    let threatfox = Source {
        title: "ThreatFox".into(),
        publisher: "abuse.ch".into(),
        category: Category::ThreatIntel,
        ..source("threatfox")
    };
    let told = Claim {
        malware: Some("ExampleBot".into()),
        tags: vec!["botnet_cc".into()],
        techniques: vec!["T1071.001".into()],
        ports: vec![443],
        references: vec!["https://report.example.org/1".into()],
        first_seen: Some(at(-86_400)),
        last_seen: Some(at(-3_600)),
        ..claim("203.0.113.7")
    };
    let domain = Claim {
        tags: vec!["c2".into()],
        ..subtree("bad.example.com")
    };
    record(
        store,
        &threatfox,
        100,
        [told, domain, claim("worse.example.com")],
    )
    .await;
    let drop = Source {
        title: "Spamhaus DROP".into(),
        publisher: "Spamhaus".into(),
        category: Category::Vendor,
        ..source("spamhaus-drop")
    };
    record(store, &drop, 200, [claim("203.0.113.0/24")]).await;
    super::super::articles::put(&stand, &super::super::articles::rich());
    let key = stand.key_of_tier("pro");
    (stand, key)
}

/// Checks that an example is what was answered, or writes it down.
fn check(file: &str, answered: &Json) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/http")
        .join(file);
    let text = serde_json::to_string_pretty(answered).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == text,
        "{file} is not what is answered; UPDATE_GOLDEN=1 writes it anew:\n{text}"
    );
}

#[tokio::test]
async fn questions_are_answered_as_shown() {
    let (stand, key) = stand().await;
    for (target, file) in [
        (
            "/api/v1/iocs/search?q=203.0.113%5B.%5D7",
            "search/example.json",
        ),
        (
            "/api/v1/lookup?value=203.0.113%5B.%5D7",
            "lookup/example.json",
        ),
        (
            "/api/v1/iocs?type=domain&confidence=high&limit=2",
            "list/example.json",
        ),
        (
            "/api/v1/articles?min_severity=high&expand=cves&limit=2",
            "articles/example.json",
        ),
    ] {
        check(file, &stand.get(&key, target).await.ok());
    }
}

#[tokio::test]
async fn many_values_are_answered_as_shown() {
    let (stand, key) = stand().await;
    for (target, body, file) in [
        (
            "/api/v1/iocs/search",
            "[\"203.0.113[.]7\", \"nobody.example.org\"]",
            "bulk/example.search.json",
        ),
        (
            "/api/v1/normalize",
            "[\"203.0.113[.]7\", \"2001:DB8::1\"]",
            "bulk/example.normalize.json",
        ),
    ] {
        let reply = stand.post(&key, target, "application/json", body).await;
        check(file, &reply.lines()[0]);
    }
}

#[tokio::test]
async fn changes_are_told_as_shown() {
    let (stand, _) = stand().await;
    let key = stand.key_of_tier("unlimited");
    let reply = stand.get(&key, "/api/v1/iocs/changes?limit=2").await;
    let lines = reply.lines();
    let entry = lines.iter().find(|line| line.get("entry").is_some());
    check("changes/example.json", entry.unwrap());
}

#[tokio::test]
async fn the_examples_tested_here_are_those_of_the_page() {
    let page = Stand::new().get_with("/docs", &[]).await.text;
    for words in [
        "search&quot; -H &quot;Authorization: Bearer $KEY&quot; --data-urlencode &#39;q=203.0.113[.]7&#39;",
        "--data-urlencode &#39;value=203.0.113[.]7&#39;",
        "--data-urlencode &#39;min_severity=high&#39; --data-urlencode &#39;expand=cves&#39; --data-urlencode &#39;limit=2&#39;",
        "--data-urlencode &#39;type=domain&#39; --data-urlencode &#39;confidence=high&#39; --data-urlencode &#39;limit=2&#39;",
        "&#39;[&quot;203.0.113[.]7&quot;, &quot;nobody.example.org&quot;]&#39;",
        "&#39;[&quot;203.0.113[.]7&quot;, &quot;2001:DB8::1&quot;]&#39;",
    ] {
        assert!(page.contains(words), "{words}");
    }
}
