//! Which claim versions are due to expire.

use std::collections::BTreeMap;
use std::io;

use crate::checkpoint::{Part, Section, Sink, Unfit};

const HOUR: u32 = 3600;

/// Slots by the hour in which their validity ends: four bytes an entry, and
/// "what is due" is the first few hours of the map. Versions that have died
/// meanwhile stay until their hour comes; the caller tells them apart.
#[derive(Default)]
pub(crate) struct Expiries {
    hours: BTreeMap<u32, Vec<u32>>,
}

impl Expiries {
    pub(crate) fn insert(&mut self, slot: u32, expires_at: u32) {
        self.hours.entry(expires_at / HOUR).or_default().push(slot);
    }

    /// Slots filed under hours that have begun by `now`: those due, some that
    /// are due within the hour, and some whose end was moved meanwhile.
    pub(crate) fn up_to(&self, now: u32) -> impl Iterator<Item = u32> + '_ {
        self.hours
            .range(..=now / HOUR)
            .flat_map(|(_, slots)| slots)
            .copied()
    }

    /// Forgets hours that are over; what was due in them has been dealt with.
    pub(crate) fn forget_before(&mut self, now: u32) {
        self.hours = self.hours.split_off(&(now / HOUR));
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
