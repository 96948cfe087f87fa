//! Keys over HTTP: made, listed, ended, and told how much they were used.

use axum::body::Body;
use axum::http::{Method, Request};
use iocd::config::{FREE, PRO};
use iocd::control::{KeyRequest, Scopes};
use serde_json::{Value as Json, json};

use super::standing::{Reply, Stand};

mod bodies;

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
async fn a_key_gives_no_more_than_it_has() {
    let stand = Stand::new();
    let manager = manager(&stand, "default", PRO);
    let narrow = json!({"name": "n", "tier": FREE, "scopes": ["read:iocs"],
                        "allowed_networks": ["192.0.2.7", "2001:db8::/32"]});
    let key = made(&make(&stand, &manager, &narrow).await);
    assert_eq!(
        (&key["tier"], &key["scopes"]),
        (&FREE.into(), &json!(["read:iocs"]))
    );
    assert_eq!(
        key["allowed_networks"],
        json!(["192.0.2.7/32", "2001:db8::/32"])
    );
    assert_eq!(key["rate_limit_per_day"], 1_000);

    for (field, value, code) in [
        ("tier", json!("unlimited"), "tier_required"),
        (
            "scopes",
            json!(["read:iocs", "manage:keys"]),
            "insufficient_scope",
        ),
        ("scopes", json!(["manage:feeds"]), "insufficient_scope"),
        ("scopes", json!(["read:misp"]), "insufficient_scope"),
    ] {
        let mut body = json!({"name": "more"});
        body[field] = value;
        let error = make(&stand, &manager, &body).await.error(403, code);
        assert_eq!(error["details"]["parameter"], field, "{body}");
    }
    // What only manages cannot make a key that does anything.
    let only = stand.key(&KeyRequest {
        scopes: Some(scopes("manage:keys")),
        ..KeyRequest::named("only")
    });
    let refused = make(&stand, &only, &json!({"name": "x"})).await;
    refused.error(403, "insufficient_scope");
    // To read metrics is given only where it is asked for.
    let metrics = stand.key(&KeyRequest {
        scopes: Some(scopes("manage:keys read:metrics read:iocs")),
        ..KeyRequest::named("metrics")
    });
    let key = made(&make(&stand, &metrics, &json!({"name": "x"})).await);
    assert_eq!(key["scopes"], json!(["read:iocs"]));
    let asked = json!({"name": "x", "scopes": ["read:metrics"]});
    assert_eq!(
        made(&make(&stand, &metrics, &asked).await)["scopes"],
        asked["scopes"]
    );
}

#[tokio::test]
async fn a_key_that_is_bound_to_networks_makes_none_for_elsewhere() {
    let stand = Stand::new();
    let bound = stand.key(&KeyRequest {
        scopes: Some(scopes("manage:keys read:iocs")),
        networks: vec!["192.0.2.0/24".parse().unwrap()],
        ..KeyRequest::named("bound")
    });
    let networks = |reply: &Reply| made(reply)["allowed_networks"].clone();
    let inherited = make(&stand, &bound, &json!({"name": "a"})).await;
    assert_eq!(networks(&inherited), json!(["192.0.2.0/24"]));
    let narrower = json!({"name": "a", "allowed_networks": ["192.0.2.128/25"]});
    let narrower = make(&stand, &bound, &narrower).await;
    assert_eq!(networks(&narrower), json!(["192.0.2.128/25"]));
    for wider in [
        json!([]),
        json!(["192.0.0.0/16"]),
        json!(["192.0.2.1", "::/0"]),
    ] {
        let body = json!({"name": "a", "allowed_networks": wider});
        let error = make(&stand, &bound, &body)
            .await
            .error(403, "insufficient_scope");
        assert_eq!(error["details"]["parameter"], "allowed_networks");
    }
}

#[tokio::test]
async fn an_account_has_as_many_keys_as_its_tier_allows() {
    let stand = Stand::new();
    stand.app.control.create_account("small", FREE).unwrap();
    let manager = manager(&stand, "small", FREE);
    let first = made(&make(&stand, &manager, &json!({"name": "1"})).await);
    let short = json!({"name": "2", "expires_in_days": 1});
    made(&make(&stand, &manager, &short).await);
    let refused = make(&stand, &manager, &json!({"name": "3"})).await;
    let error = refused.error(409, "key_limit_reached");
    assert!(text(&error, "message").contains('3'), "{error}");
    // One that is revoked makes room, and so does one that has expired.
    let target = format!("{KEYS}/{}", text(&first, "id"));
    stand.delete(&manager, &target).await.ok();
    made(&make(&stand, &manager, &json!({"name": "3"})).await);
    make(&stand, &manager, &json!({"name": "4"}))
        .await
        .error(409, "key_limit_reached");
    stand.app.clock.advance(86_400_000);
    made(&make(&stand, &manager, &json!({"name": "4"})).await);
}

#[tokio::test]
async fn one_account_never_sees_another_s_keys() {
    let stand = Stand::new();
    stand.app.control.create_account("theirs", PRO).unwrap();
    let (ours, theirs) = (
        manager(&stand, "default", PRO),
        manager(&stand, "theirs", PRO),
    );
    let key = made(&make(&stand, &theirs, &json!({"name": "secret plan"})).await);
    let (id, secret) = (text(&key, "id"), text(&key, "key"));
    let unknown = "key_0123456789abcdef".to_owned();
    // An id of another account, one that is nobody's, and what is no id at all
    // get the same answer.
    let mut told = Vec::new();
    for name in [&id, &unknown, &text(&key, "key_prefix"), &"x".to_owned()] {
        let target = format!("{KEYS}/{name}");
        let usage = format!("{target}/usage?days=7");
        for reply in [
            stand.get(&ours, &target).await,
            stand.delete(&ours, &target).await,
            stand.get(&ours, &usage).await,
        ] {
            told.push(text(&reply.error(404, "not_found"), "message"));
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    let listed = stand.get(&ours, KEYS).await;
    assert_eq!(listed.ok()["meta"]["total"], 1);
    assert!(!listed.text.contains("secret plan") && !listed.text.contains(&id));
    // It was not ended either.
    stand.get(&secret, SEARCH).await.ok();
    stand.get(&theirs, &format!("{KEYS}/{id}")).await.ok();
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
