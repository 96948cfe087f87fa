//! `iocd normalize`: how values are read.

use std::io::{self, BufRead as _, Write};
use std::process::ExitCode;

use clap::Args;
use iocd_core::questions::Questions;
use iocd_core::value::Kind;
use iocd_core::warning::WarningSet;

use super::Global;
use super::respondent::Remote;
use crate::bulk::write_normalized;
use crate::client::Client;
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
    #[command(flatten)]
    remote: Remote,
}

/// Lines of standard input that are sent to a server together.
const TOGETHER: usize = 1_000;

impl Normalize {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        match self.remote.client(global)? {
            Some(client) => self.ask(&client, &mut out)?,
            None => self.read(global, &mut out)?,
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }

    /// Reads the values here.
    fn read(&self, global: &Global, out: &mut impl Write) -> anyhow::Result<()> {
        let settings = global.settings(Written::default())?;
        let warnings = Warnings::load(&settings.warnings)?.current();
        let mut questions = Questions::default();
        let mut tell = |value: &str, kind: Option<Kind>| {
            out.write_all(&normalize(&mut questions, value, kind, &warnings))
        };
        for value in &self.values {
            tell(value, self.r#type)?;
        }
        if self.values.is_empty() {
            self.each_line(&mut |kind, value| Ok(tell(value, kind)?))?;
        }
        Ok(())
    }

    /// Asks a server, and prints what it says.
    fn ask(&self, client: &Client, out: &mut impl Write) -> anyhow::Result<()> {
        let mut print = |lines: &[u8]| out.write_all(lines);
        if !self.values.is_empty() {
            return Ok(client.normalize(self.r#type, &self.values, &mut print)?);
        }
        // Lines that are read as the same type go together.
        let (mut kind, mut together) = (self.r#type, Vec::new());
        self.each_line(&mut |next, value| {
            if next != kind || together.len() == TOGETHER {
                client.normalize(kind, &std::mem::take(&mut together), &mut print)?;
                kind = next;
            }
            together.push(value.to_owned());
            Ok(())
        })?;
        Ok(client.normalize(kind, &together, &mut print)?)
    }

    /// Visits each line of standard input: as which type it is to be read, and
    /// the value.
    fn each_line(
        &self,
        visit: &mut dyn FnMut(Option<Kind>, &str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut line = Vec::new();
        let mut input = io::stdin().lock();
        while input.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
            let typed = text
                .split_once('\t')
                .and_then(|(kind, value)| Some((kind.parse().ok()?, value)));
            match typed {
                Some((kind, value)) => visit(Some(kind), value)?,
                None => visit(self.r#type, &text)?,
            }
            line.clear();
        }
        Ok(())
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
