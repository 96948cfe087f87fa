//! `GET /api/v1/iocs/stats` and `GET /api/v1/feeds`.

use std::sync::Arc;

use iocd::control::{Condition, FeedState, KeyRequest, RefusedRow};
use iocd::feeds::Feeds;
use iocd::http::App;
use iocd_core::claim::{Category, Claim, Source};
use serde_json::{Value as Json, json};

use super::standing::Stand;
use crate::model::Model;
use crate::values::{DAY, at, claim, record, source};

const STATS: &str = "/api/v1/iocs/stats";

async fn filled() -> (Stand, String) {
    let stand = Stand::new();
    let store = &*stand.app.store;
    let technique = |id: &str, text: &str| Claim {
        techniques: vec![id.to_owned()],
        ..claim(text)
    };
    let government = Source {
        category: Category::Government,
        ..source("gov")
    };
    record(
        store,
        &source("com"),
        -3 * DAY,
        [technique("T1059", "old.example.com")],
    )
    .await;
    record(
        store,
        &source("com"),
        100,
        [
            technique("T1059", "one.example.com"),
            technique("T1001", "two.example.com"),
            claim("CVE-2021-44228"),
            claim("CVE-2020-0001"),
        ],
    )
    .await;
    record(store, &government, 200, [claim("CVE-2021-44228")]).await;
    let key = stand.key(&KeyRequest::named("a"));
    (stand, key)
}

#[tokio::test]
async fn figures_are_those_of_the_list() {
    let (stand, key) = filled().await;
    let reply = stand.get(&key, STATS).await;
    let body = reply.ok();
    let data = &body["data"];
    let total = async |query: &str| -> Json {
        let list = stand.get(&key, &format!("/api/v1/iocs?{query}")).await;
        list.ok()["meta"]["total"].clone()
    };
    assert_eq!(data["total_iocs"], total("").await);
    assert_eq!(data["total_articles"], 0);
    for (counts, parameter, count) in [
        ("by_type", "type", 11),
        ("by_confidence", "confidence", 3),
        ("by_category", "category", 7),
    ] {
        let counts = data[counts].as_object().unwrap();
        assert_eq!(counts.len(), count);
        for (name, count) in counts {
            assert_eq!(
                *count,
                total(&format!("{parameter}={name}")).await,
                "{name}"
            );
        }
    }
    for feed in data["by_feed"].as_array().unwrap() {
        let name = feed["name"].as_str().unwrap();
        assert_eq!(feed["entries"], total(&format!("source={name}")).await);
    }
    assert_eq!(data["by_feed"].as_array().unwrap().len(), 2);
    assert_eq!(data["last_24h"], json!({"added": 5, "changed": 0}));
    assert_eq!(data["last_7d"], json!({"added": 6, "changed": 0}));
    assert_eq!(
        data["top_techniques"],
        json!([{"id": "T1059", "entries": 2}, {"id": "T1001", "entries": 1}])
    );
    assert_eq!(
        data["top_cves"],
        json!([{"id": "CVE-2021-44228", "sources": 2}, {"id": "CVE-2020-0001", "sources": 1}])
    );
    assert_eq!(body["meta"]["generated_at"], at(1_000).to_string());
}

#[tokio::test]
async fn counts_are_kept_for_seconds() {
    let (stand, key) = filled().await;
    let ask = async || {
        let reply = stand.get(&key, STATS).await;
        let total = reply.ok()["data"]["total_iocs"].as_u64().unwrap();
        let updated_at = reply.header("x-cache-updated-at").to_owned();
        (
            total,
            updated_at,
            reply.header("x-cache-age-seconds").to_owned(),
        )
    };
    let before = ask().await;
    assert_eq!(before, (6, at(1_000).to_string(), "0".to_owned()));
    record(
        &*stand.app.store,
        &source("com"),
        900,
        [claim("new.example.com")],
    )
    .await;
    stand.app.clock.advance(3_000);
    assert_eq!(ask().await, (6, at(1_000).to_string(), "3".to_owned()));
    stand.app.clock.advance(2_000);
    assert_eq!(ask().await, (7, at(1_005).to_string(), "0".to_owned()));
}

