//! Keys over HTTP: made, listed, ended, and told how much they were used.

use axum::body::Body;
use axum::http::{Method, Request};
use iocd::config::{FREE, PRO};
use iocd::control::{KeyRequest, Scopes};
use serde_json::{Value as Json, json};

use super::standing::{Reply, Stand};

mod bodies;
mod bounds;

const KEYS: &str = "/api/v1/keys";
const SEARCH: &str = "/api/v1/iocs/search?q=evil.example.com";

fn scopes(text: &str) -> Scopes {
    text.parse().unwrap()
}

/// A key that may manage keys and read, of an account and a tier.
fn manager(stand: &Stand, account: &str, tier: &str) -> String {
    stand.key(&KeyRequest {
        account: account.into(),
        tier: Some(tier.into()),
        scopes: Some(scopes("manage:keys manage:feeds read:iocs read:stix")),
        ..KeyRequest::named("manager")
    })
}

async fn make(stand: &Stand, key: &str, body: &Json) -> Reply {
    stand
        .post(key, KEYS, "application/json", body.to_string())
        .await
}

#[track_caller]
fn made(reply: &Reply) -> Json {
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.json()["data"].clone()
}

fn text(json: &Json, field: &str) -> String {
    json[field].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_made_shown_listed_used_and_ended() {
    let stand = Stand::new();
    let manager = manager(&stand, "default", PRO);
    let reply = make(
        &stand,
        &manager,
        &json!({"name": "soar", "expires_in_days": 90}),
    )
    .await;
    let key = made(&reply);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert!(text(&reply.json()["meta"], "warning").contains("only this once"));
    let (id, secret) = (text(&key, "id"), text(&key, "key"));
    assert_eq!(reply.header("location"), format!("{KEYS}/{id}"));
    assert_eq!(key["key_prefix"], secret[..16]);
    assert_eq!((&key["name"], &key["tier"]), (&"soar".into(), &PRO.into()));
    assert_eq!(key["scopes"], json!(["read:iocs", "read:stix"]));
    assert_eq!(key["rate_limit_per_minute"], 1_000);
    assert_eq!(key["expires_at"], "2026-01-07T09:10:00Z");

    stand.get(&secret, SEARCH).await.ok();
    stand.app.control.flush_usage().unwrap();
    let target = format!("{KEYS}/{id}");
    let shown = stand.get(&manager, &target).await;
    let told = shown.ok()["data"].clone();
    assert_eq!(told["total_requests"], 1);
    assert_eq!(told["status"], "active");
    let listed = stand.get(&manager, KEYS).await;
    assert_eq!(listed.ok()["meta"]["total"], 2);
    assert_eq!(listed.json()["data"][0], told, "the newest comes first");
    // The secret is told once.
    for reply in [&shown, &listed] {
        assert!(!reply.text.contains(&secret[16..]), "{}", reply.text);
        assert_eq!(reply.header("cache-control"), "no-store");
    }

    let ended = stand.delete(&manager, &target).await.ok();
    assert_eq!(ended["success"], true);
    assert_eq!(ended["data"]["status"], "revoked");
    stand
        .get(&secret, SEARCH)
        .await
        .error(401, "invalid_api_key");
    // Ending it again changes nothing.
    stand.app.clock.advance(5_000);
    let again = stand.delete(&manager, &target).await.ok();
    assert_eq!(again["data"], ended["data"]);
    assert_eq!(stand.get(&manager, KEYS).await.ok()["meta"]["total"], 2);
}

#[tokio::test]
async fn lists_have_pages() {
    let stand = Stand::new();
    let manager = manager(&stand, "default", PRO);
    for number in 0..4 {
        made(&make(&stand, &manager, &json!({"name": format!("{number}")})).await);
    }
    let page = stand
        .get(&manager, "/api/v1/keys?limit=2&offset=1")
        .await
        .ok();
    let names: Vec<_> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|k| &k["name"])
        .collect();
    assert_eq!(names, ["2", "1"]);
    assert_eq!(page["meta"], json!({"total": 5, "limit": 2, "offset": 1}));
    let far = stand
        .get(&manager, "/api/v1/keys?offset=99999999999999999999")
        .await;
    assert_eq!(far.ok()["data"], json!([]));
}

