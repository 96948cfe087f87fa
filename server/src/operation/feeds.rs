//! How the feeds are.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::config::FetchSettings;
use crate::control::{Condition, Control, FetchState};
use crate::feeds::Feeds;
use crate::run::Runner;
use crate::store::ClaimStore;

/// Of those that have a schedule or were ever tried.
pub(super) fn list<S: ClaimStore>(control: &Control, runner: &Runner<S>, now: Timestamp) -> Json {
    let parts = runner.parts();
    let is_running = |name: &str| runner.is_running(name);
    tell_all(control, &parts.feeds, &parts.settings, &is_running, now)
}

/// The same, of control data that nobody serves.
pub(crate) fn tell_all(
    control: &Control,
    feeds: &Feeds,
    settings: &FetchSettings,
    is_running: &dyn Fn(&str) -> bool,
    now: Timestamp,
) -> Json {
    let scheduled = feeds.all().iter().filter(|feed| settings.schedules(feed));
    let scheduled: BTreeSet<_> = scheduled.map(|feed| feed.name.clone()).collect();
    let tried = control.feed_states().into_iter().map(|state| state.feed);
    let names: BTreeSet<_> = scheduled.iter().cloned().chain(tried).collect();
    let told = names.into_iter().map(|name| {
        let state = control.feed_state(&name);
        let condition = state.as_ref().map(|state| state.condition_at(now));
        let fetching = control.fetch_state(&name);
        let is_scheduled = scheduled.contains(&name);
        let mut json = json!({
            "name": name,
            "state": condition.map_or("never", Condition::as_str),
        });
        if let Some(state) = state {
            json["message"] = json!(state.message);
            json["last_good_at"] = json!(state.last_good_at);
            json["last_attempt_at"] = json!(state.last_attempt_at);
            json["rows_accepted"] = json!(state.rows_accepted);
            json["rows_refused"] = json!(state.rows_refused);
        }
        for (key, value) in fetching_members(&fetching, is_scheduled, is_running(&name)) {
            json[key] = value;
        }
        json
    });
    told.collect()
}

/// What is told of fetching a feed, wherever that is told.
pub(crate) fn fetching_members(
    state: &FetchState,
    is_scheduled: bool,
    is_running: bool,
) -> Map<String, Json> {
    let mut members = Map::new();
    let mut put = |key: &str, value| members.insert(key.to_owned(), value);
    put("scheduled", is_scheduled.into());
    put("running", is_running.into());
    put("failures", state.failures.into());
    if let Some(due_at) = state.due_at.filter(|_| is_scheduled) {
        put("next_run_at", second(due_at).into());
    }
    if let Some(held) = &state.held {
        let told = json!({
            "held_at": second(held.held_at),
            "reason": held.reason,
            "bytes": held.bytes,
            "rows": held.rows,
            "rows_refused": held.refused,
        });
        put("held", told);
    }
    members
}

/// A time in whole seconds.
fn second(time: Timestamp) -> String {
    let mut text = Vec::new();
    iocd_core::export::write_time(&mut text, time);
    String::from_utf8(text).expect("a time is plain text")
}