#[tokio::test]
async fn an_entry_that_was_there_before_has_changed() {
    let (stand, key) = filled().await;
    let news = Claim {
        tags: vec!["news".to_owned()],
        ..claim("old.example.com")
    };
    record(&*stand.app.store, &source("com"), 900, [news]).await;
    let data = stand.get(&key, STATS).await.ok()["data"].clone();
    assert_eq!(data["last_24h"], json!({"added": 5, "changed": 1}));
    assert_eq!(data["last_7d"], json!({"added": 6, "changed": 0}));
}

/// A stand that knows the shipped feeds.
fn with_feeds() -> (Stand, String) {
    let stand =
        Stand::build(|app: App<Model>| app.with_feeds(Arc::new(Feeds::load(None).unwrap())));
    let key = stand.key(&KeyRequest::named("a"));
    (stand, key)
}

#[tokio::test]
async fn feeds_tell_how_they_are() {
    let (stand, key) = with_feeds();
    record(
        &*stand.app.store,
        &source("mine"),
        100,
        [claim("one.example.com")],
    )
    .await;
    let state = |feed: &str, condition, stale_at| FeedState {
        feed: feed.to_owned(),
        condition,
        message: None,
        last_good_at: Some(at(500)),
        last_attempt_at: Some(at(600)),
        stale_at,
        rows_accepted: 7,
        rows_refused: 2,
    };
    for (feed, condition, stale_at) in [
        ("urlhaus", Condition::Ok, None),
        ("openphish", Condition::Ok, Some(at(900))),
        ("mine", Condition::Unreachable, None),
    ] {
        let state = state(feed, condition, stale_at);
        stand.app.control.set_feed_state(&state).unwrap();
    }
    let body = stand.get(&key, "/api/v1/feeds").await.ok();
    assert_eq!(
        body["meta"]["health"],
        json!({"healthy": 1, "degraded": 1, "error": 1})
    );
    let feeds = body["data"].as_array().unwrap();
    assert_eq!(body["meta"]["total"], feeds.len());
    let feed = |name: &str| feeds.iter().find(|feed| feed["name"] == name).unwrap();
    assert_eq!(feed("openphish")["state"], "stale");
    assert_eq!(feed("openphish")["stale_at"], at(900).to_string());
    assert_eq!(feed("threatfox")["state"], "never");
    assert!(feed("threatfox")["health"].is_null());
    assert!(
        feed("threatfox")["homepage"]
            .as_str()
            .unwrap()
            .starts_with("https://")
    );
    assert_eq!(feed("mine")["state"], "unreachable");
    assert_eq!(feed("mine")["entries"], 1);
    assert_eq!(feed("mine")["extent"], "window");
    let urlhaus = feed("urlhaus");
    assert_eq!(urlhaus["feed_name"], "URLhaus");
    assert_eq!(urlhaus["state"], "ok");
    assert_eq!(urlhaus["health"], "healthy");
    assert_eq!(urlhaus["last_good_at"], at(500).to_string());
    assert_eq!(
        (&urlhaus["rows_accepted"], &urlhaus["rows_refused"]),
        (&json!(7), &json!(2))
    );
    let data = stand.get(&key, STATS).await.ok()["data"].clone();
    assert_eq!(data["feed_health"], body["meta"]["health"]);
    assert_eq!(data["by_feed"].as_array().unwrap().len(), feeds.len());
}

#[tokio::test]
async fn one_feed_tells_what_was_refused_of_it() {
    let (stand, key) = with_feeds();
    let row = |line| RefusedRow {
        line,
        text: "not an address".to_owned(),
        reason: "no value".to_owned(),
    };
    let rows: Vec<RefusedRow> = (1..=30).map(row).collect();
    stand.app.control.put_refused("urlhaus", &rows).unwrap();
    let body = stand.get(&key, "/api/v1/feeds/urlhaus").await.ok();
    assert_eq!(body["data"]["name"], "urlhaus");
    let refused = body["data"]["refused_rows"].as_array().unwrap();
    assert_eq!(refused.len(), 20);
    assert_eq!(
        refused[0],
        json!({"line": 1, "text": "not an address", "reason": "no value"})
    );
    let error = stand.get(&key, "/api/v1/feeds/urlhouse").await;
    let error = error.error(404, "not_found");
    assert_eq!(error["details"]["nearest"], "urlhaus");
    let unknown = stand.get(&key, "/api/v1/feeds?sort=name").await;
    unknown.error(400, "unknown_parameter");
}
