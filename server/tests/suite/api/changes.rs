//! `GET /api/v1/iocs/changes`: everything, for who mirrors it.

use iocd::store::{ClaimStore as _, Removal};
use iocd_core::claim::Claim;
use serde_json::Value as Json;

use super::standing::{Reply, Stand};
use crate::values::{at, claim, record, source, value};

const CHANGES: &str = "/api/v1/iocs/changes";

/// Entries of an answer, and its last line.
fn read(reply: &Reply) -> (Vec<String>, Json) {
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    let mut lines = reply.lines();
    let end = lines.pop().unwrap();
    let entry = |line: &Json| {
        let entry = line.get("entry")?;
        let told = |name: &str| entry[name].as_str().unwrap().to_owned();
        Some(format!(
            "{} {} {}",
            told("value"),
            told("source"),
            told("status")
        ))
    };
    (lines.iter().filter_map(entry).collect(), end)
}

fn after(end: &Json) -> String {
    format!("{CHANGES}?cursor={}", end["cursor"].as_str().unwrap())
}

async fn filled() -> (Stand, String) {
    let stand = Stand::new();
    let claims = ["a", "b", "c"].map(|name| claim(&format!("{name}.example.com")));
    record(&*stand.app.store, &source("feed"), 100, claims).await;
    let key = stand.key_of_tier("unlimited");
    (stand, key)
}

#[tokio::test]
async fn everything_is_told_and_then_what_changes() {
    let (stand, key) = filled().await;
    let store = &*stand.app.store;
    let reply = stand.get(&key, CHANGES).await;
    let (entries, end) = read(&reply);
    assert_eq!(entries[0], "a.example.com feed active");
    assert_eq!((entries.len(), &end["more"]), (3, &Json::Bool(false)));
    assert_eq!(reply.lines()[0]["source"]["name"], "feed");

    let none = read(&stand.get(&key, &after(&end)).await);
    assert_eq!(none, (Vec::new(), end.clone()));

    let surer = Claim {
        confidence: 99,
        ..claim("a.example.com")
    };
    record(store, &source("feed"), 200, [surer]).await;
    record(store, &source("other"), 200, [claim("a.example.com")]).await;
    let gone = [value("c.example.com")];
    let reason = Removal::FalsePositive;
    store
        .remove(&source("feed"), &gone, reason, at(300))
        .await
        .unwrap();
    let (news, _) = read(&stand.get(&key, &after(&end)).await);
    assert_eq!(
        news,
        [
            "a.example.com feed active",
            "a.example.com other active",
            "c.example.com feed false_positive"
        ]
    );
}

#[tokio::test]
async fn an_answer_has_a_bound_and_says_where_to_go_on() {
    let (stand, key) = filled().await;
    let mut target = format!("{CHANGES}?limit=1");
    let mut told = Vec::new();
    loop {
        let (entries, end) = read(&stand.get(&key, &target).await);
        assert_eq!(entries.len(), 1);
        told.extend(entries);
        // What changes meanwhile is told again, as it is then.
        if told.len() == 1 {
            let gone = [value("a.example.com")];
            let reason = Removal::RemovedBySource;
            let store = &stand.app.store;
            store
                .remove(&source("feed"), &gone, reason, at(300))
                .await
                .unwrap();
        }
        if end["more"] == false {
            break;
        }
        target = after(&end) + "&limit=1";
    }
    assert_eq!(
        told,
        [
            "a.example.com feed active",
            "b.example.com feed active",
            "c.example.com feed active",
            "a.example.com feed removed"
        ]
    );
}

#[tokio::test]
async fn what_the_operator_denies_is_told_to_nobody() {
    let (stand, key) = filled().await;
    let names = ["x", "y", "z"];
    let denied = names.map(|name| claim(&format!("{name}.example.com")));
    record(&*stand.app.store, &source("local"), 200, denied).await;
    let reply = stand.get(&key, &format!("{CHANGES}?limit=3")).await;
    assert!(!reply.text.contains("local"), "{}", reply.text);
    let (entries, end) = read(&reply);
    assert_eq!(entries.len(), 3);
    // Past the others, however many they are: more is said where there is some.
    let claims = [claim("d.example.com"), claim("e.example.com")];
    record(&*stand.app.store, &source("feed"), 300, claims).await;
    let (entries, end) = read(&stand.get(&key, &(after(&end) + "&limit=1")).await);
    assert_eq!(entries, ["d.example.com feed active"]);
    assert_eq!(end["more"], true);
    let (entries, end) = read(&stand.get(&key, &(after(&end) + "&limit=1")).await);
    assert_eq!(entries, ["e.example.com feed active"]);
    assert_eq!(end["more"], false);
}

#[tokio::test]
async fn a_cursor_of_another_store_is_gone() {
    let (stand, key) = filled().await;
    let (_, end) = read(&stand.get(&key, CHANGES).await);
    stand.app.store.begin_epoch();
    let refused = stand.get(&key, &after(&end)).await;
    let error = refused.error(410, "cursor_expired");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("Start anew with /api/v1/iocs/changes"));
    let wrong = format!("{CHANGES}?cursor=abc");
    stand
        .get(&key, &wrong)
        .await
        .error(400, "invalid_parameter");
}

#[tokio::test]
async fn it_is_for_keys_without_limits() {
    let (stand, _) = filled().await;
    for tier in ["free", "pro"] {
        let key = stand.key_of_tier(tier);
        stand.get(&key, CHANGES).await.error(403, "tier_required");
    }
}
