//! Which slots have a property: bit sets, and counting over several at once.

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

    fn word(&self, index: usize) -> u64 {
        self.words.get(index).copied().unwrap_or(0)
    }

    pub(crate) fn memory(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }
}

/// The slots of `from..to` that are in one of some sets and in every one of
/// others.
pub(crate) struct Intersection<'a> {
    either: Vec<&'a BitSet>,
    all: Vec<&'a BitSet>,
    from: u32,
    to: u32,
}

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
            from,
            to: to.max(from),
        }
    }

    pub(crate) fn contains(&self, slot: u32) -> bool {
        (self.from..self.to).contains(&slot)
            && self.either.iter().any(|set| set.contains(slot))
            && self.all.iter().all(|set| set.contains(slot))
    }

    /// All sets' bits of one word, cut to the range.
    fn word(&self, index: usize) -> u64 {
        let either = self.either.iter();
        let either = either.fold(0, |word, set| word | set.word(index));
        let all = self.all.iter();
        let mut word = all.fold(either, |word, set| word & set.word(index));
        let first = index as u64 * 64;
        let (from, to) = (u64::from(self.from), u64::from(self.to));
        if from > first {
            word &= u64::MAX
                .checked_shl(u32::try_from(from - first).unwrap_or(64))
                .unwrap_or(0);
        }
        if to < first + 64 {
            word &= !u64::MAX
                .checked_shl(u32::try_from(to.saturating_sub(first)).unwrap_or(64))
                .unwrap_or(0);
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
            let both = Intersection::new(vec![&bits_a, &bits_c], vec![&bits_b], from, to);
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
            for slot in 0..330 {
                prop_assert_eq!(both.contains(slot), expected.contains(&slot));
            }
        }
    }
}
