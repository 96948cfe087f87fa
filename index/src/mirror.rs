//! Claims of sources of which another server says what holds: told to those
//! who mirror them, and mirrored.

use iocd_core::claim::retained::{Changes, Progress, Transfer};
use iocd_core::claim::{ClaimIdSet, Source, Status};
use jiff::Timestamp;

use crate::Index;
use crate::error::IndexError;
use crate::state::State;
use crate::time::seconds;
use crate::write::{Draft, describe};

/// Slots looked at before a waiting writer gets its turn.
const SLICE: u32 = 256;

impl Index {
    /// Some of the claims whose last change came after what was told and by
    /// the revision `until`, in the order of that change, `most` of them at
    /// most. Each is told as it is now, once: one that changes meanwhile is
    /// left to whoever asks for what came after `until`. So whoever goes on
    /// from what was reached has everything.
    ///
    /// Fails if the store has not had the revision that was reached, or if
    /// ends of what was told may have been dropped since.
    pub fn changes(&self, told: Progress, until: u64, most: usize) -> Result<Changes, IndexError> {
        let state = self.state.read();
        state.slot_after(told.relies_on())?;
        let after = told.reached;
        let slots = state.columns.len();
        let up_to = |revision| {
            let slot = u32::try_from(state.revisions.slots_up_to(revision));
            slot.map_or(slots, |slot| slot.min(slots))
        };
        let (first, end) = (up_to(after), up_to(until));
        let last = end.min(first.saturating_add(SLICE));
        let mut changes = Changes::default();
        for slot in first..last {
            if changes.claims.len() == most {
                changes.reached = state.revision_before(slot).max(after);
                return Ok(changes);
            }
            if let Some(shown) = state.last_by(slot, slots) {
                changes.claims.push(state.transfer(&shown)?);
            }
        }
        changes.reached = if last >= end {
            until.max(after)
        } else {
            state.revision_before(last)
        };
        Ok(changes)
    }

    /// Describes a source of another server, as it is there: `listed_at` is
    /// when a complete fetch last showed its whole list.
    pub fn mirror_source(
        &self,
        source: &Source,
        listed_at: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<(), IndexError> {
        let mut writer = self.writer.lock();
        let mut draft = Draft::default();
        let number = describe(&self.state.read(), &mut draft, source)?;
        self.commit(&mut writer, draft, at)?;
        self.restate(&mut writer, false, at)?;
        self.note_listing(&mut writer, number, listed_at)
    }

    /// Has claims be as they are at another server, whose sources were
    /// described before; `at` becomes the time of what changes. Durable and
    /// searchable on return. Gives how many changed something.
    ///
    /// Fails on a claim of a source that is not known, or not mirrored; what
    /// came before it may have been taken.
    pub fn mirror(&self, claims: Vec<Transfer>, at: Timestamp) -> Result<u64, IndexError> {
        self.take_each(claims, at, |state, source, theirs, own| {
            state.check_mirrored(source)?;
            Ok(theirs.mirror(own))
        })
    }

    /// Counts the claims of a source that hold, but for those `told`.
    pub fn count_untold(
        &self,
        source: &str,
        told: &ClaimIdSet,
        at: Timestamp,
    ) -> Result<u64, IndexError> {
        let state = self.state.read();
        let number = state.number_of(source)?;
        let mut untold = 0;
        for slot in state.alive_of(number) {
            let holds = !state.is_expired(slot, seconds(at));
            untold += u64::from(holds && !state.is_among(slot, told)?);
        }
        Ok(untold)
    }

    /// Ends the active claims of a mirrored source that the other server no
    /// longer has: all but those `present`. Gives how many those were.
    pub fn retain_mirrored(
        &self,
        source: &str,
        present: &ClaimIdSet,
        at: Timestamp,
    ) -> Result<u64, IndexError> {
        let mut writer = self.writer.lock();
        let state = self.state.read();
        let number = state.number_of(source)?;
        state.check_mirrored(number)?;
        let mut absent = Vec::new();
        for slot in state.alive_of(number) {
            if !state.is_among(slot, present)? {
                absent.push(slot);
            }
        }
        drop(state);
        self.end(&mut writer, &absent, Status::Removed, at)?;
        Ok(absent.len() as u64)
    }
}

impl State {
    /// What this store's own sources say is nobody else's to change.
    fn check_mirrored(&self, source: u16) -> Result<(), IndexError> {
        let known = &self.sources[usize::from(source)].source;
        match known.mirrored_by {
            Some(_) => Ok(()),
            None => Err(IndexError::NotMirrored {
                name: known.name.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
