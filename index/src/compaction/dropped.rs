//! Which slots go.

use super::{Pace, go_on};
use crate::Index;
use crate::error::IndexError;
use crate::facets::BitSet;
use crate::state::ended;

/// Slots looked at before a waiting writer gets its turn.
const SLICE: u32 = 1 << 14;

/// The slots that nobody can ask for.
#[derive(Default)]
pub(super) struct Dropped {
    slots: BitSet,
    pub(super) count: u64,
}

impl Dropped {
    /// Those that were replaced or ended by a slot before this one, without
    /// the last versions of what has ended: where the end is kept, so is what
    /// it ends.
    pub(super) fn find(
        index: &Index,
        before: u32,
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
                let goes = by < before
                    && (ended(state.columns.flags(by)).is_none() || dropped.contains(by));
                if goes {
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
}
