//! `/api/v1/feeds`: where entries come from, and how that goes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::response::Response;
use iocd_core::claim::{Category, Source};
use iocd_core::feed::Feed as Known;
use iocd_core::query::Stats;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::App;
use super::accept::check_accept;
use super::code::Code;
use super::coding::respond;
use super::disk::wait_for_disk;
use super::error::ApiError;
use super::front::Call;
use super::parameter::Parameters;
use crate::control::{Condition, FeedState, Health};
use crate::operation::feeds::fetching_members;
use crate::store::ClaimStore;

pub(super) mod description;
mod run;

pub(super) use description::{LIST, RUN, SHOW};
pub(super) use run::run;

const PATH: &str = "/api/v1/feeds/";
/// Refused rows that are told of one feed.
const SAMPLE: usize = 20;

/// Answers with all feeds that are known, were read, or have entries.
pub(super) async fn list<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    check_accept(call.request.headers(), "application/json")?;
    Parameters::none(&call)?;
    let app = &call.app;
    let counted = app.counter.counted(app, call.now).await?;
    let feeds = all_feeds(app, &counted.stats, call.now);
    let body = json!({
        "meta": {"total": feeds.len(), "generated_at": second(call.now), "health": health_counts(&feeds)},
        "data": feeds.iter().map(Feed::whole).collect::<Json>(),
    });
    let headers = call.request.headers();
    respond(headers, "application/json", body.to_string().into_bytes()).await
}

/// Answers with one feed, and rows of its latest reading that were refused.
pub(super) async fn show<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    check_accept(call.request.headers(), "application/json")?;
    Parameters::none(&call)?;
    let app = &call.app;
    let name = call.request.uri().path().strip_prefix(PATH);
    let name = name.unwrap_or_default();
    let counted = app.counter.counted(app, call.now).await?;
    let feeds = all_feeds(app, &counted.stats, call.now);
    let Some(feed) = feeds.iter().find(|feed| feed.name == name) else {
        let error = ApiError::new(Code::NotFound, "There is no feed of this name.");
        let names = feeds.iter().map(|feed| Cow::Owned(feed.name.clone()));
        return Err(error.about("name").given(name).allowing(names));
    };
    let feed_name = name.to_owned();
    let refused = wait_for_disk(app, move |control| control.refused(&feed_name)).await?;
    let mut data = feed.whole();
    data["refused_rows"] = refused
        .iter()
        .take(SAMPLE)
        .map(|row| json!({"line": row.line, "text": row.text, "reason": row.reason}))
        .collect();
    let body = json!({"meta": {"generated_at": second(call.now)}, "data": data});
    let headers = call.request.headers();
    respond(headers, "application/json", body.to_string().into_bytes()).await
}

/// What is told of a feed. Of one that is not known any more there is what
/// the store has of it; of one that was never read, what is known of it.
#[derive(Default)]
pub(super) struct Feed {
    pub(super) name: String,
    known: Option<Known>,
    source: Option<Source>,
    entries: u64,
    state: Option<FeedState>,
    /// How fetching it goes, where this process fetches.
    fetching: Map<String, Json>,
    /// As it is now; `never`: it was not read yet.
    condition: &'static str,
    health: Option<Health>,
}

/// All feeds, in the order of their names.
pub(super) fn all_feeds<S: ClaimStore>(app: &App<S>, stats: &Stats, now: Timestamp) -> Vec<Feed> {
    let mut feeds = BTreeMap::<String, Feed>::new();
    for known in app.feeds.all() {
        let feed = feeds.entry(known.name.clone()).or_default();
        feed.known = Some(known.clone());
    }
    for (source, entries) in &stats.sources {
        let feed = feeds.entry(source.name.clone()).or_default();
        feed.source = Some(source.clone());
        feed.entries = *entries;
    }
    for state in app.control.feed_states() {
        let feed = feeds.entry(state.feed.clone()).or_default();
        feed.state = Some(state);
    }
    let described = feeds.into_iter().map(|(name, feed)| {
        let condition = feed.state.as_ref().map(|state| state.condition_at(now));
        let fetching = app.runner.as_ref().map(|runner| {
            let known = app.control.fetch_state(&name);
            fetching_members(&known, runner.is_scheduled(&name), runner.is_running(&name))
        });
        Feed {
            fetching: fetching.unwrap_or_default(),
            name,
            condition: condition.map_or("never", Condition::as_str),
            health: condition.map(Condition::health),
            ..feed
        }
    });
    described.collect()
}

