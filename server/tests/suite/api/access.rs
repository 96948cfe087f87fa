//! Who gets in: keys, where they stand, scopes, tiers, networks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iocd::config::{FREE, PRO};
use iocd::control::{KeyRequest, Scopes};

use super::standing::Stand;

const SEARCH: &str = "/api/v1/iocs/search?q=evil.example.com";

#[tokio::test]
async fn a_request_without_a_key_is_told_how_to_send_one() {
    let stand = Stand::new();
    let message = "API key is required. Include it in the Authorization header as \
                   \"Bearer sk_live_...\" or in the X-API-Key header.";
    for headers in [&[][..], &[("authorization", "Basic c2tfbGl2ZTo=")]] {
        for target in [SEARCH, "/api/v1/iocs"] {
            let error = stand
                .get_with(target, headers)
                .await
                .error(401, "missing_api_key");
            assert_eq!(error["message"], message);
            assert!(error.get("details").is_none());
        }
    }
    // What is no credential here is not looked at.
    stand
        .get_with("/api/v1/iocs/search?q=x&api_key=sk_live_x", &[])
        .await
        .error(401, "missing_api_key");
}

#[tokio::test]
async fn unknown_malformed_and_revoked_keys_are_invalid() {
    let stand = Stand::new();
    let key = stand.key(&KeyRequest::named("a"));
    let unknown = format!("Bearer sk_live_{}", "x".repeat(43));
    for field in [
        unknown.as_str(),
        "Bearer nonsense",
        "Bearer",
        "Bearer ",
        &key,
        "Token x",
    ] {
        stand
            .get_with(SEARCH, &[("authorization", field)])
            .await
            .error(401, "invalid_api_key");
    }
    stand
        .get_with(SEARCH, &[("x-api-key", "")])
        .await
        .error(401, "invalid_api_key");
    stand.get(&key, SEARCH).await.ok();
    stand.app.control.revoke_key(&key[..16], None).unwrap();
    stand.get(&key, SEARCH).await.error(401, "invalid_api_key");
}

#[tokio::test]
async fn expired_keys_say_so() {
    let stand = Stand::new();
    let request = KeyRequest {
        expires_in_days: Some(1),
        ..KeyRequest::named("a")
    };
    let key = stand.key(&KeyRequest {
        tier: Some(FREE.into()),
        ..request
    });
    stand.get(&key, SEARCH).await.ok();
    stand.app.clock.advance(86_400_000);
    let reply = stand.get(&key, SEARCH).await;
    reply.error(401, "expired_api_key");
    // The key was identified.
    assert_eq!(reply.header("x-ratelimit-limit"), "10");
}

#[tokio::test]
async fn a_key_may_stand_in_either_header_but_only_one_key() {
    let stand = Stand::new();
    let (one, two) = (
        stand.key(&KeyRequest::named("a")),
        stand.key(&KeyRequest::named("b")),
    );
    let bearer = format!("Bearer {one}");
    stand.get_with(SEARCH, &[("x-api-key", &one)]).await.ok();
    stand
        .get_with(SEARCH, &[("authorization", &format!("bearer  {one} "))])
        .await
        .ok();
    stand
        .get_with(SEARCH, &[("authorization", &bearer), ("x-api-key", &one)])
        .await
        .ok();
    let both = stand
        .get_with(SEARCH, &[("authorization", &bearer), ("x-api-key", &two)])
        .await;
    let error = both.error(400, "invalid_parameter");
    assert!(!both.text.contains(&one) && !both.text.contains(&two));
    assert_eq!(error["details"]["parameter"], "api_key");
    let twice = stand
        .get_with(SEARCH, &[("x-api-key", &one), ("x-api-key", &two)])
        .await;
    twice.error(400, "invalid_parameter");
}

#[tokio::test]
async fn a_key_in_basic_credentials_is_a_second_one() {
    let stand = Stand::new();
    let one = stand.key(&KeyRequest::named("a"));
    let two = stand.key(&KeyRequest::named("b"));
    let basic = |pair: String| format!("basic {}", STANDARD.encode(pair));
    let beside = async |pair: String| {
        let headers = [("authorization", &*basic(pair)), ("x-api-key", &one)];
        stand.get_with(SEARCH, &headers).await
    };
    beside(format!("x:{two}"))
        .await
        .error(400, "invalid_parameter");
    beside(format!("x:{one}")).await.ok();
    // What a proxy on the way goes by is none.
    beside("soc:password".into()).await.ok();
    beside(format!("{two}:")).await.ok();
}

