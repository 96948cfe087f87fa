//! `iocd normalize`: how values are read.

use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;

use clap::Args;
use iocd_core::interpret::interpret;
use iocd_core::normalize::{Lenience, read, registrable};
use iocd_core::value::Kind;
use iocd_core::warning;
use serde_json::{Value as Json, json};

use crate::clock::Clock;

/// Show how values are read: one JSON object a line.
///
/// Without values, lines are read from standard input: a value each, or a type's
/// name, a tab and a value.
#[derive(Debug, Args)]
pub(super) struct Normalize {
    /// Read the values only as this type
    #[arg(long, value_name = "TYPE")]
    r#type: Option<Kind>,
    /// The values, in any spelling
    values: Vec<String>,
}

impl Normalize {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        for value in &self.values {
            writeln!(out, "{}", normalize(value, self.r#type))?;
        }
        if self.values.is_empty() {
            let mut line = Vec::new();
            let mut input = io::stdin().lock();
            while input.read_until(b'\n', &mut line)? > 0 {
                let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
                let typed = text
                    .split_once('\t')
                    .and_then(|(kind, value)| Some((kind.parse().ok()?, value)));
                let (kind, value) = match typed {
                    Some((kind, value)) => (Some(kind), value),
                    None => (self.r#type, &*text),
                };
                writeln!(out, "{}", normalize(value, kind))?;
                line.clear();
            }
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}

fn normalize(input: &str, kind: Option<Kind>) -> Json {
    let reading = match kind {
        Some(kind) => read(kind, input, Lenience::Question).map_err(|refusal| refusal.to_string()),
        None => interpret(input, None)
            .readings
            .into_iter()
            .next()
            .ok_or_else(|| "it is no indicator in any reading that is known".to_owned()),
    };
    match reading {
        Ok(mut reading) => {
            if warning::is_future_cve(&reading.value, Clock::System.now()) {
                reading.warnings.push(warning::FUTURE_CVE);
            }
            json!({
            "input": input,
            "type": reading.value.kind(),
            "value": reading.value.as_str(),
            "changes": reading.changes,
            "registrable": registrable(&reading.value),
            "warnings": reading.warnings,
            })
        }
        Err(error) => json!({"input": input, "error": error}),
    }
}
