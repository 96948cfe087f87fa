//! `iocd warnings`.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use iocd_core::value::Kind;
use iocd_core::warning::WarningSet;
use serde_json::Value as Json;

use super::{Global, table};
use crate::config::Written;
use crate::operation::{Operation, warned};
use crate::owner::{Owner, OwnerError, check_there};
use crate::warnings::Warnings as Lists;

/// Look at the warning lists in force, or which of them cover values.
#[derive(Debug, Args)]
pub(super) struct Warnings {
    /// Values in any spelling: tell which lists cover them
    #[arg(value_name = "VALUE")]
    values: Vec<String>,
    /// Read the values only as this type
    #[arg(long, value_name = "TYPE", requires = "values")]
    r#type: Option<Kind>,
    /// Print JSON: of values, one line for each
    #[arg(long)]
    json: bool,
}

impl Warnings {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let known = Known::find(global)?;
        if self.values.is_empty() {
            let lists = known.lists()?;
            if self.json {
                say!("{lists}");
            } else {
                print_lists(&lists)?;
            }
        }
        for value in &self.values {
            let readings = known.readings(value, self.r#type)?;
            if self.json {
                say!("{readings}");
            } else {
                print_readings(value, &readings)?;
            }
        }
        known.close()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Where the lists in force are known: with what the operator allows by the
/// owner of the data directory, and where there is none yet, by the settings.
enum Known {
    Owner(Owner),
    Settings(Arc<WarningSet>),
}

impl Known {
    fn find(global: &Global) -> anyhow::Result<Known> {
        let settings = global.settings(Written::default())?;
        Ok(match check_there(&settings.data) {
            Ok(()) => Known::Owner(global.owner()?),
            Err(_) => Known::Settings(Lists::load(&settings.warnings)?.current()),
        })
    }

    fn lists(&self) -> Result<Json, OwnerError> {
        match self {
            Known::Owner(owner) => owner.perform(Operation::ListWarnings),
            Known::Settings(set) => Ok(warned::list(set)),
        }
    }

    fn readings(&self, text: &str, kind: Option<Kind>) -> Result<Json, OwnerError> {
        match self {
            Known::Owner(owner) => owner.perform(Operation::Warned {
                q: text.to_owned(),
                kind,
            }),
            Known::Settings(set) => Ok(warned::find(text, kind, set)),
        }
    }

    fn close(self) -> Result<(), OwnerError> {
        match self {
            Known::Owner(owner) => owner.close(),
            Known::Settings(_) => Ok(()),
        }
    }
}

fn print_lists(lists: &Json) -> io::Result<()> {
    let rows = lists.as_array().into_iter().flatten().map(|list| {
        vec![
            table::text(list, "name"),
            table::text(list, "entries"),
            table::text(list, "refused"),
            effect(list).to_owned(),
            table::text(list, "title"),
        ]
    });
    table::print(&["LIST", "ENTRIES", "REFUSED", "EFFECT", "TITLE"], rows)
}

fn effect(list: &Json) -> &'static str {
    if list["withholds"] == true {
        "withholds"
    } else {
        "labels"
    }
}

fn print_readings(asked: &str, readings: &Json) -> io::Result<()> {
    let readings = readings.as_array().map_or(&[][..], Vec::as_slice);
    if readings.is_empty() {
        // What was pasted may hold control characters: never to the terminal.
        say!(
            "{}: it is no indicator in any reading",
            asked.escape_debug()
        );
    }
    for reading in readings {
        let lists: Vec<String> = reading["warnings"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|list| format!("{} ({})", table::text(list, "name"), effect(list)))
            .collect();
        let value = table::text(reading, "value");
        let kind = table::text(reading, "type");
        if lists.is_empty() {
            say!("{kind} {value}: on no list");
        } else {
            say!("{kind} {value}: {}", lists.join(", "));
        }
    }
    Ok(())
}