/// How many of the feeds that were ever read are how.
pub(super) fn health_counts(feeds: &[Feed]) -> Json {
    let counts = Health::ALL.map(|health| {
        let count = feeds.iter().filter(|feed| feed.health == Some(health));
        (health.as_str().to_owned(), Json::from(count.count()))
    });
    Json::Object(Map::from_iter(counts))
}

impl Feed {
    fn title(&self) -> &str {
        let known = self.known.as_ref().map(|known| known.title.as_str());
        let source = self.source.as_ref().map(|source| source.title.as_str());
        known.or(source).unwrap_or(&self.name)
    }

    fn category(&self) -> Option<&'static str> {
        let known = self.known.as_ref().map(|known| known.category);
        let source = self.source.as_ref().map(|source| source.category);
        known.or(source).map(Category::as_str)
    }

    /// Its names, how it is, and how many entries it has.
    pub(super) fn brief(&self) -> Json {
        json!({
            "name": self.name,
            "feed_name": self.title(),
            "category": self.category(),
            "entries": self.entries,
            "state": self.condition,
            "health": self.health.map(Health::as_str),
        })
    }

    /// All that is told of it, but for rows.
    fn whole(&self) -> Json {
        let mut json = self.brief();
        let known = self.known.as_ref();
        let source = self.source.as_ref();
        let extent = known.map(|known| known.extent);
        let extent = extent.or(source.map(|source| source.extent));
        let expires_after = known.and_then(|known| known.expires_after);
        let by_type = known.map(|known| &known.expires_after_by_kind);
        let by_type = by_type.filter(|rules| !rules.is_empty());
        let described = [
            ("publisher", json!(known.map(|known| &known.publisher))),
            ("homepage", json!(known.map(|known| &known.homepage))),
            ("terms", json!(known.map(|known| &known.terms))),
            ("redistribute", json!(known.map(|known| known.redistribute))),
            ("extent", json!(extent)),
            ("interval_seconds", json!(known.map(|known| known.interval))),
            ("expires_after_seconds", json!(expires_after)),
            (
                "mirrored_by",
                json!(source.and_then(|source| source.mirrored_by.as_ref())),
            ),
            ("expires_after_seconds_by_type", json!(by_type)),
        ];
        let state = self.state.as_ref();
        let time = |time: Option<Timestamp>| json!(time.map(second));
        let read = [
            ("message", json!(state.map(|state| &state.message))),
            (
                "last_good_at",
                time(state.and_then(|state| state.last_good_at)),
            ),
            (
                "last_attempt_at",
                time(state.and_then(|state| state.last_attempt_at)),
            ),
            ("stale_at", time(state.and_then(|state| state.stale_at))),
            (
                "rows_accepted",
                json!(state.map(|state| state.rows_accepted)),
            ),
            ("rows_refused", json!(state.map(|state| state.rows_refused))),
        ];
        for (name, value) in described.into_iter().chain(read) {
            if !value.is_null() {
                json[name] = value;
            }
        }
        for (name, value) in &self.fetching {
            json[name] = value.clone();
        }
        json
    }
}

/// A time in whole seconds.
pub(super) fn second(time: Timestamp) -> String {
    let mut text = Vec::new();
    iocd_core::export::write_time(&mut text, time);
    String::from_utf8(text).expect("a time is plain text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_with_a_rule_of_their_own_are_told() {
        let told = |expiry: &str| {
            let text = format!(
                "name = \"a\"\ntitle = \"A\"\npublisher = \"P\"\ncategory = \"vendor\"\n\
                 confidence = 50\nextent = \"events\"\nexpires_after = {expiry}\n\
                 [[format]]\nname = \"stix\"\nconnector = \"stix\"\n"
            );
            let feed = Feed {
                known: Some(text.parse().unwrap()),
                ..Feed::default()
            };
            feed.whole()
        };
        let by_type = told("{ default = \"1d\", ipv4 = \"1h\" }");
        assert_eq!(by_type["expires_after_seconds"], 86_400);
        assert_eq!(
            by_type["expires_after_seconds_by_type"],
            json!({"ipv4": 3_600})
        );
        assert_eq!(told("\"1d\"").get("expires_after_seconds_by_type"), None);
    }
}
