//! Bodies of `POST /api/v1/keys`: read strictly, and bounded.

use iocd::config::PRO;
use serde_json::json;

use super::{KEYS, made, make, manager};
use crate::api::standing::Stand;

#[tokio::test]
async fn values_are_checked_field_by_field() {
    let stand = Stand::new();
    let manager = manager(&stand, "default", PRO);
    for (field, values) in [
        (
            "name",
            json!(["", " \t ", "a\nb", "x".repeat(101), 5, ["a"], {}]),
        ),
        (
            "expires_in_days",
            json!([0, 366, -1, 1.5, "9", u64::MAX, true]),
        ),
        ("tier", json!(["gold", "", [], 1])),
        (
            "scopes",
            json!([[], "read:iocs", ["read:all"], [1], ["read:iocs", null]]),
        ),
        (
            "allowed_networks",
            json!([["here"], "::1", [""], vec!["::1"; 101], ["192.0.2.0/33"]]),
        ),
    ] {
        for value in values.as_array().unwrap() {
            let mut body = json!({"name": "a"});
            body[field] = value.clone();
            let error = make(&stand, &manager, &body)
                .await
                .error(400, "invalid_parameter");
            assert_eq!(error["details"]["parameter"], field, "{body}");
        }
    }
    for (field, value, nearest) in [
        ("tier", json!("fre"), "free"),
        ("scopes", json!(["read:ioc"]), "read:iocs"),
    ] {
        let mut body = json!({"name": "a"});
        body[field] = value;
        let reply = make(&stand, &manager, &body).await;
        let details = reply.error(400, "invalid_parameter")["details"].clone();
        assert_eq!(details["nearest"], nearest, "{body}");
        let allowed = details["allowed"].as_array().unwrap();
        assert!(allowed.contains(&nearest.into()), "{body}");
    }
    for body in [
        json!({}),
        json!({"name": null}),
        json!({"expires_in_days": 9}),
    ] {
        let error = make(&stand, &manager, &body)
            .await
            .error(400, "missing_parameter");
        assert_eq!(error["details"]["parameter"], "name", "{body}");
    }
    // `null` is as good as nothing.
    let nothing = json!({"name": "x".repeat(100), "expires_in_days": null, "tier": null,
                         "scopes": null, "allowed_networks": null});
    let key = made(&make(&stand, &manager, &nothing).await);
    assert_eq!(
        (&key["expires_at"], &key["tier"]),
        (&json!(null), &PRO.into())
    );
    // JSON has one type of numbers.
    let whole = json!({"name": "a", "expires_in_days": 30.0});
    let days = json!({"name": "a", "expires_in_days": 30});
    let [whole, days] = [
        made(&make(&stand, &manager, &whole).await),
        made(&make(&stand, &manager, &days).await),
    ];
    assert!(days["expires_at"].is_string());
    assert_eq!(whole["expires_at"], days["expires_at"]);
    // The manager's own and these: nothing was made where an error was told.
    assert_eq!(stand.app.control.keys().unwrap().len(), 4);
}

#[tokio::test]
async fn unknown_fields_are_refused_by_name() {
    let stand = Stand::new();
    let manager = manager(&stand, "default", PRO);
    let account = json!({"name": "a", "account": "other"});
    let error = make(&stand, &manager, &account)
        .await
        .error(400, "unknown_parameter");
    assert_eq!(error["details"]["parameter"], "account");
    let misspelt = json!({"name": "a", "expires_in_day": 5});
    let error = make(&stand, &manager, &misspelt)
        .await
        .error(400, "unknown_parameter");
    assert_eq!(error["details"]["nearest"], "expires_in_days");
    let query = stand
        .post(&manager, "/api/v1/keys?name=a", "application/json", "{}")
        .await;
    query.error(400, "unknown_parameter");
}

#[tokio::test]
async fn what_is_no_object_is_refused() {
    let stand = Stand::new();
    let manager = manager(&stand, "default", PRO);
    for (body, parameter) in [
        ("{\"name\": \"a\", \"name\": \"b\"}", "name"),
        ("{\"name\": \"a\"", "body"),
        ("[]", "body"),
        ("null", "body"),
        ("", "body"),
    ] {
        let reply = stand.post(&manager, KEYS, "application/json", body).await;
        let error = reply.error(400, "invalid_parameter");
        assert_eq!(error["details"]["parameter"], parameter, "{body}");
    }
    let long = json!({"name": "x".repeat(70_000)}).to_string();
    let reply = stand.post(&manager, KEYS, "application/json", long).await;
    reply.error(413, "payload_too_large");
    for media_type in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let reply = stand
            .post(&manager, KEYS, media_type, "{\"name\":\"a\"}")
            .await;
        reply.error(415, "unsupported_media_type");
    }
    let with_charset = "application/json; charset=utf-8";
    let reply = stand
        .post(&manager, KEYS, with_charset, "{\"name\":\"ä\"}")
        .await;
    assert_eq!(made(&reply)["name"], "ä");
}
