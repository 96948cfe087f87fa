//! Where a run happens: a directory that goes with it, and the store in it.

use std::path::PathBuf;

use iocd_core::value::Value;
use iocd_index::Index;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::corpus::Corpus;
use super::document::{Told, feed_name, write_document, write_feeds};
use super::machine::Spent;
use super::{BenchError, Plan};
use crate::config::Settings;
use crate::ingest::{Ingester, Report, Request};
use crate::owner::Node;

/// A run's directory, corpus and pace.
pub(super) struct Stage {
    pub(super) corpus: Corpus,
    pub(super) quick: bool,
    dir: TempDir,
    runtime: Runtime,
}

/// What the suites that only read ask about.
pub(super) struct Subject {
    /// Values that are stored.
    pub(super) hits: Vec<Value>,
    /// Values that are not.
    pub(super) misses: Vec<Value>,
    /// Whether rounds are short.
    pub(super) quick: bool,
}

impl Stage {
    pub(super) fn new(plan: &Plan) -> Result<Stage, BenchError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("iocd-bench-");
        let dir = match &plan.work {
            Some(work) => builder.tempdir_in(work),
            None => builder.tempdir(),
        };
        let stage = Stage {
            corpus: Corpus {
                entries: plan.entries,
                seed: plan.seed,
            },
            quick: plan.quick,
            dir: dir.map_err(BenchError::io("making a directory to work in"))?,
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .map_err(BenchError::io("a runtime"))?,
        };
        write_feeds(&stage.feeds()).map_err(BenchError::io("writing feeds"))?;
        Ok(stage)
    }

    /// The data directory.
    pub(super) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The descriptions of the corpus's feeds.
    pub(super) fn feeds(&self) -> PathBuf {
        self.dir.path().join("feeds")
    }

    /// A file beside the data directory.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Opens the data directory in this process.
    pub(super) fn open(&self) -> Result<Node, BenchError> {
        let settings = Settings {
            data: self.data(),
            feeds: Some(self.feeds()),
            ..Settings::default()
        };
        Ok(Node::open(&settings)?)
    }

    /// Reads a document as `iocd ingest` does.
    pub(super) fn ingest(
        &self,
        node: &Node,
        feed: &str,
        snapshot: bool,
        text: &str,
        now: Timestamp,
    ) -> Result<Report, BenchError> {
        let ingester = Ingester {
            store: &*node.store,
            control: &node.control,
            articles: &node.articles,
            feeds: &node.feeds,
            runtime: self.runtime.handle(),
        };
        let request = Request {
            name: format!("{feed}.csv"),
            feed: Some(feed.to_owned()),
            snapshot,
        };
        let report = ingester.ingest(&request, &mut text.as_bytes(), now)?;
        if report.refused > 0 || report.rows == 0 {
            return Err(BenchError::Unexpected(format!(
                "{} of {} rows of the corpus were refused",
                report.refused, report.rows
            )));
        }
        Ok(report)
    }

    /// Reads the documents of these entries, each of its own source, and gives
    /// what that took without making them, and the reports' sum of rows.
    pub(super) fn ingest_entries(
        &self,
        node: &Node,
        entries: std::ops::Range<u64>,
        told: Told,
        now: Timestamp,
    ) -> Result<(Spent, u64), BenchError> {
        let mut spent = Spent::default();
        let mut rows = 0;
        let mut first = entries.start;
        while first < entries.end {
            let end = entries.end.min(first + self.corpus.document());
            let text = write_document(&self.corpus, first..end, told);
            let feed = feed_name(self.corpus.source(first));
            let report = spent.add(|| self.ingest(node, &feed, false, &text, now))?;
            let changed = match told {
                Told::First => report.accepted,
                Told::Again => report.merged,
            };
            if changed != report.rows {
                return Err(BenchError::Unexpected(format!(
                    "{changed} of {} rows of the corpus changed something, and all should",
                    report.rows
                )));
            }
            rows += report.rows;
            first = end;
        }
        Ok((spent, rows))
    }

    /// Numbers of stored entries in no order.
    pub(super) fn stored(&self, count: usize) -> impl Iterator<Item = u64> {
        (0..count as u64).map(|n| self.corpus.scatter(n) % self.corpus.entries)
    }

    /// Numbers of entries that are not stored.
    pub(super) fn absent(&self, count: usize) -> impl Iterator<Item = u64> {
        let beyond = self.corpus.entries + 2 * self.later();
        (0..count as u64).map(move |n| beyond + self.corpus.scatter(!n) % self.corpus.entries)
    }

    /// How many entries each of two suites adds: they follow those of the corpus.
    pub(super) fn later(&self) -> u64 {
        self.corpus.entries.min(1_000_000)
    }

    /// What the suites that only read ask about.
    pub(super) fn subject(&self) -> Subject {
        let count = if self.quick { 5_000 } else { 500_000 };
        Subject {
            hits: self.stored(count).map(|n| self.corpus.parsed(n)).collect(),
            misses: self.absent(count).map(|n| self.corpus.parsed(n)).collect(),
            quick: self.quick,
        }
    }
}

/// The time at which the corpus is asked about.
pub(super) fn now() -> Timestamp {
    Timestamp::from_second(1_750_000_000).expect("of this century")
}

/// Entries that are retained.
pub(super) fn retained(index: &Index) -> f64 {
    index.counts().1 as f64
}
