//! `GET /api/v1/iocs`.

use iocd::config::FREE;
use iocd::control::KeyRequest;
use iocd_core::claim::{Category, Claim, Source};
use serde_json::{Value as Json, json};

use super::standing::Stand;
use crate::values::{DAY, at, claim, record, source};

async fn filled() -> (Stand, String) {
    let stand = Stand::new();
    let store = &*stand.app.store;
    let government = Source {
        category: Category::Government,
        ..source("gov")
    };
    record(store, &source("com"), -2 * DAY, [claim("old.example.com")]).await;
    let domains = (0..5).map(|n| claim(&format!("d{n}.example.com")));
    record(store, &source("com"), 100, domains).await;
    let addresses = (0..5).map(|n| Claim {
        confidence: 20,
        ..claim(&format!("203.0.113.{n}"))
    });
    record(store, &government, 200, addresses).await;
    let key = stand.key(&KeyRequest::named("a"));
    (stand, key)
}

#[tokio::test]
async fn a_list_has_the_documented_form() {
    let (stand, key) = filled().await;
    let reply = stand
        .get(
            &key,
            "/api/v1/iocs?type=domain&confidence=high&category=community&limit=2",
        )
        .await;
    let body = reply.ok();
    assert!(reply.text.starts_with("{\"meta\":{\"total\":6,"));
    let revision = body["meta"]["feed_version"].as_str().unwrap();
    assert!(revision.parse::<u64>().unwrap() > 0);
    assert_eq!(
        body["meta"],
        json!({"total": 6, "limit": 2, "offset": 0, "generated_at": at(1_000).to_string(),
            "feed_version": revision, "source": "iocd",
            "filters": {"type": "domain", "confidence": "high", "category": "community"}})
    );
    assert_eq!(body["data"][0]["value"], "d4.example.com");
    assert!(body["data"][0].get("match").is_none());
    assert_eq!(
        body["links"]["self"],
        "/api/v1/iocs?limit=2&offset=0&type=domain&confidence=high&category=community"
    );
    for name in ["next", "delta"] {
        let link = body["links"][name].as_str().unwrap();
        assert!(link.starts_with("/api/v1/iocs?limit=2&cursor="), "{link}");
    }
}

#[tokio::test]
async fn the_links_walk_the_whole_list() {
    let (stand, key) = filled().await;
    let mut target = "/api/v1/iocs?limit=3&since=2020-01-01T00:00:00%2B01:00".to_owned();
    let mut values = Vec::new();
    loop {
        let reply = stand.get(&key, &target).await;
        let body = reply.ok();
        assert_eq!(body["meta"]["total"], 11);
        assert_eq!(
            body["meta"]["filters"],
            json!({"since": "2019-12-31T23:00:00Z"})
        );
        assert_eq!(
            stand
                .get(&key, body["links"]["self"].as_str().unwrap())
                .await
                .ok()["data"],
            body["data"]
        );
        values.extend(
            body["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|e| e["value"].to_string()),
        );
        match body["links"].get("next") {
            Some(next) => {
                assert_eq!(
                    reply.header("link"),
                    format!("<{}>; rel=\"next\"", next.as_str().unwrap())
                );
                target = next.as_str().unwrap().to_owned();
            }
            None => break,
        }
    }
    assert_eq!(values.len(), 11);
    values.sort();
    values.dedup();
    assert_eq!(values.len(), 11);
}

#[tokio::test]
async fn the_tier_bounds_how_far_back_and_how_much() {
    let (stand, _) = filled().await;
    let key = stand.key_of_tier(FREE);
    let earliest = at(1_000 - DAY).to_string();
    for query in ["limit=500", "limit=500&since=2001-01-01"] {
        let body = stand.get(&key, &format!("/api/v1/iocs?{query}")).await.ok();
        assert_eq!(body["meta"]["total"], 10);
        assert_eq!(body["meta"]["limit"], 100);
        assert_eq!(body["meta"]["filters"]["since"], earliest);
    }
    let recent = at(150).to_string();
    let body = stand
        .get(&key, &format!("/api/v1/iocs?since={recent}"))
        .await
        .ok();
    assert_eq!(
        (&body["meta"]["total"], &body["meta"]["filters"]["since"]),
        (&json!(5), &json!(recent))
    );
}

#[tokio::test]
async fn csv_is_guarded_and_raw_is_not() {
    let (stand, key) = filled().await;
    let odd = Claim {
        tags: vec!["=1+1".into(), "b".into()],
        ..claim("odd.example.com")
    };
    record(&*stand.app.store, &source("com"), 300, [odd]).await;
    let lines = async |query: &str| {
        let reply = stand
            .get(&key, &format!("/api/v1/iocs?format=csv&limit=2{query}"))
            .await;
        assert_eq!(reply.status, 200);
        assert!(reply.header("content-type").starts_with("text/csv"));
        assert!(reply.header("link").contains("format=csv"));
        reply
            .text
            .split("\r\n")
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let guarded = lines("").await;
    assert_eq!(
        guarded[0],
        "id,type,value,confidence,first_seen,last_seen,source_article,source_feed,category,tags"
    );
    assert!(guarded[1].contains(",domain,odd.example.com,high,"));
    assert!(guarded[1].ends_with(",,com list,community,'=1+1;b"));
    assert!(guarded[2].ends_with(",,gov list,government,"));
    assert_eq!((guarded.len(), guarded[3].as_str()), (4, ""));
    assert!(lines("&raw=true").await[1].ends_with(",=1+1;b"));
}

#[tokio::test]
async fn txt_is_one_value_a_line() {
    let (stand, key) = filled().await;
    let reply = stand
        .get(&key, "/api/v1/iocs?format=txt&type=domain&limit=2")
        .await;
    assert_eq!(reply.text, "d4.example.com\nd3.example.com\n");
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
}

#[tokio::test]
async fn dates_bound_the_last_change() {
    let (stand, key) = filled().await;
    let total = async |query: &str| -> Json {
        stand.get(&key, &format!("/api/v1/iocs?{query}")).await.ok()["meta"]["total"].clone()
    };
    assert_eq!(total(&format!("until={}", at(200))).await, 6);
    assert_eq!(
        total(&format!("since={}&until={}", at(100), at(200))).await,
        5
    );
    assert_eq!(total("since=2099-01-01").await, 0);
    assert_eq!(total("since=2025-01-01&until=2024-01-01").await, 0);
    assert_eq!(total("").await, 11);
}
