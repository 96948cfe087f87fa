//! Finding values that contain a text.

use iocd_core::query::{Containing, EntrySink, Match};

use crate::Index;
use crate::best::Best;
use crate::error::IndexError;
use crate::moment::Moment;
use crate::state::State;
use crate::time::seconds;

/// Blocks that are looked at before a waiting writer gets its turn.
const SLICE: usize = 8;

impl Index {
    /// Tells `sink` the entries about values that contain the text, in the
    /// order of `ClaimStore::find`. Takes time with the number of blocks of 64
    /// values that have all of the text's trigrams, about ten microseconds
    /// each; memory is bounded by the page, and four bytes for each of those
    /// blocks.
    pub fn find_containing<S: EntrySink>(
        &self,
        question: &Containing<'_>,
        sink: &mut S,
    ) -> Result<(), IndexError> {
        let mut best = Best::of(question.page);
        let mut state = self.reading();
        let moment = state.moment(seconds(question.now), question.as_of)?;
        let blocks = state.trigrams.blocks(question.part.needles());
        for slice in blocks.chunks(SLICE) {
            for &block in slice {
                state.collect_containing(block, question, moment, &mut best)?;
            }
            state.give_way();
        }
        Index::tell(state, best, moment, sink)
    }
}

impl State {
    fn collect_containing(
        &self,
        block: u32,
        question: &Containing<'_>,
        moment: Moment,
        best: &mut Best,
    ) -> Result<(), IndexError> {
        for first in self.trigrams.slots(block) {
            let value = self.value(first)?;
            if question.kind.is_some_and(|kind| kind != value.kind) || !question.part.is_in(value) {
                continue;
            }
            let newest = self.newest(self.hash(value.kind, value.text), value.kind, value.text)?;
            let mut failure = Ok(());
            self.visit_claims(newest, question.status, moment, |shown| {
                let hit = self.hit(shown, Match::CONTAINS);
                match self.claim(shown.slot) {
                    Ok(claim) => best.push(claim.id, hit),
                    Err(error) => failure = Err(error),
                }
            });
            failure?;
        }
        Ok(())
    }
}
