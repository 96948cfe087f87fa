//! What holds for every route, asked of every route.

use axum::body::Body;
use axum::http::{Method, Request};
use iocd::control::{KeyRequest, Scope, Scopes};
use iocd::http::{Access, Route, route_table};

use super::standing::{Reply, Stand};
use crate::model::Model;

/// A tier below all others, whose one request a minute is soon used up.
const TRIAL: &str = "[tiers.trial]\nrank = 1\nrequests_per_minute = 0\nrequests_per_day = 1\n\
     results_per_request = 9\nlookback_days = 1\narticle_lookback_days = 1\n\
     formats = 'basic'\nkeys_per_account = 0";

fn table() -> Vec<Route> {
    route_table::<Model>()
}

/// The routes that need a key, with the scope of each.
fn keyed() -> Vec<(Route, Scope)> {
    let scope = |route: Route| match route.access {
        Access::Everyone => None,
        Access::Key { scope, .. } => Some((route, scope)),
    };
    table().into_iter().filter_map(scope).collect()
}

fn target(route: &Route) -> String {
    route.path.replace("{id}", "key_0123456789abcdef")
}

async fn ask(stand: &Stand, method: &Method, target: &str, headers: &[(&str, &str)]) -> Reply {
    let mut builder = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let body = Body::from("[\"evil.example.com\"]");
    stand.send(builder.body(body).unwrap()).await
}

async fn ask_with(stand: &Stand, route: &Route, key: &str) -> Reply {
    ask(stand, &route.method, &target(route), &[("x-api-key", key)]).await
}

fn all_scopes() -> Scopes {
    Scope::ALL.into_iter().collect()
}

#[test]
fn the_public_routes_are_these() {
    let public: Vec<_> = table()
        .into_iter()
        .filter(|route| route.access == Access::Everyone)
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(
        public,
        [
            "GET /healthz",
            "GET /readyz",
            "GET /openapi.json",
            "GET /docs"
        ]
    );
}

#[test]
fn what_changes_keys_needs_the_scope_for_it() {
    for (route, scope) in keyed() {
        let manages = route.path.starts_with("/api/v1/keys");
        assert_eq!(scope == Scope::ManageKeys, manages, "{route:?}");
    }
}

#[tokio::test]
async fn every_other_route_needs_a_key_that_is_valid() {
    let stand = Stand::new();
    let made = |request: KeyRequest| {
        stand.key(&KeyRequest {
            scopes: Some(all_scopes()),
            ..request
        })
    };
    let revoked = made(KeyRequest::named("revoked"));
    stand.app.control.revoke_key(&revoked[..16], None).unwrap();
    let expired = made(KeyRequest {
        expires_in_days: Some(1),
        ..KeyRequest::named("expired")
    });
    let foreign = made(KeyRequest {
        networks: vec!["203.0.113.0/24".parse().unwrap()],
        ..KeyRequest::named("foreign")
    });
    stand.app.clock.advance(86_400_000);
    let unknown = format!("sk_live_{}", "x".repeat(43));
    assert!(keyed().len() > 8);
    for (route, _) in keyed() {
        let nameless = ask(&stand, &route.method, &target(&route), &[]).await;
        nameless.error(401, "missing_api_key");
        for (key, code) in [
            (&unknown, "invalid_api_key"),
            (&revoked, "invalid_api_key"),
            (&expired, "expired_api_key"),
            (&foreign, "invalid_api_key"),
        ] {
            ask_with(&stand, &route, key).await.error(401, code);
        }
        // HEAD is GET without the body: no way in either.
        if route.method == Method::GET {
            let head = ask(&stand, &Method::HEAD, &target(&route), &[]).await;
            assert_eq!(head.status, 401, "{route:?}");
        }
    }
}

