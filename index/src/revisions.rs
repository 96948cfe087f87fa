//! Which revision each slot has. Both count in the same order; compaction takes
//! slots away and never a revision, so revisions of a compacted store have gaps.

use std::io;

use crate::checkpoint::{Part, Section, Sink, Unfit};

/// Revisions that share an entry of the directory.
const BLOCK: u64 = 64 * BLOCK_WORDS as u64;
const BLOCK_WORDS: usize = 8;
/// More revisions than this are not: a gap that leads further is no gap.
const MAX: u64 = 1 << 36;

/// Up to the last gap a bit for each revision says whether it has a slot, with
/// a directory both ways: a few bits a revision, and neither way takes longer
/// in a larger store. From there on, and in a store that was never compacted
/// from the beginning, it is a sum.
#[derive(Default)]
pub(crate) struct Revisions {
    /// The last revision of the last gap.
    end: u64,
    /// How many of them have a slot.
    slots: u32,
    /// Bit number `r - 1`: whether revision `r` has a slot.
    words: Vec<u64>,
    /// Of each block of revisions: the first slot that comes with it or later.
    firsts: Vec<u32>,
    /// Of each [`BLOCK`] slots: the block in which the first of them is.
    blocks: Vec<u32>,
}

impl Revisions {
    /// The latest revision, where there are so many slots.
    pub(crate) fn last(&self, slots: u32) -> u64 {
        self.end + u64::from(slots.saturating_sub(self.slots))
    }

    /// The revision of a slot.
    pub(crate) fn of(&self, slot: u32) -> u64 {
        match slot.checked_sub(self.slots) {
            Some(later) => self.end + u64::from(later) + 1,
            None => self.select(slot) + 1,
        }
    }

    /// How many slots have this revision or an earlier one, where there are as
    /// many as it takes: the slot after that revision.
    pub(crate) fn slots_up_to(&self, revision: u64) -> u64 {
        match revision.checked_sub(self.end) {
            Some(later) => u64::from(self.slots) + later,
            None => self.rank(revision),
        }
    }

    /// The slot of a revision, where there are as many as it takes; `None` if
    /// it is in a gap.
    pub(crate) fn slot_of(&self, revision: u64) -> Option<u64> {
        let before = revision.checked_sub(1)?;
        (before >= self.end || self.contains(before)).then(|| self.slots_up_to(before))
    }

    /// Takes in that the revision after that of so many slots is the one after
    /// `to`. `None` if that is not further on, or further than can be.
    pub(crate) fn move_on(&mut self, slots: u32, to: u64) -> Option<()> {
        if to <= self.last(slots) || to > MAX {
            return None;
        }
        self.words.resize(index(to.div_ceil(u64::BITS.into())), 0);
        for slot in self.slots..slots {
            self.enter(self.end, slot);
            self.words[index(self.end / 64)] |= 1 << (self.end % 64);
            self.end += 1;
        }
        self.slots = slots;
        while self.firsts.len() as u64 * BLOCK < to {
            self.firsts.push(slots);
        }
        self.end = to;
        Some(())
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
            + (self.firsts.capacity() + self.blocks.capacity()) * size_of::<u32>()
    }

    /// Notes in the directory that this slot has this bit.
    fn enter(&mut self, bit: u64, slot: u32) {
        while self.firsts.len() as u64 * BLOCK <= bit {
            self.firsts.push(slot);
        }
        if u64::from(slot) % BLOCK == 0 {
            let block = u32::try_from(bit / BLOCK).expect("of at most MAX revisions");
            self.blocks.push(block);
        }
    }

    fn contains(&self, bit: u64) -> bool {
        self.words[index(bit / 64)] & (1 << (bit % 64)) != 0
    }

    /// How many bits before this one are set.
    fn rank(&self, bit: u64) -> u64 {
        let block = index(bit / BLOCK);
        let word = index(bit / 64);
        let whole = &self.words[block * BLOCK_WORDS..word];
        let rest = self.words[word] & !(u64::MAX << (bit % 64));
        let ones = whole.iter().chain([&rest]).map(|word| word.count_ones());
        u64::from(self.firsts[block] + ones.sum::<u32>())
    }

