//! `iocd list`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Args;
use iocd_core::value::Kind;

use super::{Global, table};
use crate::operation::{ListFormat, Operation};

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
}

impl List {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let owner = global.owner()?;
        let List {
            r#type: kind,
            limit,
            format,
        } = self;
        let answer = owner.perform(Operation::List {
            kind,
            limit,
            format,
        })?;
        let body = table::text(&answer, "body");
        write!(
            io::stdout(),
            "{body}{}",
            if body.is_empty() || body.ends_with('\n') {
                ""
            } else {
                "\n"
            }
        )?;
        owner.close()?;
        Ok(ExitCode::SUCCESS)
    }
}
