//! Values in the order of `iocd_core::matching::order_key`, to be walked by
//! ranges.
//!
//! An element is the key and the slot of the value's first record in one
//! number: eight bytes a value, compared without looking at a record. Shards
//! by the first bits of the key grow on their own, each with a sorted part and
//! a short tail that is not, so that no merge holds up a batch for long.

use std::io;
use std::ops::RangeInclusive;

use iocd_core::value::Kind;

use crate::checkpoint::{Part, Section, Sink, Unfit};

const SHARD_BITS: u32 = 8;
/// A tail is merged when it is longer than this and than a part of the rest.
const SHORT: usize = 32;
const PART: usize = 8;
/// Elements that are given at a time, about.
const PAGE: usize = 512;

#[derive(Default)]
struct Shard {
    sorted: Vec<u64>,
    tail: Vec<u64>,
}

impl Shard {
    fn push(&mut self, element: u64) {
        self.tail.push(element);
        if self.tail.len() > SHORT.max(self.sorted.len() / PART) {
            self.merge();
        }
    }

    /// Merges the tail in from the back, where there is room for it.
    fn merge(&mut self) {
        let mut tail = std::mem::take(&mut self.tail);
        tail.sort_unstable();
        let mut left = self.sorted.len();
        self.sorted.reserve_exact(tail.len());
        self.sorted.resize(left + tail.len(), 0);
        let mut at = self.sorted.len();
        while let Some(&last) = tail.last() {
            at -= 1;
            if left > 0 && self.sorted[left - 1] > last {
                left -= 1;
                self.sorted[at] = self.sorted[left];
            } else {
                self.sorted[at] = last;
                tail.pop();
            }
        }
    }
}

/// The order; see the module.
pub(crate) struct Order {
    /// By number of the kind; no shards before the first value.
    kinds: Vec<Vec<Shard>>,
}

/// The part of a range that has not been walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rest {
    from: u64,
    to: u64,
}

impl Rest {
    /// All of a range of keys.
    pub(crate) fn of(keys: &RangeInclusive<u32>) -> Rest {
        Rest {
            from: element(*keys.start(), 0),
            to: element(*keys.end(), u32::MAX),
        }
    }
}

fn element(key: u32, slot: u32) -> u64 {
    u64::from(key) << 32 | u64::from(slot)
}

fn shard_of(element: u64) -> usize {
    (element >> (64 - SHARD_BITS)) as usize
}

impl Order {
    pub(crate) fn new() -> Order {
        Order {
            kinds: Kind::ALL.iter().map(|_| Vec::new()).collect(),
        }
    }

    pub(crate) fn insert(&mut self, kind: Kind, key: u32, slot: u32) {
        let shards = &mut self.kinds[kind as usize];
        if shards.is_empty() {
            shards.resize_with(1 << SHARD_BITS, Shard::default);
        }
        let element = element(key, slot);
        shards[shard_of(element)].push(element);
    }

    /// Appends the slots of the next values of a range, and gives what is left
    /// of it. Values may come in between two calls; those that were there
    /// before the first are given once.
    pub(crate) fn walk(&self, kind: Kind, rest: Rest, slots: &mut Vec<u32>) -> Option<Rest> {
        let shards = &self.kinds[kind as usize];
        if shards.is_empty() {
            return None;
        }
        let Rest { mut from, to } = rest;
        let limit = slots.len() + PAGE;
        let (first, last) = (shard_of(from), shard_of(to));
        for (number, Shard { sorted, tail }) in shards.iter().enumerate().take(last + 1).skip(first)
        {
            let start = sorted.partition_point(|&element| element < from);
            let end = start + sorted[start..].partition_point(|&element| element <= to);
            let cut = end.min(start + limit.saturating_sub(slots.len()));
            // The tail is given as far as the sorted part is.
            let until = match sorted[start..cut].last() {
                Some(&last) if cut < end => last,
                None if cut < end => return Some(Rest { from, to }),
                _ => to,
            };
            let unsorted = tail
                .iter()
                .filter(|&&element| (from..=until).contains(&element));
            #[allow(clippy::cast_possible_truncation)] // the low half is the slot
            slots.extend(sorted[start..cut].iter().chain(unsorted).map(|&e| e as u32));
            if cut < end {
                return Some(Rest {
                    from: until + 1,
                    to,
                });
            }
            from = from.max((number as u64 + 1).checked_shl(64 - SHARD_BITS)?);
        }
        None
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        let shards = self.kinds.iter().flatten();
        shards
            .map(|shard| {
                (shard.sorted.capacity() + shard.tail.capacity()) * size_of::<u64>()
                    + size_of::<Shard>()
            })
            .sum()
    }
}

impl Part for Order {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        for shards in &self.kinds {
            sink.number(shards.len() as u64)?;
            for shard in shards {
                sink.list(&shard.sorted)?;
                sink.list(&shard.tail)?;
            }
        }
        Ok(())
    }

    fn load(section: &mut Section<'_>) -> Result<Order, Unfit> {
        let mut order = Order::new();
        for shards in &mut order.kinds {
            let count = section.count()?;
            if count != 0 && count != 1 << SHARD_BITS {
                return Err(Unfit("an order has a wrong number of shards"));
            }
            for _ in 0..count {
                let (sorted, tail) = (section.list()?, section.list()?);
                shards.push(Shard { sorted, tail });
            }
        }
        Ok(order)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_walk_gives_each_value_of_the_range_once(
            keys in proptest::collection::vec((0u32..6, 0u32..40), 0..3000),
            range in (0u32..7, 0u32..41, 0u32..7, 0u32..41),
        ) {
            let mut order = Order::new();
            let place = |(high, low): (u32, u32)| high << 23 | low;
            let (a, b) = (place((range.0, range.1)), place((range.2, range.3)));
            let wanted = a.min(b)..=a.max(b);
            let mut expected = Vec::new();
            for (slot, &key) in keys.iter().enumerate() {
                let slot = u32::try_from(slot).unwrap();
                order.insert(Kind::Domain, place(key), slot);
                if wanted.contains(&place(key)) {
                    expected.push(slot);
                }
            }
            let mut found = Vec::new();
            let mut rest = Some(Rest::of(&wanted));
            while let Some(more) = rest {
                rest = order.walk(Kind::Domain, more, &mut found);
            }
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_whole_order_can_be_walked() {
        let mut order = Order::new();
        for slot in 0..100_000_u32 {
            order.insert(Kind::Ipv4, slot.wrapping_mul(0x9e37_79b1), slot);
        }
        let mut slots = Vec::new();
        let mut rest = Some(Rest::of(&(0..=u32::MAX)));
        while let Some(more) = rest {
            rest = order.walk(Kind::Ipv4, more, &mut slots);
        }
        slots.sort_unstable();
        assert!(slots.into_iter().eq(0..100_000));
        assert!(order.memory() < 100_000 * 11);
        let nothing = order.walk(Kind::Url, Rest::of(&(0..=9)), &mut Vec::new());
        assert_eq!(nothing, None);
    }
}