#[tokio::test]
async fn a_key_in_the_query_is_taken_only_where_switched_on() {
    let off = Stand::new();
    let key = off.key(&KeyRequest::named("a"));
    let target = format!("{SEARCH}&api_key={key}");
    off.get_with(&target, &[])
        .await
        .error(401, "missing_api_key");
    let refused = off.get(&key, &target).await;
    refused.error(400, "unknown_parameter");

    let on = Stand::with("api_key_in_query = true");
    let key = on.key(&KeyRequest::named("a"));
    on.get_with(&format!("{SEARCH}&api_key={key}"), &[])
        .await
        .ok();
    on.get_with(&format!("/api/v1/iocs?api_key={key}"), &[])
        .await
        .ok();
    on.get(&key, &format!("{SEARCH}&api_key=other"))
        .await
        .error(400, "invalid_parameter");
}

#[tokio::test]
async fn scopes_open_routes() {
    let stand = Stand::new();
    let scopes: Scopes = "read:articles manage:keys".parse().unwrap();
    let key = stand.key(&KeyRequest {
        scopes: Some(scopes),
        ..KeyRequest::named("a")
    });
    for target in [SEARCH, "/api/v1/iocs"] {
        let error = stand
            .get(&key, target)
            .await
            .error(403, "insufficient_scope");
        assert!(error["message"].as_str().unwrap().contains("read:iocs"));
    }
}

#[tokio::test]
async fn tiers_below_the_route_s_are_told_so() {
    // Every route of this version is free, so a tier below it has to be made.
    let stand = Stand::with(
        "[tiers.trial]\nrank = 1\nrequests_per_minute = 9\nrequests_per_day = 9\n\
         results_per_request = 9\nlookback_days = 1\narticle_lookback_days = 1\n\
         formats = 'basic'\nkeys_per_account = 1",
    );
    let key = stand.key_of_tier("trial");
    let reply = stand.get(&key, SEARCH).await;
    let error = reply.error(403, "tier_required");
    assert!(error["message"].as_str().unwrap().contains("free"));
    assert_eq!(reply.header("x-ratelimit-remaining"), "8");
    stand.get(&stand.key_of_tier(PRO), SEARCH).await.ok();
}

#[tokio::test]
async fn keys_may_be_bound_to_networks() {
    let stand = Stand::with("trusted_proxies = ['192.0.2.1']");
    let bound = |network: &str| {
        let networks = vec![network.parse().unwrap()];
        stand.key(&KeyRequest {
            networks,
            ..KeyRequest::named("a")
        })
    };
    let (near, far) = (bound("192.0.2.0/24"), bound("203.0.113.0/24"));
    let from = async |key: &str, client: &str| {
        let headers = [("x-api-key", key), ("x-forwarded-for", client)];
        stand.get_with(SEARCH, &headers).await
    };
    from(&near, "192.0.2.77").await.ok();
    from(&far, "203.0.113.5").await.ok();
    let refused = from(&far, "192.0.2.77").await;
    let error = refused.error(401, "invalid_api_key");
    assert!(error["message"].as_str().unwrap().contains("network"));
    // The key was identified.
    assert_eq!(refused.header("x-ratelimit-limit"), "4294967295");
    // Of a proxy that does not say whom it speaks for, nothing is known.
    let refused = stand.get(&near, SEARCH).await;
    refused.error(401, "invalid_api_key");
    from(&near, "192.0.2.77, nonsense")
        .await
        .error(401, "invalid_api_key");
}

#[tokio::test]
async fn public_routes_need_no_key() {
    let stand = Stand::new();
    assert_eq!(stand.get_with("/healthz", &[]).await.ok()["status"], "ok");
    let ready = stand.get_with("/readyz", &[]).await.ok();
    assert_eq!(
        (&ready["status"], &ready["entries"]),
        (&"ready".into(), &0.into())
    );
    assert!(ready.get("read_only").is_none());
    stand.app.store.refuse("the \"disk\" is broken");
    let ready = stand.get_with("/readyz", &[]).await.ok();
    assert_eq!(ready["read_only"], "the \"disk\" is broken");
    assert_eq!(ready["status"], "ready");
    // What probes write into the query is for caches; a parameter of the
    // description would be a mistake.
    for target in ["/healthz?t=1", "/readyz?t=1&t=2"] {
        stand.get_with(target, &[]).await.ok();
    }
    for target in ["/openapi.json?format=yaml", "/docs?x"] {
        let reply = stand.get_with(target, &[]).await;
        reply.error(400, "unknown_parameter");
    }
    stand.app.announce_stop();
    let reply = stand.get_with("/readyz", &[]).await;
    reply.error(503, "unavailable");
    assert_eq!(reply.header("retry-after"), "5");
    stand.get_with("/healthz", &[]).await.ok();
}
