//! A walk through everything at another server, compared with what is mirrored
//! here.

use std::collections::BTreeSet;

use iocd_core::claim::{ClaimIdSet, Source};

use super::choice::{Choice, ToldSource};
use crate::control::Condition;
use crate::run::intake::Intake;
use crate::run::{RunError, Trouble};
use crate::store::ClaimStore;

/// Entries from which on a server that has lost nearly all of them is not
/// believed.
const FEW: u64 = 100;

/// A walk that compares.
pub(super) struct Comparison {
    /// What was told.
    pub(super) told: ClaimIdSet,
    /// Active entries that were mirrored here when it began.
    had: u64,
}

impl<S: ClaimStore> Intake<'_, S> {
    /// Begins to compare, if anything of the other server is mirrored here, be
    /// it by a feed that is gone.
    pub(super) fn begin_comparison(
        &self,
        sources: &[ToldSource],
    ) -> Result<Option<Comparison>, RunError> {
        let store = &*self.turn.runner.parts().store;
        let orphans = sources.iter().filter_map(|told| match told.choice {
            Choice::Orphan => Some(told.source.name.as_str()),
            _ => None,
        });
        let orphans: BTreeSet<&str> = orphans.collect();
        let is_compared =
            |source: &Source| self.is_mine(source) || orphans.contains(source.name.as_str());
        if !store.sources().iter().any(is_compared) {
            return Ok(None);
        }
        let stats = self.runtime.block_on(store.stats(self.now))?;
        let compared = stats.sources.iter();
        let compared = compared.filter(|(source, _)| is_compared(source));
        Ok(Some(Comparison {
            told: ClaimIdSet::default(),
            had: compared.map(|(_, entries)| *entries).sum(),
        }))
    }

    /// Ends what the other server no longer has.
    pub(super) fn drop_untold(
        &self,
        Comparison { told, had }: &Comparison,
    ) -> Result<Result<u64, Trouble>, RunError> {
        let store = &*self.turn.runner.parts().store;
        let mut mine = store.sources();
        mine.retain(|source| self.is_mine(source));
        let mut untold = 0;
        for source in &mine {
            let counted = store.count_untold(&source.name, told, self.now);
            untold += self.runtime.block_on(counted)?;
        }
        if *had > FEW && untold > had - had / 10 {
            let message = format!(
                "it no longer has {untold} of {had} entries that are mirrored here: none of these \
                 was removed. If that is right, mirror it into a new data directory"
            );
            return Ok(Err(Trouble::Document(Condition::Suspicious, message)));
        }
        let mut removed = 0;
        for source in &mine {
            let retained = store.retain_mirrored(&source.name, told, self.now);
            removed += self.runtime.block_on(retained)?;
        }
        Ok(Ok(removed))
    }

    /// Whether the source is mirrored by this feed.
    fn is_mine(&self, source: &Source) -> bool {
        source.mirrored_by.as_ref() == Some(&self.turn.feed.name)
    }
}
