//! `GET /api/v1/articles` and `GET /api/v1/articles/{id}`.

use iocd::control::{KeyRequest, Scope, Scopes};
use iocd_core::article::{Article, Indicator, Topic};
use iocd_core::claim::{Category, Source};
use serde_json::{Value as Json, json};

use super::standing::Stand;
use crate::values::{DAY, at};

const LIST: &str = "/api/v1/articles";

fn source() -> Source {
    Source::new("example-news", "Example News", Category::News)
}

fn article(number: i64) -> Article {
    Article {
        id: format!("00000000-0000-8000-8000-{number:012}"),
        title: format!("Story {number}"),
        url: format!("https://news.example.com/{number}"),
        published_at: Some(at(1_000 - 3_600 * number)),
        summary: "Nothing much.".to_owned(),
        severity: 10,
        ..Article::default()
    }
}

/// One that has everything.
pub(super) fn rich() -> Article {
    Article {
        title: "APT28 exploits a gateway".to_owned(),
        summary: "The group exploits CVE-2026-0001 to install Emotet.".to_owned(),
        topic: Topic::Vulnerabilities,
        severity: 91,
        tags: vec!["gateways".to_owned()],
        sectors: vec!["energy".to_owned()],
        actors: vec!["APT28".to_owned()],
        malware: vec!["Emotet".to_owned()],
        cves: vec!["CVE-2026-0001".to_owned()],
        techniques: vec!["T1059.001".to_owned()],
        indicators: vec![Indicator {
            kind: "domain".to_owned(),
            value: "bad.example.com".to_owned(),
            context: "It calls bad[.]example[.]com.".to_owned(),
        }],
        ..article(0)
    }
}

fn filled() -> Stand {
    let stand = Stand::new();
    put(&stand, &rich());
    for number in 1..10 {
        put(&stand, &article(number));
    }
    stand
}

pub(super) fn put(stand: &Stand, article: &Article) {
    let one = std::slice::from_ref(article);
    stand
        .app
        .articles
        .record(&source(), one, at(1_000))
        .unwrap();
}

fn ids(body: &Json) -> Vec<String> {
    let data = body["data"].as_array().unwrap();
    let ids = data.iter().map(|one| one["id"].as_str().unwrap());
    ids.map(|id| id[24..].trim_start_matches('0').to_owned())
        .collect()
}

