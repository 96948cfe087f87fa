//! Compaction: versions of claims that nobody can ask for any more leave the
//! log and memory.
//!
//! What is kept of the log is copied into new segments (`sieve`, `output`), a
//! second state is made by replaying these (`heir`), and then both take the
//! place of the old ones at once: one small file says which segments count
//! from then on (`log::generation`). Until it does, all of it is a draft. While
//! the drafts are made, readers and writers go on; for the switch a writer
//! waits a moment.
//!
//! Revisions stay what they were, and have gaps where versions were dropped.
//! Slots are numbered anew: see `reading` for who holds some.

mod dropped;
mod heir;
mod output;
mod sieve;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;

use crate::Index;
use crate::error::IndexError;
use crate::log::generation::{Generation, Horizon, SwitchFailure};
use crate::reading::Retirement;
use crate::state::State;
use crate::time::{seconds, timestamp};

use dropped::Dropped;
use heir::Heir;
use output::Output;
use sieve::Sieve;

/// Versions that must be able to go before compacting is worth its while.
const MIN_DROPPED: u64 = 1 << 16;
/// Records after which whoever compacts is asked whether to go on.
const PACE: usize = 4096;

/// Asked every few milliseconds; a compaction is given up when it says no. It
/// may sleep.
pub(crate) type Pace<'a> = dyn FnMut() -> bool + 'a;

/// What is kept when a store is compacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// All that happened from then on is kept. Of what happened before, each
    /// claim's last state: its last version and, if it has ended, its end.
    pub since: Timestamp,
    /// Claims that ended before then, and have not been made since, go wholly:
    /// nobody finds any more that they were there. `None`: none goes. Not
    /// after `since`, which is taken instead.
    pub ended_since: Option<Timestamp>,
}

impl Retention {
    /// All that happened from then on is kept, and each claim's last state.
    pub fn since(since: Timestamp) -> Retention {
        Retention {
            since,
            ended_since: None,
        }
    }
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Versions and ends of claims before it.
    pub versions_before: u64,
    /// Versions and ends of claims after it.
    pub versions_after: u64,
    /// Bytes of the log before it.
    pub bytes_before: u64,
    /// Bytes of the log after it.
    pub bytes_after: u64,
    /// Claims that went wholly.
    pub claims_gone: u64,
    /// From where on history is kept; none if all of it is.
    pub since: Option<Timestamp>,
}

impl Index {
    /// Whether compacting would take a third of the versions away, about, and
    /// enough of them. A millisecond at a hundred million versions; less than a
    /// second if claims that have ended may go, and many have.
    pub fn compaction_is_due(&self, retention: &Retention) -> bool {
        let state = self.state.read();
        let (_, before) = state.horizon(retention);
        let ended_before = state.ended_before(retention, before);
        // What was replaced or ended by then goes, but the last versions of
        // those that have ended.
        let over = state.successors.count_before(before);
        let ended = state.retained - state.active;
        let versions = u64::from(state.columns.len());
        drop(state);
        let is_enough = |dropped: u64| dropped >= MIN_DROPPED && dropped * 3 >= versions;
        let dropped = over.saturating_sub(ended);
        // Of claims that go wholly, the last version and its end.
        is_enough(dropped)
            || ended_before > 0
                && is_enough(dropped + 2 * ended)
                && is_enough(dropped + 2 * dropped::count_last_ends(self, ended_before))
    }

