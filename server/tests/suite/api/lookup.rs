//! `GET /api/v1/lookup`: what it is asked and how it answers.

use iocd::control::{KeyRequest, Scopes};
use iocd_core::claim::{Category, Claim, Source};
use iocd_core::value::{Kind, Value};
use serde_json::{Value as Json, json};

use super::standing::Stand;
use crate::values::{at, claim, record, source};

mod finding;

async fn ask(stand: &Stand, query: &str) -> Json {
    stand.ask(&format!("/api/v1/lookup?{query}")).await
}

/// The data of an answer.
async fn look(stand: &Stand, query: &str) -> Json {
    ask(stand, query).await["data"].take()
}

fn keys(object: &Json) -> Vec<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn a_hit_has_the_documented_form() {
    let stand = Stand::new();
    let feed = Source {
        title: "CISA Alerts".into(),
        category: Category::Government,
        ..source("cisa-alerts")
    };
    let told = Claim {
        context: Some("C2 of \"Worm\"".into()),
        malware: Some("Worm".into()),
        tags: vec!["c2".into(), "x".into()],
        techniques: vec!["T1071.001".into(), "T9999".into()],
        references: vec!["https://example.com/report".into()],
        first_seen: Some(at(-100)),
        ..claim("evil-domain.com")
    };
    record(&*stand.app.store, &feed, 500, [told]).await;
    let body = ask(&stand, "value=evil-domain.com").await;
    assert_eq!(
        body["meta"],
        json!({"generated_at": at(1_000).to_string(), "query": {"input": "evil-domain.com",
            "interpretations": [{"type": "domain", "value": "evil-domain.com", "changes": [],
                "occurrences": 1}]}})
    );
    let mut data = body["data"].clone();
    let hunting = data.as_object_mut().unwrap().remove("hunting").unwrap();
    assert_eq!(
        keys(&hunting),
        [
            "detection_guidance",
            "splunk_query",
            "kql_query",
            "elastic_query",
            "sigma"
        ]
    );
    assert_eq!(
        hunting["elastic_query"]
            .as_str()
            .unwrap()
            .split(" or ")
            .next()
            .unwrap(),
        "dns.question.name: \"evil-domain.com\""
    );
    let rule = hunting["sigma"].as_str().unwrap();
    assert!(
        rule.contains("- attack.t1071.001\n") && rule.ends_with("level: high\n"),
        "{rule}"
    );
    let times = (at(-100).to_string(), at(500).to_string());
    assert_eq!(
        data,
        json!({
            "found": true, "ioc_value": "evil-domain.com", "ioc_type": "domain",
            "risk": {"score": 76, "level": "high"}, "status": "active", "confidence": "high",
            "first_seen": times.0, "last_seen": times.1,
            "total_occurrences": 1, "reporting_sources": 1,
            "threat_type": "command-and-control", "malware_family": "Worm", "tags": ["c2", "x"],
            "mitre_techniques": [{"id": "T1071.001", "name": "Web Protocols"}, {"id": "T9999"}],
            "sources": [{"source_feed": "CISA Alerts", "source_category": "government",
                "reference_url": "https://example.com/report",
                "first_seen": times.0, "last_seen": times.1, "occurrence_count": 1,
                "confidence": "high", "context": "C2 of \"Worm\"", "status": "active",
                "ioc_value": "evil-domain.com", "match": {"kind": "exact", "distance": 0}}],
            "explanation": {"score": 76, "combined": 0.76, "caution": "none", "caution_factor": 1.0,
                "terms": [{"source": "CISA Alerts", "publisher": "cisa-alerts", "status": "active",
                    "confidence": 80, "weight": 95, "last_seen": times.1, "age": 500,
                    "half_life": 7_776_000, "decay": 1.0, "standing": 1.0, "strength": 0.76,
                    "counts": true}]},
            "articles": [], "cascade": {"total": 0, "entries": []}, "warnings": [],
        })
    );
}

#[tokio::test]
async fn a_miss_is_no_clean_bill() {
    let stand = Stand::new();
    let body = ask(&stand, "value=nobody.example.com").await;
    assert_eq!(
        body["meta"]["coverage"],
        json!({"feeds": 0, "stale": 0, "failing": 0})
    );
    let data = &body["data"];
    assert_eq!(data["found"], false);
    assert_eq!(data["risk"], json!({"score": 0, "level": "unknown"}));
    assert_eq!(
        (&data["ioc_value"], &data["ioc_type"]),
        (&json!("nobody.example.com"), &json!("domain"))
    );
    assert!(
        data["hunting"]["sigma"]
            .as_str()
            .unwrap()
            .ends_with("level: informational\n")
    );
    assert_eq!(
        keys(data),
        [
            "found",
            "ioc_value",
            "ioc_type",
            "risk",
            "total_occurrences",
            "reporting_sources",
            "tags",
            "mitre_techniques",
            "sources",
            "hunting",
            "articles",
            "cascade",
            "warnings"
        ]
    );
    let body = ask(&stand, "value=no+indicator+at+all").await;
    assert_eq!(body["meta"]["query"]["interpretations"], json!([]));
    assert_eq!(body["meta"]["coverage"]["feeds"], 0);
    assert_eq!(
        body["data"],
        json!({"found": false, "ioc_value": "no indicator at all",
            "risk": {"score": 0, "level": "unknown"}, "total_occurrences": 0, "reporting_sources": 0,
            "tags": [], "mitre_techniques": [], "sources": [], "articles": [],
            "cascade": {"total": 0, "entries": []}, "warnings": []})
    );
}

