//! `GET /api/v1/iocs/search`.

use iocd::config::FREE;
use iocd::control::{Condition, FeedState, KeyRequest};
use iocd::store::ClaimStore as _;
use iocd_core::claim::{Category, Claim, ClaimIdSet, Source};
use serde_json::{Value as Json, json};

use super::standing::Stand;
use crate::values::{at, claim, record, source, subtree};

async fn ask(stand: &Stand, query: &str) -> Json {
    stand.ask(&format!("/api/v1/iocs/search?{query}")).await
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
        tags: vec!["c2".into()],
        techniques: vec!["T1071".into()],
        ports: vec![443],
        references: vec!["https://example.com/report".into()],
        first_seen: Some(at(-100)),
        ..claim("evil-domain.com")
    };
    record(&*stand.app.store, &feed, 500, [told]).await;
    let key = stand.key(&KeyRequest::named("a"));
    let reply = stand
        .get(&key, "/api/v1/iocs/search?q=evil-domain.com")
        .await;
    let body = reply.ok();
    assert_eq!(reply.header("content-type"), "application/json");
    assert!(
        reply
            .text
            .starts_with("{\"meta\":{\"total\":1,\"limit\":100,\"offset\":0,")
    );
    assert_eq!(
        body["meta"],
        json!({"total": 1, "limit": 100, "offset": 0, "query": {"input": "evil-domain.com",
            "interpretations": [{"type": "domain", "value": "evil-domain.com", "changes": []}]}})
    );
    let mut entry = body["data"][0].clone();
    let id = entry.as_object_mut().unwrap().remove("id").unwrap();
    assert_eq!(id.as_str().unwrap().len(), 36);
    assert_eq!(
        entry,
        json!({
            "type": "domain", "value": "evil-domain.com", "confidence": "high",
            "source": {"feed_name": "CISA Alerts", "category": "government", "origin": "feed",
                "reference_url": "https://example.com/report"},
            "first_seen": at(-100).to_string(), "last_seen": at(500).to_string(),
            "context": "C2 of \"Worm\"", "tags": ["c2"], "mitre_techniques": ["T1071"],
            "match": {"kind": "exact", "distance": 0}, "score": 76, "malware": "Worm", "ports": [443],
            "status": "active", "updated_at": at(500).to_string(),
        })
    );
    assert!(!reply.text.contains("null"));
}

#[tokio::test]
async fn any_spelling_finds_it_and_changes_are_told() {
    let stand = Stand::new();
    let said = [
        "evil.example.com",
        "http://evil.example.com/a",
        "203.0.113.7",
    ];
    record(&*stand.app.store, &source("a"), 500, said.map(claim)).await;
    for (query, value) in [
        ("evil[.]example[.]com", "evil.example.com"),
        ("EVIL.example.com.", "evil.example.com"),
        ("%22evil.example.com%22", "evil.example.com"),
        (
            "hxxp%3A%2F%2Fevil%5B.%5Dexample.com%2Fa",
            "http://evil.example.com/a",
        ),
        ("203.0.113.7%3A8080", "203.0.113.7"),
        ("203[.]0[.]113[.]7", "203.0.113.7"),
    ] {
        let body = ask(&stand, &format!("q={query}")).await;
        let values: Vec<_> = body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| &e["value"])
            .collect();
        assert!(values.contains(&&json!(value)), "{query}: {body}");
        let readings = body["meta"]["query"]["interpretations"].as_array().unwrap();
        let reading = readings
            .iter()
            .find(|reading| reading["value"] == value)
            .unwrap();
        assert!(
            !reading["changes"].as_array().unwrap().is_empty(),
            "{query}: {body}"
        );
    }
}

#[tokio::test]
async fn spaces_around_it_do_not_matter() {
    let stand = Stand::new();
    record(
        &*stand.app.store,
        &source("a"),
        500,
        [claim("evil.example.com")],
    )
    .await;
    let body = ask(&stand, "q=+evil.example.com%20").await;
    assert_eq!(body["meta"]["total"], 1);
    assert_eq!(body["meta"]["query"]["input"], " evil.example.com ");
}

#[tokio::test]
async fn a_miss_says_what_was_searched() {
    let stand = Stand::new();
    let body = ask(&stand, "q=nothing.example.com").await;
    assert_eq!(body["data"], json!([]));
    assert_eq!(body["meta"]["total"], 0);
    assert_eq!(
        body["meta"]["coverage"],
        json!({"feeds": 0, "stale": 0, "failing": 0})
    );
    let state = FeedState {
        feed: "a".into(),
        condition: Condition::Unreachable,
        last_good_at: Some(at(0)),
        ..FeedState::default()
    };
    stand.app.control.set_feed_state(&state).unwrap();
    for query in ["q=nothing.example.com", "q=this+is+no+indicator", "q=%00"] {
        let body = ask(&stand, query).await;
        assert_eq!(
            body["meta"]["coverage"],
            json!({"feeds": 1, "stale": 0, "failing": 1, "oldest_fetch": at(0).to_string()})
        );
    }
    let body = ask(&stand, "q=this+is+no+indicator").await;
    assert_eq!(
        body["meta"]["query"],
        json!({"input": "this is no indicator", "interpretations": []})
    );
}

