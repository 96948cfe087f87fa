//! Which slots go.

use super::{Pace, go_on};
use crate::Index;
use crate::columns::NONE;
use crate::error::IndexError;
use crate::facets::BitSet;
use crate::state::{State, ended};

/// Slots looked at before a waiting writer gets its turn.
const SLICE: u32 = 1 << 14;

/// The slots that nobody can ask for.
#[derive(Default)]
pub(super) struct Dropped {
    slots: BitSet,
    pub(super) count: u64,
    /// Claims that go wholly.
    pub(super) claims: u64,
}

impl Dropped {
    /// Those that were replaced or ended by a slot before this one, without
    /// the last versions of what has ended: where the end is kept, so is what
    /// it ends. Ends in a slot before `ended_before` are not kept.
    pub(super) fn find(
        index: &Index,
        before: u32,
        ended_before: u32,
        pace: &mut Pace<'_>,
    ) -> Result<Dropped, IndexError> {
        let mut dropped = Dropped::default();
        let mut end = before;
        // From the last on: whether the end of a version goes is known before
        // that version is looked at.
        while end > 0 {
            let start = end.saturating_sub(SLICE);
            let state = index.state.read();
            for slot in (start..end).rev() {
                // What holds is ended by the highest number there is.
                let by = state.columns.dead_by(slot);
                let is_past = by < before
                    && (ended(state.columns.flags(by)).is_none() || dropped.contains(by));
                let is_gone = slot < ended_before && state.is_last_end(slot);
                dropped.claims += u64::from(is_gone);
                if is_past || is_gone {
                    dropped.slots.insert(slot);
                    dropped.count += 1;
                }
            }
            drop(state);
            end = start;
            go_on(pace)?;
        }
        Ok(dropped)
    }

    pub(super) fn contains(&self, slot: u32) -> bool {
        self.slots.contains(slot)
    }

    /// How many claims go wholly of those in a state, in which some may have
    /// been made anew since.
    pub(super) fn count_gone(&self, state: &State) -> u64 {
        if self.claims == 0 {
            return 0;
        }
        let ends = self.slots.ascend(0).filter(|&slot| state.is_last_end(slot));
        ends.map(|_| 1).sum()
    }
}

/// How many ends before this slot are the last word on a claim.
pub(super) fn count_last_ends(index: &Index, before: u32) -> u64 {
    let mut count = 0;
    let mut start = 0;
    while start < before {
        let end = before.min(start.saturating_add(SLICE));
        let state = index.state.read();
        // A compaction may have come between.
        let there = start..end.min(state.columns.len());
        count += there
            .map(|slot| u64::from(state.is_last_end(slot)))
            .sum::<u64>();
        start = end;
    }
    count
}

impl State {
    /// Whether there is the end of a claim, which has not been made since.
    fn is_last_end(&self, slot: u32) -> bool {
        ended(self.columns.flags(slot)).is_some() && self.columns.dead_by(slot) == NONE
    }
}
