//! From the hash of a value to the slot of its newest claim.
//!
//! Open addressing over buckets of one cache line, in shards that grow on
//! their own, so that no growth holds up a batch for long. An entry is found
//! by 16 bits of the hash; whether it is the right one, the caller decides by
//! looking at the record: a collision costs time, never a wrong answer.
//! Nothing is ever taken out: a value, once seen, keeps its entry.

use std::convert::Infallible;
use std::io;

use crate::checkpoint::{Number, Part, Section, Sink, Unfit};
use crate::prefetch::prefetch;

/// Entries in a bucket of 64 bytes.
const WIDTH: usize = 10;
/// Number of shards, a power of two: at 10 M values each growth step of one
/// shard moves some 10,000 entries.
const SHARDS: usize = 1024;
const SHARD_BITS: u32 = SHARDS.trailing_zeros();

#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Bucket {
    tags: [u16; WIDTH],
    slots: [u32; WIDTH],
    len: u32,
}

const EMPTY: Bucket = Bucket {
    tags: [0; WIDTH],
    slots: [0; WIDTH],
    len: 0,
};

#[derive(Default)]
struct Shard {
    /// A power of two of them, or none.
    buckets: Vec<Bucket>,
    entries: usize,
}

/// The table; see the module.
pub(crate) struct Table {
    shards: Vec<Shard>,
}

/// The parts of a hash: shard, then bucket within it, then tag.
#[derive(Clone, Copy)]
struct Place {
    shard: usize,
    bucket: usize,
    tag: u16,
}

impl Place {
    fn of(hash: u64) -> Place {
        Place {
            shard: (hash >> (64 - SHARD_BITS)) as usize,
            #[allow(clippy::cast_possible_truncation)] // the low bits are what is wanted
            bucket: (hash >> 16) as usize,
            #[allow(clippy::cast_possible_truncation)] // as above
            tag: hash as u16,
        }
    }
}

impl Shard {
    /// Bucket indexes from a hash's own on, wrapping around once.
    fn walk(&self, place: Place) -> impl Iterator<Item = usize> + use<> {
        let mask = self.buckets.len().wrapping_sub(1);
        (0..self.buckets.len()).map(move |step| (place.bucket + step) & mask)
    }

    fn insert(&mut self, place: Place, slot: u32) {
        for index in self.walk(place) {
            let bucket = &mut self.buckets[index];
            let at = bucket.len as usize;
            if at < WIDTH {
                bucket.tags[at] = place.tag;
                bucket.slots[at] = slot;
                bucket.len += 1;
                self.entries += 1;
                return;
            }
        }
        unreachable!("a shard is grown before it is full");
    }

    fn is_crowded(&self) -> bool {
        // 80 %: chains of full buckets stay short.
        (self.entries + 1) * 5 > self.buckets.len() * WIDTH * 4
    }
}

impl Table {
    pub(crate) fn new() -> Table {
        Table {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
        }
    }

    /// A table without shards: what stands in for one that is being changed.
    pub(crate) fn empty() -> Table {
        Table { shards: Vec::new() }
    }

    /// Asks for the memory that [`Table::find`] will look at first.
    pub(crate) fn prefetch(&self, hash: u64) {
        let place = Place::of(hash);
        let buckets = &self.shards[place.shard].buckets;
        if let Some(bucket) = buckets.get(place.bucket & buckets.len().wrapping_sub(1)) {
            prefetch(bucket);
        }
    }

    /// The first entry that [`Table::find`] will show to its `is_it`; none
    /// means that it would find nothing.
    pub(crate) fn candidate(&self, hash: u64) -> Option<u32> {
        let Ok(first) = self.find(hash, |_| Ok::<_, Infallible>(true));
        first
    }

    /// The first entry under this hash that `is_it` accepts.
    pub(crate) fn find<E>(
        &self,
        hash: u64,
        mut is_it: impl FnMut(u32) -> Result<bool, E>,
    ) -> Result<Option<u32>, E> {
        let place = Place::of(hash);
        let shard = &self.shards[place.shard];
        for index in shard.walk(place) {
            let bucket = &shard.buckets[index];
            let len = bucket.len as usize;
            for at in 0..len {
                if bucket.tags[at] == place.tag && is_it(bucket.slots[at])? {
                    return Ok(Some(bucket.slots[at]));
                }
            }
            if len < WIDTH {
                break;
            }
        }
        Ok(None)
    }