#[tokio::test]
async fn type_narrows_the_readings() {
    let stand = Stand::new();
    record(
        &*stand.app.store,
        &source("a"),
        500,
        [claim("T1059"), claim("evil.example.com")],
    )
    .await;
    for name in ["mitre-attack", "mitre_attack"] {
        assert_eq!(
            ask(&stand, &format!("q=T1059&type={name}")).await["meta"]["total"],
            1
        );
    }
    let body = ask(&stand, "q=evil.example.com&type=url").await;
    assert!(
        body["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|entry| entry["type"] == "url")
    );
    let body = ask(&stand, "q=evil.example.com&type=md5").await;
    assert_eq!(
        (&body["meta"]["total"], &body["data"]),
        (&json!(0), &json!([]))
    );
}

#[tokio::test]
async fn what_covers_the_value_answers_and_says_why() {
    let stand = Stand::new();
    let said = [claim("203.0.113.0/24"), subtree("example.com")];
    record(&*stand.app.store, &source("a"), 500, said).await;
    let reason =
        async |value: &str| ask(&stand, &format!("q={value}")).await["data"][0]["match"].clone();
    assert_eq!(
        reason("203.0.113.7").await,
        json!({"kind": "network", "distance": 8})
    );
    assert_eq!(
        reason("a.b.example.com").await,
        json!({"kind": "parent_domain", "distance": 2})
    );
    assert_eq!(
        reason("%3A%3Affff%3A203.0.113.7").await,
        json!({"kind": "mapped_ipv4", "distance": 8})
    );
    assert_eq!(reason("notexample.com").await, Json::Null);
}

#[tokio::test]
async fn status_and_pages_are_applied() {
    let stand = Stand::new();
    let store = &*stand.app.store;
    let gone = source("gone");
    record(store, &gone, 100, [claim("evil.example.com")]).await;
    store
        .retain_present(&gone, &ClaimIdSet::default(), at(200))
        .await
        .unwrap();
    for number in 0..4 {
        record(
            store,
            &source(&format!("s{number}")),
            300 + number,
            [claim("evil.example.com")],
        )
        .await;
    }
    let body = ask(&stand, "q=evil.example.com").await;
    assert_eq!(body["meta"]["total"], 5);
    assert_eq!(body["data"][4]["status"], "removed");
    assert_eq!(
        ask(&stand, "q=evil.example.com&status=active").await["meta"]["total"],
        4
    );
    assert_eq!(
        ask(&stand, "q=evil.example.com&status=any").await["meta"]["total"],
        5
    );
    let page = ask(
        &stand,
        "q=evil.example.com&limit=2&offset=3&match=exact&include_related=false",
    )
    .await;
    assert_eq!(
        (&page["meta"]["limit"], &page["meta"]["offset"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(page["meta"]["total"], 5);
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
    assert_eq!(
        page["data"],
        Json::Array(body["data"].as_array().unwrap()[3..].to_vec())
    );
    let beyond = ask(&stand, "q=evil.example.com&offset=99999999999999999999").await;
    assert_eq!(
        (&beyond["meta"]["total"], &beyond["data"]),
        (&json!(5), &json!([]))
    );
    assert!(beyond["meta"].get("coverage").is_none());
}

#[tokio::test]
async fn a_limit_above_the_tier_s_is_reduced_and_told() {
    let stand = Stand::new();
    let key = stand.key_of_tier(FREE);
    let body = stand
        .get(&key, "/api/v1/iocs/search?q=x.example.com&limit=5000")
        .await
        .ok();
    assert_eq!(body["meta"]["limit"], 100);
    // The whole store is searched, whatever the tier's lookback.
    record(
        &*stand.app.store,
        &source("a"),
        -900_000,
        [claim("old.example.com")],
    )
    .await;
    let body = stand
        .get(&key, "/api/v1/iocs/search?q=old.example.com")
        .await
        .ok();
    assert_eq!(body["meta"]["total"], 1);
}

#[tokio::test]
async fn lookups_that_others_miss_answer() {
    let stand = Stand::new();
    let said = ["8.8.8.8", "google.com"].map(claim);
    record(&*stand.app.store, &source("a"), 500, said).await;
    for (query, value, kind) in [
        ("8.8.8%5B.%5D8", "8.8.8.8", "exact"),
        ("google.com.", "google.com", "exact"),
        ("8.8.8.8%3A53", "8.8.8.8", "exact"),
        ("%3A%3Affff%3A8.8.8.8", "8.8.8.8", "mapped_ipv4"),
        (
            "http%3A%2F%2Fgoogle.com%2Fx&match=cascade",
            "google.com",
            "url_host",
        ),
    ] {
        let body = ask(&stand, &format!("q={query}")).await;
        assert_eq!(body["meta"]["total"], 1, "{query}: {body}");
        let entry = &body["data"][0];
        assert_eq!(
            (&entry["value"], &entry["match"]["kind"]),
            (&json!(value), &json!(kind))
        );
    }
    let body = ask(&stand, "q=http%3A%2F%2Fgoogle.com%2Fx").await;
    assert_eq!(body["meta"]["total"], 0, "only on request");
}

#[tokio::test]
async fn a_cascade_is_labelled_and_paged() {
    let stand = Stand::new();
    let said = [
        "a.example.com",
        "x.a.example.com",
        "example.com",
        "http://a.example.com/x/y",
        "notexample.com",
    ];
    record(&*stand.app.store, &source("a"), 500, said.map(claim)).await;
    let body = ask(&stand, "q=A[.]example[.]com&match=cascade").await;
    let told: Vec<_> = body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["match"].clone())
        .collect();
    assert_eq!(body["meta"]["total"], 4);
    assert_eq!(told[0], json!({"kind": "exact", "distance": 0}));
    assert!(told.contains(&json!({"kind": "parent_domain", "distance": 1})));
    assert!(told.contains(&json!({"kind": "subdomain", "distance": 1})));
    assert_eq!(told[3], json!({"kind": "url_on_host", "distance": 3}));
    let page = ask(&stand, "q=a.example.com&match=cascade&limit=1&offset=3").await;
    assert_eq!(page["data"], json!([body["data"][3]]));
    assert_eq!(page["meta"]["total"], 4);
    let none = ask(&stand, "q=nothing.example.org&match=cascade").await;
    assert_eq!(none["meta"]["coverage"]["feeds"], 0);
}

#[tokio::test]
async fn what_belongs_to_an_answer_is_added_on_request() {
    let stand = Stand::new();
    let of_worm = |text| Claim {
        malware: Some("Worm".into()),
        ..claim(text)
    };
    let said = ["evil.example.com", "203.0.113.7"].map(of_worm);
    record(&*stand.app.store, &source("a"), 500, said).await;
    record(
        &*stand.app.store,
        &source("a"),
        510,
        [claim("x.example.com")],
    )
    .await;
    let body = ask(&stand, "q=evil.example.com&include_related=true").await;
    assert_eq!(body["meta"]["total"], 1);
    let related = body["related"].as_array().unwrap();
    assert_eq!(related.len(), 1);
    assert_eq!(related[0]["value"], "203.0.113.7");
    assert_eq!(
        related[0]["match"],
        json!({"kind": "same_malware", "distance": 0})
    );
    for query in [
        "q=nothing.example.com",
        "q=x.example.com",
        "q=x.example.com&match=cascade",
        "q=no+indicator",
    ] {
        let body = ask(&stand, &format!("{query}&include_related=true")).await;
        assert_eq!(body["related"], json!([]), "{query}");
    }
    let body = ask(&stand, "q=evil.example.com").await;
    assert!(body.get("related").is_none());
    let body = ask(&stand, "q=evil&match=contains&include_related=1").await;
    assert_eq!(body["related"][0]["value"], "203.0.113.7");
}

#[tokio::test]
async fn a_part_of_values_is_found_on_request() {
    let stand = Stand::new();
    let said = [
        "login-bank.example.com",
        "http://203.0.113.7/Bank.php",
        "example.org",
    ];
    record(&*stand.app.store, &source("a"), 500, said.map(claim)).await;
    let body = ask(&stand, "q=+BANK&match=contains").await;
    assert_eq!(body["meta"]["total"], 2);
    assert_eq!(
        body["meta"]["query"],
        json!({"input": " BANK", "interpretations": []})
    );
    for entry in body["data"].as_array().unwrap() {
        assert_eq!(entry["match"], json!({"kind": "contains", "distance": 0}));
    }
    let urls = ask(&stand, "q=bank&match=contains&type=url").await;
    assert_eq!(urls["data"][0]["value"], "http://203.0.113.7/Bank.php");
    assert_eq!(urls["meta"]["total"], 1);
    let none = ask(&stand, "q=xyzzy&match=contains").await;
    assert_eq!(none["meta"]["coverage"]["feeds"], 0);
}
