//! `iocd feeds run`, `accept` and `reject`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use crate::cli::Global;
use crate::run::{Action, Command, Outcome, Run};

/// Run a feed now: fetch it and read it, whatever its schedule.
///
/// Exits 0 if it was read or is unchanged, else 1.
#[derive(Debug, Args)]
pub(in crate::cli) struct RunFeed {
    /// The feed's short name
    name: String,
    /// Keep what comes in this directory, as fixtures that a test can serve again
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A list that is held.
#[derive(Debug, Args)]
pub(in crate::cli) struct Held {
    /// The feed's short name
    name: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl RunFeed {
    pub(in crate::cli) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        // A server has a working directory of its own.
        let record = self.record.map(std::path::absolute).transpose();
        let record = record.context("--record")?;
        perform(global, self.name, &Action::Run { record }, self.json)
    }
}

impl Held {
    /// Has the list read, or given up.
    pub(super) fn decide(self, global: &Global, action: &Action) -> anyhow::Result<ExitCode> {
        perform(global, self.name, action, self.json)
    }
}

fn perform(global: &Global, feed: String, action: &Action, json: bool) -> anyhow::Result<ExitCode> {
    let owner = global.owner_or_new()?;
    let done = owner.run(&Command {
        feed,
        action: action.clone(),
    });
    let closed = owner.close();
    let run = done?;
    closed?;
    if json {
        say!("{}", serde_json::to_string(&run)?);
    } else {
        print(&run)?;
    }
    let went_well =
        *action == Action::Reject || matches!(run.outcome, Outcome::Read | Outcome::Unchanged);
    Ok(if went_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print(run: &Run) -> anyhow::Result<()> {
    say!("{}: {} ({})", run.feed, run.outcome.as_str(), run.state);
    if let Some(message) = &run.message {
        say!("  {message}");
    }
    for report in &run.documents {
        say!(
            "  {}: {} rows: {} accepted, {} merged, {} unchanged, {} refused; {} claims removed",
            report.name.escape_debug(),
            report.rows,
            report.accepted,
            report.merged,
            report.unchanged,
            report.refused,
            report.removed
        );
        for warning in &report.warnings {
            say!("  {warning}");
        }
    }
    if run.pages_read + run.pages_failed > 0 {
        say!(
            "  pages of articles: {} read, {} not",
            run.pages_read,
            run.pages_failed
        );
    }
    if let Some(next) = run.next_run_at {
        say!("  next run at {next}");
    }
    Ok(())
}
