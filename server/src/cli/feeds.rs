//! `iocd feeds`.

use std::process::ExitCode;

use clap::Subcommand;
use iocd_core::feed::Feed;
use serde_json::{Value as Json, json};

use super::{Global, table};
use crate::config::Written;
use crate::feeds::Feeds as Known;
use crate::run::Action;

mod report;
mod run;
mod show;
mod states;
mod trial;

/// Look at the known feeds, run them, and see what a file would be read as.
#[derive(Debug, Subcommand)]
pub(super) enum Feeds {
    /// List them: the shipped ones and those of --feeds
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show what a feed is and how it is
    Show(show::Show),
    /// Run a feed now: fetch it and read it, whatever its schedule
    Run(run::RunFeed),
    /// Read the list of a feed that is held
    Accept(run::Held),
    /// Give up the list of a feed that is held: the one before it holds
    Reject(run::Held),
    Try(trial::Try),
}

impl Feeds {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        match self {
            Feeds::List { json } => list(global, json),
            Feeds::Show(command) => command.run(global),
            Feeds::Run(command) => command.run(global),
            Feeds::Accept(held) => held.decide(global, &Action::Accept),
            Feeds::Try(command) => command.run(global),
            Feeds::Reject(held) => held.decide(global, &Action::Reject),
        }
    }
}

fn list(global: &Global, as_json: bool) -> anyhow::Result<ExitCode> {
    let settings = global.settings(Written::default())?;
    let feeds = Known::load(settings.feeds.as_deref())?;
    let states = states::read(global, &settings, &feeds)?;
    let told = feeds.all().iter();
    let told = told.map(|feed| describe(feed, states.get(&feed.name)));
    if as_json {
        for feed in told {
            say!("{feed}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let rows = told.map(|feed| {
        [
            "name",
            "title",
            "category",
            "state",
            "next_run_at",
            "publisher",
        ]
        .map(|key| feed[key].as_str().unwrap_or_default().to_owned())
        .to_vec()
    });
    let columns = [
        "NAME",
        "TITLE",
        "CATEGORY",
        "STATE",
        "NEXT RUN",
        "PUBLISHER",
    ];
    table::print(&columns, rows)?;
    Ok(ExitCode::SUCCESS)
}

/// What a feed is, and how it is.
fn describe(feed: &Feed, state: Option<&Json>) -> Json {
    let mut told = json!({
        "name": feed.name,
        "title": feed.title,
        "publisher": feed.publisher,
        "category": feed.category,
        "connector": feed.formats[0].connector_name,
        "formats": feed.formats.iter().map(|format| &format.name).collect::<Vec<_>>(),
        "extent": feed.extent,
        "confidence": feed.confidence,
        "url": feed.fetched().map(|(_, url)| url),
        "interval_seconds": feed.interval,
        "expires_after_seconds": feed.expires_after,
        "expires_after_seconds_by_type": feed.expires_after_by_kind,
        "terms": feed.terms,
        "redistribute": feed.redistribute,
        "on_request": feed.fetching.on_request,
        "state": "never",
        "scheduled": false,
    });
    for (key, value) in state.and_then(Json::as_object).into_iter().flatten() {
        told[key] = value.clone();
    }
    told
}
