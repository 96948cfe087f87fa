//! Claims from store to store, with all that a store knows about them.

use std::collections::HashSet;

use iocd_core::claim::retained::{Retained, Takeover, Transfer};
use iocd_core::claim::{ClaimId, Source};
use iocd_core::value::ValueRef;
use jiff::Timestamp;

use crate::Index;
use crate::error::IndexError;
use crate::fetches::Fetch;
use crate::read::Shown;
use crate::record::Record;
use crate::state::{KnownSource, State};
use crate::time::{seconds, timestamp};
use crate::write::{Draft, Heard, Writer, describe, source_number};

/// Slots looked at before a waiting writer gets its turn.
const SLICE: u32 = 256;

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
        drop(state);
        self.commit(&mut writer, draft, at)?;
        self.note_listing(&mut writer, number, listed_at)
    }

    /// Notes when a complete fetch last showed the list of a source, if that
    /// was later than is known.
    pub(crate) fn note_listing(
        &self,
        writer: &mut Writer,
        source: u16,
        listed_at: Option<Timestamp>,
    ) -> Result<(), IndexError> {
        let state = self.state.read();
        let known = state.sources.get(usize::from(source));
        let known_at = known.and_then(|known| known.listed_at);
        drop(state);
        match listed_at.map(seconds) {
            Some(at) if Some(at) > known_at => self.note_fetch(writer, Fetch { source, at }),
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
        self.take_each(claims, at, |state, source, theirs, own| {
            let listed_at = state.listed_at(source).map(timestamp);
            Ok(theirs.take_over(own, listed_at))
        })
    }

    /// Takes claims in by a rule: what is to be done for one of the source with
    /// this number, of which the store has what the last argument says.
    pub(crate) fn take_each(
        &self,
        claims: Vec<Transfer>,
        at: Timestamp,
        rule: impl Fn(&State, u16, Retained, Option<&Retained>) -> Result<Takeover, IndexError>,
    ) -> Result<u64, IndexError> {
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
                changed += u64::from(state.draft_takeover(&mut draft, &source, claim, &rule)?);
            }
            drop(state);
            self.commit(&mut writer, draft, at)?;
        }
        Ok(changed)
    }
}

impl State {
    /// The claim whose last change before the slot `end` is in `slot`, if it is one's.
    pub(crate) fn last_by(&self, slot: u32, end: u32) -> Option<Shown> {
        // What replaces or ends nothing has the highest number.
        let is_last = self.columns.dead_by(slot) >= end;
        is_last.then(|| self.shown_by(slot)).flatten()
    }

    pub(crate) fn transfer(&self, shown: &Shown) -> Result<Transfer, IndexError> {
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

    /// Drafts what a rule says has to be done for a claim; says whether that changes
    /// something.
    fn draft_takeover(
        &self,
        draft: &mut Draft,
        source: &str,
        mut theirs: Retained,
        rule: impl Fn(&State, u16, Retained, Option<&Retained>) -> Result<Takeover, IndexError>,
    ) -> Result<bool, IndexError> {
        theirs.held.claim.tidy();
        let value = theirs.held.claim.value.clone();
        let value = value.as_ref();
        let number = self.number_of(source)?;
        let own = self.retained_of(number, value)?;
        let takeover = rule(self, number, theirs, own.as_ref().map(|(_, own)| own))?;
        let id = ClaimId::new(value.kind, value.text, source);
        if let Some(version) = &takeover.version {
            draft.put_claim(self, id, number, &version.claim, Heard::of(version));
        }
        if let Some((slot, _)) = own
            && let Some(seen) = takeover.touched
        {
            draft.put(&Record::Touch {
                revision: self.revision_of(slot),
                last_seen: seconds(seen),
            });
        }
        if let Some(status) = takeover.end {
            draft.put_end(id, number, value, status);
        }
        Ok(takeover != Takeover::default())
    }

    /// The number of the source of this name.
    pub(crate) fn number_of(&self, source: &str) -> Result<u16, IndexError> {
        let named = |known: &KnownSource| known.source.name == source;
        let number = self.sources.iter().position(named);
        let number = number.and_then(|at| u16::try_from(at).ok());
        number.ok_or_else(|| IndexError::UnknownSource {
            name: source.to_owned(),
        })
    }

    /// What there is of a source's claim about a value, with the slot of its
    /// version.
    fn retained_of(
        &self,
        source: u16,
        value: ValueRef<'_>,
    ) -> Result<Option<(u32, Retained)>, IndexError> {
        let newest = self.newest(self.hash(value.kind, value.text), value.kind, value.text)?;
        let slot = self
            .chain(newest)
            .find(|&slot| self.columns.source(slot) == source);
        let shown = slot.and_then(|slot| self.last_by(slot, self.columns.len()));
        shown
            .map(|shown| Ok((shown.slot, self.retained(&shown)?)))
            .transpose()
    }
}

#[cfg(test)]
mod tests;
