//! `iocd allow`.

use std::process::ExitCode;

use clap::Subcommand;
use iocd_core::value::Kind;

use super::{Global, table};
use crate::operation::Operation;

/// Keep values known to be good: their entries stay stored, answer with the
/// warning `allowed`, and leave lists and exports.
#[derive(Debug, Subcommand)]
pub(super) enum Allow {
    /// Allow a value (itself only), a network (also what is inside and URLs there) or '*.domain' (all below it)
    Add {
        /// The value in any spelling, a network, or '*.domain'
        value: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Read the value only as this type
        #[arg(long, value_name = "TYPE")]
        r#type: Option<Kind>,
    },
    /// Allow it no longer
    Remove {
        /// As it was added, in any spelling
        value: String,
        /// Read the value only as this type
        #[arg(long, value_name = "TYPE")]
        r#type: Option<Kind>,
    },
    /// List what is allowed
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Allow {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let owner = match self {
            Allow::Add { .. } => global.owner_or_new()?,
            _ => global.owner()?,
        };
        match self {
            Allow::Add {
                value: text,
                reason,
                r#type: kind,
            } => {
                let added = owner.perform(Operation::Allow { text, kind, reason })?;
                for pattern in added.as_array().into_iter().flatten() {
                    let name = table::text(pattern, "pattern");
                    match pattern["entries"].as_u64() {
                        Some(1) => say!("{name} is allowed: 1 entry about it"),
                        Some(entries) => say!("{name} is allowed: {entries} entries about it"),
                        None => say!("{name} is allowed"),
                    }
                }
            }
            Allow::Remove {
                value: text,
                r#type: kind,
            } => {
                let removed = owner.perform(Operation::Disallow { text, kind })?;
                for pattern in removed.as_array().into_iter().flatten() {
                    say!("{} is no longer allowed", table::text(pattern, "pattern"));
                }
            }
            Allow::List { json } => {
                let allowed = owner.perform(Operation::ListAllowed)?;
                if json {
                    say!("{allowed}");
                } else {
                    let rows = allowed.as_array().into_iter().flatten().map(|pattern| {
                        ["pattern", "type", "added_at", "reason"]
                            .map(|field| table::text(pattern, field))
                            .to_vec()
                    });
                    table::print(&["PATTERN", "TYPE", "ADDED", "REASON"], rows)?;
                }
            }
        }
        owner.close()?;
        Ok(ExitCode::SUCCESS)
    }
}
