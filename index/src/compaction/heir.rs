//! The state that will take the place of the one there is.

use std::sync::Arc;

use super::{PACE, Pace, go_on, keep_pace};
use crate::Index;
use crate::columns::{NO_TIME, NONE};
use crate::error::IndexError;
use crate::fetches::Fetch;
use crate::log::generation::Generation;
use crate::log::segment::Segment;
use crate::log::{Address, Log};
use crate::state::State;

/// Slots looked at before a waiting writer gets its turn.
const SLICE: u32 = 1 << 13;

/// A state that is made as opening a store makes it: by replaying the log.
pub(super) struct Heir {
    pub(super) state: State,
    /// The end of what it has of the log.
    reached: Address,
    /// Slots of the old state of which it has what is not in the log.
    inherited: u32,
}

impl Heir {
    /// One of the compacted segments, of which it has nothing yet.
    pub(super) fn new(key: [u8; 16], generation: Generation, segments: Vec<Segment>) -> Heir {
        let mut state = State::new(key, Arc::default());
        state.generation = generation;
        for (number, segment) in (0..).zip(segments) {
            state.log.insert(number, segment);
        }
        Heir {
            state,
            reached: Log::START,
            inherited: 0,
        }
    }

    /// Takes in what it does not have yet. With the writer locked, that is
    /// all; it is little if this was called before.
    pub(super) fn catch_up(
        &mut self,
        index: &Index,
        pace: &mut Pace<'_>,
    ) -> Result<(), IndexError> {
        // What came while the first round took its time is less, and so on.
        const ROUNDS: u32 = 4;
        for _ in 0..ROUNDS {
            let old = index.state.read();
            self.state
                .log
                .insert_from(&old.log, self.state.generation.first);
            let listings: Vec<Vec<u32>> = old
                .sources
                .iter()
                .map(|known| known.listings.clone())
                .collect();
            drop(old);
            let (log, before) = (self.state.log.clone(), self.reached);
            let mut left = PACE;
            self.reached = log.replay(self.reached, &mut |records, commit| {
                keep_pace(&mut left, records.len(), pace)?;
                self.state.apply(records, commit)
            })?;
            self.inherit(index, pace)?;
            self.state.list_anew(&listings);
            if self.reached == before {
                break;
            }
            go_on(pace)?;
        }
        Ok(())
    }

    /// Takes over until when versions held that have been replaced or ended:
    /// fetches that came before had moved that on, which replaying the log
    /// does not tell. Lists as of then go by it.
    fn inherit(&mut self, index: &Index, pace: &mut Pace<'_>) -> Result<(), IndexError> {
        loop {
            let old = index.state.read();
            let known = old.revisions.slots_up_to(self.state.revision());
            let known = u32::try_from(known)
                .unwrap_or(u32::MAX)
                .min(old.columns.len());
            let end = known.min(self.inherited.saturating_add(SLICE));
            if self.inherited >= end {
                return Ok(());
            }
            for slot in self.inherited..end {
                self.inherit_end(&old, slot);
                // What it took the place of may have been looked at before.
                if old.successors.contains(slot)
                    && let Some(prior) = old.prior(slot)
                {
                    self.inherit_end(&old, prior);
                }
            }
            self.inherited = end;
            drop(old);
            go_on(pace)?;
        }
    }

    fn inherit_end(&mut self, old: &State, slot: u32) {
        if old.columns.dead_by(slot) == NONE || old.columns.expires_at(slot) == NO_TIME {
            return;
        }
        if let Some(own) = self.state.slot_of(old.revision_of(slot)) {
            let expires_at = old.columns.expires_at(slot);
            self.state.columns.set_expires_at(own, expires_at);
        }
    }
}

impl State {
    /// Takes in when complete fetches of each source were, of sources of which
    /// it does not know so many.
    fn list_anew(&mut self, listings: &[Vec<u32>]) {
        let mut fetches = Vec::new();
        for ((number, known), listings) in (0..).zip(&mut self.sources).zip(listings) {
            if known.listings.len() < listings.len() {
                known.listings.clear();
                let fetch = |&at: &u32| Fetch { source: number, at };
                fetches.extend(listings.iter().map(fetch));
            }
        }
        self.note_fetches(&fetches);
    }
}
