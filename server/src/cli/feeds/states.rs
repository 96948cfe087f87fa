//! How the feeds are, whoever owns the data directory.

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;

use serde_json::Value as Json;

use crate::cli::Global;
use crate::clock::Clock;
use crate::config::Settings;
use crate::control::{Control, DATABASE};
use crate::feeds::Feeds;
use crate::operation::Operation;
use crate::operation::feeds::tell_all;
use crate::owner::{lock, socket};

/// How feeds are, by name; nothing where there is no data directory. A store
/// need not be opened for that.
pub(super) fn read(
    global: &Global,
    settings: &Settings,
    feeds: &Feeds,
) -> anyhow::Result<BTreeMap<String, Json>> {
    let told = if UnixStream::connect(socket(&settings.data)).is_ok() {
        global.owner()?.perform(Operation::ListFeeds)?
    } else if settings.data.join(DATABASE).exists() {
        let _lock = lock(&settings.data)?;
        let clock = Clock::System;
        let control = Control::open(&settings.data, settings.tiers.clone(), clock.clone())?;
        tell_all(&control, feeds, &settings.fetch, &|_| false, clock.now())
    } else {
        Json::Array(Vec::new())
    };
    let Json::Array(told) = told else {
        anyhow::bail!("the server that owns the data directory answered something else");
    };
    let named = told.into_iter().filter_map(|state| {
        let name = state["name"].as_str()?.to_owned();
        Some((name, state))
    });
    Ok(named.collect())
}
