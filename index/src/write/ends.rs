//! Ending claims: those that left their list, were taken back, or are over.

use std::collections::HashSet;

use iocd_core::claim::mirrored::GRACE;
use iocd_core::claim::{ClaimIdSet, Source, Status};
use iocd_core::value::{Value, ValueRef};
use jiff::Timestamp;
use parking_lot::RwLockWriteGuard;

use super::{Draft, Writer, source_number};
use crate::Index;
use crate::error::IndexError;
use crate::expiry::Refiled;
use crate::fetches::Fetch;
use crate::moment::Moment;
use crate::record::{Record, Tombstone};
use crate::state::Prolonged;
use crate::time::seconds;

/// Claims ended in one batch: so much is prepared in memory at a time.
const TOMBSTONES: usize = 8192;
/// Claims whose end a fetch moves while readers wait: some tens of
/// microseconds.
const PROLONGED_AT_ONCE: usize = 4096;

impl Index {
    /// Notes that a complete fetch showed just the claims `present` of a
    /// snapshot source: its other active claims end as removed. Gives how
    /// many those were. Claims whose time was over before the fetch end as
    /// expired: what the list has now does not bring them back.
    pub fn retain_present(
        &self,
        source: &Source,
        present: &ClaimIdSet,
        fetched_at: Timestamp,
    ) -> Result<u64, IndexError> {
        let mut writer = self.writer.lock();
        self.record_with(&mut writer, source, Vec::new(), fetched_at, false)?;
        let now = seconds(fetched_at);
        let state = self.state.read();
        let number = source_number(&state, source).expect("described above");
        let (mut expired, mut absent) = (Vec::new(), Vec::new());
        for slot in state.alive_of(number) {
            if state.is_expired(slot, now) {
                expired.push(slot);
            } else if !state.is_among(slot, present)? {
                absent.push(slot);
            }
        }
        drop(state);
        self.end(&mut writer, &expired, Status::Expired, fetched_at)?;
        self.end(&mut writer, &absent, Status::Removed, fetched_at)?;
        let fetch = Fetch {
            source: number,
            at: now,
        };
        self.note_fetch(&mut writer, fetch)?;
        Ok(absent.len() as u64)
    }

    /// Notes that a source's list was fetched whole and is the one of the last
    /// complete fetch. What was over before stays over.
    pub fn retain_all(&self, source: &Source, fetched_at: Timestamp) -> Result<(), IndexError> {
        let mut writer = self.writer.lock();
        self.record_with(&mut writer, source, Vec::new(), fetched_at, false)?;
        let at = seconds(fetched_at);
        let state = self.state.read();
        let source = source_number(&state, source).expect("described above");
        let mut expired = state.due(at);
        expired.retain(|slot| state.columns.source(*slot) == source);
        drop(state);
        self.end(&mut writer, &expired, Status::Expired, fetched_at)?;
        self.note_fetch(&mut writer, Fetch { source, at })
    }

    /// Ends the active claims of a source about these values. Gives how many
    /// those were.
    pub fn remove(
        &self,
        source: &Source,
        values: &[Value],
        status: Status,
        at: Timestamp,
    ) -> Result<u64, IndexError> {
        let mut writer = self.writer.lock();
        let state = self.state.read();
        let mut slots = HashSet::new();
        if let Some(number) = source_number(&state, source) {
            for value in values {
                let ValueRef { kind, text } = value.as_ref();
                let newest = state.newest(state.hash(kind, text), kind, text)?;
                if let Some((slot, Status::Active)) =
                    state.latest(newest, number, Moment::present(seconds(at)))
                {
                    slots.insert(slot);
                }
            }
        }
        drop(state);
        let mut slots: Vec<u32> = slots.into_iter().collect();
        slots.sort_unstable();
        self.end(&mut writer, &slots, status, at)?;
        Ok(slots.len() as u64)
    }

    /// Ends every claim whose time is over; what another server says, only
    /// once that has had its [`GRACE`] to tell how it is. Gives how many those
    /// were.
    pub fn expire_due(&self, now: Timestamp) -> Result<u64, IndexError> {
        let mut writer = self.writer.lock();
        let state = self.state.read();
        let at = seconds(now);
        let overdue = seconds(now.checked_sub(GRACE).unwrap_or(Timestamp::MIN));
        let mut slots = state.due(at);
        slots.retain(|&slot| !state.is_mirrored(slot) || state.is_expired(slot, overdue));
        drop(state);
        self.end(&mut writer, &slots, Status::Expired, now)?;
        let mut state = self.state.write();
        let mut next = Some(Refiled::default());
        while let Some(refiled) = next {
            next = state.refile_expiries(refiled, at);
            RwLockWriteGuard::bump(&mut state);
        }
        Ok(slots.len() as u64)
    }

    /// Notes that a complete fetch happened; durable on return. Readers have
    /// their turn after every few of the claims that it prolongs.
    pub(crate) fn note_fetch(&self, writer: &mut Writer, fetch: Fetch) -> Result<(), IndexError> {
        writer.note_fetch(fetch)?;
        let Prolonged { slots, last } = self.state.read().prolonged_by(fetch);
        let mut state = self.state.write();
        for slice in slots.chunks(PROLONGED_AT_ONCE) {
            state.prolong(slice, last);
            RwLockWriteGuard::bump(&mut state);
        }
        // Last, for it is by this that lists are known to have changed.
        state.list_fetch(fetch);
        Ok(())
    }

    /// Ends claim versions that hold.
    pub(crate) fn end(
        &self,
        writer: &mut Writer,
        slots: &[u32],
        status: Status,
        at: Timestamp,
    ) -> Result<(), IndexError> {
        for part in slots.chunks(TOMBSTONES) {
            let state = self.state.read();
            let mut draft = Draft::default();
            for &slot in part {
                // One tombstone for a claim, whatever the caller says: a
                // second one could not be read back.
                assert!(
                    state.alive.contains(slot),
                    "only what is alive is ended, once"
                );
                let claim = state.claim(slot)?;
                draft.put(&Record::Tombstone(Tombstone {
                    id: claim.id,
                    kind: claim.kind,
                    value: claim.value,
                    source: claim.source,
                    status: status as u8,
                }));
            }
            drop(state);
            self.commit(writer, draft, at)?;
        }
        Ok(())
    }
}
