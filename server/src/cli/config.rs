//! `iocd config show`.

use std::process::ExitCode;

use clap::Subcommand;

use super::Global;
use crate::config::Written;

/// Look at the settings.
#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Print the settings in force
    Show,
}

impl Config {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let Config::Show = self;
        say!(
            "{}",
            global.settings(Written::default())?.to_toml().trim_end()
        );
        Ok(ExitCode::SUCCESS)
    }
}
