//! Which values may contain a text: postings of trigrams over blocks of values.
//!
//! Values are numbered in the order in which they first came, and 64 of them
//! are a block. For each three characters that follow each other in some value,
//! a list says in which blocks; a text can only be in blocks that have all its
//! trigrams, and there the values themselves are looked at. Letter case is
//! folded and rare characters share a symbol: that costs time, never a wrong
//! answer. With 64 values of common shapes in a block, lists come to about 11
//! bytes a value.

use std::io;

use crate::checkpoint::{Part, Section, Sink, Unfit};
use crate::facets::BitSet;
use crate::posting::Posting;

/// Values in a block.
const BLOCK: u32 = 64;
/// Symbols are 6 bits, a trigram 18.
const SYMBOL_BITS: u32 = 6;
const TRIGRAMS: usize = 1 << (3 * SYMBOL_BITS);
const MASK: usize = TRIGRAMS - 1;
/// The symbol of all characters that have none of their own.
const OTHER: u8 = 63;
/// Trigrams of a text that are asked for, the rarest: more narrow little.
const ASKED: usize = 12;
/// A list is not worth reading where this many of its bytes stand against one
/// block that is left to look at.
const BYTES_A_BLOCK: usize = 4096;

/// Symbols by byte.
const SYMBOLS: [u8; 256] = {
    let alphabet = b"abcdefghijklmnopqrstuvwxyz0123456789.-_/:?=&%@+~,;!$*()[]|\"'{}";
    let mut symbols = [OTHER; 256];
    let mut symbol = 0;
    while symbol < OTHER && (symbol as usize) < alphabet.len() {
        let byte = alphabet[symbol as usize];
        symbols[byte as usize] = symbol;
        symbols[byte.to_ascii_uppercase() as usize] = symbol;
        symbol += 1;
    }
    symbols
};

/// The postings, and the values by number; see the module.
pub(crate) struct Trigrams {
    /// Slots of the values' first records: a bit each instead of a number.
    firsts: BitSet,
    /// For each block that was begun, the slot of its first value.
    begins: Vec<u32>,
    /// How many values.
    len: u32,
    /// By trigram the place in `postings`, less one; 0 for none.
    places: Vec<u32>,
    postings: Vec<Posting>,
    /// Trigrams of the block that is not full, each once.
    open: Vec<u32>,
    /// The same as a set of bits.
    is_open: Vec<u64>,
}

/// The trigrams of a text in order, repetitions included.
fn trigrams(text: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let mut window = 0;
    text.iter().enumerate().filter_map(move |(at, &byte)| {
        window = (window << SYMBOL_BITS | usize::from(SYMBOLS[usize::from(byte)])) & MASK;
        (at >= 2).then_some(window)
    })
}

impl Trigrams {
    pub(crate) fn new() -> Trigrams {
        Trigrams {
            firsts: BitSet::default(),
            begins: Vec::new(),
            len: 0,
            // Zeroes cost no memory before they are written to.
            places: vec![0; TRIGRAMS],
            postings: Vec::new(),
            open: Vec::new(),
            is_open: vec![0; TRIGRAMS / 64],
        }
    }

    /// Takes in a value that is new, with the slot of its record, which is
    /// after those of all before.
    pub(crate) fn insert(&mut self, slot: u32, value: &str) {
        for trigram in trigrams(value.as_bytes()) {
            let (word, bit) = (trigram / 64, 1 << (trigram % 64));
            if self.is_open[word] & bit == 0 {
                self.is_open[word] |= bit;
                self.open
                    .push(u32::try_from(trigram).expect("a trigram is 18 bits"));
            }
        }
        if self.len.is_multiple_of(BLOCK) {
            self.begins.push(slot);
        }
        self.firsts.insert(slot);
        self.len += 1;
        if self.len.is_multiple_of(BLOCK) {
            self.close_block(self.len / BLOCK - 1);
        }
    }

    fn close_block(&mut self, block: u32) {
        for &trigram in &self.open {
            let trigram = trigram as usize;
            self.is_open[trigram / 64] = 0;
            let place = &mut self.places[trigram];
            if *place == 0 {
                self.postings.push(Posting::default());
                *place = u32::try_from(self.postings.len()).expect("at most one a trigram");
            }
            self.postings[*place as usize - 1].push(block);
        }
        self.open.clear();
    }

