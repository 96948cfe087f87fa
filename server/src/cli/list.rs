//! `iocd list`.

use std::process::ExitCode;

use clap::Args;
use iocd_core::value::Kind;

use super::{Global, table};
use crate::config::Written;
use crate::operation::{ListFormat, Operation};
use crate::owner::Owner;

/// List the active entries of the store, newest update first.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only this type
    #[arg(long, value_name = "TYPE")]
    r#type: Option<Kind>,
    /// Entries at most
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// How to print them
    #[arg(long, value_enum, default_value_t)]
    format: ListFormat,
}

impl List {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let owner = Owner::find(&global.settings(Written::default())?)?;
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
        print!(
            "{body}{}",
            if body.is_empty() || body.ends_with('\n') {
                ""
            } else {
                "\n"
            }
        );
        owner.close()?;
        Ok(ExitCode::SUCCESS)
    }
}