    /// The bit of a slot.
    fn select(&self, slot: u32) -> u64 {
        let at = slot as usize / index(BLOCK);
        let low = self.blocks[at] as usize;
        let high = self
            .blocks
            .get(at + 1)
            .map_or(self.firsts.len() - 1, |&block| block as usize);
        let later = self.firsts[low..=high].partition_point(|&first| first <= slot);
        let block = low + later - 1;
        let mut left = slot - self.firsts[block];
        let mut at = block * BLOCK_WORDS;
        while left >= self.words[at].count_ones() {
            left -= self.words[at].count_ones();
            at += 1;
        }
        let mut word = self.words[at];
        for _ in 0..left {
            word &= word - 1;
        }
        at as u64 * 64 + u64::from(word.trailing_zeros())
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("of at most MAX revisions")
}

impl Part for Revisions {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.number(self.end)?;
        sink.list(&self.words)
    }

    fn load(section: &mut Section<'_>) -> Result<Revisions, Unfit> {
        let (to, words): (u64, Vec<u64>) = (section.number()?, section.list()?);
        if to > MAX || words.len() as u64 != to.div_ceil(u64::BITS.into()) {
            return Err(Unfit("its revisions are not as many as it says"));
        }
        let mut revisions = Revisions::default();
        for (at, mut word) in words.iter().copied().enumerate() {
            while word != 0 {
                let bit = at as u64 * 64 + u64::from(word.trailing_zeros());
                word &= word - 1;
                revisions.enter(bit, revisions.slots);
                revisions.slots += 1;
            }
        }
        while (revisions.firsts.len() as u64) * BLOCK < to {
            revisions.firsts.push(revisions.slots);
        }
        Ok(Revisions {
            end: to,
            words,
            ..revisions
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_gaps_it_is_a_sum() {
        let revisions = Revisions::default();
        assert_eq!((revisions.of(0), revisions.of(7)), (1, 8));
        assert_eq!(
            (revisions.slot_of(1), revisions.slot_of(8)),
            (Some(0), Some(7))
        );
        assert_eq!((revisions.slots_up_to(0), revisions.slots_up_to(8)), (0, 8));
        assert_eq!((revisions.slot_of(0), revisions.last(5)), (None, 5));
    }

    #[test]
    fn a_gap_leads_on_and_not_too_far() {
        let mut revisions = Revisions::default();
        assert_eq!(revisions.move_on(5, 5), None);
        assert_eq!(revisions.move_on(5, MAX + 1), None);
        assert_eq!(revisions.move_on(5, 9), Some(()));
        assert_eq!(revisions.move_on(5, 9), None);
        assert_eq!(
            (revisions.of(4), revisions.of(5), revisions.last(6)),
            (5, 10, 10)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// By runs of slots and gaps of all sizes, both ways.
        #[test]
        fn agrees_with_a_list(
            runs in prop::collection::vec((0u32..1500, prop_oneof![1u64..4, 1u64..5000]), 0..8),
            rest in 0u32..100,
        ) {
            let mut revisions = Revisions::default();
            let (mut list, mut next) = (Vec::new(), 1);
            let add = |list: &mut Vec<u64>, count: u32, next: &mut u64| for _ in 0..count {
                list.push(*next);
                *next += 1;
            };
            for (count, gap) in runs {
                add(&mut list, count, &mut next);
                next += gap;
                revisions.move_on(u32::try_from(list.len()).unwrap(), next - 1).unwrap();
            }
            add(&mut list, rest, &mut next);
            let count = u32::try_from(list.len()).unwrap();
            prop_assert_eq!(revisions.last(count), next - 1);
            for (slot, &revision) in (0..).zip(&list) {
                prop_assert_eq!(revisions.of(slot), revision);
            }
            for revision in 0..next {
                let up_to = list.partition_point(|&known| known <= revision);
                prop_assert_eq!(revisions.slots_up_to(revision), up_to as u64);
                let slot = list.binary_search(&revision).ok().map(|slot| slot as u64);
                prop_assert_eq!(revisions.slot_of(revision), slot);
            }
        }
    }
}