    /// The blocks that may have a value with one of the texts, in order.
    pub(crate) fn blocks<'a>(&self, texts: impl Iterator<Item = &'a [u8]>) -> Vec<u32> {
        let mut blocks: Vec<u32> = texts.flat_map(|text| self.blocks_of(text)).collect();
        blocks.sort_unstable();
        blocks.dedup();
        if !self.len.is_multiple_of(BLOCK) {
            blocks.push(self.len / BLOCK);
        }
        blocks
    }

    /// The first slot of a block, if it has begun.
    pub(crate) fn begin(&self, block: u32) -> Option<u32> {
        self.begins.get(block as usize).copied()
    }

    /// Slots of the first records of a block's values, in order.
    pub(crate) fn slots(&self, block: u32) -> impl Iterator<Item = u32> + '_ {
        let first = self.begins[block as usize];
        self.firsts.ascend(first).take(BLOCK as usize)
    }

    /// The full blocks that have all trigrams of a text, but for those that
    /// were not worth asking for.
    fn blocks_of(&self, text: &[u8]) -> Vec<u32> {
        let mut wanted: Vec<usize> = trigrams(text).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut postings = Vec::with_capacity(wanted.len());
        for trigram in wanted {
            let Some(place) = self.places[trigram].checked_sub(1) else {
                return Vec::new();
            };
            postings.push(&self.postings[place as usize]);
        }
        postings.sort_unstable_by_key(|posting| posting.len());
        let mut postings = postings.into_iter().take(ASKED);
        let Some(rarest) = postings.next() else {
            return Vec::new();
        };
        let mut blocks: Vec<u32> = rarest.members().collect();
        for posting in postings {
            if posting.len() > blocks.len().saturating_mul(BYTES_A_BLOCK) {
                break;
            }
            posting.retain(&mut blocks);
        }
        blocks
    }

    /// Bytes on the heap, about.
    pub(crate) fn memory(&self) -> usize {
        let lists = self.postings.iter().map(Posting::memory);
        self.firsts.memory()
            + lists.sum::<usize>()
            + self.postings.capacity() * size_of::<Posting>()
            + (self.begins.capacity() + self.places.len() + self.open.capacity()) * size_of::<u32>()
            + self.is_open.len() * size_of::<u64>()
    }
}

impl Part for Trigrams {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        self.firsts.save(sink)?;
        sink.number(self.len)?;
        sink.list(&self.begins)?;
        // By place, whose postings they are.
        let mut owners = vec![0; self.postings.len()];
        for (trigram, &place) in (0u32..).zip(&self.places) {
            if let Some(place) = place.checked_sub(1) {
                owners[place as usize] = trigram;
            }
        }
        sink.list(&owners)?;
        self.postings.iter().try_for_each(|list| list.save(sink))?;
        sink.list(&self.open)
    }

    fn load(section: &mut Section<'_>) -> Result<Trigrams, Unfit> {
        const UNKNOWN: Unfit = Unfit("there is no such trigram");
        let mut trigrams = Trigrams::new();
        trigrams.firsts = BitSet::load(section)?;
        trigrams.len = section.number()?;
        trigrams.begins = section.list()?;
        if trigrams.begins.len() != trigrams.len.div_ceil(BLOCK) as usize {
            return Err(Unfit("there are not as many blocks as values need"));
        }
        let owners: Vec<u32> = section.list()?;
        for (place, owner) in (1..).zip(owners) {
            *trigrams.places.get_mut(owner as usize).ok_or(UNKNOWN)? = place;
            trigrams.postings.push(Posting::load(section)?);
        }
        trigrams.open = section.list()?;
        for &trigram in &trigrams.open {
            let word = trigrams.is_open.get_mut(trigram as usize / 64);
            *word.ok_or(UNKNOWN)? |= 1 << (trigram % 64);
        }
        Ok(trigrams)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// No block that has a value with the text is left out.
        #[test]
        fn every_value_with_the_text_is_in_some_block(
            values in proptest::collection::vec("[abA.]{3,9}", 0..400),
            text in "[ab.]{3,5}",
        ) {
            let mut index = Trigrams::new();
            for (slot, value) in values.iter().enumerate() {
                index.insert(u32::try_from(slot).unwrap() * 2, value);
            }
            let blocks = index.blocks(std::iter::once(text.as_bytes()));
            prop_assert!(blocks.is_sorted());
            let slots: Vec<u32> = blocks.iter().flat_map(|&block| index.slots(block)).collect();
            for (slot, value) in values.iter().enumerate() {
                if value.to_ascii_lowercase().contains(&text) {
                    prop_assert!(slots.contains(&(u32::try_from(slot).unwrap() * 2)));
                }
            }
        }
    }

    #[test]
    fn a_rare_text_leaves_few_blocks() {
        let mut index = Trigrams::new();
        for slot in 0..64_000u32 {
            index.insert(
                slot,
                &format!("h{}.example.com", slot.wrapping_mul(0x9e37_79b1)),
            );
        }
        index.insert(64_000, "needle.example.com");
        for slot in 64_001..65_000 {
            index.insert(slot, "other.example.com");
        }
        let blocks = |text: &str| index.blocks(std::iter::once(text.as_bytes()));
        // That of the needle, and the one that is not full.
        assert_eq!(blocks("needle"), [1000, 1015]);
        assert_eq!(blocks("xyzzy"), [1015]);
        assert_eq!(blocks("example").len(), 1016);
        assert_eq!(index.slots(1015).count(), 65_000 % 64);
        let bytes = index.memory() - TRIGRAMS * 4 - TRIGRAMS / 8;
        assert!(bytes < 65_000 * 24, "{bytes}");
    }
}
