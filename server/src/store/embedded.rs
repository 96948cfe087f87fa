//! The claim store inside the process: `iocd-index` behind [`ClaimStore`].
//!
//! Reads answer at once from memory and the page cache, so handlers await
//! them in place. Writes wait for the disk: callers run them where blocking is
//! allowed.

use std::path::Path;
use std::sync::Arc;

use iocd_core::claim::retained::{Changes, Progress, Transfer};
use iocd_core::claim::{ClaimIdSet, Source};
use iocd_core::query::{
    BriefSink, ChangeSink, Containing, EntrySink, Filter, Following, Listing, ManyOptions,
    Question, Stats,
};
use iocd_core::questions::Questions;
use iocd_core::related::Ties;
use iocd_core::value::Value;
use iocd_core::warning::WarningSet;
use iocd_index::{Index, IndexError, Recorded};
use jiff::Timestamp;

use super::{Batch, ClaimStore, Counts, Footprint, Receipt, Removal, StoreError};

mod history;
mod upkeep;

pub use history::History;

use upkeep::Upkeep;

/// An open embedded store, with a thread that writes checkpoints and compacts.
pub struct Embedded {
    /// Dropped before the index, which its thread shares.
    _upkeep: Upkeep,
    index: Arc<Index>,
}

impl Embedded {
    /// Opens the store in `dir`, creating it if there is none. All that ever
    /// happened is kept.
    pub fn open(dir: &Path) -> Result<Embedded, IndexError> {
        Embedded::open_with(dir, None)
    }

    /// Opens the store in `dir`, creating it if there is none, and compacts it
    /// now and then.
    pub fn open_keeping(dir: &Path, history: History) -> Result<Embedded, IndexError> {
        Embedded::open_with(dir, Some(history))
    }

    fn open_with(dir: &Path, history: Option<History>) -> Result<Embedded, IndexError> {
        let index = Arc::new(Index::open(dir)?);
        Ok(Embedded {
            _upkeep: Upkeep::of(&index, history),
            index,
        })
    }

    /// The index, for figures about it.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Closes the store in order: it answers on, and takes no more writes.
    pub fn close(&self) -> Result<(), IndexError> {
        self.index.close()
    }
}

impl From<IndexError> for StoreError {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Io { source, .. } => StoreError::Write(source),
            IndexError::Damaged { .. }
            | IndexError::DamagedFetches { .. }
            | IndexError::DamagedEpoch { .. }
            | IndexError::DamagedGeneration { .. } => StoreError::Corrupt(error.to_string()),
            IndexError::HistoryCompacted { since } => StoreError::HistoryCompacted { since },
            IndexError::UnknownRevision { given, .. }
            | IndexError::RevisionCompacted { given, .. } => StoreError::UnknownRevision(given),
            IndexError::Abandoned => StoreError::Abandoned,
            other => StoreError::Unavailable(other.to_string()),
        }
    }
}

impl ClaimStore for Embedded {
    async fn record(&self, batch: Batch<'_>) -> Result<Receipt, StoreError> {
        let record = if batch.anew {
            Index::record_anew
        } else {
            Index::record
        };
        let Recorded { outcomes, ids } =
            record(&self.index, batch.source, batch.claims, batch.heard_at)?;
        Ok(Receipt {
            outcomes,
            ids,
            revision: self.index.counts().2,
        })
    }

    async fn retain_present(
        &self,
        source: &Source,
        present: &ClaimIdSet,
        fetched_at: Timestamp,
    ) -> Result<u64, StoreError> {
        Ok(self.index.retain_present(source, present, fetched_at)?)
    }

    async fn retain_all(&self, source: &Source, fetched_at: Timestamp) -> Result<(), StoreError> {
        Ok(self.index.retain_all(source, fetched_at)?)
    }

    async fn remove(
        &self,
        source: &Source,
        values: &[Value],
        reason: Removal,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        Ok(self.index.remove(source, values, reason.status(), at)?)
    }

