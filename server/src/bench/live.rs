//! An operator's own store, looked at and left alone.
//!
//! Opening a store writes (it notes that it is in use), so what is opened is
//! another directory: in it stand links to the segments of the log, which an
//! orderly stop has finished, and copies of the small files beside them.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Instant;

use iocd_core::query::{Entry, EntrySink, Filter, Listing, Page};
use iocd_core::value::Value;
use iocd_index::Index;
use tempfile::TempDir;

use super::BenchError;
use super::corpus::Corpus;
use super::figure::Figure;
use super::lookup::look_up;
use super::machine::{anonymous_memory, disk_usage};
use super::stage::{Subject, now, retained};
use crate::owner::lock;

/// Entries of one place of the store among the samples.
const PLACE: u32 = 500;

/// The store of a data directory, open.
pub(super) struct Live {
    index: Index,
    opening: f64,
    memory: u64,
    disk: u64,
    _links: TempDir,
    /// The data directory's: no server begins while this measures.
    _lock: File,
}

impl Live {
    pub(super) fn open(data: &Path) -> Result<Live, BenchError> {
        let claims = data.join("claims");
        if !claims.is_dir() {
            return Err(BenchError::Unexpected(format!(
                "{} has no claim store: name the data directory of a server",
                data.display()
            )));
        }
        let lock = lock(data)?;
        if !claims.join("clean").exists() {
            return Err(BenchError::Unexpected(format!(
                "the store in {} was not closed in order, and measuring must not mend it: start and stop `iocd serve` once",
                data.display()
            )));
        }
        let links = tempfile::tempdir().map_err(BenchError::io("making a directory for links"))?;
        link_files(&claims, links.path()).map_err(BenchError::io("linking the store's files"))?;
        let memory = || anonymous_memory().map_err(BenchError::io("the memory of this process"));
        let (before, started) = (memory()?, Instant::now());
        let index = Index::open(links.path())?;
        Ok(Live {
            index,
            opening: started.elapsed().as_secs_f64(),
            memory: memory()?.saturating_sub(before),
            disk: disk_usage(&claims).map_err(BenchError::io("the size of the store"))?,
            _links: links,
            _lock: lock,
        })
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// Values of the store from many places of it, and some that it will not
    /// have.
    pub(super) fn sample(&self, corpus: &Corpus, quick: bool) -> Result<Subject, BenchError> {
        let count: u64 = if quick { 5_000 } else { 500_000 };
        let (mut listed, mut sample) = (Total(0), Sample(Vec::new()));
        let nothing = Page {
            offset: 0,
            limit: 0,
        };
        let mut list = Listing {
            filter: &Filter::default(),
            page: nothing,
            now: now(),
            revision: None,
        };
        self.index.list(&list, &mut listed)?;
        if listed.0 == 0 {
            return Err(BenchError::Unexpected(
                "the store has no active entries to measure with".to_owned(),
            ));
        }
        let places = count.min(listed.0).div_ceil(PLACE.into()).min(200);
        for place in 0..places {
            list.page = Page {
                offset: corpus.scatter(place) % listed.0,
                limit: PLACE,
            };
            self.index.list(&list, &mut sample)?;
        }
        // In no order, and as often as it takes.
        let Sample(values) = sample;
        let hits = (0..count).map(|n| {
            let place = corpus.scatter(n) % values.len() as u64;
            values[usize::try_from(place).expect("an index")].clone()
        });
        // A listed network or domain may cover some.
        let mut misses = Vec::new();
        for value in (0..2 * count).map(|n| corpus.parsed(n)) {
            if misses.len() as u64 == count {
                break;
            }
            if look_up(&self.index, &value)? == 0 {
                misses.push(value);
            }
        }
        if misses.is_empty() {
            return Err(BenchError::Unexpected(
                "the store covers every value: none is left to measure misses with".to_owned(),
            ));
        }
        Ok(Subject {
            hits: hits.collect(),
            misses,
            quick,
        })
    }

    pub(super) fn figures(&self) -> Vec<Figure> {
        let entries = retained(&self.index);
        vec![
            Figure::new(
                "open.clean",
                self.opening,
                "s",
                "From opening the claim store to being able to answer, after an orderly stop.",
            ),
            Figure::new(
                "open.memory_per_entry",
                self.memory as f64 / entries,
                "B",
                "Growth of anonymous resident memory (RssAnon) by opening.",
            ),
            Figure::new(
                "disk.bytes_per_entry",
                self.disk as f64 / entries,
                "B",
                "Blocks of the claim store's files.",
            ),
        ]
    }
}

/// Links to segments, which are large and only read; copies of the rest.
fn link_files(from: &Path, to: &Path) -> std::io::Result<()> {
    let from = from.canonicalize()?;
    for entry in fs::read_dir(from)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        // A new checkpoint would take the place of the link, not of the file.
        let is_large =
            path.extension().is_some_and(|ending| ending == "log") || name == "checkpoint";
        if is_large {
            symlink(path, to.join(name))?;
        } else if path.is_file() {
            fs::copy(path, to.join(name))?;
        }
    }
    Ok(())
}

struct Total(u64);

impl EntrySink for Total {
    fn total(&mut self, total: u64) {
        self.0 = total;
    }

    fn entry(&mut self, _: &Entry<'_>) {}
}

struct Sample(Vec<Value>);

impl EntrySink for Sample {
    fn total(&mut self, _: u64) {}

    fn entry(&mut self, entry: &Entry<'_>) {
        // What is stored is canonical.
        self.0.extend(Value::parse(entry.kind, entry.value).ok());
    }
}
