//! Which slots have a property: bit sets, and counting over several at once.

use std::io;

use crate::checkpoint::{Part, Section, Sink, Unfit};

/// A dense set of slots, with a bit for every slot up to the last one set.
#[derive(Default)]
pub(crate) struct BitSet {
    words: Vec<u64>,
}

impl BitSet {
    pub(crate) fn insert(&mut self, slot: u32) {
        let word = slot as usize / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (slot % 64);
    }

    pub(crate) fn remove(&mut self, slot: u32) {
        if let Some(word) = self.words.get_mut(slot as usize / 64) {
            *word &= !(1 << (slot % 64));
        }
    }

    pub(crate) fn contains(&self, slot: u32) -> bool {
        self.word(slot as usize / 64) & (1 << (slot % 64)) != 0
    }

    pub(crate) fn word(&self, index: usize) -> u64 {
        self.words.get(index).copied().unwrap_or(0)
    }

    /// Its slots from this one on.
    pub(crate) fn ascend(&self, from: u32) -> impl Iterator<Item = u32> + '_ {
        let mut index = from as usize / 64;
        let mut word = self.word(index) & (u64::MAX << (from % 64));
        std::iter::from_fn(move || {
            while word == 0 {
                index += 1;
                word = *self.words.get(index)?;
            }
            let bit = word.trailing_zeros();
            word &= word - 1;
            Some(u32::try_from(index * 64).expect("slots are u32") + bit)
        })
    }

    pub(crate) fn memory(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }
}

impl Part for BitSet {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.list(&self.words)
    }

    fn load(section: &mut Section<'_>) -> Result<BitSet, Unfit> {
        let words = section.list()?;
        Ok(BitSet { words })
    }
}

/// The slots of `from..to` that are in one of some sets and in every one of
/// others.
pub(crate) struct Intersection<'a> {
    either: Vec<&'a BitSet>,
    all: Vec<&'a BitSet>,
    or: Option<Admission<'a>>,
    from: u32,
    to: u32,
}

/// Whether a slot that is in none of the first sets counts as if it were.
type Admission<'a> = Box<dyn Fn(u32) -> bool + 'a>;

impl<'a> Intersection<'a> {
    pub(crate) fn new(
        either: Vec<&'a BitSet>,
        all: Vec<&'a BitSet>,
        from: u32,
        to: u32,
    ) -> Intersection<'a> {
        Intersection {
            either,
            all,
            or: None,
            from,
            to: to.max(from),
        }
    }

    /// Admits others in place of the first sets.
    pub(crate) fn or(self, or: Admission<'a>) -> Intersection<'a> {
        Intersection {
            or: Some(or),
            ..self
        }
    }

    /// Without the slots before this one.
    pub(crate) fn from(self, slot: u32) -> Intersection<'a> {
        let from = self.from.max(slot);
        Intersection {
            from,
            to: self.to.max(from),
            ..self
        }
    }

    pub(crate) fn contains(&self, slot: u32) -> bool {
        (self.from..self.to).contains(&slot)
            && self.all.iter().all(|set| set.contains(slot))
            && (self.either.iter().any(|set| set.contains(slot))
                || self.or.as_ref().is_some_and(|or| or(slot)))
    }

    /// All sets' bits of one word, cut to the range.
    pub(crate) fn word(&self, index: usize) -> u64 {
        let first = index as u64 * 64;
        let (from, to) = (u64::from(self.from), u64::from(self.to));
        let mut range = u64::MAX;
        if from > first {
            range &= u64::MAX
                .checked_shl(u32::try_from(from - first).unwrap_or(64))
                .unwrap_or(0);
        }
        if to < first + 64 {
            range &= !u64::MAX
                .checked_shl(u32::try_from(to.saturating_sub(first)).unwrap_or(64))
                .unwrap_or(0);
        }
        let all = self.all.iter();
        let all = all.fold(range, |word, set| word & set.word(index));
        let either = self.either.iter();
        let either = either.fold(0, |word, set| word | set.word(index));
        let mut word = all & either;
        if let Some(or) = &self.or {
            let mut rest = all & !either;
            while rest != 0 {
                let bit = rest.ilog2();
                rest &= !(1 << bit);
                if or(u32::try_from(first).expect("slots are u32") + bit) {
                    word |= 1 << bit;
                }
            }
        }
        word
    }

    fn word_range(&self) -> std::ops::Range<usize> {
        self.from as usize / 64..(self.to as usize).div_ceil(64)
    }

    /// How many slots.
    pub(crate) fn count(&self) -> u64 {
        self.word_range()
            .map(|index| u64::from(self.word(index).count_ones()))
            .sum()
    }

    /// The slots in descending order after `offset` of them, without those
    /// that `skip` names. Whole words are passed over by their bit count while
    /// nothing in them can be one to skip.
    pub(crate) fn descend(
        &self,
        mut offset: u64,
        may_skip: bool,
        skip: impl Fn(u32) -> bool,
        mut visit: impl FnMut(u32) -> bool,
    ) {
        for index in self.word_range().rev() {
            let mut word = self.word(index);
            let ones = u64::from(word.count_ones());
            if !may_skip && ones <= offset {
                offset -= ones;
                continue;
            }
            while word != 0 {
                let bit = word.ilog2();
                word &= !(1 << bit);
                let slot = u32::try_from(index * 64).expect("slots are u32") + bit;
                if may_skip && skip(slot) {
                    continue;
                }
                if offset > 0 {
                    offset -= 1;
                } else if !visit(slot) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_plain_sets(
            a in proptest::collection::btree_set(0u32..300, 0..200),
            b in proptest::collection::btree_set(0u32..300, 0..200),
            c in proptest::collection::btree_set(0u32..300, 0..50),
            gone in proptest::collection::btree_set(0u32..300, 0..20),
            from in 0u32..320, to in 0u32..320, offset in 0u64..50,
        ) {
            let fill = |set: &BTreeSet<u32>| {
                let mut bits = BitSet::default();
                for &slot in set {
                    bits.insert(slot);
                }
                bits
            };
            let (bits_a, bits_b) = (fill(&a), fill(&b));
            let bits_c = fill(&c);
            let both = Intersection::new(vec![&bits_a], vec![&bits_b], from, to)
                .or(Box::new(|slot| bits_c.contains(slot)));
            let either: BTreeSet<u32> = a.union(&c).copied().collect();
            let expected: Vec<u32> = either.into_iter().rev().filter(|s| b.contains(s) && (from..to.max(from)).contains(s)).collect();
            prop_assert_eq!(both.count(), expected.len() as u64);
            for may_skip in [false, true] {
                let mut seen = Vec::new();
                both.descend(offset, may_skip, |slot| gone.contains(&slot), |slot| { seen.push(slot); true });
                let left: Vec<u32> = expected.iter().copied()
                    .filter(|slot| !may_skip || !gone.contains(slot))
                    .skip(usize::try_from(offset).unwrap())
                    .collect();
                prop_assert_eq!(seen, left);
            }
            prop_assert!(bits_a.ascend(from).eq(a.range(from..).copied()));
            for slot in 0..330 {
                prop_assert_eq!(both.contains(slot), expected.contains(&slot));
            }
        }
    }
}
