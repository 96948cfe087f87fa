//! Lists of values of at least a score. The score is reckoned at the time of
//! the question, so it is looked at last, entry by entry.

use iocd_core::query::Filter;

use crate::error::IndexError;
use crate::facets::BitSet;
use crate::moment::Moment;
use crate::reading::Reading;
use crate::score::Telling;
use crate::state::State;

impl Reading<'_> {
    /// The sets that have to be made for a filter; with `min_score`, the last
    /// of them is of the slots from `from` on that it admits at a moment and
    /// whose score is enough. That takes about a microsecond for each slot
    /// that the rest of the filter admits; writers get their turns, and it ends
    /// early once nobody waits for it.
    pub(crate) fn made_sets_with_scores(
        &mut self,
        filter: &Filter,
        moment: Moment,
        from: u32,
        is_abandoned: &dyn Fn() -> bool,
    ) -> Result<Vec<BitSet>, IndexError> {
        let mut made = self.made_sets(filter);
        if let Some(least) = filter.min_score {
            let admitted = self.matching(filter, &made, moment).from(from).to_set();
            let mut scored = BitSet::default();
            for (index, word) in admitted.words() {
                scored.insert_all(index, self.score_word(index, word, least, moment)?);
                self.give_way();
                if is_abandoned() {
                    return Err(IndexError::Abandoned);
                }
            }
            made.push(scored);
        }
        Ok(made)
    }
}

impl State {
    /// Those of the slots of a word whose value has at least this score.
    fn score_word(
        &self,
        index: usize,
        mut word: u64,
        least: u8,
        moment: Moment,
    ) -> Result<u64, IndexError> {
        let telling = Telling {
            moment,
            explained: false,
        };
        let mut kept = 0;
        while word != 0 {
            let bit = word.trailing_zeros();
            word &= word - 1;
            let slot = u32::try_from(index * 64).expect("slots are u32") + bit;
            let Some(shown) = self.shown(slot, moment.now) else {
                continue;
            };
            let claim = self.claim(shown.slot)?;
            let warnings = self.warnings(&claim, &shown);
            let (score, _) = self.score(&shown, &claim, &warnings, telling)?;
            kept |= u64::from(score >= least) << bit;
        }
        Ok(kept)
    }
}
