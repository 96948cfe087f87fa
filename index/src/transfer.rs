//! Claims from store to store, with all that a store knows about them.

use std::collections::HashSet;

use iocd_core::claim::retained::{Retained, Takeover};
use iocd_core::claim::{ClaimId, Source};
use jiff::Timestamp;

use crate::Index;
use crate::error::IndexError;
use crate::fetches::Fetch;
use crate::read::Shown;
use crate::record::{Record, Tombstone};
use crate::state::State;
use crate::time::{seconds, timestamp};
use crate::write::{Draft, Heard, describe, source_number};

/// Slots looked at before a waiting writer gets its turn.
const SLICE: u32 = 256;

/// A retained claim and who says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// Short name of the source.
    pub source: String,
    /// The claim.
    pub claim: Retained,
}

/// A walk through everything that a store retained when the walk began.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The last revision that was walked over, and the last of all.
    done: u64,
    end: u64,
}

impl Index {
    /// Begins a walk.
    pub fn walk(&self) -> Walk {
        Walk {
            done: 0,
            end: self.state.read().revision(),
        }
    }

    /// Goes on with a walk: some claims, in the order of their last change;
    /// `None` at the end. What changed since the walk began is told as it was,
    /// but for sightings beside a version. What is over and has not been ended
    /// by [`Index::expire_due`] is told as active.
    ///
    /// Fails if the store was compacted meanwhile and keeps no history from
    /// when the walk began on.
    pub fn walk_on(&self, walk: &mut Walk) -> Result<Option<Vec<Transfer>>, IndexError> {
        if walk.done >= walk.end {
            return Ok(None);
        }
        let state = self.state.read();
        let end = state.slot_after(walk.end)?;
        let first = state.revisions.slots_up_to(walk.done);
        let first = u32::try_from(first).expect("not after the last");
        let last = end.min(first.saturating_add(SLICE));
        walk.done = if last == end {
            walk.end
        } else {
            state.revision_before(last)
        };
        let mut claims = Vec::new();
        for slot in first..last {
            if let Some(shown) = state.last_by(slot, end) {
                claims.push(state.transfer(&shown)?);
            }
        }
        Ok(Some(claims))
    }

    /// The sources in the order in which they came, with when a complete fetch
    /// last showed the whole list of each.
    pub fn listed_sources(&self) -> Vec<(Source, Option<Timestamp>)> {
        let state = self.state.read();
        let listed = state
            .sources
            .iter()
            .map(|known| (known.source.clone(), known.listed_at.map(timestamp)));
        listed.collect()
    }

    /// Takes a source over from another store. The description of one that is
    /// known stays as it is.
    pub fn take_over_source(
        &self,
        source: &Source,
        listed_at: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<(), IndexError> {
        let mut writer = self.writer.lock();
        let state = self.state.read();
        let mut draft = Draft::default();
        let number = match source_number(&state, source) {
            Some(number) => number,
            None => describe(&state, &mut draft, source)?,
        };
        let known = state.sources.get(usize::from(number));
        let known_at = known.and_then(|known| known.listed_at);
        drop(state);
        self.commit(&mut writer, draft, at)?;
        match listed_at.map(seconds) {
            Some(at) if Some(at) > known_at => {
                let fetch = Fetch { source: number, at };
                self.note_fetch(&mut writer, fetch)
            }
            _ => Ok(()),
        }
    }

    /// Takes claims over from another store, whose sources were taken over
    /// before; `at` becomes the time of what changes. Durable and searchable
    /// on return. Gives how many changed something.
    ///
    /// Fails on a claim of a source that is not known; what came before it may
    /// have been taken.
    pub fn take_over(&self, claims: Vec<Transfer>, at: Timestamp) -> Result<u64, IndexError> {
        let mut writer = self.writer.lock();
        let mut changed = 0;
        let mut claims = claims.into_iter().peekable();
        while claims.peek().is_some() {
            let state = self.state.read();
            let mut draft = Draft::default();
            // What a batch says of a claim is not known to the rest of it.
            let mut ids = HashSet::new();
            while let Some(Transfer { source, claim }) = claims.next_if(|next| {
                let value = next.claim.held.claim.value.as_ref();
                ids.insert(ClaimId::new(value.kind, value.text, &next.source))
            }) {
                changed += u64::from(state.take_over(&mut draft, &source, claim)?);
            }
            drop(state);
            self.commit(&mut writer, draft, at)?;
        }
        Ok(changed)
    }
}

impl State {
    /// The claim whose last change before the slot `end` is in `slot`, if it is one's.
    fn last_by(&self, slot: u32, end: u32) -> Option<Shown> {
        // What replaces or ends nothing has the highest number.
        let is_last = self.columns.dead_by(slot) >= end;
        is_last.then(|| self.shown_by(slot)).flatten()
    }

    fn transfer(&self, shown: &Shown) -> Result<Transfer, IndexError> {
        let source = usize::from(self.columns.source(shown.slot));
        Ok(Transfer {
            source: self.sources[source].source.name.clone(),
            claim: self.retained(shown)?,
        })
    }

    fn retained(&self, shown: &Shown) -> Result<Retained, IndexError> {
        let mut held = self.held(shown.slot)?;
        held.claim.last_seen = held.claim.last_seen.max(self.touched(shown.slot));
        Ok(Retained {
            held,
            status: shown.status,
            updated_at: timestamp(self.columns.updated_at(shown.changed)),
        })
    }

    /// Drafts what taking a claim over changes; says whether it does.
    fn take_over(
        &self,
        draft: &mut Draft,
        source: &str,
        mut theirs: Retained,
    ) -> Result<bool, IndexError> {
        theirs.held.claim.tidy();
        let value = theirs.held.claim.value.clone();
        let value = value.as_ref();
        let named = |known: &crate::state::KnownSource| known.source.name == source;
        let number = self.sources.iter().position(named);
        let number = number.and_then(|at| u16::try_from(at).ok());
        let number = number.ok_or_else(|| IndexError::UnknownSource {
            name: source.to_owned(),
        })?;
        let newest = self.newest(self.hash(value.kind, value.text), value.kind, value.text)?;
        let own = match self
            .chain(newest)
            .find(|&slot| self.columns.source(slot) == number)
        {
            None => None,
            Some(slot) => {
                let shown = self.last_by(slot, self.columns.len());
                shown.map(|shown| self.retained(&shown)).transpose()?
            }
        };
        let listed_at = self.listed_at(number).map(timestamp);
        let Takeover { version, end } = theirs.take_over(own.as_ref(), listed_at);
        let id = ClaimId::new(value.kind, value.text, source);
        if let Some(version) = &version {
            draft.put_claim(self, id, number, &version.claim, Heard::of(version));
        }
        if let Some(status) = end {
            draft.put(&Record::Tombstone(Tombstone {
                id,
                kind: value.kind,
                value: value.text,
                source: number,
                status: status as u8,
            }));
        }
        Ok(version.is_some() || end.is_some())
    }
}

#[cfg(test)]
mod tests;
