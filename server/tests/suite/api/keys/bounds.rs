//! What a key that manages keys cannot do: give more than it has, make more
//! than the account may have, reach another account's.

use iocd::config::{FREE, PRO};
use iocd::control::KeyRequest;
use serde_json::json;

use super::{KEYS, SEARCH, made, make, manager, scopes, text};
use crate::api::standing::{Reply, Stand};

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
