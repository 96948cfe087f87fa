//! `GET /api/v1/iocs`, narrowed by what entries say besides the value.

use iocd_core::claim::{Claim, Source};
use iocd_core::sector::SECTORS;
use serde_json::{Value as Json, json};

use super::standing::Stand;
use crate::values::{DAY, at, claim, record, source};

async fn filled() -> (Stand, String) {
    let stand = Stand::new();
    let store = &*stand.app.store;
    let said = |text: &str, tag: &str, technique: &str, malware: &str, sector: &str| Claim {
        tags: vec![tag.to_owned()],
        techniques: vec![technique.to_owned()],
        malware: Some(malware.to_owned()),
        sectors: vec![sector.to_owned()],
        ..claim(text)
    };
    let first = said("one.example.com", "Phishing", "T1059", "Emotet", "energy");
    let second = said("two.example.com", "botnet", "T1059.001", "emotet", "dams");
    record(store, &source("first"), 100, [first]).await;
    record(store, &source("second"), 200, [second]).await;
    let key = stand.key(&iocd::control::KeyRequest::named("a"));
    (stand, key)
}

fn values(body: &Json) -> Vec<&str> {
    let entries = body["data"].as_array().unwrap();
    let values = entries.iter().map(|entry| entry["value"].as_str().unwrap());
    values.collect()
}

#[tokio::test]
async fn every_filter_narrows_and_is_told_as_applied() {
    let (stand, key) = filled().await;
    let (one, two): (&[_], &[_]) = (&["one.example.com"], &["two.example.com"]);
    let both: &[_] = &["two.example.com", "one.example.com"];
    for (query, expected, applied) in [
        ("source=first", one, json!({"source": "first"})),
        ("source=Second%20List", two, json!({"source": "second"})),
        (
            "source=SECOND,first",
            both,
            json!({"source": "first,second"}),
        ),
        ("tag=phishing", one, json!({"tag": "phishing"})),
        ("tag=none", &[], json!({"tag": "none"})),
        ("technique=t1059", both, json!({"technique": "T1059"})),
        (
            "technique=T1059.001",
            two,
            json!({"technique": "T1059.001"}),
        ),
        (
            "technique=T1059.002",
            &[],
            json!({"technique": "T1059.002"}),
        ),
        ("malware=EMOTET", both, json!({"malware": "EMOTET"})),
        ("industry=dams", two, json!({"industry": "dams"})),
        ("industry=nuclear", &[], json!({"industry": "nuclear"})),
        ("min_score=0", both, json!({"min_score": "0"})),
        ("min_score=100", &[], json!({"min_score": "100"})),
        (
            "malware=emotet&tag=botnet&source=second&type=domain",
            two,
            json!({"type": "domain", "source": "second", "tag": "botnet", "malware": "emotet"}),
        ),
    ] {
        let body = stand.get(&key, &format!("/api/v1/iocs?{query}")).await.ok();
        assert_eq!(values(&body), expected, "{query}");
        assert_eq!(body["meta"]["total"], expected.len(), "{query}");
        assert_eq!(body["meta"]["filters"], applied, "{query}");
    }
}

#[tokio::test]
async fn min_score_is_by_the_score_that_is_told() {
    let (stand, key) = filled().await;
    record(
        &*stand.app.store,
        &source("third"),
        300,
        [Claim {
            confidence: 10,
            ..claim("weak.example.com")
        }],
    )
    .await;
    let body = stand.get(&key, "/api/v1/iocs").await.ok();
    let scores = body["data"].as_array().unwrap().iter();
    let mut scores: Vec<u64> = scores.map(|e| e["score"].as_u64().unwrap()).collect();
    scores.sort_unstable();
    assert!(scores[0] < scores[1], "{scores:?}");
    for (least, total) in [(scores[0], 3), (scores[0] + 1, 2), (scores[2] + 1, 0)] {
        let target = format!("/api/v1/iocs?min_score={least}");
        assert_eq!(stand.get(&key, &target).await.ok()["meta"]["total"], total);
    }
}

