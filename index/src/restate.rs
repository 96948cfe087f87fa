//! Writing claims anew because of what is true of them, not of what their
//! source says: the warning lists have changed, or the source's description.
//!
//! Whether a list shows an entry, and under which category, is written down
//! with the entry, under a revision of its own: a client that follows the
//! changes learns that an entry has left its list as it learns of any other
//! change, and replaying the log needs no warning lists.

use std::sync::Arc;

use iocd_core::claim::Status;
use iocd_core::warning::WarningSet;
use jiff::Timestamp;

use crate::Index;
use crate::columns::NO_TIME;
use crate::error::IndexError;
use crate::record::{ClaimRecord, Record, Tombstone};
use crate::state::{State, is_listable};
use crate::write::{Draft, Writer};

/// Claims looked at before a waiting reader or writer gets its turn.
const SLICE: u32 = 8192;

impl Index {
    /// Judges what comes by this warning set, and names its lists. What is
    /// held stays as it was judged.
    pub fn warn_by(&self, warnings: Arc<WarningSet>) {
        // Or readers would wait with it for a checkpoint to be written.
        let _writer = self.writer.lock();
        self.state.write().warnings = warnings;
    }

    /// Judges what is held, and what comes, by this warning set. Gives how
    /// many entries that changed; each of them has a new revision. Nothing is
    /// looked at if the same set was in force before, also before the store
    /// was opened.
    pub fn assess(&self, warnings: Arc<WarningSet>, at: Timestamp) -> Result<u64, IndexError> {
        let mut writer = self.writer.lock();
        let fingerprint = warnings.fingerprint();
        let mut state = self.state.write();
        state.warnings = warnings;
        let is_new = state.judged_by != fingerprint;
        drop(state);
        let changed = self.restate(&mut writer, is_new, at)?;
        if is_new {
            let mut draft = Draft::default();
            draft.put(&Record::Judged(fingerprint));
            // It has no revision, so it needs no time of its own: what an
            // import brings into a new store may be older.
            self.commit(&mut writer, draft, Timestamp::UNIX_EPOCH)?;
        }
        Ok(changed)
    }

    /// Writes those claims anew of which what lists go by is no longer so: of
    /// all sources, or of those whose description has changed.
    pub(crate) fn restate(
        &self,
        writer: &mut Writer,
        all: bool,
        at: Timestamp,
    ) -> Result<u64, IndexError> {
        let state = self.state.read();
        let sources = state.redescribed.clone();
        let end = state.columns.len();
        drop(state);
        if !all && sources.is_empty() {
            return Ok(0);
        }
        let mut changed = 0;
        let mut first = 0;
        while first < end {
            let last = first.saturating_add(SLICE).min(end);
            let state = self.state.read();
            let mut draft = Draft::default();
            for slot in first..last {
                if all || sources.contains(&state.columns.source(slot)) {
                    changed += u64::from(draft.restate(&state, slot)?);
                }
            }
            drop(state);
            self.commit(writer, draft, at)?;
            first = last;
        }
        self.state.write().redescribed.clear();
        Ok(changed)
    }
}

impl Draft {
    /// Puts the claim in a slot anew if it has to be. One that has expired is
    /// said and ended again. Tells whether it had to be.
    fn restate(&mut self, state: &State, slot: u32) -> Result<bool, IndexError> {
        let is_lapsed = state.lapsed.contains(slot);
        let version = if is_lapsed {
            state.prior(slot)
        } else {
            state.alive.contains(slot).then_some(slot)
        };
        let Some(version) = version else {
            return Ok(false);
        };
        let claim = state.claim(version)?;
        let source = &state.sources[claim.source as usize].source;
        let touched = state.columns.touched(version);
        let restated = ClaimRecord {
            judgement: state.warnings.judge(claim.value_ref()),
            last_seen: claim.last_seen.max((touched != NO_TIME).then_some(touched)),
            ..claim.clone()
        };
        let is_so = restated.judgement == claim.judgement
            && is_listable(&restated, source) == state.listable.contains(slot)
            && state.categories[source.category as usize].contains(slot);
        if is_so {
            return Ok(false);
        }
        self.put(&Record::Claim(restated));
        if is_lapsed {
            self.put(&Record::Tombstone(Tombstone {
                id: claim.id,
                kind: claim.kind,
                value: claim.value,
                source: claim.source,
                status: Status::Expired as u8,
            }));
        }
        Ok(true)
    }
}