    async fn expire_due(&self, now: Timestamp) -> Result<u64, StoreError> {
        Ok(self.index.expire_due(now)?)
    }

    async fn assess(&self, warnings: Arc<WarningSet>, at: Timestamp) -> Result<u64, StoreError> {
        Ok(self.index.assess(warnings, at)?)
    }

    async fn find<S: EntrySink + Send>(
        &self,
        question: &Question<'_>,
        sink: &mut S,
    ) -> Result<(), StoreError> {
        Ok(self.index.find(question, sink)?)
    }

    async fn find_containing<S: EntrySink + Send>(
        &self,
        question: &Containing<'_>,
        sink: &mut S,
    ) -> Result<(), StoreError> {
        Ok(self.index.find_containing(question, sink)?)
    }

    async fn related<S: EntrySink + Send>(
        &self,
        ties: &Ties,
        now: Timestamp,
        sink: &mut S,
    ) -> Result<(), StoreError> {
        Ok(self.index.related(ties, now, sink)?)
    }

    async fn find_many<S: BriefSink + Send>(
        &self,
        questions: &Questions,
        options: ManyOptions,
        sink: &mut S,
    ) -> Result<(), StoreError> {
        Ok(self.index.find_many(questions, options, sink)?)
    }

    async fn follow<S: ChangeSink + Send>(
        &self,
        following: &Following<'_>,
        sink: &mut S,
    ) -> Result<u64, StoreError> {
        Ok(self.index.follow(following, sink)?)
    }

    fn revised_at(&self, revision: u64) -> Option<Timestamp> {
        self.index.revised_at(revision)
    }

    fn mark(&self, filter: &Filter, now: Timestamp) -> Option<u64> {
        Some(self.index.mark(filter, now))
    }

    fn epoch(&self) -> u64 {
        self.index.epoch()
    }

    async fn list<S: EntrySink + Send>(
        &self,
        listing: &Listing<'_>,
        sink: &mut S,
    ) -> Result<Option<u64>, StoreError> {
        Ok(self.index.list(listing, sink)?)
    }

    async fn list_on<S: EntrySink + Send>(
        &self,
        listing: &Listing<'_>,
        behind: u64,
        sink: &mut S,
    ) -> Result<Option<u64>, StoreError> {
        Ok(self.index.list_on(listing, behind, sink)?)
    }

    async fn stats(&self, now: Timestamp) -> Result<Stats, StoreError> {
        Ok(self.index.stats(now)?)
    }

    fn listed_sources(&self) -> Vec<(Source, Option<Timestamp>)> {
        self.index.listed_sources()
    }

    async fn changes(
        &self,
        told: Progress,
        until: u64,
        most: usize,
    ) -> Result<Changes, StoreError> {
        Ok(self.index.changes(told, until, most)?)
    }

    async fn mirror_source(
        &self,
        source: &Source,
        listed_at: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(self.index.mirror_source(source, listed_at, at)?)
    }

    async fn mirror(&self, claims: Vec<Transfer>, at: Timestamp) -> Result<u64, StoreError> {
        Ok(self.index.mirror(claims, at)?)
    }

    async fn count_untold(
        &self,
        source: &str,
        told: &ClaimIdSet,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        Ok(self.index.count_untold(source, told, at)?)
    }

    async fn retain_mirrored(
        &self,
        source: &str,
        present: &ClaimIdSet,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        Ok(self.index.retain_mirrored(source, present, at)?)
    }

    fn refusal(&self) -> Option<String> {
        self.index.refusal().map(str::to_owned)
    }

    fn counts(&self) -> Counts {
        let (active, retained, revision) = self.index.counts();
        Counts {
            active,
            retained,
            revision,
        }
    }

    fn footprint(&self) -> Option<Footprint> {
        let size = self.index.size();
        Some(Footprint {
            disk: size.disk,
            memory: size.memory,
        })
    }

    fn sources(&self) -> Vec<Source> {
        self.index.sources()
    }
}
