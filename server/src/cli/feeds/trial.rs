//! `iocd feeds try`: what a document would be read as.

use std::fs::File;
use std::io::{self, Cursor, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use iocd_core::feed::connector::CONNECTORS;

use super::report;
use crate::cli::Global;
use crate::clock::Clock;
use crate::config::Written;
use crate::feeds::Feeds;
use crate::trial::{Request, Trial, try_document};
use crate::unpack::{Document, unpack};

/// Most that is read of standard input, in bytes: it is held in memory.
const MAX_STDIN: u64 = 256 << 20;

/// Show what files would be read as, storing nothing.
///
/// A file of a known feed is read as such; of others the content tells what
/// they are: lists, tables, JSON, reports, and the formats that connectors are
/// named for. Gzip and zip are unpacked. Exits 1 if one cannot be read; a file
/// without indicators can.
#[derive(Debug, Args)]
pub(in crate::cli) struct Try {
    /// The files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Read them with this connector, whatever they look like
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,
    /// The known feed that they are of; with --toml, the name of the new one
    #[arg(long, value_name = "NAME")]
    feed: Option<String>,
    /// One JSON object for each document, with all its indicators
    #[arg(long)]
    json: bool,
    /// Indicators, and refused rows, that are shown
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Print a feed's description that reads the document so, and the rest to
    /// standard error
    #[arg(long, conflicts_with = "json")]
    toml: bool,
}

impl Try {
    pub(in crate::cli) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let settings = global.settings(Written::default())?;
        let feeds = Feeds::load(settings.feeds.as_deref())?;
        self.check(&feeds)?;
        let mut all_read = true;
        for path in &self.files {
            for trial in self.read(path, &feeds) {
                all_read &= trial.error.is_none();
                self.tell(&trial)?;
            }
        }
        Ok(if all_read {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// Whether what was named is there.
    fn check(&self, feeds: &Feeds) -> anyhow::Result<()> {
        if let Some(name) = &self.connector
            && !CONNECTORS.iter().any(|entry| entry.name == name)
        {
            let known: Vec<&str> = CONNECTORS.iter().map(|entry| entry.name).collect();
            bail!(
                "there is no connector {name:?}: {} are there",
                known.join(", ")
            );
        }
        if let Some(name) = &self.feed
            && !self.toml
            && feeds.get(name).is_none()
        {
            bail!("there is no feed {name:?}: `iocd feeds list` names those that are known");
        }
        Ok(())
    }

    /// Reads the documents of one file.
    fn read(&self, path: &Path, feeds: &Feeds) -> Vec<Trial> {
        let mut trials = Vec::new();
        let mut read_document = |document: Document<'_>| {
            let request = Request {
                draft_name: self.draft_name(&document.name),
                name: document.name,
                feed: self.feed.clone(),
                connector: self.connector.clone(),
                draft: self.toml,
            };
            trials.push(try_document(
                feeds,
                &request,
                document.input,
                Clock::System.now(),
            ));
            Ok::<(), io::Error>(())
        };
        let outcome = if path == Path::new("-") {
            read_stdin().and_then(|input| unpack("standard input", input, &mut read_document))
        } else {
            File::open(path)
                .and_then(|file| unpack(&path.to_string_lossy(), file, &mut read_document))
        };
        if let Err(error) = outcome {
            trials.push(Trial {
                name: path.display().to_string(),
                error: Some(error.to_string()),
                ..Trial::default()
            });
        }
        trials
    }

    /// What a new feed for a document is called: as said, or after the file.
    fn draft_name(&self, document: &str) -> String {
        if let Some(name) = &self.feed {
            return name.clone();
        }
        let file = document.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let mut name = String::new();
        for char in stem.chars().map(|char| char.to_ascii_lowercase()) {
            if char.is_ascii_alphanumeric() {
                name.push(char);
            } else if !name.is_empty() && !name.ends_with('-') {
                name.push('-');
            }
        }
        name.truncate(64);
        let name = name.trim_end_matches('-');
        if name.is_empty() { "new-feed" } else { name }.to_owned()
    }

    fn tell(&self, trial: &Trial) -> anyhow::Result<()> {
        if self.json {
            say!("{}", report::json(trial));
            return Ok(());
        }
        let text = report::text(trial, self.limit);
        if !self.toml {
            say!("{text}");
            return Ok(());
        }
        eprintln!("{text}");
        if let Some(toml) = &trial.toml {
            say!("{}", toml.trim_end());
        }
        Ok(())
    }
}

/// Standard input as a whole, so that an archive in it can be unpacked.
fn read_stdin() -> io::Result<Cursor<Vec<u8>>> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(MAX_STDIN + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_STDIN {
        return Err(io::Error::other(format!(
            "standard input has more than {MAX_STDIN} bytes: save it as a file"
        )));
    }
    Ok(Cursor::new(bytes))
}
