//! Ascending numbers in few bytes: in which blocks a trigram is, which slots
//! bear a label.
//!
//! Members are taken by 256. For each such run that has any:
//!
//! ```text
//! runs left out before it, LEB128 | count u8 below 32 | that many offsets, a byte each
//!                                 | 32                | a bit for each number, 32 bytes
//! ```
//!
//! So a member costs a byte where they are rare and a bit where they are not.

use std::io;

use crate::checkpoint::{Part, Section, Sink, Unfit};
use crate::facets::BitSet;

/// Numbers in a run.
const RUN: u32 = 256;
/// Words of a set that they take.
const RUN_WORDS: usize = 4;
/// Bytes of a run as bits; as many offsets are written so instead.
const BITS: u8 = 32;

/// A list of members that grows at its end.
#[derive(Default)]
pub(crate) struct Posting {
    bytes: Vec<u8>,
    /// Runs up to the last one that has a member.
    runs: u32,
    /// The count that is written for the last run.
    count: u8,
}

fn set(bits: &mut [u8], offset: u8) {
    bits[usize::from(offset / 8)] |= 1 << (offset % 8);
}

impl Posting {
    /// Adds a member that is greater than all before it.
    pub(crate) fn push(&mut self, member: u32) {
        let run = member / RUN;
        let [offset, ..] = member.to_le_bytes();
        let end = self.bytes.len();
        if run >= self.runs {
            self.begin_run(run - self.runs);
            self.runs = run + 1;
            self.count = 1;
            self.bytes.extend([1, offset]);
        } else if self.count == BITS {
            set(&mut self.bytes[end - usize::from(BITS)..], offset);
        } else {
            let list = end - usize::from(self.count);
            self.count += 1;
            self.bytes[list - 1] = self.count;
            if self.count == BITS {
                let mut bits = [0; BITS as usize];
                for &known in &self.bytes[list..] {
                    set(&mut bits, known);
                }
                set(&mut bits, offset);
                self.bytes.truncate(list);
                self.reserve(bits.len());
                self.bytes.extend(bits);
            } else {
                self.reserve(1);
                self.bytes.push(offset);
            }
        }
    }

    fn begin_run(&mut self, mut left_out: u32) {
        self.reserve(7);
        loop {
            let [low, ..] = left_out.to_le_bytes();
            left_out >>= 7;
            if left_out == 0 {
                self.bytes.push(low & 0x7f);
                return;
            }
            self.bytes.push(low | 0x80);
        }
    }

    /// Grows by an eighth: doubling would leave a quarter of the memory unused.
    fn reserve(&mut self, bytes: usize) {
        if self.bytes.capacity() - self.bytes.len() < bytes {
            self.bytes
                .reserve_exact((self.bytes.len() / 8).max(bytes).max(8));
        }
    }

    /// Bytes that reading it takes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    fn runs(&self) -> Runs<'_> {
        Runs {
            rest: &self.bytes,
            next: 0,
        }
    }

    /// The members in order.
    pub(crate) fn members(&self) -> Members<'_> {
        Members {
            runs: self.runs(),
            first: 0,
            offsets: &[],
            bits: 0,
            word: 0,
            words: &[],
        }
    }

    /// Keeps those of some members, which are in order, that are in the list,
    /// too. Takes time with the number of runs and of those members.
    pub(crate) fn retain(&self, members: &mut Vec<u32>) {
        let mut runs = self.runs();
        let mut run = runs.next();
        members.retain(|&member| {
            let [offset, ..] = member.to_le_bytes();
            while let Some(Run { number, .. }) = run
                && number < member / RUN
            {
                run = runs.next();
            }
            run.is_some_and(|run| run.number == member / RUN && run.has(offset))
        });
    }

    /// Adds all members to a set.
    pub(crate) fn fill(&self, set: &mut BitSet) {
        for run in self.runs() {
            for (index, word) in run.words() {
                set.insert_all(index, word);
            }
        }
    }

    /// How many members are in a set.
    pub(crate) fn count_in(&self, set: &BitSet) -> u64 {
        let words = self.runs().flat_map(Run::words);
        let counts = words.map(|(index, word)| (word & set.word(index)).count_ones());
        counts.map(u64::from).sum()
    }
}

impl Part for Posting {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.number(self.runs)?;
        sink.number(self.count)?;
        sink.list(&self.bytes)
    }

    fn load(section: &mut Section<'_>) -> Result<Posting, Unfit> {
        Ok(Posting {
            runs: section.number()?,
            count: section.number()?,
            bytes: section.list()?,
        })
    }
}

/// The members of a run.
#[derive(Clone, Copy)]
struct Run<'a> {
    number: u32,
    /// Offsets, or bits if it is as many bytes as those take.
    content: &'a [u8],
}

