//! The state that will take the place of the one there is.

use std::sync::Arc;

use super::{PACE, Pace, go_on, keep_pace};
use crate::Index;
use crate::error::IndexError;
use crate::fetches::Fetch;
use crate::log::generation::Generation;
use crate::log::segment::Segment;
use crate::log::{Address, Log};
use crate::state::State;

/// A state that is made as opening a store makes it: by replaying the log.
pub(super) struct Heir {
    pub(super) state: State,
    /// The end of what it has of the log.
    reached: Address,
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
            self.state.list_anew(&listings);
            if self.reached == before {
                break;
            }
            go_on(pace)?;
        }
        Ok(())
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
