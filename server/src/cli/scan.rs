//! `iocd scan`: known values in logs and reports.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use anyhow::Context as _;
use clap::Args;
use flate2::bufread::MultiGzDecoder;
use iocd_index::IndexError;

use self::report::Report;
use self::store::Store;
use super::Global;
use super::respondent::{Remote, Respondent};
use crate::client::ClientError;
use crate::clock::Clock;
use crate::config::Written;
use crate::operation::{OperationError, read_status};
use crate::owner::{Owner, OwnerError};
use crate::scan::scan;
use crate::store::ClaimStore as _;
use crate::unpack::unpack;

mod report;
mod store;

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
    #[command(flatten)]
    remote: Remote,
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
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl Scan {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let settings = global.settings(Written::default())?;
        let respondent = match self.remote.client(global)? {
            Some(client) => Respondent::Server(client),
            None => Respondent::Owner(global.owner()?),
        };
        let store = Store {
            respondent: &respondent,
            filter: read_status(self.status.as_deref())?,
            status: self.status.clone(),
            now: Clock::System.now(),
        };
        let threads = match self.threads {
            Some(threads) => usize::from(threads),
            None => thread::available_parallelism().map_or(1, usize::from),
        };
        let mut report = Report::new(&store, self.json);
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
        let found = report.finish().context("standard output")?;
        if let Respondent::Owner(Owner::Here(node, _)) = &respondent
            && node.store.counts().retained == 0
        {
            eprintln!(
                "iocd: nothing is stored in {}, so nothing can be found; say where with --data",
                settings.data.display()
            );
        }
        respondent.close()?;
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
            // members of an archive by their names, any other file by its own
            let is_member = document.name.len() > name.len();
            let shown = if is_member { &document.name } else { &name };
            let visit = &mut |findings| report.tell(shown, findings);
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
