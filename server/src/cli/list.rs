//! `iocd list`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Args;
use iocd_core::value::Kind;

use super::Global;
use super::respondent::{Remote, Respondent};
use crate::operation::ListFormat;

/// List the active entries of the store, newest update first.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only this type
    #[arg(long, value_name = "TYPE")]
    r#type: Option<Kind>,
    /// Entries at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// How to print them
    #[arg(long, value_enum, default_value_t)]
    format: ListFormat,
    #[command(flatten)]
    remote: Remote,
}

impl List {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let respondent = Respondent::find(&self.remote, global)?;
        let body = respondent.list(self.r#type, self.limit, self.format)?;
        write!(
            io::stdout(),
            "{body}{}",
            if body.is_empty() || body.ends_with('\n') {
                ""
            } else {
                "\n"
            }
        )?;
        respondent.close()?;
        Ok(ExitCode::SUCCESS)
    }
}
