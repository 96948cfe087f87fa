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

/// How feeds are, by name, of those that have a schedule or were ever tried. A
/// store need not be opened for that.
pub(super) fn read(
    global: &Global,
    settings: &Settings,
    feeds: &Feeds,
) -> anyhow::Result<BTreeMap<String, Json>> {
    let told = if UnixStream::connect(socket(&settings.data)).is_ok() {
        global.owner()?.perform(Operation::ListFeeds)?
    } else {
        let (clock, tiers) = (Clock::System, settings.tiers.clone());
        let is_there = settings.data.join(DATABASE).exists();
        let _lock = is_there.then(|| lock(&settings.data)).transpose()?;
        let control = if is_there {
            Control::open(&settings.data, tiers, clock.clone())?
        } else {
            // Nothing is made by looking.
            Control::in_memory(tiers, clock.clone())?
        };
        tell_all(&control, feeds, &settings.fetch, &|_| false, clock.now())
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