    /// Drops what the retention does not keep from log and memory. The store
    /// goes on meanwhile; no reader waits, and writers wait a moment at its
    /// end, and while a checkpoint is written after it. Takes as much memory
    /// again as the indexes, and as much disk as what is kept, until it is
    /// done. `pace` is called every few milliseconds: it may sleep, and say
    /// that compacting is to be given up.
    ///
    /// Fails with [`IndexError::NotCompacted`] if it was given up, or if
    /// another one is under way. If it fails, nothing is lost.
    pub fn compact(
        &self,
        retention: &Retention,
        pace: &mut dyn FnMut() -> bool,
    ) -> Result<Compacted, IndexError> {
        let alone = self.compaction.try_lock();
        let _alone = alone.ok_or(IndexError::NotCompacted {
            why: "it is being compacted already",
        })?;
        let state = self.state.read();
        let (horizon, before) = state.horizon(retention);
        let ended_before = state.ended_before(retention, before);
        drop(state);
        let dropped = Dropped::find(self, before, ended_before, pace)?;
        let (versions_before, bytes_before) = self.extent();
        let retired = match dropped.count {
            0 => None,
            _ => Some(self.replace(horizon, &dropped, pace)?),
        };
        if retired.is_some() {
            match self.checkpoint() {
                // It was closed meanwhile, which writes one, too.
                Ok(()) | Err(IndexError::ReadOnly { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        // Only now: by this time hardly anybody is left who reads the old
        // state, and would have to clear it away.
        drop(retired);
        let since = self.state.read().generation.horizon.time;
        let (versions_after, bytes_after) = self.extent();
        Ok(Compacted {
            versions_before,
            versions_after,
            bytes_before,
            bytes_after,
            claims_gone: dropped.claims,
            since: (since > 0).then(|| timestamp(since)),
        })
    }

    /// Versions and ends of claims, and bytes of the log.
    fn extent(&self) -> (u64, u64) {
        let state = self.state.read();
        (u64::from(state.columns.len()), state.log.size())
    }

    /// Writes what is kept and puts it in the place of all there is. Gives
    /// where the old state is.
    fn replace(
        &self,
        horizon: Horizon,
        dropped: &Dropped,
        pace: &mut Pace<'_>,
    ) -> Result<Retirement, IndexError> {
        let drafted = self.draft(horizon, dropped, pace);
        let switched = drafted.and_then(|heir| self.switch(heir, dropped));
        if let Ok(retired) = switched {
            self.clear_away();
            return Ok(retired);
        }
        if self.refusal().is_none() {
            self.clear_away();
        }
        switched
    }

    /// Writes what is kept into segments, and makes a state of them.
    fn draft(
        &self,
        horizon: Horizon,
        dropped: &Dropped,
        pace: &mut Pace<'_>,
    ) -> Result<Heir, IndexError> {
        let settings = self.schedule.lock().settings.clone();
        let mut writer = self.writer.lock();
        let first = writer.log.roll()?;
        let (dir, key) = (writer.log.dir().to_owned(), writer.log.key());
        drop(writer);
        let state = self.state.read();
        let mut log = state.log.clone();
        let number = state.generation.number + 1;
        drop(state);
        log.truncate(first);

        let mut output = Output::new(&settings, dir, key, number);
        let mut sieve = Sieve::new(self, dropped, &mut output);
        let mut left = PACE;
        log.replay(crate::log::Log::START, &mut |records, commit| {
            keep_pace(&mut left, records.len(), pace)?;
            sieve.take(&log, records, commit)
        })?;
        sieve.finish()?;
        let segments = output.finish()?;
        // A batch is longer by what tells that others before it went. Once
        // more has been written, or can go, there are not more segments.
        if segments.len() > first as usize {
            return Err(IndexError::NotCompacted {
                why: "what is kept would take more segments than there are",
            });
        }
        let generation = Generation {
            number,
            compacted: u32::try_from(segments.len()).expect("numbers are u32"),
            first,
            horizon,
        };
        let mut heir = Heir::new(key, generation, segments);
        heir.catch_up(self, pace)?;
        Ok(heir)
    }

    /// Makes a state and the segments that it is of the store's. Gives where
    /// the one before is.
    fn switch(&self, mut heir: Heir, dropped: &Dropped) -> Result<Retirement, IndexError> {
        let mut schedule = self.schedule.lock();
        let mut writer = self.writer.lock();
        writer.log.check_open()?;
        heir.catch_up(self, &mut || true)?;
        let mut state = heir.state;
        {
            let old = self.state.read();
            state.agree(&old, dropped.count_gone(&old))?;
            state.redescribed.clone_from(&old.redescribed);
            state.last_commit = old.last_commit;
        }
        let dir = writer.log.dir().to_owned();
        let files = &*schedule.settings.files;
        match state.generation.begin(files, &dir) {
            Ok(()) => {}
            Err(SwitchFailure::Nothing(error)) => return Err(IndexError::io(dir)(error)),
            Err(SwitchFailure::Unknown(error)) => {
                writer.log.stop(format!("{}: {error}", dir.display()));
                return Err(IndexError::io(dir)(error));
            }
        }
        writer.log.forget_before(state.generation.first);
        schedule.begin_anew();
        let mut place = self.state.write();
        state.warnings = Arc::clone(&place.warnings);
        let mut old = std::mem::replace(&mut *place, state);
        let retired = std::mem::take(&mut old.retirement);
        let is_first = retired.set(old).is_ok();
        assert!(is_first, "a state retires once");
        drop(place);
        Ok(retired)
    }

    /// Removes the segments that are not of the log.
    fn clear_away(&self) {
        let schedule = self.schedule.lock();
        let dir = self.writer.lock().log.dir().to_owned();
        let generation = self.state.read().generation;
        // What cannot be removed now is when the store is opened.
        let _ = generation.remove_leftovers(&*schedule.settings.files, &dir);
    }
}

/// Calls `pace` once so many more records were looked at.
fn keep_pace(left: &mut usize, records: usize, pace: &mut Pace<'_>) -> Result<(), IndexError> {
    if let Some(less) = left.checked_sub(records) {
        *left = less;
        return Ok(());
    }
    *left = PACE;
    go_on(pace)
}

/// Fails if compacting is to be given up.
fn go_on(pace: &mut Pace<'_>) -> Result<(), IndexError> {
    if pace() {
        return Ok(());
    }
    Err(IndexError::NotCompacted {
        why: "it was given up before it was done",
    })
}

impl State {
    /// From where on history will be kept, and the first slot of then. It
    /// never goes back, and never beyond what has happened.
    fn horizon(&self, retention: &Retention) -> (Horizon, u32) {
        let known = self.generation.horizon;
        let since = seconds(retention.since).min(self.last_commit.saturating_add(1));
        if since <= known.time {
            let before = u32::try_from(self.revisions.slots_up_to(known.revision));
            return (known, before.expect("the store has had the revision"));
        }
        let before = self.columns.first_updated_at(since);
        let horizon = Horizon {
            time: since,
            revision: self.revision_before(before),
        };
        (horizon, before)
    }

    /// The first slot of when claims may have ended to be kept.
    fn ended_before(&self, retention: &Retention, before: u32) -> u32 {
        let since = retention.ended_since.map(seconds);
        since.map_or(0, |since| self.columns.first_updated_at(since).min(before))
    }

    /// Fails unless this state says of the present what another says, but for
    /// so many claims that have ended.
    fn agree(&self, other: &State, gone: u64) -> Result<(), IndexError> {
        let of = |state: &State, gone: u64| {
            let counts = (state.active, state.retained - gone, state.revision());
            (
                counts,
                state.strings.len(),
                state.sources.len(),
                state.judged_by,
            )
        };
        if of(self, 0) == of(other, gone) {
            return Ok(());
        }
        Err(IndexError::NotCompacted {
            why: "what would be kept does not say what the store says; see iocd store check",
        })
    }
}