    /// Adds an entry for a value that has none. `rehash` gives the hashes of
    /// the values behind slots, for the entries that growing moves.
    pub(crate) fn insert<E>(
        &mut self,
        hash: u64,
        slot: u32,
        rehash: impl FnOnce(&[u32]) -> Result<Vec<u64>, E>,
    ) -> Result<(), E> {
        let place = Place::of(hash);
        let shard = &mut self.shards[place.shard];
        if shard.is_crowded() {
            let buckets = shard.buckets.iter();
            let moved: Vec<u32> = buckets
                .flat_map(|bucket| &bucket.slots[..bucket.len as usize])
                .copied()
                .collect();
            let hashes = rehash(&moved)?;
            *shard = Shard {
                buckets: vec![EMPTY; (shard.buckets.len() * 2).max(1)],
                entries: 0,
            };
            for (hash, slot) in hashes.into_iter().zip(moved) {
                shard.insert(Place::of(hash), slot);
            }
        }
        shard.insert(place, slot);
        Ok(())
    }

    /// Points the entry of a value from its claim at `from` to that at `to`.
    pub(crate) fn replace(&mut self, hash: u64, from: u32, to: u32) {
        let place = Place::of(hash);
        let shard = &mut self.shards[place.shard];
        for index in shard.walk(place) {
            let bucket = &mut shard.buckets[index];
            let len = bucket.len as usize;
            if let Some(at) = bucket.slots[..len].iter().position(|&slot| slot == from) {
                bucket.slots[at] = to;
                return;
            }
            if len < WIDTH {
                break;
            }
        }
        unreachable!("only the entry of a value that was found is replaced");
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.buckets.capacity() * size_of::<Bucket>())
            .sum::<usize>()
            + SHARDS * size_of::<Shard>()
    }
}

impl Number for Bucket {
    const SIZE: usize = 64;

    fn put(self, bytes: &mut [u8]) {
        let (tags, rest) = bytes.split_at_mut(WIDTH * u16::SIZE);
        let (slots, len) = rest.split_at_mut(WIDTH * u32::SIZE);
        for (tag, place) in self.tags.iter().zip(tags.chunks_exact_mut(u16::SIZE)) {
            tag.put(place);
        }
        for (slot, place) in self.slots.iter().zip(slots.chunks_exact_mut(u32::SIZE)) {
            slot.put(place);
        }
        self.len.put(len);
    }

    fn get(bytes: &[u8]) -> Bucket {
        let (tags, rest) = bytes.split_at(WIDTH * u16::SIZE);
        let (slots, len) = rest.split_at(WIDTH * u32::SIZE);
        Bucket {
            tags: std::array::from_fn(|at| u16::get(&tags[at * u16::SIZE..][..u16::SIZE])),
            slots: std::array::from_fn(|at| u32::get(&slots[at * u32::SIZE..][..u32::SIZE])),
            len: u32::get(len),
        }
    }
}

impl Part for Table {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        let mut shards = self.shards.iter();
        shards.try_for_each(|shard| sink.list(&shard.buckets))
    }

    fn load(section: &mut Section<'_>) -> Result<Table, Unfit> {
        let shards = (0..SHARDS).map(|_| {
            let buckets: Vec<Bucket> = section.list()?;
            if !buckets.is_empty() && !buckets.len().is_power_of_two() {
                return Err(Unfit("a shard of the table has a wrong size"));
            }
            let entries = buckets.iter().map(|bucket| bucket.len as usize).sum();
            Ok(Shard { buckets, entries })
        });
        Ok(Table {
            shards: shards.collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bucket_is_a_cache_line() {
        assert_eq!(size_of::<Bucket>(), 64);
    }

    proptest! {
        /// Against a map, with hashes made to collide: few distinct high and
        /// low bits, so shards grow, buckets overflow and tags clash.
        #[test]
        fn agrees_with_a_map(keys in proptest::collection::vec((0u64..4, 0u64..64, 0u64..8), 0..2000)) {
            let mut table = Table::new();
            let mut model: HashMap<u64, u32> = HashMap::new();
            let mut hashes: Vec<u64> = Vec::new();
            for (slot, (shard, bucket, tag)) in keys.into_iter().enumerate() {
                let slot = u32::try_from(slot).unwrap();
                let hash = (shard << 60) | (bucket << 16) | tag;
                hashes.push(hash);
                let found = table
                    .find(hash, |s| Ok::<_, Infallible>(hashes[s as usize] == hash))
                    .unwrap();
                prop_assert_eq!(found, model.get(&hash).copied());
                match found {
                    Some(old) => table.replace(hash, old, slot),
                    None => table
                        .insert(hash, slot, |slots| {
                            let hashes = slots.iter().map(|&slot| hashes[slot as usize]);
                            Ok::<_, Infallible>(hashes.collect())
                        })
                        .unwrap(),
                }
                model.insert(hash, slot);
            }
            for (hash, slot) in model {
                let found = table.find(hash, |s| Ok::<_, Infallible>(hashes[s as usize] == hash)).unwrap();
                prop_assert_eq!(found, Some(slot));
            }
        }
    }
}
