//! What a lookup finds, and what it makes of it.

use iocd::control::KeyRequest;
use iocd::store::{ClaimStore as _, Removal};
use iocd_core::claim::{Claim, ClaimIdSet, Source};
use iocd_core::value::Kind;
use iocd_core::warning::Pattern;
use serde_json::json;

use super::super::standing::Stand;
use super::{ask, look};
use crate::embedded;
use crate::values::{DAY, at, claim, record, source, subtree, value};

#[tokio::test]
async fn several_sources_add_up_to_the_score_of_a_search() {
    let stand = Stand::new();
    let store = &*stand.app.store;
    let weak = Claim {
        confidence: 30,
        first_seen: Some(at(-9 * DAY)),
        ..claim("evil.example.com")
    };
    record(store, &source("a"), 100, [claim("evil.example.com")]).await;
    record(store, &source("b"), 300, [weak]).await;
    let gone = source("gone");
    record(store, &gone, 200, [claim("evil.example.com")]).await;
    store
        .retain_present(&gone, &ClaimIdSet::default(), at(400))
        .await
        .unwrap();
    let data = look(&stand, "value=evil.example.com").await;
    let counts = (&data["total_occurrences"], &data["reporting_sources"]);
    assert_eq!(counts, (&json!(3), &json!(3)));
    let told: Vec<_> = data["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| (source["source_feed"].clone(), source["status"].clone()))
        .collect();
    let expected = [
        ("a list", "active"),
        ("b list", "active"),
        ("gone list", "removed"),
    ];
    assert_eq!(
        told,
        expected.map(|(feed, status)| (json!(feed), json!(status)))
    );
    assert_eq!(data["first_seen"], at(-9 * DAY).to_string());
    let key = stand.key(&KeyRequest::named("b"));
    let search = "/api/v1/iocs/search?q=evil.example.com&explain=true";
    let search = stand.get(&key, search).await.ok();
    assert_eq!(data["risk"]["score"], search["data"][0]["score"]);
    assert_eq!(data["explanation"], search["data"][0]["explanation"]);
}

#[tokio::test]
async fn of_many_sources_so_many_are_told_as_the_tier_has_results() {
    let stand = Stand::with("[tiers.free]\nresults_per_request = 2");
    for name in ["a", "b", "c"] {
        let said = [claim("evil.example.com")];
        record(&*stand.app.store, &source(name), 500, said).await;
    }
    let key = stand.key_of_tier("free");
    let target = "/api/v1/lookup?value=evil.example.com";
    let data = stand.get(&key, target).await.ok()["data"].take();
    assert_eq!(data["sources"].as_array().unwrap().len(), 2);
    assert_eq!(data["reporting_sources"], 3);
    assert_eq!(data["total_occurrences"], 3);
}

#[tokio::test]
async fn what_was_taken_back_is_not_found() {
    let stand = Stand::new();
    let store = &*stand.app.store;
    let wrong = source("a");
    record(store, &wrong, 100, [claim("evil.example.com")]).await;
    let values = [value("evil.example.com")];
    store
        .remove(&wrong, &values, Removal::FalsePositive, at(200))
        .await
        .unwrap();
    let body = ask(&stand, "value=evil.example.com").await;
    assert_eq!(body["data"]["found"], false);
    assert!(body["meta"]["coverage"].is_object());
    assert_eq!(body["data"]["cascade"]["total"], 0);
    record(store, &source("b"), 300, [claim("evil.example.com")]).await;
    let data = look(&stand, "value=evil.example.com").await;
    assert_eq!(
        (&data["found"], &data["total_occurrences"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(data["explanation"]["terms"][1]["status"], "false_positive");
}

#[tokio::test]
async fn what_expired_is_found_and_worth_less() {
    let stand = Stand::new();
    let over = Claim {
        expires_at: Some(at(500)),
        ..claim("evil.example.com")
    };
    record(&*stand.app.store, &source("a"), 100, [over]).await;
    let data = look(&stand, "value=evil.example.com").await;
    assert_eq!(
        (&data["found"], &data["status"]),
        (&json!(true), &json!("expired"))
    );
    assert_eq!(data["risk"], json!({"score": 14, "level": "low"}));
    assert_eq!(data["confidence"], "high");
}

#[tokio::test]
async fn warnings_speak() {
    let stand = Stand::new();
    let feed = Source {
        list_non_global: false,
        ..source("a")
    };
    let said = ["8.8.8.8", "10.0.0.1", "1.2.3.4"].map(claim);
    record(&*stand.app.store, &feed, 1_000, said).await;
    for (asked, warnings, score) in [
        ("8.8.8.8", json!(["public_resolver"]), 14),
        ("10.0.0.1", json!(["non_global"]), 14),
        ("1.2.3.4", json!([]), 56),
        ("8.8.4.4", json!(["public_resolver"]), 0),
    ] {
        let data = look(&stand, &format!("value={asked}")).await;
        assert_eq!(data["warnings"], warnings, "{asked}");
        assert_eq!(data["risk"]["score"], score, "{asked}");
    }
    let pattern = Pattern::parse(Kind::Ipv4, "1.2.3.4").unwrap();
    stand.app.warnings.allow(&[pattern]);
    let data = look(&stand, "value=1.2.3.4").await;
    assert_eq!(data["warnings"], json!(["allowed"]));
    assert_eq!(data["explanation"]["caution"], "allowed");
    assert_eq!(data["risk"], json!({"score": 0, "level": "low"}));
}

#[tokio::test]
async fn what_covers_the_value_is_found_and_named() {
    let stand = Stand::new();
    let said = [
        claim("9.9.8.0/24"),
        claim("9.9.0.0/16"),
        subtree("example.com"),
    ];
    record(&*stand.app.store, &source("a"), 1_000, said).await;
    let data = look(&stand, "value=9.9.8.7").await;
    assert_eq!(data["ioc_value"], "9.9.8.7");
    assert_eq!(
        (&data["total_occurrences"], &data["reporting_sources"]),
        (&json!(2), &json!(1))
    );
    let source = &data["sources"][0];
    assert_eq!(
        (&source["ioc_value"], &source["occurrence_count"]),
        (&json!("9.9.8.0/24"), &json!(2))
    );
    assert_eq!(source["match"], json!({"kind": "network", "distance": 8}));
    // One publisher counts once.
    assert_eq!(data["risk"]["score"], 56);
    let data = look(&stand, "value=a.b.example.com").await;
    assert_eq!(
        data["sources"][0]["match"],
        json!({"kind": "parent_domain", "distance": 2})
    );
    assert_eq!(data["cascade"]["total"], 0);
}

#[tokio::test]
async fn what_is_around_is_told_and_bounded() {
    let stand = Stand::new();
    let store = &*stand.app.store;
    let urls = (0..40).map(|number| claim(&format!("http://evil.example.com/{number}")));
    record(store, &source("a"), 100, urls).await;
    let over = Claim {
        expires_at: Some(at(500)),
        ..claim("evil.example.com")
    };
    record(store, &source("a"), 200, [over, claim("example.com")]).await;
    let data = look(&stand, "value=evil.example.com").await;
    assert_eq!(data["total_occurrences"], 1);
    let cascade = &data["cascade"];
    assert_eq!(cascade["total"], 41);
    let entries = cascade["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 25);
    assert!(
        entries
            .iter()
            .all(|entry| entry["value"] != "evil.example.com")
    );
    assert_eq!(
        entries[0]["match"],
        json!({"kind": "parent_domain", "distance": 1})
    );
    let data = look(&stand, "value=nobody.example.com").await;
    assert_eq!(
        (&data["found"], &data["cascade"]["total"]),
        (&json!(false), &json!(1))
    );
}

#[tokio::test]
async fn the_embedded_store_answers_the_same() {
    let model = Stand::new();
    let (store, _directory) = embedded::open();
    let embedded = Stand::over(store, "");
    let said = || {
        let values = [
            "9.9.8.0/24",
            "9.9.8.7",
            "http://9.9.8.7/x",
            "evil.example.com",
            "8.8.8.8",
        ];
        values
            .map(claim)
            .into_iter()
            .chain([subtree("example.com")])
    };
    for name in ["a", "b"] {
        record(&*model.app.store, &source(name), 500, said()).await;
        record(&*embedded.app.store, &source(name), 500, said()).await;
    }
    let (one, other) = (model.key_of_tier("free"), embedded.key_of_tier("free"));
    for asked in [
        "9.9.8.7",
        "9.9.8.0/25",
        "evil.example.com",
        "9.9.8.7/x",
        "8.8.8.8",
        "x.example.org",
    ] {
        let target = format!("/api/v1/lookup?value={asked}");
        let expected = model.get(&one, &target).await.ok();
        assert_eq!(
            embedded.get(&other, &target).await.ok(),
            expected,
            "{asked}"
        );
    }
}
