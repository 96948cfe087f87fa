//! `iocd feeds`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::{Global, table};
use crate::config::Written;
use crate::feeds::Feeds as Known;

/// Look at the known feeds.
#[derive(Debug, Subcommand)]
pub(super) enum Feeds {
    /// List them: the shipped ones and those of --feeds
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
}

impl Feeds {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let Feeds::List { json } = self;
        let settings = global.settings(Written::default())?;
        let feeds = Known::load(settings.feeds.as_deref())?;
        if json {
            for feed in feeds.all() {
                say!(
                    "{}",
                    json!({
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
                        "terms": feed.terms,
                        "redistribute": feed.redistribute,
                    })
                );
            }
            return Ok(ExitCode::SUCCESS);
        }
        let rows = feeds.all().iter().map(|feed| {
            let formats: Vec<&str> = feed
                .formats
                .iter()
                .map(|format| format.name.as_str())
                .collect();
            vec![
                feed.name.clone(),
                feed.title.clone(),
                feed.category.as_str().to_owned(),
                formats.join(", "),
                feed.publisher.clone(),
            ]
        });
        table::print(&["NAME", "TITLE", "CATEGORY", "FORMATS", "PUBLISHER"], rows)?;
        Ok(ExitCode::SUCCESS)
    }
}