#[tokio::test]
async fn cursors_carry_the_filters() {
    let (stand, key) = filled().await;
    let store = &*stand.app.store;
    let odd = "a&b=\"c\" ü";
    let tagged = |number: u32| Claim {
        tags: vec![odd.to_owned()],
        ..claim(&format!("d{number}.example.com"))
    };
    record(store, &source("first"), 300, (0..5).map(tagged)).await;
    let first = "/api/v1/iocs?source=first%20LIST&tag=A%26b%3D%22c%22%20%C3%9C&limit=2&include_removed=true";
    let body = stand.get(&key, first).await.ok();
    assert_eq!(body["meta"]["total"], 5);
    assert_eq!(body["meta"]["filters"]["tag"], "A&b=\"c\" Ü");
    let next = body["links"]["next"].as_str().unwrap().to_owned();
    let body = stand.get(&key, &next).await.ok();
    assert_eq!(body["meta"]["total"], 5);
    assert_eq!(body["meta"]["filters"]["source"], "first");
    let delta = body["links"]["delta"].as_str().unwrap().to_owned();
    // Alone, with the same filters, and not with others.
    let beside = format!("{delta}&source=FIRST&tag={}", "A%26b%3D%22c%22%20%C3%9C");
    assert!(values(&stand.get(&key, &beside).await.ok()).is_empty());
    let other = stand.get(&key, &format!("{delta}&source=second")).await;
    other.error(400, "invalid_parameter");

    let moved = Claim {
        confidence: 90,
        ..tagged(1)
    };
    record(store, &source("first"), 400, [moved]).await;
    record(store, &source("second"), 400, [tagged(1)]).await;
    let body = stand.get(&key, &delta).await.ok();
    assert_eq!(values(&body), ["d1.example.com"]);
    assert_eq!(body["meta"]["total"], 1);
}

#[tokio::test]
async fn what_a_filter_no_longer_admits_is_told() {
    let (stand, key) = filled().await;
    let store = &*stand.app.store;
    let target = "/api/v1/iocs?malware=emotet&include_removed=true";
    let body = stand.get(&key, target).await.ok();
    let delta = body["links"]["delta"].as_str().unwrap().to_owned();
    let renamed = Claim {
        malware: Some("TrickBot".to_owned()),
        last_seen: Some(at(DAY)),
        ..claim("one.example.com")
    };
    record(store, &source("first"), 2 * DAY, [renamed]).await;
    let body = stand.get(&key, &delta).await.ok();
    assert_eq!(values(&body), ["one.example.com"]);
    assert_eq!(body["data"][0]["removed"]["reason"], "no_longer_matches");
}

#[tokio::test]
async fn a_feed_that_was_never_read_has_an_empty_list() {
    let (stand, key) = filled().await;
    let unnamed = Source::new("quiet", "Quiet feed", iocd_core::claim::Category::News);
    record(&*stand.app.store, &unnamed, 300, []).await;
    let body = stand.get(&key, "/api/v1/iocs?source=quiet").await.ok();
    assert_eq!(body["meta"]["total"], 0);
}

#[tokio::test]
async fn a_value_that_no_filter_has_is_refused() {
    let (stand, key) = filled().await;
    for (parameter, given) in [
        ("source", "frist"),
        ("source", ""),
        ("source", "first,"),
        ("tag", ""),
        ("tag", "a%00"),
        ("technique", "phishing"),
        ("technique", "G0007"),
        ("malware", "%20"),
        ("industry", "Energy"),
        ("industry", "finance"),
        ("min_score", "101"),
        ("min_score", "-1"),
        ("min_score", "high"),
    ] {
        let target = format!("/api/v1/iocs?{parameter}={given}");
        let error = stand
            .get(&key, &target)
            .await
            .error(400, "invalid_parameter");
        assert_eq!(error["details"]["parameter"], parameter, "{target}");
        assert!(error["details"]["given"].is_string(), "{target}");
    }
    let error = stand.get(&key, "/api/v1/iocs?source=second,frist").await;
    let error = error.error(400, "invalid_parameter");
    assert_eq!(error["details"]["given"], "frist");
    assert_eq!(error["details"]["nearest"], "first");
    assert_eq!(error["details"]["allowed"], json!(["first", "second"]));
    let error = stand
        .get(&key, "/api/v1/iocs?industry=finacial-service")
        .await;
    let error = error.error(400, "invalid_parameter");
    assert_eq!(error["details"]["nearest"], "financial-services");
    assert_eq!(error["details"]["allowed"], json!(SECTORS));
    let long = "x".repeat(101);
    let error = stand.get(&key, &format!("/api/v1/iocs?tag={long}")).await;
    error.error(400, "invalid_parameter");
}
