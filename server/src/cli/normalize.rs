//! `iocd normalize`: how values are read.

use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;

use clap::Args;
use iocd_core::questions::Questions;
use iocd_core::value::Kind;
use iocd_core::warning::WarningSet;

use super::Global;
use crate::bulk::write_normalized;
use crate::clock::Clock;
use crate::config::Written;
use crate::warnings::Warnings;

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
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let settings = global.settings(Written::default())?;
        let warnings = Warnings::load(&settings.warnings)?.current();
        let mut out = io::BufWriter::new(io::stdout().lock());
        let mut questions = Questions::default();
        for value in &self.values {
            out.write_all(&normalize(&mut questions, value, self.r#type, &warnings))?;
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
                out.write_all(&normalize(&mut questions, value, kind, &warnings))?;
                line.clear();
            }
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}

fn normalize(
    questions: &mut Questions,
    input: &str,
    kind: Option<Kind>,
    warnings: &WarningSet,
) -> Vec<u8> {
    let mut line = Vec::new();
    questions.clear();
    questions.ask(input, kind);
    for question in questions.iter() {
        write_normalized(&mut line, question, kind, warnings, Clock::System.now());
    }
    line
}
