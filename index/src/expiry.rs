//! Which claim versions are due to expire.

use std::collections::BTreeMap;
use std::io;

use crate::checkpoint::{Part, Section, Sink, Unfit};
use crate::columns::NO_TIME;

const HOUR: u32 = 3600;
/// Slots that are filed anew at a time.
const SLICE: usize = 4096;

/// Slots by an hour that is not after the one in which their validity ends:
/// four bytes an entry, and what is due is in the first few hours of the map.
///
/// An end that moves on, as those of a whole list do with each fetch of it,
/// leaves its slot where it is; when that hour comes, the slot is filed anew.
/// Versions that have died stay until then, too; the caller tells them apart.
#[derive(Default)]
pub(crate) struct Expiries {
    hours: BTreeMap<u32, Vec<u32>>,
}

/// How far filing anew has come.
#[derive(Clone, Copy, Default)]
pub(crate) struct Refiled {
    hour: u32,
    /// How many slots of that hour were looked at and stay.
    stayed: usize,
}

impl Expiries {
    /// Files a slot by the end of its validity.
    pub(crate) fn insert(&mut self, slot: u32, expires_at: u32) {
        self.hours.entry(expires_at / HOUR).or_default().push(slot);
    }

    /// Takes in that the end of a slot was `before`, or [`NO_TIME`], and is
    /// another one now.
    pub(crate) fn change(&mut self, slot: u32, before: u32, expires_at: u32) {
        if expires_at != NO_TIME && (before == NO_TIME || expires_at < before) {
            self.insert(slot, expires_at);
        }
    }

    /// Slots filed under hours that have begun by `now`: those due, some that
    /// are due within the hour, and some whose end was moved meanwhile.
    pub(crate) fn up_to(&self, now: u32) -> impl Iterator<Item = u32> + '_ {
        self.hours
            .range(..=now / HOUR)
            .flat_map(|(_, slots)| slots)
            .copied()
    }

    /// Files some of the slots of hours that have begun by `now` anew: under
    /// the hour of their `end`, or nowhere if they have none. What is due has
    /// been dealt with. Gives where to go on, if there is more.
    pub(crate) fn refile(
        &mut self,
        Refiled { hour, stayed }: Refiled,
        now: u32,
        end: impl Fn(u32) -> Option<u32>,
    ) -> Option<Refiled> {
        let next = self.hours.range_mut(hour..).next();
        let (&found, slots) = next.filter(|&(&hour, _)| hour <= now / HOUR)?;
        let mut at = if found == hour { stayed } else { 0 };
        let mut moved = Vec::new();
        for _ in 0..SLICE {
            let Some(&slot) = slots.get(at) else { break };
            match end(slot) {
                Some(end) if end / HOUR == found => at += 1,
                other => {
                    slots.swap_remove(at);
                    moved.extend(other.map(|end| (slot, end)));
                }
            }
        }
        let has_more = at < slots.len();
        if slots.is_empty() {
            self.hours.remove(&found);
        }
        for (slot, end) in moved {
            self.insert(slot, end);
        }
        Some(if has_more {
            Refiled {
                hour: found,
                stayed: at,
            }
        } else {
            Refiled {
                hour: found + 1,
                stayed: 0,
            }
        })
    }

    /// Bytes on the heap, about.
    pub(crate) fn memory(&self) -> usize {
        self.hours
            .values()
            .map(|slots| slots.capacity() * size_of::<u32>() + 64)
            .sum()
    }
}

impl Part for Expiries {
    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.number(self.hours.len() as u64)?;
        for (&hour, slots) in &self.hours {
            sink.number(hour)?;
            sink.list(slots)?;
        }
        Ok(())
    }

    fn load(section: &mut Section<'_>) -> Result<Expiries, Unfit> {
        let mut hours = BTreeMap::new();
        for _ in 0..section.count()? {
            hours.insert(section.number()?, section.list()?);
        }
        Ok(Expiries { hours })
    }
}

#[cfg(test)]
mod tests;
