//! `iocd store`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::Value as Json;

use super::{Global, table};
use crate::backup;
use crate::config::Written;
use crate::operation::Operation;
use crate::owner::check_there;

mod check;
mod exchange;

/// Verify, back up, restore, compact, export and import what is stored.
#[derive(Debug, Subcommand)]
pub(super) enum Store {
    /// Verify every file of the data directory, reading only; a server may have it open
    Check {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a backup into a directory that is empty or does not exist; a server goes on serving
    Backup {
        /// Where to
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Drop versions of entries that nobody can ask for any more; a server goes on serving
    Compact {
        /// Days for which all that happened is kept [default: as the settings say, 30 if they do not]
        #[arg(long, value_name = "DAYS")]
        history: Option<u32>,
        /// Days after which entries that have ended, and have not come back, go [default: as the
        /// settings say, never if they do not]
        #[arg(long, value_name = "DAYS")]
        ended: Option<u32>,
    },
    /// Write out every entry, ended ones too, as a line of JSON each
    Export {
        /// Where to; - is standard output
        #[arg(long, value_name = "FILE", default_value = "-")]
        output: PathBuf,
    },
    /// Read in what was exported: merged with what is there
    Import {
        /// The export; - is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Make a data directory (--data), empty so far or not there, out of a backup
    Restore {
        /// The backup
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
}

impl Store {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let data = global.settings(Written::default())?.data;
        match self {
            Store::Check { json } => {
                check_there(&data)?;
                check::run(&data, json)
            }
            Store::Backup { dir } => {
                // Another process may do it, in another directory.
                let dir = std::path::absolute(&dir)
                    .with_context(|| format!("cannot tell where {} is", dir.display()))?;
                let owner = global.owner()?;
                let summary = owner.perform(Operation::Backup { dir: dir.clone() });
                owner.close()?;
                let summary = summary?;
                let problems = check::problems_of(&dir)?;
                anyhow::ensure!(
                    problems.is_empty(),
                    "the backup in {} does not hold: {}. The store itself may be damaged: see iocd store check",
                    dir.display(),
                    problems.join("; ")
                );
                say!("backed up {} into {}", told(&summary), dir.display());
                Ok(ExitCode::SUCCESS)
            }
            Store::Compact { history, ended } => {
                let owner = global.owner()?;
                let done = owner.perform(Operation::Compact {
                    history_days: history,
                    ended_days: ended,
                });
                owner.close()?;
                say!("{}", told_compacted(&done?));
                Ok(ExitCode::SUCCESS)
            }
            Store::Export { output } => exchange::export(&global.owner()?, &output),
            Store::Import { file } => {
                let owner = global.owner_or_new()?;
                let imported = exchange::import(&owner, &file);
                owner.close()?;
                imported
            }
            Store::Restore { dir } => {
                let summary = backup::restore(&dir, &data)?;
                let summary = serde_json::to_value(summary)?;
                say!(
                    "restored {} of {} into {}",
                    told(&summary),
                    table::text(&summary, "created_at"),
                    data.display()
                );
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn told_compacted(done: &Json) -> String {
    let (before, after) = (&done["before"], &done["after"]);
    let kept = match done["since"].as_str() {
        Some(since) => format!("all that happened since {since} is kept"),
        None => "all that ever happened is kept".to_owned(),
    };
    let gone = match done["entries_gone"].as_u64() {
        None | Some(0) => String::new(),
        Some(1) => "; 1 entry that had ended is gone".to_owned(),
        Some(entries) => format!("; {entries} entries that had ended are gone"),
    };
    format!(
        "{} versions in {} bytes, before {} in {}; {kept}{gone}",
        after["versions"], after["bytes"], before["versions"], before["bytes"]
    )
}

fn told(summary: &Json) -> String {
    format!(
        "{} entries at revision {}: {} files, {} bytes",
        summary["entries"], summary["revision"], summary["files"], summary["bytes"]
    )
}
