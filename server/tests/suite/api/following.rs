//! `GET /api/v1/iocs` with a cursor, and searches as of a time.

use iocd::config::FREE;
use iocd::control::KeyRequest;
use iocd::store::{ClaimStore as _, Removal};
use iocd_core::claim::Claim;
use serde_json::{Value as Json, json};

use super::standing::Stand;
use crate::values::{DAY, at, claim, record, source, value};

const LIST: &str = "/api/v1/iocs";

fn link(body: &Json, name: &str) -> String {
    body["links"][name].as_str().unwrap().to_owned()
}

fn values(body: &Json) -> Vec<&str> {
    let data = body["data"].as_array().unwrap();
    data.iter().map(|e| e["value"].as_str().unwrap()).collect()
}

async fn filled(count: usize) -> (Stand, String) {
    let stand = Stand::new();
    let claims = (0..count).map(|n| claim(&format!("d{n}.example.com")));
    record(&*stand.app.store, &source("feed"), 100, claims).await;
    let key = stand.key(&KeyRequest::named("a"));
    (stand, key)
}

#[tokio::test]
async fn a_walk_by_next_shows_the_list_as_it_was() {
    let (stand, key) = filled(10).await;
    let store = &*stand.app.store;
    let mut target = format!("{LIST}?limit=3&type=domain");
    let mut seen = Vec::new();
    for page in 0.. {
        let body = stand.get(&key, &target).await.ok();
        assert_eq!(body["meta"]["total"], 10);
        assert_eq!(body["meta"]["offset"], 3 * page);
        seen.extend(values(&body).iter().map(|text| (*text).to_owned()));
        // Meanwhile some come, change and go.
        let news = Claim {
            tags: vec![format!("page-{page}")],
            ..claim("d9.example.com")
        };
        let come = claim(&format!("new{page}.example.com"));
        record(store, &source("feed"), 200 + page, [news, come]).await;
        let gone = [value(&format!("d{page}.example.com"))];
        let reason = Removal::RemovedBySource;
        store
            .remove(&source("feed"), &gone, reason, at(300))
            .await
            .unwrap();
        match body["links"].get("next") {
            Some(next) => target = next.as_str().unwrap().to_owned(),
            None => break,
        }
    }
    let expected: Vec<String> = (0..10).rev().map(|n| format!("d{n}.example.com")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_delta_tells_what_happened_with_reasons() {
    let (stand, key) = filled(5).await;
    let store = &*stand.app.store;
    let feed = source("feed");
    let first = format!("{LIST}?confidence=high&include_removed=true");
    let body = stand.get(&key, &first).await.ok();
    assert_eq!(body["meta"]["total"], 5);
    let delta = link(&body, "delta");

    // No news gives the same cursor back.
    let body = stand.get(&key, &delta).await.ok();
    assert_eq!(
        (&body["meta"]["total"], &body["data"]),
        (&json!(0), &json!([]))
    );
    assert_eq!(link(&body, "delta"), delta);
    assert!(body["links"].get("next").is_none());

    record(store, &feed, 200, [claim("new.example.com")]).await;
    let ending = Claim {
        expires_at: Some(at(250)),
        ..claim("d1.example.com")
    };
    record(store, &feed, 210, [ending]).await;
    let remove = async |text: &str, reason| {
        let removed = store.remove(&feed, &[value(text)], reason, at(220)).await;
        assert_eq!(removed.unwrap(), 1);
    };
    remove("d2.example.com", Removal::RemovedBySource).await;
    remove("d3.example.com", Removal::FalsePositive).await;
    store.expire_due(at(260)).await.unwrap();
    let body = stand.get(&key, &delta).await.ok();
    assert_eq!(body["meta"]["total"], 1);
    let expected = [
        "new.example.com",
        "d2.example.com",
        "d3.example.com",
        "d1.example.com",
    ];
    assert_eq!(values(&body), expected);
    let reasons: Vec<&Json> = (0..4)
        .map(|n| &body["data"][n]["removed"]["reason"])
        .collect();
    let expected = [
        &Json::Null,
        &json!("removed_by_source"),
        &json!("false_positive"),
        &json!("expired"),
    ];
    assert_eq!(reasons, expected);
    assert_eq!(
        body["data"][1],
        json!({"type": "domain", "value": "d2.example.com", "confidence": "high",
            "source": {"feed_name": "feed list", "category": "community"},
            "id": body["data"][1]["id"],
            "removed": {"reason": "removed_by_source", "at": at(220).to_string()}})
    );
    // Page by page it is the same.
    let mut target = delta.replace("limit=100", "limit=1");
    let mut paged = Vec::new();
    while let Some(next) = {
        let body = stand.get(&key, &target).await.ok();
        paged.extend(values(&body).iter().map(|text| (*text).to_owned()));
        body["links"]
            .get("next")
            .map(|next| next.as_str().unwrap().to_owned())
    } {
        target = next;
    }
    assert_eq!(paged, values(&body));
    let after = stand.get(&key, &link(&body, "delta")).await.ok();
    assert_eq!(after["data"], json!([]));
}

#[tokio::test]
async fn what_a_filter_no_longer_admits_is_told() {
    let (stand, key) = filled(2).await;
    let store = &*stand.app.store;
    let low = Claim {
        confidence: 10,
        ..claim("low.example.com")
    };
    record(store, &source("feed"), 150, [low]).await;
    let body = stand
        .get(&key, &format!("{LIST}?confidence=low&include_removed=true"))
        .await
        .ok();
    assert_eq!(values(&body), ["low.example.com"]);
    record(store, &source("feed"), 200, [claim("low.example.com")]).await;
    let body = stand.get(&key, &link(&body, "delta")).await.ok();
    assert_eq!(values(&body), ["low.example.com"]);
    assert_eq!(body["data"][0]["removed"]["reason"], "no_longer_matches");
}

#[tokio::test]
async fn a_cursor_stands_for_its_filters_and_its_epoch() {
    let (stand, key) = filled(5).await;
    let body = stand
        .get(&key, &format!("{LIST}?type=domain&limit=2"))
        .await
        .ok();
    let next = link(&body, "next");
    let same = stand.get(&key, &format!("{next}&type=domain")).await.ok();
    assert_eq!(same["meta"]["filters"], json!({"type": "domain"}));
    for other in ["type=url", "offset=2", "include_expired=true"] {
        let reply = stand.get(&key, &format!("{next}&{other}")).await;
        let error = reply.error(400, "invalid_parameter");
        assert_eq!(error["details"]["parameter"], "cursor", "{other}");
    }
    let cut = &next[..next.len() - 2];
    stand.get(&key, cut).await.error(400, "invalid_parameter");

    stand.app.store.begin_epoch();
    for name in ["next", "delta"] {
        let reply = stand.get(&key, &link(&body, name)).await;
        let error = reply.error(410, "cursor_expired");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("/api/v1/iocs?type=domain"), "{message}");
    }
}

#[tokio::test]
async fn an_old_cursor_looks_back_no_further_than_the_tier() {
    let (stand, _) = filled(5).await;
    // The list came in at second 100; now is second 1,000.
    stand.app.clock.advance((DAY - 950) * 1_000);
    let key = stand.key_of_tier(FREE);
    let body = stand.get(&key, &format!("{LIST}?limit=2")).await.ok();
    assert_eq!(body["meta"]["total"], 5);
    let next = link(&body, "next");
    // While it is walked, the list keeps its end.
    stand.app.clock.advance(3_500 * 1_000);
    let body = stand.get(&key, &next).await.ok();
    assert_eq!(
        (values(&body).len(), &body["meta"]["total"]),
        (2, &json!(5))
    );
    // Kept for longer, the cursor is no way into what the tier does not show.
    stand.app.clock.advance(200 * 1_000);
    let body = stand.get(&key, &next).await.ok();
    assert_eq!(
        (values(&body).len(), &body["meta"]["total"]),
        (0, &json!(0))
    );
}

#[tokio::test]
async fn csv_and_text_are_followed_too() {
    let (stand, key) = filled(3).await;
    let reply = stand.get(&key, &format!("{LIST}?format=txt&limit=2")).await;
    assert_eq!(reply.text, "d2.example.com\nd1.example.com\n");
    let links: Vec<&str> = reply
        .headers
        .get_all("link")
        .iter()
        .map(|link| link.to_str().unwrap())
        .collect();
    let target = |relation: &str| {
        let end = format!(">; rel=\"{relation}\"");
        let link = links.iter().find(|link| link.ends_with(&end)).unwrap();
        link[1..link.len() - end.len()].to_owned()
    };
    let rest = stand.get(&key, &target("next")).await;
    assert_eq!(rest.text, "d0.example.com\n");
    record(
        &*stand.app.store,
        &source("feed"),
        200,
        [claim("new.example.com")],
    )
    .await;
    let news = stand.get(&key, &target("delta")).await;
    assert_eq!(news.text, "new.example.com\n");
}

#[tokio::test]
async fn a_search_as_of_a_time_knows_what_was_known() {
    let (stand, key) = filled(1).await;
    let store = &*stand.app.store;
    let more = Claim {
        tags: vec!["later".into()],
        ..claim("d0.example.com")
    };
    record(store, &source("feed"), 500, [more]).await;
    let gone = [value("d0.example.com")];
    let reason = Removal::RemovedBySource;
    store
        .remove(&source("feed"), &gone, reason, at(600))
        .await
        .unwrap();
    let as_of = async |second| {
        let time = at(second).to_string().replace(':', "%3A");
        let target = format!("{LIST}/search?q=d0.example.com&as_of={time}");
        stand.get(&key, &target).await.ok()
    };
    assert_eq!(as_of(99).await["meta"]["total"], 0);
    let then = as_of(100).await;
    assert_eq!(then["data"][0]["status"], "active");
    assert!(then["data"][0].get("tags").is_none());
    assert_eq!(as_of(550).await["data"][0]["tags"], json!(["later"]));
    assert_eq!(as_of(600).await["data"][0]["status"], "removed");
}
