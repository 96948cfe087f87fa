//! Which slots have a property: bit sets, and counting over several at once.

use std::io;

use crate::checkpoint::{Part, Section, Sink, Unfit};

/// Words that are taken together: loops over so many without a branch become
/// vector instructions.
const STRIDE: usize = 64;
type Stride = [u64; STRIDE];

/// A dense set of slots, with a bit for every slot up to the last one set.
#[derive(Clone, Default)]
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

    /// Adds the slots of one word.
    pub(crate) fn insert_all(&mut self, index: usize, word: u64) {
        if index >= self.words.len() {
            self.words.resize(index + 1, 0);
        }
        self.words[index] |= word;
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

    /// The words that are not empty, each with its number.
    pub(crate) fn words(&self) -> impl Iterator<Item = (usize, u64)> {
        let words = self.words.iter().copied().enumerate();
        words.filter(|&(_, word)| word != 0)
    }

    /// The words from `first` on, as many as there are and at most a stride.
    fn stride(&self, first: usize) -> &[u64] {
        let rest = self.words.get(first..).unwrap_or_default();
        &rest[..rest.len().min(STRIDE)]
    }

    /// How many slots.
    pub(crate) fn count(&self) -> u64 {
        self.words
            .iter()
            .map(|word| u64::from(word.count_ones()))
            .sum()
    }

    /// How many slots of it are in another.
    pub(crate) fn count_in(&self, other: &BitSet) -> u64 {
        let pairs = self.words.iter().zip(&other.words);
        pairs.map(|(a, b)| u64::from((a & b).count_ones())).sum()
    }

    /// How many slots before this one are in it.
    pub(crate) fn count_before(&self, slot: u32) -> u64 {
        Intersection::new(vec![self], Vec::new(), 0, slot).count()
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

    /// Without this slot and those after it.
    pub(crate) fn before(self, slot: u32) -> Intersection<'a> {
        let to = self.to.min(slot).max(self.from);
        Intersection { to, ..self }
    }

    pub(crate) fn contains(&self, slot: u32) -> bool {
        (self.from..self.to).contains(&slot)
            && self.all.iter().all(|set| set.contains(slot))
            && (self.either.iter().any(|set| set.contains(slot))
                || self.or.as_ref().is_some_and(|or| or(slot)))
    }

    /// The bits of the range in a word.
    fn range_of_word(&self, index: usize) -> u64 {
        let first = index as u64 * 64;
        let up_to = |slot: u32| match u64::from(slot).saturating_sub(first) {
            bits @ 0..64 => !(u64::MAX << bits),
            _ => u64::MAX,
        };
        up_to(self.to) & !up_to(self.from)
    }

    /// All sets' bits of one word, cut to the range.
    pub(crate) fn word(&self, index: usize) -> u64 {
        let all = self.all.iter();
        let all = all.fold(self.range_of_word(index), |word, set| {
            word & set.word(index)
        });
        let either = self.either.iter();
        let either = either.fold(0, |word, set| word | set.word(index));
        let mut word = all & either;
        if let Some(or) = &self.or {
            let mut rest = all & !either;
            while rest != 0 {
                let bit = rest.ilog2();
                rest &= !(1 << bit);
                if or(u32::try_from(index * 64).expect("slots are u32") + bit) {
                    word |= 1 << bit;
                }
            }
        }
        word
    }

    /// [`Intersection::word`] of so many words from `first` on.
    fn stride(&self, first: usize) -> Stride {
        if self.or.is_some() {
            return std::array::from_fn(|at| self.word(first + at));
        }
        let mut words = [0; STRIDE];
        for set in &self.either {
            let own = set.stride(first);
            for (word, own) in words.iter_mut().zip(own) {
                *word |= own;
            }
        }
        for set in &self.all {
            let own = set.stride(first);
            for (word, own) in words.iter_mut().zip(own) {
                *word &= own;
            }
            words[own.len()..].fill(0);
        }
        let range = self.word_range();
        if first <= range.start || range.end <= first + STRIDE {
            for (index, word) in (first..).zip(&mut words) {
                *word &= self.range_of_word(index);
            }
        }
        words
    }

    fn word_range(&self) -> std::ops::Range<usize> {
        self.from as usize / 64..(self.to as usize).div_ceil(64)
    }

    /// Where strides begin, so that all words are in one.
    fn strides(&self) -> impl DoubleEndedIterator<Item = usize> {
        let range = self.word_range();
        (range.start / STRIDE..range.end.div_ceil(STRIDE)).map(|number| number * STRIDE)
    }

    /// The slots as a set of their own.
    pub(crate) fn to_set(&self) -> BitSet {
        let mut set = BitSet::default();
        for first in self.strides() {
            let words = self.stride(first);
            if ones(&words) > 0 {
                set.words.resize(first, 0);
                set.words.extend(words);
            }
        }
        set
    }

    /// How many slots.
    pub(crate) fn count(&self) -> u64 {
        self.strides().map(|first| ones(&self.stride(first))).sum()
    }

    /// The slots in descending order after `offset` of them, without those
    /// that `skip` names. Words are passed over by their bit count while
    /// nothing in them can be one to skip.
    pub(crate) fn descend(
        &self,
        mut offset: u64,
        may_skip: bool,
        skip: impl Fn(u32) -> bool,
        mut visit: impl FnMut(u32) -> bool,
    ) {
        for first in self.strides().rev() {
            let words = self.stride(first);
            let ones = ones(&words);
            if ones == 0 || !may_skip && ones <= offset {
                offset -= ones;
                continue;
            }
            for (at, mut word) in words.into_iter().enumerate().rev() {
                let ones = u64::from(word.count_ones());
                if !may_skip && ones <= offset {
                    offset -= ones;
                    continue;
                }
                while word != 0 {
                    let bit = word.ilog2();
                    word &= !(1 << bit);
                    let slot = u32::try_from((first + at) * 64).expect("slots are u32") + bit;
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
}

fn ones(words: &Stride) -> u64 {
    words.iter().map(|word| u64::from(word.count_ones())).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Slots close together, and such as are strides apart.
    fn slot() -> impl Strategy<Value = u32> {
        prop_oneof![0u32..320, 4_000u32..4_200, 0u32..13_000]
    }

    proptest! {
        #[test]
        fn agrees_with_plain_sets(
            a in proptest::collection::btree_set(slot(), 0..400),
            b in proptest::collection::btree_set(slot(), 0..400),
            c in proptest::collection::btree_set(slot(), 0..50),
            gone in proptest::collection::btree_set(slot(), 0..20),
            has_others in proptest::bool::ANY,
            from in slot(), to in slot(), offset in 0u64..50,
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
            let mut both = Intersection::new(vec![&bits_a], vec![&bits_b], from, to);
            prop_assert!(bits_a.ascend(from).eq(a.range(from..).copied()));
            let mut either = a;
            if has_others {
                both = both.or(Box::new(|slot| bits_c.contains(slot)));
                either.extend(&c);
            }
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
            for slot in b {
                prop_assert_eq!(both.contains(slot), expected.contains(&slot));
            }
        }
    }
}
