//! Counting what there is. By sets where it can be: a store of millions takes
//! milliseconds.

use std::collections::HashMap;

use iocd_core::claim::{Category, Confidence};
use iocd_core::query::{Filter, Recent, Stats, TOP};
use iocd_core::value::Kind;
use jiff::Timestamp;

use crate::Index;
use crate::error::IndexError;
use crate::facets::{BitSet, Intersection};
use crate::labels::Field;
use crate::moment::Moment;
use crate::reading::Reading;
use crate::state::State;
use crate::time::seconds;

/// A day in seconds.
const DAY: u32 = 86_400;
/// Words of a set that are looked at slot by slot before a waiting writer gets
/// its turn.
const SLICE: usize = 128;

impl Index {
    /// Counts the entries that are listed, as [`Stats`] says.
    pub fn stats(&self, now: Timestamp) -> Result<Stats, IndexError> {
        let now = seconds(now);
        let mut state = self.reading();
        // What is written from here on is not counted. Nothing that the sets
        // say of slots that are there changes but whether they are alive.
        let revision = state.revision();
        let listed = state.listed(now);
        let mut counted = Stats {
            revision,
            total: listed.count(),
            kinds: count_each(Kind::ALL, &state.kinds, &listed),
            confidences: count_each(Confidence::ALL, &state.confidences, &listed),
            categories: count_each(Category::ALL, &state.categories, &listed),
            sources: state.count_sources(&listed),
            ..Stats::default()
        };
        state.give_way();
        counted.techniques = state.count_techniques(&listed);
        state.give_way();
        counted.day = state.count_recent(&listed, now.saturating_sub(DAY))?;
        counted.week = state.count_recent(&listed, now.saturating_sub(7 * DAY))?;
        counted.cves = state.count_cves(&listed)?;
        Ok(counted)
    }
}

/// The elements with how many of a set's slots each one's set has.
fn count_each<T>(
    all: impl IntoIterator<Item = T>,
    sets: &[BitSet],
    listed: &BitSet,
) -> Vec<(T, u64)> {
    let counts = sets.iter().map(|set| set.count_in(listed));
    all.into_iter().zip(counts).collect()
}

impl State {
    /// The slots of all that a list gives.
    fn listed(&self, now: u32) -> BitSet {
        let filter = Filter::default();
        let mut listed = self.matching(&filter, &[], Moment::present(now)).to_set();
        for slot in self.due(now) {
            listed.remove(slot);
        }
        listed
    }

    fn count_sources(&self, listed: &BitSet) -> Vec<(iocd_core::claim::Source, u64)> {
        let counted = (0..).zip(&self.sources).map(|(number, known)| {
            let slots = self.labels.of_source(number);
            let count = slots.map_or(0, |slots| slots.count_in(listed));
            (known.source.clone(), count)
        });
        counted.collect()
    }

    fn count_techniques(&self, listed: &BitSet) -> Vec<(String, u64)> {
        let all = self.labels.all(Field::Technique);
        let counted = all.map(|(name, slots)| (name.to_ascii_uppercase(), slots.count_in(listed)));
        let mut counted: Vec<_> = counted.filter(|&(_, count)| count > 0).collect();
        // Names come in order, and stay so among equals.
        counted.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        counted.truncate(TOP);
        counted
    }

    /// Whether the claim of the version in a slot was first heard at a time or
    /// later, as the version itself was.
    fn is_added(&self, slot: u32, since: u32) -> Result<bool, IndexError> {
        Ok(self.firsts.contains(slot) || self.claim(slot)?.first_heard_at >= since)
    }
}

impl Reading<'_> {
    fn count_recent(&mut self, listed: &BitSet, since: u32) -> Result<Recent, IndexError> {
        let first = self.columns.first_updated_at(since);
        let mut recent = Recent::default();
        let words = listed
            .words()
            .skip_while(|&(index, _)| index < first as usize / 64);
        for (number, (index, word)) in words.enumerate() {
            for slot in slots(index, word).filter(|&slot| slot >= first) {
                *if self.is_added(slot, since)? {
                    &mut recent.added
                } else {
                    &mut recent.changed
                } += 1;
            }
            if number % SLICE == SLICE - 1 {
                self.give_way();
            }
        }
        Ok(recent)
    }

    fn count_cves(&mut self, listed: &BitSet) -> Result<Vec<(String, u64)>, IndexError> {
        let kind = &self.kinds[Kind::Cve as usize];
        let end = self.columns.len();
        let cves = Intersection::new(vec![listed], vec![kind], 0, end).to_set();
        // By the first slot of the value: how many, and the newest of them.
        let mut values = HashMap::<u32, (u64, u32)>::new();
        for (number, (index, word)) in cves.words().enumerate() {
            for slot in slots(index, word) {
                let first = self.chain(Some(slot)).last().unwrap_or(slot);
                let (count, newest) = values.entry(first).or_default();
                *count += 1;
                *newest = slot.max(*newest);
            }
            if number % SLICE == SLICE - 1 {
                self.give_way();
            }
        }
        let mut values: Vec<_> = values.into_values().collect();
        values.sort_unstable_by(|a, b| b.cmp(a));
        values.truncate(TOP);
        let named = values
            .into_iter()
            .map(|(count, slot)| Ok((self.value(slot)?.text.to_owned(), count)));
        named.collect()
    }
}

/// The slots of a word of a set.
fn slots(index: usize, mut word: u64) -> impl Iterator<Item = u32> {
    let first = u32::try_from(index * 64).expect("slots are u32");
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros())?;
        word &= word - 1;
        Some(first + bit)
    })
}