#[tokio::test]
async fn an_article_has_what_was_asked_for() {
    let stand = filled();
    let plain = stand.ask(&format!("{LIST}?limit=1")).await;
    let fields = plain["data"][0].as_object().unwrap();
    for name in ["iocs", "cve_ids", "threat_actors", "mitre_techniques"] {
        assert!(!fields.contains_key(name), "{name}");
    }
    assert_eq!(fields["ioc_count"], 2);
    assert_eq!(fields["severity_label"], "critical");
    assert_eq!(fields["published_at"], at(1_000).to_string());
    let expanded = stand
        .ask(&format!(
            "{LIST}?limit=1&expand=iocs,mitre&fields=title,cve_ids"
        ))
        .await;
    assert_eq!(
        expanded["data"][0],
        json!({
            "id": "00000000-0000-8000-8000-000000000000",
            "title": "APT28 exploits a gateway",
            "iocs": [{"type": "domain", "value": "bad.example.com", "context": "It calls bad[.]example[.]com."}],
            "cve_ids": ["CVE-2026-0001"],
            "mitre_techniques": [{"id": "T1059.001", "name": "PowerShell", "tactic": "execution"}],
        })
    );
    let whole = stand
        .ask(&format!("{LIST}/00000000-0000-8000-8000-000000000000"))
        .await;
    assert_eq!(whole["data"]["threat_actors"], json!(["APT28"]));
    assert_eq!(whole["data"]["iocs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn filters_admit() {
    let stand = filled();
    for query in [
        "q=gateway",
        "q=exploit*%20emotet",
        "category=vulnerabilities",
        "severity=critical",
        "min_severity=high",
        "has_iocs=true",
        "threat_actor=fancy%20bear",
        "threat_actor=APT28",
        "industry=energy",
        "mitre_technique=T1059",
        "since=2001-01-01&q=gateways",
    ] {
        let body = stand.ask(&format!("{LIST}?{query}")).await;
        assert_eq!(ids(&body), [""], "{query}");
        assert_eq!(body["meta"]["total"], 1);
        assert_eq!(body["meta"]["next_cursor"], Json::Null);
    }
    for query in [
        "q=unheard",
        "severity=high",
        "modified_since=2100-01-01",
        "q=%22%28*",
    ] {
        let body = stand.ask(&format!("{LIST}?{query}")).await;
        assert_eq!(body["meta"]["total"], 0, "{query}");
    }
    assert_eq!(
        ids(&stand
            .ask(&format!("{LIST}?severity=low&sort=published_at"))
            .await)[0],
        "9"
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let stand = filled();
    let key = stand.key(&KeyRequest::named("a"));
    for query in [
        "q=",
        "q=%00",
        "category=nonsense",
        "severity=severe",
        "industry=moon",
        "mitre_technique=TA0001",
        "expand=everything",
        "fields=title,nothing",
        "sort=title",
        "limit=0",
        "format=xml",
        "cursor=x",
    ] {
        let reply = stand.get(&key, &format!("{LIST}?{query}")).await;
        reply.error(400, "invalid_parameter");
    }
    let reply = stand.get(&key, &format!("{LIST}?actor=x")).await;
    reply.error(400, "unknown_parameter");
}

#[tokio::test]
async fn a_walk_tells_each_article_once_whatever_is_read_meanwhile() {
    let stand = filled();
    let key = stand.key(&KeyRequest::named("a"));
    let mut told = Vec::new();
    let mut target = format!("{LIST}?limit=3&severity=low");
    for round in 0.. {
        let body = stand.get(&key, &target).await.ok();
        told.extend(ids(&body));
        let Some(cursor) = body["meta"]["next_cursor"].as_str() else {
            break;
        };
        target = format!("{LIST}?limit=3&cursor={cursor}");
        // News of now stands before all that was told.
        let new = Article {
            published_at: None,
            ..article(100 + round)
        };
        put(&stand, &new);
    }
    assert_eq!(told, ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    let body = stand
        .get(&key, &format!("{LIST}?limit=1&severity=low"))
        .await
        .ok();
    let cursor = body["meta"]["next_cursor"].as_str().unwrap();
    let same = stand
        .get(&key, &format!("{LIST}?severity=low&cursor={cursor}"))
        .await;
    same.ok();
    for other in ["severity=high", "sort=published_at"] {
        let reply = stand
            .get(&key, &format!("{LIST}?{other}&cursor={cursor}"))
            .await;
        reply.error(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn tiers_look_back_so_far_and_say_so() {
    let stand = filled();
    let old = Article {
        published_at: Some(at(1_000 - 8 * DAY)),
        ..article(50)
    };
    put(&stand, &old);
    let target = format!("{LIST}/{}", old.id);
    let (free, pro) = (stand.key_of_tier("free"), stand.key_of_tier("pro"));
    stand
        .get(&free, &target)
        .await
        .error(403, "lookback_exceeded");
    stand.get(&pro, &target).await.ok();
    let body = stand
        .get(&free, &format!("{LIST}?since=2001-01-01&limit=1000"))
        .await
        .ok();
    assert_eq!(body["meta"]["total"], 10);
    assert_eq!(body["meta"]["limit"], 100);
    assert_eq!(
        body["meta"]["filters"]["since"],
        at(1_000 - 7 * DAY).to_string()
    );
    let body = stand.get(&pro, &format!("{LIST}?limit=5000")).await.ok();
    assert_eq!(
        (&body["meta"]["total"], &body["meta"]["limit"]),
        (&json!(11), &json!(1_000))
    );
}

#[tokio::test]
async fn lines_and_tables_are_for_keys_that_may_export() {
    let stand = filled();
    let with = |tier: &str, scopes: &[Scope]| {
        let scopes: Scopes = scopes.iter().copied().collect();
        stand.key(&KeyRequest {
            tier: Some(tier.into()),
            scopes: Some(scopes),
            ..KeyRequest::named("a")
        })
    };
    let both = [Scope::ReadArticles, Scope::ExportArticles];
    for format in ["ndjson", "csv"] {
        let target = format!("{LIST}?format={format}&limit=2");
        let reply = stand.get(&with("free", &both), &target).await;
        reply.error(403, "tier_required");
        let reply = stand.get(&with("pro", &both[..1]), &target).await;
        reply.error(403, "insufficient_scope");
        let reply = stand.get(&with("pro", &both), &target).await;
        assert_eq!(reply.status, 200);
        let lines = 2 + usize::from(format == "csv");
        assert_eq!(reply.text.lines().count(), lines, "{}", reply.text);
    }
    let formula = Article {
        title: "=1+1, \"x\"".to_owned(),
        published_at: None,
        ..article(60)
    };
    put(&stand, &formula);
    let reply = stand
        .get(&with("pro", &both), &format!("{LIST}?format=csv&limit=1"))
        .await;
    assert!(
        reply.text.contains("\"'=1+1, \"\"x\"\"\""),
        "{}",
        reply.text
    );
}

#[tokio::test]
async fn what_is_not_there_or_archived_is_told_so() {
    let stand = filled();
    let key = stand.key(&KeyRequest::named("a"));
    let target = format!("{LIST}/{}", article(1).id);
    for id in [
        "nothing",
        "00000000-0000-8000-8000-999999999999",
        "%27%20OR%201=1",
    ] {
        let reply = stand.get(&key, &format!("{LIST}/{id}")).await;
        reply.error(404, "article_not_found");
    }
    stand
        .app
        .articles
        .archive_old(jiff::SignedDuration::ZERO, at(2_000))
        .unwrap();
    stand
        .get(&key, &target)
        .await
        .error(410, "article_archived");
    let body = stand
        .get(&key, &format!("{target}?include_archived=true"))
        .await
        .ok();
    assert_eq!(body["data"]["archived"], true);
    assert_eq!(stand.ask(LIST).await["meta"]["total"], 0);
}

#[tokio::test]
async fn who_has_it_already_is_told_so() {
    let stand = filled();
    let key = stand.key(&KeyRequest::named("a"));
    for target in [LIST.to_owned(), format!("{LIST}/{}", article(0).id)] {
        let ask = async |tag: &str| {
            let headers = [("x-api-key", &*key), ("if-none-match", tag)];
            stand.get_with(&target, &headers).await
        };
        let first = ask("\"x\"").await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\""), "{tag}");
        stand.app.clock.advance(1_000);
        assert_eq!(ask(&tag).await.status, 304);
        put(
            &stand,
            &Article {
                title: format!("Other {target}"),
                ..rich()
            },
        );
        assert_eq!(ask(&tag).await.status, 200);
    }
}

#[tokio::test]
async fn a_cve_is_looked_up_with_the_articles_that_name_it_and_stats_count_them() {
    let stand = filled();
    let body = stand.ask("/api/v1/lookup?value=CVE-2026-0001").await;
    let told = body["data"]["articles"].as_array().unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["title"], "APT28 exploits a gateway");
    let body = stand.ask("/api/v1/lookup?value=bad.example.com").await;
    assert_eq!(body["data"]["articles"], json!([]));
    let stats = stand.ask("/api/v1/iocs/stats").await;
    assert_eq!(stats["data"]["total_articles"], 10);
}