#[tokio::test]
async fn any_spelling_is_understood_and_the_reading_with_entries_is_told() {
    let stand = Stand::new();
    let store = &*stand.app.store;
    record(
        store,
        &source("a"),
        500,
        [claim("https://evil.example.com/a")],
    )
    .await;
    for query in [
        "value=hxxps%3A%2F%2Fevil%5B.%5Dexample.com%2Fa",
        "ioc=%22HTTPS%3A%2F%2FEVIL.example.com%2Fa%22",
        "value=evil.example.com%2Fa",
    ] {
        let data = look(&stand, query).await;
        assert_eq!(data["found"], true, "{query}: {data}");
        assert_eq!(data["ioc_value"], "https://evil.example.com/a", "{query}");
    }
    let meta = &ask(&stand, "value=evil.example.com%2Fa").await["meta"];
    let told: Vec<_> = meta["query"]["interpretations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reading| {
            (
                reading["value"].as_str().unwrap(),
                reading["occurrences"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("http://evil.example.com/a", 0),
            ("https://evil.example.com/a", 1)
        ]
    );
    assert!(meta.get("coverage").is_none());
    // Of two that are known, the one with the higher score; by type, another.
    record(store, &source("b"), 1_000, [claim("9.9.8.7")]).await;
    let sure = Claim {
        confidence: 100,
        ..claim("bad.example.com")
    };
    record(store, &source("b"), 1_000, [sure]).await;
    let both = "value=bad.example.com%7C9.9.8.7";
    assert_eq!(look(&stand, both).await["ioc_value"], "bad.example.com");
    assert_eq!(
        look(&stand, &format!("{both}&type=ipv4")).await["ioc_value"],
        "9.9.8.7"
    );
}

#[tokio::test]
async fn values_that_are_code_stay_values() {
    let stand = Stand::new();
    let url = "http://example.com/a*b?x=\\\"`|$(id)[y]{z}';//";
    let url = Value::parse(Kind::Url, url).unwrap();
    record(
        &*stand.app.store,
        &source("a"),
        500,
        [Claim::new(url.clone(), 80)],
    )
    .await;
    let escapes = url.as_str().bytes().map(|byte| format!("%{byte:02x}"));
    let query = escapes.collect::<Vec<_>>().concat();
    let data = look(&stand, &format!("value={query}&type=url")).await;
    assert_eq!(
        (&data["found"], &data["ioc_value"]),
        (&json!(true), &json!(url.as_str()))
    );
    let splunk = data["hunting"]["splunk_query"].as_str().unwrap();
    assert!(
        splunk.contains("\n| where lower('url')==lower(\"http://example.com/a*b?x="),
        "{splunk}"
    );
    let techniques = look(&stand, "value=t1059.001").await;
    assert_eq!(
        techniques["mitre_techniques"],
        json!([{"id": "T1059.001", "name": "PowerShell"}])
    );
}

#[tokio::test]
async fn bad_parameters_are_told() {
    let stand = Stand::new();
    let key = stand.key(&KeyRequest::named("a"));
    for (query, code, parameter) in [
        ("", "missing_parameter", "value"),
        ("value=", "missing_parameter", "value"),
        ("type=ipv4", "missing_parameter", "value"),
        (
            "value=a.example.com&ioc=a.example.com",
            "invalid_parameter",
            "ioc",
        ),
        (
            "value=a.example.com&value=b.example.com",
            "invalid_parameter",
            "value",
        ),
        ("value=a.example.com&type=ip", "invalid_parameter", "type"),
        ("value=%ff", "invalid_parameter", "value"),
        ("vlaue=a.example.com", "unknown_parameter", "vlaue"),
        (
            "value=a.example.com&as_of=2026-01-01",
            "unknown_parameter",
            "as_of",
        ),
    ] {
        let reply = stand.get(&key, &format!("/api/v1/lookup?{query}")).await;
        let error = reply.error(400, code);
        assert_eq!(error["details"]["parameter"], parameter, "{query}");
    }
    let long = format!("/api/v1/lookup?ioc={}", "a".repeat(4_097));
    let error = stand.get(&key, &long).await.error(400, "invalid_parameter");
    assert_eq!(error["details"]["parameter"], "ioc");
    let post = stand.post(&key, "/api/v1/lookup", "text/plain", "x").await;
    post.error(405, "method_not_allowed");
}

#[tokio::test]
async fn it_needs_a_key_with_its_scope() {
    let stand = Stand::new();
    let target = "/api/v1/lookup?value=evil.example.com";
    stand
        .get_with(target, &[])
        .await
        .error(401, "missing_api_key");
    let scopes: Scopes = "read:articles".parse().unwrap();
    let key = stand.key(&KeyRequest {
        scopes: Some(scopes),
        ..KeyRequest::named("a")
    });
    stand
        .get(&key, target)
        .await
        .error(403, "insufficient_scope");
    stand.get(&stand.key_of_tier("free"), target).await.ok();
}
