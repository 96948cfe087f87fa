//! An article as JSON.

use iocd_core::attack;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::articles::Stored;

/// What is told only where it is asked for: `expand`.
pub(super) const EXPANSIONS: [(&str, &str); 4] = [
    ("iocs", "iocs"),
    ("cves", "cve_ids"),
    ("threat_actors", "threat_actors"),
    ("mitre", "mitre_techniques"),
];

/// Every field, in the order in which they are told.
pub(super) const FIELDS: [&str; 20] = [
    "id",
    "title",
    "url",
    "source_name",
    "published_at",
    "fetched_at",
    "modified_at",
    "summary",
    "category",
    "severity_label",
    "severity_score",
    "tags",
    "industry_tags",
    "malware",
    "threat_actors",
    "iocs",
    "cve_ids",
    "mitre_techniques",
    "has_iocs",
    "ioc_count",
];

/// Everything that there is of an article.
pub(super) fn whole(article: &Stored) -> Json {
    let fields = FIELDS
        .iter()
        .map(|name| ((*name).to_owned(), field(article, name)));
    let mut whole: Map<String, Json> = fields.collect();
    if article.is_archived {
        whole.insert("archived".to_owned(), Json::Bool(true));
    }
    Json::Object(whole)
}

/// Some fields of it.
pub(super) fn some(article: &Stored, wanted: &[&'static str]) -> Json {
    let fields = wanted
        .iter()
        .map(|name| ((*name).to_owned(), field(article, name)));
    Json::Object(fields.collect())
}

/// What another answer tells of an article.
pub(in crate::http) fn brief(article: &Stored) -> Json {
    some(
        article,
        &["id", "title", "url", "source_name", "published_at"],
    )
}

pub(super) fn field(article: &Stored, name: &str) -> Json {
    let body = &article.body;
    match name {
        "id" => json!(article.id),
        "title" => json!(article.title),
        "url" => json!(article.url),
        "source_name" => json!(article.source_name),
        "published_at" => json!(time(article.published_at)),
        "fetched_at" => json!(time(article.fetched_at)),
        "modified_at" => json!(time(article.modified_at)),
        "summary" => json!(article.summary),
        "category" => json!(article.topic.as_str()),
        "severity_label" => json!(article.label().as_str()),
        "severity_score" => json!(article.severity),
        "tags" => json!(body.tags),
        "industry_tags" => json!(body.sectors),
        "malware" => json!(body.malware),
        "threat_actors" => json!(body.actors),
        "iocs" => json!(body.indicators),
        "cve_ids" => json!(body.cves),
        "mitre_techniques" => body.techniques.iter().map(|id| technique(id)).collect(),
        "has_iocs" => json!(body.accused() > 0),
        "ioc_count" => json!(body.accused()),
        other => unreachable!("{other} is no field of an article"),
    }
}

fn technique(id: &str) -> Json {
    match attack::technique(id) {
        Some(technique) => json!({
            "id": id,
            "name": technique.name,
            "tactic": technique.tactics().next(),
        }),
        None => json!({"id": id, "name": null, "tactic": null}),
    }
}

/// To the second, as all times of the API.
pub(super) fn time(time: Timestamp) -> String {
    let second = Timestamp::from_second(time.as_second()).unwrap_or(time);
    second.to_string()
}
