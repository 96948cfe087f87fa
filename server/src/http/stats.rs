//! `GET /api/v1/iocs/stats`: what the store holds, in figures.

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use iocd_core::query::{Recent, Stats};
use serde_json::{Map, Value as Json, json};

use super::accept::check_accept;
use super::articles;
use super::coding::respond;
use super::error::ApiError;
use super::feeds::{Feed, all_feeds, health_counts, second};
use super::front::Call;
use super::parameter::Parameters;
use crate::articles::Articles;
use crate::store::ClaimStore;

mod description;

pub(super) use description::STATS;

const X_CACHE_UPDATED_AT: HeaderName = HeaderName::from_static("x-cache-updated-at");
const X_CACHE_AGE_SECONDS: HeaderName = HeaderName::from_static("x-cache-age-seconds");

/// Answers with the counts of now, or of a few seconds ago.
pub(super) async fn stats<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    check_accept(call.request.headers(), "application/json")?;
    Parameters::none(&call)?;
    let app = &call.app;
    let counted = app.counter.counted(app, call.now).await?;
    let feeds = all_feeds(app, &counted.stats, call.now);
    let articles = articles::ask(app, Articles::count).await?;
    let mut data = counts(&counted.stats, articles);
    data.insert("feed_health".to_owned(), health_counts(&feeds));
    data.insert(
        "by_feed".to_owned(),
        feeds.iter().map(Feed::brief).collect(),
    );
    let body = json!({
        "meta": {
            "generated_at": second(counted.at),
            "feed_version": counted.stats.revision.to_string(),
            "source": "iocd",
        },
        "data": data,
    });
    let headers = call.request.headers();
    let mut response = respond(headers, "application/json", body.to_string().into_bytes()).await?;
    let age = call.now.duration_since(counted.at).as_secs().max(0);
    let headers = response.headers_mut();
    let updated_at = HeaderValue::from_str(&second(counted.at)).expect("a time is plain text");
    headers.insert(X_CACHE_UPDATED_AT, updated_at);
    headers.insert(X_CACHE_AGE_SECONDS, HeaderValue::from(age));
    Ok(response)
}

/// All that is counted of entries.
fn counts(stats: &Stats, articles: u64) -> Map<String, Json> {
    let named = |counts: Vec<(&str, u64)>| {
        let counts = counts.into_iter();
        let counts = counts.map(|(name, count)| (name.to_owned(), Json::from(count)));
        Json::Object(counts.collect())
    };
    let recent = |Recent { added, changed }| json!({"added": added, "changed": changed});
    let top = |counts: &[(String, u64)], what: &str| {
        let counts = counts.iter();
        counts
            .map(|(id, count)| json!({"id": id, what: count}))
            .collect::<Json>()
    };
    let kinds = stats.kinds.iter().map(|(kind, n)| (kind.as_str(), *n));
    let labels = stats.confidences.iter().rev();
    let labels = labels.map(|(label, n)| (label.as_str(), *n));
    let categories = stats.categories.iter();
    let categories = categories.map(|(category, n)| (category.as_str(), *n));
    let data = json!({
        "total_iocs": stats.total,
        "total_articles": articles,
        "by_type": named(kinds.collect()),
        "by_confidence": named(labels.collect()),
        "by_category": named(categories.collect()),
        "last_24h": recent(stats.day),
        "last_7d": recent(stats.week),
        "top_techniques": top(&stats.techniques, "entries"),
        "top_cves": top(&stats.cves, "sources"),
    });
    match data {
        Json::Object(data) => data,
        _ => Map::new(),
    }
}
