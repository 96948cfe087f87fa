//! What a scan prints.

use std::collections::{HashMap, HashSet};
use std::io::{self, IsTerminal as _, Write};

use anstyle::{AnsiColor, Style};
use iocd_core::value::Value;
use serde_json::{Value as Json, json};

use super::super::table;
use super::ScanError;
use super::store::Store;
use crate::scan::Finding;

/// Prints findings.
pub(super) struct Report<'a> {
    store: &'a Store<'a>,
    out: io::BufWriter<anstream::AutoStream<io::StdoutLock<'static>>>,
    json: bool,
    /// What is known of values that were told before: `entries`, `warnings`.
    told: HashMap<Value, Json>,
    found: u64,
}

impl<'a> Report<'a> {
    pub(super) fn new(store: &'a Store<'a>, json: bool) -> Report<'a> {
        Report {
            store,
            out: io::BufWriter::new(anstream::stdout().lock()),
            json,
            told: HashMap::new(),
            found: 0,
        }
    }

    /// Writes out what waits; answers how many findings were told.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        match self.out.flush() {
            // whoever reads the output has had enough
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(self.found),
        }
    }

    /// Prints what was found in a file.
    pub(super) fn tell(&mut self, file: &str, findings: Vec<Finding>) -> Result<(), ScanError> {
        self.learn(&findings)?;
        for finding in findings {
            let Some(known) = self.told.get(&finding.value) else {
                // taken back between the two questions
                continue;
            };
            self.found += 1;
            if self.json {
                let line = json!({
                    "file": file,
                    "line": finding.line,
                    "written": finding.written,
                    "type": finding.value.kind(),
                    "value": finding.value.as_str(),
                    "doubtful": finding.doubtful,
                    "entries": known["entries"],
                    "warnings": known["warnings"],
                });
                writeln!(self.out, "{line}")?;
            } else {
                write_line(&mut self.out, file, &finding, known)?;
            }
        }
        if io::stdout().is_terminal() {
            self.out.flush()?;
        }
        Ok(())
    }

    /// Asks for what is known of values that were not told before.
    fn learn(&mut self, findings: &[Finding]) -> Result<(), ScanError> {
        let new: HashSet<&Value> = findings
            .iter()
            .map(|finding| &finding.value)
            .filter(|value| !self.told.contains_key(*value))
            .collect();
        let mut values = Vec::new();
        for value in new {
            values.push((value.kind(), value.as_str().to_owned()));
        }
        for request in values.chunks(1000) {
            for told in self.store.describe(request.to_vec())? {
                let kind = told["type"].as_str().and_then(|kind| kind.parse().ok());
                let text = told["value"].as_str().unwrap_or_default();
                if let Some(kind) = kind
                    && let Ok(value) = Value::parse(kind, text)
                {
                    self.told.insert(value, told);
                }
            }
        }
        Ok(())
    }
}

/// `file:line: written  type  sources  warnings`.
fn write_line(out: &mut impl Write, file: &str, finding: &Finding, known: &Json) -> io::Result<()> {
    let bold = Style::new().bold();
    let magenta = AnsiColor::Magenta.on_default();
    let written = finding.written.escape_debug();
    let Finding { line, value, .. } = finding;
    write!(
        out,
        "{magenta}{file}{magenta:#}:{line}: {bold}{written}{bold:#}"
    )?;
    if finding.written != value.as_str() {
        write!(out, " = {value}")?;
    }
    write!(out, " ({})", value.kind())?;
    let mut separator = ':';
    for entry in known["entries"].as_array().map_or(&[][..], Vec::as_slice) {
        write!(out, "{separator} {}", table::text(entry, "source"))?;
        let listed = table::text(entry, "value");
        if listed != value.as_str() {
            write!(out, " lists {listed}")?;
        }
        let status = table::text(entry, "status");
        if status != "active" {
            write!(out, " [{status}]")?;
        }
        separator = ',';
    }
    if finding.doubtful {
        write!(out, " (may be a version number)")?;
    }
    let warnings = table::text(known, "warnings");
    if !warnings.is_empty() {
        let yellow = AnsiColor::Yellow.on_default();
        write!(out, " {yellow}(warning: {warnings}){yellow:#}")?;
    }
    writeln!(out)
}