impl<'a> Run<'a> {
    fn bits(self) -> Option<&'a [u8]> {
        (self.content.len() == usize::from(BITS)).then_some(self.content)
    }

    /// Its members as words of a set, each with its number.
    fn words(self) -> impl Iterator<Item = (usize, u64)> {
        let mut words = [0; RUN_WORDS];
        match self.bits() {
            Some(bits) => {
                let (bytes, _) = bits.as_chunks();
                for (word, bytes) in words.iter_mut().zip(bytes) {
                    *word = u64::from_le_bytes(*bytes);
                }
            }
            None => {
                for &offset in self.content {
                    words[usize::from(offset / 64)] |= 1 << (offset % 64);
                }
            }
        }
        let first = self.number as usize * RUN_WORDS;
        (first..).zip(words).filter(|&(_, word)| word != 0)
    }

    fn has(self, offset: u8) -> bool {
        match self.bits() {
            Some(bits) => bits[usize::from(offset / 8)] & 1 << (offset % 8) != 0,
            None => self.content.contains(&offset),
        }
    }
}

/// Goes through the runs of a [`Posting`].
struct Runs<'a> {
    rest: &'a [u8],
    next: u32,
}

impl<'a> Iterator for Runs<'a> {
    type Item = Run<'a>;

    fn next(&mut self) -> Option<Run<'a>> {
        let mut left_out = 0;
        let mut shift = 0;
        let count = loop {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            left_out |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                let (&count, rest) = rest.split_first()?;
                self.rest = rest;
                break count;
            }
            shift += 7;
        };
        let number = self.next + left_out;
        self.next = number + 1;
        // As many bytes as offsets or, of bits, as the count says too.
        let (content, rest) = self.rest.split_at_checked(count.into())?;
        self.rest = rest;
        Some(Run { number, content })
    }
}

/// Goes through the members of a [`Posting`].
pub(crate) struct Members<'a> {
    runs: Runs<'a>,
    /// First member of the run.
    first: u32,
    /// What is left of a run that is a list.
    offsets: &'a [u8],
    /// What is left of a word of a run that is bits, and its number plus one.
    bits: u64,
    word: u32,
    /// The words after it.
    words: &'a [u8],
}

impl Iterator for Members<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            if let Some((&offset, rest)) = self.offsets.split_first() {
                self.offsets = rest;
                return Some(self.first + u32::from(offset));
            }
            if self.bits != 0 {
                let bit = self.bits.trailing_zeros();
                self.bits &= self.bits - 1;
                return Some(self.first + (self.word - 1) * 64 + bit);
            }
            if let Some((word, rest)) = self.words.split_first_chunk() {
                self.bits = u64::from_le_bytes(*word);
                self.words = rest;
                self.word += 1;
            } else {
                let run = self.runs.next()?;
                self.first = run.number * RUN;
                match run.bits() {
                    Some(bits) => (self.words, self.word) = (bits, 0),
                    None => self.offsets = run.content,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_posting_gives_what_it_took(gaps in gaps(), others in gaps()) {
            let members = ascending(gaps);
            let posting = fill(&members);
            prop_assert!(posting.len() <= 3 * members.len() + 8);
            prop_assert!(posting.members().eq(members.iter().copied()));
            let mut set = BitSet::default();
            posting.fill(&mut set);
            prop_assert!(members.iter().all(|&member| set.contains(member)));
            let end = members.last().map_or(0, |&last| last + 1);
            prop_assert_eq!(set.count_before(end), members.len() as u64);

            let mut kept = ascending(others);
            let mut both = kept.clone();
            both.retain(|member| members.binary_search(member).is_ok());
            prop_assert_eq!(fill(&kept).count_in(&set), both.len() as u64);
            posting.retain(&mut kept);
            prop_assert_eq!(kept, both);
        }
    }

    fn gaps() -> impl Strategy<Value = Vec<u32>> {
        let gap = prop_oneof![8 => 0u32..3, 2 => 0u32..40, 1 => 0u32..100_000];
        proptest::collection::vec(gap, 0..2000)
    }

    fn ascending(gaps: Vec<u32>) -> Vec<u32> {
        let members = gaps.into_iter().scan(0, |next, gap| {
            let member = *next + gap;
            *next = member + 1;
            Some(member)
        });
        members.collect()
    }

    fn fill(members: &[u32]) -> Posting {
        let mut posting = Posting::default();
        for &member in members {
            posting.push(member);
        }
        posting
    }

    #[test]
    fn dense_postings_take_a_bit_a_member() {
        let mut posting = Posting::default();
        for member in (0..100_000).filter(|member| member % 3 != 0) {
            posting.push(member);
        }
        assert!(posting.memory() < 100_000 / 8 * 11 / 10 * 9 / 8);
    }
}
