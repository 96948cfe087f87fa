//! `iocd deny`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use iocd_core::claim::Confidence;
use iocd_core::value::Kind;

use super::{Global, table};
use crate::operation::{Denial, Operation};

/// Keep values of your own that are bad: entries of the feed `local`.
#[derive(Debug, Subcommand)]
pub(super) enum Deny {
    /// Deny a value, a network or '*.domain' (it and all below it)
    Add(Add),
    /// End an entry of your own
    Remove {
        /// As it was added, in any spelling
        value: String,
        /// Read the value only as this type
        #[arg(long, value_name = "TYPE")]
        r#type: Option<Kind>,
    },
    /// List what is denied
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// The value in any spelling, a network, or '*.domain'
    value: String,
    /// Why; shown as the entry's context
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// How sure it is: high, medium, low, or 0 to 100
    #[arg(long, value_name = "HOW", default_value = "high", value_parser = read_confidence)]
    confidence: u8,
    /// A tag of the entry; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Days until the entry no longer holds
    #[arg(long, value_name = "N")]
    expires_in_days: Option<u32>,
    /// Read the value only as this type
    #[arg(long, value_name = "TYPE")]
    r#type: Option<Kind>,
}

/// A label stands for a number that has it.
fn read_confidence(text: &str) -> Result<u8, String> {
    let label = Confidence::ALL
        .into_iter()
        .find(|label| label.as_str() == text);
    match label {
        Some(Confidence::High) => Ok(85),
        Some(Confidence::Medium) => Ok(60),
        Some(Confidence::Low) => Ok(30),
        None => text
            .parse()
            .ok()
            .filter(|number| *number <= 100)
            .ok_or_else(|| "expected high, medium, low, or a number from 0 to 100".to_owned()),
    }
}

impl Deny {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let owner = match self {
            Deny::Add(_) => global.owner_or_new()?,
            _ => global.owner()?,
        };
        match self {
            Deny::Add(add) => {
                let denied = owner.perform(Operation::Deny(Denial {
                    text: add.value,
                    kind: add.r#type,
                    reason: add.reason,
                    confidence: add.confidence,
                    tags: add.tags,
                    expires_in_days: add.expires_in_days,
                }))?;
                for pattern in denied.as_array().into_iter().flatten() {
                    say!("{} is denied", table::text(pattern, "pattern"));
                }
            }
            Deny::Remove {
                value: text,
                r#type: kind,
            } => {
                let removed = owner.perform(Operation::Undeny { text, kind })?;
                for pattern in removed.as_array().into_iter().flatten() {
                    say!("{} is no longer denied", table::text(pattern, "pattern"));
                }
            }
            Deny::List { json } => {
                let denied = owner.perform(Operation::ListDenied)?;
                if json {
                    say!("{denied}");
                } else {
                    let fields = [
                        "pattern",
                        "type",
                        "confidence",
                        "tags",
                        "added_at",
                        "expires_at",
                        "reason",
                    ];
                    let rows =
                        denied.as_array().into_iter().flatten().map(|pattern| {
                            fields.map(|field| table::text(pattern, field)).to_vec()
                        });
                    table::print(
                        &[
                            "PATTERN",
                            "TYPE",
                            "CONFIDENCE",
                            "TAGS",
                            "ADDED",
                            "EXPIRES",
                            "REASON",
                        ],
                        rows,
                    )?;
                }
            }
        }
        owner.close()?;
        Ok(ExitCode::SUCCESS)
    }
}
