//! Finding values that contain a text.

use iocd_core::matching::Part;
use iocd_core::query::{Containing, EntrySink, Match};

use crate::Index;
use crate::best::Best;
use crate::error::IndexError;
use crate::moment::Moment;
use crate::prefetch::prefetch_all;
use crate::state::State;
use crate::time::seconds;

/// Blocks that are looked at before a waiting writer gets its turn.
const SLICE: usize = 32;
/// Bytes for each value of a block up to which all of its log is looked
/// through at once.
const DENSE: usize = 512;

impl Index {
    /// Tells `sink` the entries about values that contain the text, in the
    /// order of `ClaimStore::find`. Takes time with the number of blocks of 64
    /// values that have all of the text's trigrams, and of the entries found,
    /// about two microseconds each; memory is bounded by the page, and four
    /// bytes for each of those blocks.
    pub fn find_containing<S: EntrySink>(
        &self,
        question: &Containing<'_>,
        sink: &mut S,
    ) -> Result<(), IndexError> {
        let mut best = Best::of(question.page);
        let mut state = self.reading();
        let moment = state.moment(seconds(question.now), question.as_of)?;
        let blocks = state.trigrams.blocks(question.part.needles());
        let mut firsts = Vec::new();
        let (mut slots, mut later) = (Vec::new(), Vec::new());
        for slice in blocks.chunks(SLICE) {
            firsts.clear();
            state.prefetch_blocks(slice);
            let mut blocks = slice.iter();
            state.fill(blocks.next(), &mut slots);
            while !slots.is_empty() {
                state.fill(blocks.next(), &mut later);
                if let Some(bytes) = state.span(&later) {
                    prefetch_all(bytes);
                }
                state.look_through(&slots, question.part, &mut firsts);
                std::mem::swap(&mut slots, &mut later);
            }
            state.collect_containing(&firsts, question, moment, &mut best)?;
            state.give_way();
            if sink.is_abandoned() {
                return Err(IndexError::Abandoned);
            }
        }
        Index::tell(state, best, moment, sink)
    }
}

impl State {
    /// Asks for the memory in which looking through blocks begins.
    fn prefetch_blocks(&self, blocks: &[u32]) {
        let ends = || {
            let ends = blocks.iter().flat_map(|&block| [block, block + 1]);
            ends.filter_map(|block| self.trigrams.begin(block))
        };
        for slot in ends() {
            self.columns.prefetch(slot);
        }
        for slot in ends() {
            self.log.prefetch(self.address(slot));
        }
    }

    /// Puts the slots of a block's values in place of others; none without one.
    fn fill(&self, block: Option<&u32>, slots: &mut Vec<u32>) {
        slots.clear();
        slots.extend(
            block
                .into_iter()
                .flat_map(|&block| self.trigrams.slots(block)),
        );
    }

    /// The log from the first of some slots to the last one: records lie in
    /// the order of their slots. None where others lie between them, too.
    fn span(&self, slots: &[u32]) -> Option<&[u8]> {
        let (&first, &last) = (slots.first()?, slots.last()?);
        let most = DENSE * slots.len();
        self.log.span(self.address(first), self.address(last), most)
    }

    /// Appends the first slots of the values of a block that may contain the
    /// text: it is in the bytes of their records or behind those. Nothing that
    /// is passed over here is verified.
    fn look_through(&self, slots: &[u32], part: &Part, firsts: &mut Vec<u32>) {
        let Some(bytes) = self.span(slots) else {
            firsts.extend(slots.iter().filter(|&&slot| self.may_contain(slot, part)));
            return;
        };
        let start = self.address(slots[0]);
        // By number in the block.
        let mut found = 0_u64;
        part.visit_places(bytes, |place| {
            let place = start.plus(place);
            let next = slots.partition_point(|&slot| self.address(slot) <= place);
            found |= 1 << (next - 1);
            slots.get(next).map_or(bytes.len(), |&slot| {
                self.address(slot).offset() as usize - start.offset() as usize
            })
        });
        while found != 0 {
            firsts.push(slots[found.trailing_zeros() as usize]);
            found &= found - 1;
        }
    }

    /// Whether the text is in the bytes of a record. What cannot be read may
    /// be anything: damage shows when it is verified.
    fn may_contain(&self, slot: u32, part: &Part) -> bool {
        let body = self.log.peek(self.address(slot));
        body.is_none_or(|body| {
            let mut contains = false;
            part.visit_places(body, |_| {
                contains = true;
                body.len()
            });
            contains
        })
    }

    /// Takes in the claims about those of some values that contain the text.
    fn collect_containing(
        &self,
        firsts: &[u32],
        question: &Containing<'_>,
        moment: Moment,
        best: &mut Best,
    ) -> Result<(), IndexError> {
        let mut values = Vec::with_capacity(firsts.len());
        let mut hashes = Vec::with_capacity(firsts.len());
        for &first in firsts {
            let value = self.value(first)?;
            if question.kind.is_none_or(|kind| kind == value.kind) && question.part.is_in(value) {
                values.push(value);
                hashes.push(Some(self.hash(value.kind, value.text)));
            }
        }
        for (at, (value, hash)) in values.iter().zip(&hashes).enumerate() {
            self.look_ahead(&hashes, at);
            let hash = hash.expect("each value has one");
            let newest = self.newest(hash, value.kind, value.text)?;
            let mut failure = Ok(());
            self.visit_claims(newest, question.status, moment, |shown| {
                let hit = self.hit(shown, Match::CONTAINS);
                if !best.may_keep(&hit) {
                    best.count();
                    return;
                }
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

#[cfg(test)]
mod tests;
