//! The time as of which a question is answered.

use iocd_core::claim::Status;

use crate::columns::{NO_TIME, NONE};
use crate::error::IndexError;
use crate::state::{State, ended, expires_at};
use crate::time::timestamp;

/// A time, and what the store knew then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Unix seconds: what has expired by then is over.
    pub(crate) now: u32,
    /// Slots from here on were not there yet.
    pub(crate) end: u32,
}

impl Moment {
    /// By all that is known by now.
    pub(crate) fn present(now: u32) -> Moment {
        Moment { now, end: NONE }
    }

    /// Whether something may have happened since.
    pub(crate) fn is_past(self) -> bool {
        self.end != NONE
    }
}

impl State {
    /// The moment of a question: what `as_of` asks for is the store as it
    /// stood, to the second. Fails where history does not reach back so far.
    pub(crate) fn moment(&self, now: u32, as_of: bool) -> Result<Moment, IndexError> {
        if !as_of {
            return Ok(Moment::present(now));
        }
        let since = self.generation.horizon.time;
        if now < since {
            return Err(IndexError::HistoryCompacted {
                since: timestamp(since),
            });
        }
        Ok(Moment {
            now,
            end: self.columns.first_updated_at(now.saturating_add(1)),
        })
    }

    /// Whether the claim version in a slot had expired.
    pub(crate) fn had_expired(&self, slot: u32, moment: Moment) -> bool {
        if !moment.is_past() {
            return self.is_expired(slot, moment.now);
        }
        // Later fetches may have moved the end; the record knows the first one.
        let end = match self.claim(slot) {
            Ok(claim) => {
                let source = &self.sources[claim.source as usize].source;
                expires_at(&claim, source, self.was_listed_at(claim.source, moment))
            }
            // Whoever tells the entry meets the damage, and says so.
            Err(_) => self.columns.expires_at(slot),
        };
        end != NO_TIME && end <= moment.now
    }

    /// When a complete fetch had last shown the list of a source.
    pub(crate) fn was_listed_at(&self, source: u16, moment: Moment) -> Option<u32> {
        let last = self.listed_at(source)?;
        if !moment.is_past() {
            return Some(last);
        }
        let listings = &self.sources[source as usize].listings;
        let later = listings.partition_point(|&at| at <= moment.now);
        listings[..later].last().copied()
    }

    /// The last version of a source's claim in a value's chain, and the status
    /// of the claim.
    pub(crate) fn latest(
        &self,
        newest: Option<u32>,
        source: u16,
        moment: Moment,
    ) -> Option<(u32, Status)> {
        let mut own = self
            .chain(newest)
            .filter(|&slot| slot < moment.end && self.columns.source(slot) == source);
        let latest = own.next()?;
        match ended(self.columns.flags(latest)) {
            None if self.had_expired(latest, moment) => Some((latest, Status::Expired)),
            None => Some((latest, Status::Active)),
            Some(status) => Some((own.next()?, status)),
        }
    }
}