#[tokio::test]
async fn every_route_needs_its_scope_and_no_other_opens_it() {
    let stand = Stand::new();
    for (route, needed) in keyed() {
        let others = Scope::ALL.into_iter().filter(|scope| *scope != needed);
        let key = stand.key(&KeyRequest {
            scopes: Some(others.collect()),
            ..KeyRequest::named("others")
        });
        let error = ask_with(&stand, &route, &key).await;
        let error = error.error(403, "insufficient_scope");
        assert!(error["message"].as_str().unwrap().contains(needed.as_str()));
        let key = stand.key(&KeyRequest {
            scopes: Some([needed].into_iter().collect()),
            ..KeyRequest::named("this one")
        });
        let reply = ask_with(&stand, &route, &key).await;
        assert!(![401, 403].contains(&reply.status.as_u16()), "{route:?}");
    }
}

#[tokio::test]
async fn every_route_needs_its_tier_and_counts_against_the_limit() {
    let stand = Stand::with(TRIAL);
    for (route, _) in keyed() {
        let key = stand.key(&KeyRequest {
            tier: Some("trial".into()),
            scopes: Some(all_scopes()),
            ..KeyRequest::named("trial")
        });
        let reply = ask_with(&stand, &route, &key).await;
        reply.error(403, "tier_required");
        assert_eq!(reply.header("x-ratelimit-remaining"), "0", "{route:?}");
        let reply = ask_with(&stand, &route, &key).await;
        reply.error(429, "rate_limit_exceeded");
        assert!(reply.header("retry-after").parse::<u32>().unwrap() > 86_000);
    }
}

#[tokio::test]
async fn every_response_to_a_key_says_how_its_windows_stand() {
    let stand = Stand::with("[tiers.free]\nrequests_per_minute = 100");
    let key = stand.key(&KeyRequest {
        tier: Some("free".into()),
        scopes: Some(all_scopes()),
        ..KeyRequest::named("a")
    });
    let mut remaining = 100;
    let mut told = |reply: &Reply, costs: u32, what: &str| {
        remaining -= costs;
        assert_eq!(reply.header("x-ratelimit-limit"), "100", "{what}");
        assert_eq!(
            reply.header("x-ratelimit-remaining"),
            remaining.to_string(),
            "{what}"
        );
        assert!(
            reply.header("x-ratelimit-reset").parse::<u64>().is_ok(),
            "{what}"
        );
    };
    for route in table() {
        let costs = u32::from(route.access != Access::Everyone);
        let reply = ask_with(&stand, &route, &key).await;
        told(&reply, costs, route.path);
        // Neither does a method that the path does not have cost anything.
        let patch = ask(
            &stand,
            &Method::PATCH,
            &target(&route),
            &[("x-api-key", &key)],
        )
        .await;
        patch.error(405, "method_not_allowed");
        told(&patch, 0, route.path);
    }
    let nowhere = ask(&stand, &Method::GET, "/api/v2", &[("x-api-key", &key)]).await;
    nowhere.error(404, "not_found");
    told(&nowhere, 0, "/api/v2");
    for (query, status) in [("?limit=x", 400), ("?format=txt", 403), ("", 200)] {
        let target = format!("/api/v1/iocs{query}");
        let reply = stand.get(&key, &target).await;
        assert_eq!(reply.status, status, "{}", reply.text);
        told(&reply, 1, &target);
    }
}

#[tokio::test]
async fn no_other_spelling_of_a_path_is_a_way_around() {
    let stand = Stand::new();
    for (route, _) in keyed() {
        let path = target(&route);
        for spelling in [
            format!("{path}/"),
            format!("/{path}"),
            path.replace("/v1/", "/v1//"),
            path.replace("/api/", "/API/"),
            path.replace("/v1/", "/%761/"),
            path.replace("/v1/", "/x/../v1/"),
            path.replace("/v1/", "/./v1/"),
            format!("/healthz/..{path}"),
            format!("/healthz%2f..{path}"),
            format!("{path}%00"),
            format!("{path};x"),
        ] {
            let reply = ask(&stand, &route.method, &spelling, &[]).await;
            let status = reply.status.as_u16();
            assert!([401, 404, 405].contains(&status), "{spelling}: {status}");
        }
    }
}
