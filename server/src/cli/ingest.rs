//! `iocd ingest`.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Global, table};
use crate::control_socket::client::RemoteError;
use crate::ingest::{Report, Request, Verdict};
use crate::owner::{Owner, OwnerError};
use crate::unpack::{Document, unpack};

/// Deepest nesting of directories that is followed.
const MAX_DEPTH: usize = 16;

/// Read feed files into the store. Gzip and zip are unpacked. Reading files
/// only adds, unless they are declared to be whole lists with --snapshot.
///
/// Exits 0 unless the store failed, whatever the files held; with --strict, 1
/// if a file was skipped or bad or a row was refused.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)] // each is a flag of its own
#[command(group = clap::ArgGroup::new("input").required(true).multiple(true))]
pub(super) struct Ingest {
    /// The feed that the file is of [default: recognised by name and content]
    #[arg(long, value_name = "NAME", conflicts_with = "dir")]
    feed: Option<String>,
    /// A file to read; may be repeated
    #[arg(long = "file", value_name = "PATH", group = "input")]
    files: Vec<PathBuf>,
    /// A directory to read all files of, recognising each
    #[arg(long, value_name = "DIR", group = "input")]
    dir: Option<PathBuf>,
    /// The file is the whole list: what it no longer has is removed
    #[arg(long)]
    snapshot: bool,
    /// Exit 1 if anything was skipped, bad or refused
    #[arg(long)]
    strict: bool,
    /// Print each refused row with its reason
    #[arg(long)]
    show_refused: bool,
    /// Print one JSON object for each document
    #[arg(long)]
    json: bool,
}

/// The store failed, or a file did.
enum Failure {
    Store(OwnerError),
    File(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::File(error)
    }
}

impl Ingest {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let mut files = self.files.clone();
        let mut reports = Vec::new();
        if let Some(dir) = &self.dir {
            collect_files(dir, 0, &mut files, &mut reports)
                .with_context(|| dir.display().to_string())?;
        }
        let owner = global.owner_or_new()?;
        let progress = self.progress(&files);
        let mut outcome = Ok(());
        for path in &files {
            progress.set_message(path.display().to_string());
            outcome = self.read(&owner, path, &progress, &mut reports);
            if outcome.is_err() {
                break;
            }
        }
        progress.finish_and_clear();
        let closed = owner.close();

        if self.json {
            for report in &reports {
                say!("{}", serde_json::to_string(report)?);
            }
        } else {
            self.print(&reports)?;
        }
        // What was read before the store failed has been told.
        outcome?;
        closed?;
        let all_well = reports
            .iter()
            .all(|report| report.verdict == Verdict::Read && report.refused == 0);
        Ok(if self.strict && !all_well {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    fn progress(&self, files: &[PathBuf]) -> ProgressBar {
        if self.json || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bytes = files
            .iter()
            .filter_map(|path| fs::metadata(path).ok())
            .map(|file| file.len())
            .sum();
        let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {eta} {msg}");
        ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
    }

    /// Reads the documents of one file.
    fn read(
        &self,
        owner: &Owner,
        path: &Path,
        progress: &ProgressBar,
        reports: &mut Vec<Report>,
    ) -> anyhow::Result<()> {
        let mut read_document = |document: Document<'_>| {
            let request = Request {
                name: document.name,
                feed: self.feed.clone(),
                snapshot: self.snapshot,
            };
            let report = owner
                .ingest(&request, document.input)
                .map_err(|error| match error {
                    OwnerError::Remote(RemoteError::Input(error)) => Failure::File(error),
                    other => Failure::Store(other),
                })?;
            reports.push(report);
            Ok(())
        };
        let outcome = File::open(path).map_err(Failure::File).and_then(|file| {
            let file = progress.wrap_read(file);
            unpack(&path.to_string_lossy(), file, &mut read_document)
        });
        match outcome {
            Ok(()) => Ok(()),
            Err(Failure::Store(error)) => Err(error.into()),
            // One file that cannot be read does not keep the others from it.
            Err(Failure::File(error)) => {
                reports.push(Report {
                    name: path.display().to_string(),
                    feed: self.feed.clone(),
                    verdict: Verdict::Bad,
                    reason: Some(error.to_string()),
                    ..Report::default()
                });
                Ok(())
            }
        }
    }

    fn print(&self, reports: &[Report]) -> io::Result<()> {
        let read: Vec<&Report> = reports
            .iter()
            .filter(|report| report.verdict == Verdict::Read)
            .collect();
        if !read.is_empty() {
            table::print(
                &[
                    "FEED",
                    "FORMAT",
                    "ROWS",
                    "ACCEPTED",
                    "MERGED",
                    "UNCHANGED",
                    "REFUSED",
                    "REMOVED",
                    "FILE",
                ],
                read.iter().map(|report| row(report)),
            )?;
        }
        for report in reports {
            let name = report.name.escape_debug();
            if report.verdict != Verdict::Read {
                let verdict = if report.verdict == Verdict::Skipped {
                    "skipped"
                } else {
                    "bad"
                };
                say!(
                    "{verdict}: {name}: {}",
                    report.reason.as_deref().unwrap_or_default()
                );
            }
            for warning in &report.warnings {
                say!("warning: {name}: {warning}");
            }
            if self.show_refused {
                for refused in &report.refused_rows {
                    say!(
                        "refused: {name}:{}: {}: {}",
                        refused.line,
                        refused.reason,
                        refused.text.escape_debug()
                    );
                }
                if report.refused_unlisted > 0 {
                    say!(
                        "refused: {name}: and {} more, which are not listed",
                        report.refused_unlisted
                    );
                }
            }
        }
        let sum = |field: fn(&Report) -> u64| reports.iter().map(&field).sum::<u64>();
        say!(
            "{} rows: {} accepted, {} merged, {} unchanged, {} refused; {} claims removed; {} of {} documents read",
            sum(|r| r.rows),
            sum(|r| r.accepted),
            sum(|r| r.merged),
            sum(|r| r.unchanged),
            sum(|r| r.refused),
            sum(|r| r.removed),
            read.len(),
            reports.len(),
        );
        Ok(())
    }
}

fn row(report: &Report) -> Vec<String> {
    let numbers = [
        report.rows,
        report.accepted,
        report.merged,
        report.unchanged,
        report.refused,
        report.removed,
    ];
    let mut row = vec![
        report.feed.clone().unwrap_or_default(),
        report.format.clone().unwrap_or_default(),
    ];
    row.extend(numbers.iter().map(u64::to_string));
    row.push(report.name.escape_debug().to_string());
    row
}

/// The files below a directory in the order of their names. Hidden ones are
/// passed over; links to files are followed, links to directories are not.
fn collect_files(
    dir: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
    reports: &mut Vec<Report>,
) -> io::Result<()> {
    let mut entries = fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        let is_dir = entry.file_type()?.is_dir();
        let skipped = if is_dir && depth < MAX_DEPTH {
            collect_files(&path, depth + 1, files, reports)?;
            continue;
        } else if is_dir {
            format!("it is more than {MAX_DEPTH} directories deep")
        } else if fs::metadata(&path).is_ok_and(|target| target.is_file()) {
            files.push(path);
            continue;
        } else {
            "it is no file, nor a link to one".to_owned()
        };
        reports.push(Report {
            name: path.display().to_string(),
            reason: Some(skipped),
            ..Report::default()
        });
    }
    Ok(())
}
