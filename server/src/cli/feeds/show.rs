//! `iocd feeds show`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value as Json, json};

use super::{describe, states};
use crate::cli::Global;
use crate::config::Written;
use crate::feeds::Feeds;

/// Show what a feed is and how it is.
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// The feed's short name
    name: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(in crate::cli) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let settings = global.settings(Written::default())?;
        let feeds = Feeds::load(settings.feeds.as_deref())?;
        let Some(feed) = feeds.get(&self.name) else {
            anyhow::bail!(
                "there is no feed {:?}: `iocd feeds list` names those that are known",
                self.name
            );
        };
        let states = states::read(global, &settings, &feeds)?;
        let told = describe(feed, states.get(&self.name));
        if self.json {
            say!("{told}");
            return Ok(ExitCode::SUCCESS);
        }
        let members = told.as_object().into_iter().flatten();
        for (key, value) in members.filter(|(_, value)| !value.is_null()) {
            match value {
                Json::String(text) => say!("{key}: {text}"),
                Json::Object(members) => {
                    say!("{key}:");
                    for (key, value) in members {
                        say!("  {key}: {}", plain(value));
                    }
                }
                other => say!("{key}: {}", plain(other)),
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Text without its quotes.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => json!(other).to_string(),
    }
}