#[tokio::test]
async fn a_reason_is_kept() {
    let stand = Stand::new();
    let manager = manager(&stand, "default", PRO);
    let end = async |id: &str, media_type: &str, body: String| {
        let builder = Request::builder().method(Method::DELETE);
        let builder = builder
            .uri(format!("{KEYS}/{id}"))
            .header("x-api-key", &manager);
        let builder = builder.header("content-type", media_type);
        stand.send(builder.body(Body::from(body)).unwrap()).await
    };
    let key = made(&make(&stand, &manager, &json!({"name": "a"})).await);
    let id = text(&key, "id");
    let json = "application/json";
    let wrong = end(&id, json, json!({"reason": 5}).to_string()).await;
    wrong.error(400, "invalid_parameter");
    let long = json!({"reason": "x".repeat(501)}).to_string();
    end(&id, json, long).await.error(400, "invalid_parameter");
    end(&id, "text/plain", "{}".into())
        .await
        .error(415, "unsupported_media_type");
    let unknown = end(&id, json, json!({"because": "x"}).to_string()).await;
    unknown.error(400, "unknown_parameter");
    stand.get(&text(&key, "key"), SEARCH).await.ok();
    let ended = end(&id, json, json!({"reason": "rotation"}).to_string()).await;
    assert_eq!(ended.ok()["data"]["revoked_reason"], "rotation");
    let again = end(&id, json, json!({"reason": "other"}).to_string()).await;
    assert_eq!(again.ok()["data"]["revoked_reason"], "rotation");
}

#[tokio::test]
async fn a_key_may_end_itself() {
    let stand = Stand::new();
    let manager = manager(&stand, "default", PRO);
    let listed = stand.get(&manager, KEYS).await.ok();
    let target = format!("{KEYS}/{}", text(&listed["data"][0], "id"));
    stand.delete(&manager, &target).await.ok();
    stand
        .delete(&manager, &target)
        .await
        .error(401, "invalid_api_key");
}

#[tokio::test]
async fn usage_is_told() {
    let stand = Stand::new();
    let manager = manager(&stand, "default", PRO);
    let key = made(&make(&stand, &manager, &json!({"name": "a", "tier": FREE})).await);
    let (id, secret) = (text(&key, "id"), text(&key, "key"));
    for _ in 0..9 {
        stand.get(&secret, SEARCH).await.ok();
    }
    stand
        .get(&secret, "/api/v1/iocs?limit=0")
        .await
        .error(400, "invalid_parameter");
    for _ in 0..2 {
        stand
            .get(&secret, SEARCH)
            .await
            .error(429, "rate_limit_exceeded");
    }
    stand.app.control.flush_usage().unwrap();
    let target = format!("{KEYS}/{id}/usage");
    let usage = stand.get(&manager, &target).await.ok()["data"].clone();
    assert_eq!(usage["key_id"], id);
    assert_eq!(usage["window_days"], 30);
    assert_eq!(usage["total_requests"], 12);
    assert_eq!(usage["successful"], 9);
    assert_eq!(
        (&usage["client_errors"], &usage["server_errors"]),
        (&3.into(), &0.into())
    );
    assert_eq!(usage["success_rate"], 0.75);
    assert_eq!(usage["by_status"], json!({"200": 9, "400": 1, "429": 2}));
    assert_eq!(usage["rate_limit_peak_per_minute"], 10);
    assert_eq!(usage["rate_limit_peak_per_day"], 10);
    assert_eq!(
        usage["top_endpoints"],
        json!([{"path": "/api/v1/iocs/search", "method": "GET", "count": 11},
               {"path": "/api/v1/iocs", "method": "GET", "count": 1}])
    );
    assert_eq!(
        usage["daily"][0],
        json!({"date": "2025-10-09", "requests": 12, "errors": 3})
    );
    assert_eq!(usage["daily"].as_array().unwrap().len(), 30);
    assert_eq!(
        usage["rate_limit_hits_by_hour"],
        json!([{"hour": "2025-10-09T09:00:00Z", "count": 2}])
    );
    for field in [
        "latency_p50_ms",
        "latency_p95_ms",
        "latency_p99_ms",
        "avg_response_time_ms",
    ] {
        assert!(
            usage[field].as_f64().is_some_and(|time| time > 0.0),
            "{field}: {usage}"
        );
    }
    let week = stand.get(&manager, &format!("{target}?days=7")).await.ok();
    assert_eq!(week["data"]["daily"].as_array().unwrap().len(), 7);
    for days in ["0", "91", "-1", "x", "", "99999999999999999999"] {
        let reply = stand.get(&manager, &format!("{target}?days={days}")).await;
        let error = reply.error(400, "invalid_parameter");
        assert_eq!(error["details"]["parameter"], "days", "{days}");
    }
    stand
        .get(&manager, &format!("{target}?day=7"))
        .await
        .error(400, "unknown_parameter");
}
