//! `iocd scan`: known values in logs and reports.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use clap::Args;
use flate2::bufread::MultiGzDecoder;
use iocd_core::query::{Page, Question, StatusFilter};
use iocd_core::value::{Kind, Value};
use iocd_index::IndexError;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::{Global, table};
use crate::clock::Clock;
use crate::config::Written;
use crate::operation::{Operation, OperationError, read_status};
use crate::owner::{Owner, OwnerError};
use crate::scan::{Finding, Members, scan};
use crate::unpack::unpack;

/// Find known values in logs and reports: print each with its file and line.
///
/// Any text will do: logs, prose, Markdown, HTML; gzip and zip are unpacked.
/// Defanged values are understood. Exits 0 if a known value was found, 1 if
/// none was, 2 if something went wrong.
#[derive(Debug, Args)]
pub(super) struct Scan {
    /// The files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Which entries count [default: all but those taken back as wrong]
    #[arg(long, value_parser = ["active", "any"])]
    status: Option<String>,
    /// Print one JSON object for each value found
    #[arg(long)]
    json: bool,
    /// Threads that look for values [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: Option<u8>,
}

/// A scan did not get to its end.
#[derive(Debug, thiserror::Error)]
enum ScanError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Owner(#[from] OwnerError),
    #[error(transparent)]
    Operation(#[from] OperationError),
}

impl Scan {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let owner = Owner::find(&global.settings(Written::default())?)?;
        let store = Store {
            owner: &owner,
            filter: read_status(self.status.as_deref())?,
            status: self.status.clone(),
            now: Clock::System.now(),
        };
        let threads = match self.threads {
            Some(threads) => usize::from(threads),
            None => thread::available_parallelism().map_or(1, usize::from),
        };
        let mut report = Report {
            store: &store,
            out: io::BufWriter::new(anstream::stdout().lock()),
            json: self.json,
            told: HashMap::new(),
            found: 0,
        };
        let mut failed = false;
        for path in &self.files {
            if let Err(error) = scan_file(path, &store, threads, &mut report) {
                // whoever reads the output has had enough
                if is_broken_pipe(&error) {
                    break;
                }
                failed = true;
                eprintln!(
                    "iocd: {:#}",
                    anyhow::Error::from(error).context(name_of(path))
                );
            }
        }
        report
            .out
            .flush()
            .or_else(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => Ok(()),
                _ => Err(error),
            })
            .context("standard output")?;
        let found = report.found;
        drop(report);
        owner.close()?;
        Ok(match (failed, found) {
            (true, _) => ExitCode::from(2),
            (false, 0) => ExitCode::from(1),
            (false, _) => ExitCode::SUCCESS,
        })
    }
}

fn is_broken_pipe(error: &ScanError) -> bool {
    matches!(error, ScanError::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
}

fn name_of(path: &Path) -> String {
    if path == Path::new("-") {
        "(standard input)".to_owned()
    } else {
        path.display().to_string()
    }
}

fn scan_file(
    path: &Path,
    store: &Store<'_>,
    threads: usize,
    report: &mut Report<'_>,
) -> Result<(), ScanError> {
    let name = name_of(path);
    if path != Path::new("-") {
        return unpack(&name, File::open(path)?, &mut |document| {
            let visit = &mut |findings| report.tell(&document.name, findings);
            scan(document.input, store, threads, visit)
        });
    }
    // a stream cannot be wound back, which an archive needs
    let mut input = BufReader::with_capacity(1 << 16, io::stdin().lock());
    let visit = &mut |findings| report.tell(&name, findings);
    if input.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        scan(&mut MultiGzDecoder::new(input), store, threads, visit)
    } else {
        scan(&mut input, store, threads, visit)
    }
}

/// The store, here or behind a server.
struct Store<'a> {
    owner: &'a Owner,
    filter: StatusFilter,
    status: Option<String>,
    now: Timestamp,
}

/// Bytes of values in one request to a server.
const MAX_REQUEST: usize = 1 << 19;

impl Store<'_> {
    /// What is known about values, each known one once.
    fn describe(&self, values: Vec<(Kind, String)>) -> Result<Vec<Json>, OwnerError> {
        let answer = self.owner.perform(Operation::Known {
            values,
            status: self.status.clone(),
        })?;
        Ok(match answer {
            Json::Array(known) => known,
            _ => Vec::new(),
        })
    }
}

impl Members for Store<'_> {
    type Error = ScanError;

    fn is_known(&self, value: &Value) -> Result<Option<bool>, ScanError> {
        let Owner::Here(node, _) = self.owner else {
            return Ok(None);
        };
        let question = Question {
            readings: std::slice::from_ref(value),
            status: self.filter,
            page: Page {
                offset: 0,
                limit: 1,
            },
            now: self.now,
        };
        Ok(Some(node.store.index().knows(&question)?))
    }

    fn known_of(&self, values: Vec<Value>) -> Result<HashSet<Value>, ScanError> {
        let mut known = HashSet::new();
        let mut values = values.into_iter().peekable();
        while values.peek().is_some() {
            let mut size = 0;
            let request: Vec<(Kind, String)> = std::iter::from_fn(|| {
                values.next_if(|value| {
                    size += value.as_str().len() + 24;
                    size <= MAX_REQUEST
                })
            })
            .map(|value| (value.kind(), value.as_str().to_owned()))
            .collect();
            for told in self.describe(request)? {
                let kind = told["type"].as_str().and_then(|kind| kind.parse().ok());
                let text = told["value"].as_str();
                if let (Some(kind), Some(text)) = (kind, text)
                    && let Ok(value) = Value::parse(kind, text)
                {
                    known.insert(value);
                }
            }
        }
        Ok(known)
    }
}

/// Prints findings.
struct Report<'a> {
    store: &'a Store<'a>,
    out: io::BufWriter<anstream::AutoStream<io::StdoutLock<'static>>>,
    json: bool,
    /// Entries of values that were told before.
    told: HashMap<Value, Json>,
    found: u64,
}

impl Report<'_> {
    fn tell(&mut self, file: &str, findings: Vec<Finding>) -> Result<(), ScanError> {
        self.learn(&findings)?;
        for finding in findings {
            let Some(entries) = self.told.get(&finding.value) else {
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
                    "entries": entries,
                });
                writeln!(self.out, "{line}")?;
            } else {
                write_line(&mut self.out, file, &finding, entries)?;
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
            for mut told in self.store.describe(request.to_vec())? {
                let kind = told["type"].as_str().and_then(|kind| kind.parse().ok());
                let text = told["value"].as_str().unwrap_or_default();
                if let Some(kind) = kind
                    && let Ok(value) = Value::parse(kind, text)
                {
                    self.told.insert(value, told["entries"].take());
                }
            }
        }
        Ok(())
    }
}

/// `file:line: written  type  sources`.
fn write_line(
    out: &mut impl Write,
    file: &str,
    finding: &Finding,
    entries: &Json,
) -> io::Result<()> {
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
    for entry in entries.as_array().map_or(&[][..], Vec::as_slice) {
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
    writeln!(out)
}
