//! What happened to the entries of a list after a revision, oldest first.

use iocd_core::claim::{Confidence, Status};
use iocd_core::query::{ChangeSink, Filter, Following, Gone, GoneReason};
use jiff::Timestamp;

use crate::Index;
use crate::error::IndexError;
use crate::facets::BitSet;
use crate::moment::Moment;
use crate::read::{SLICE, Shown};
use crate::record::Record;
use crate::score::Telling;
use crate::state::{State, damaged, ended};
use crate::time::{seconds, timestamp};

/// Slots looked at before a waiting writer gets its turn.
const STRIDE: u32 = 1 << 14;

/// Something that is told.
enum Event {
    Entry(Shown),
    Gone(u32, GoneReason),
}

impl Index {
    /// Tells `sink` what happened after a revision, oldest first, as
    /// `ClaimStore::follow` says. Gives the revision up to which that is all.
    pub fn follow<S: ChangeSink>(
        &self,
        following: &Following<'_>,
        sink: &mut S,
    ) -> Result<u64, IndexError> {
        let now = seconds(following.now);
        let moment = Moment::present(now);
        let limit = following.limit as usize;
        let mut state = self.reading();
        let mut next = state.slot_after(following.after)?;
        // Changes that are written meanwhile are for the next call.
        let end = state.columns.len();
        if next == end {
            sink.total(0);
            return Ok(state.revision_before(next).max(following.after));
        }
        let is_abandoned = || sink.is_abandoned();
        let filter = following.filter;
        let made = state.made_sets_with_scores(filter, moment, next, &is_abandoned)?;
        sink.total(state.count_from(next, following, &made));
        let mut events = Vec::new();
        while next < end && events.len() < limit {
            let stop = end.min(next.saturating_add(STRIDE));
            next = state.collect_events(next, stop, following, &made, &mut events);
            state.give_way();
        }
        let telling = Telling {
            moment,
            explained: false,
        };
        for slice in events.chunks(SLICE) {
            for event in slice {
                match *event {
                    Event::Entry(shown) => sink.entry(&state.entry(&shown, None, telling)?),
                    Event::Gone(slot, reason) => sink.gone(&state.gone(slot, reason)?),
                }
            }
            state.give_way();
        }
        Ok(state.revision_before(next).max(following.after))
    }

    /// When a revision came, if what it did is still there.
    pub fn revised_at(&self, revision: u64) -> Option<Timestamp> {
        let state = self.state.read();
        let slot = state.slot_of(revision)?;
        Some(timestamp(state.columns.updated_at(slot)))
    }
}

impl State {
    /// How many entries the filter admits from a slot on.
    fn count_from(&self, slot: u32, following: &Following<'_>, made: &[BitSet]) -> u64 {
        let (filter, now) = (following.filter, seconds(following.now));
        let matching = self.matching(filter, made, Moment::present(now)).from(slot);
        matching.count() - self.count_due(&matching, filter, now)
    }

    /// Collects the events in `next..stop`, up to the limit of all; gives the
    /// slot to go on with.
    fn collect_events(
        &self,
        next: u32,
        stop: u32,
        following: &Following<'_>,
        made: &[BitSet],
        events: &mut Vec<Event>,
    ) -> u32 {
        let filter = following.filter;
        let now = seconds(following.now);
        let present = Moment::present(now);
        let (made, scored) = match made.split_last() {
            Some((scored, made)) if filter.min_score.is_some() => (made, Some(scored)),
            _ => (made, None),
        };
        let matching = self.matching(filter, made, present).from(next);
        let narrowing = self.narrowing(filter, made);
        for index in next as usize / 64..(stop as usize).div_ceil(64) {
            let admitted = matching.word(index);
            let low = scored.map_or(0, |scored| admitted & !scored.word(index));
            let entries = admitted & !low;
            let mut word = entries;
            if following.include_removed {
                word |= self.successors.word(index);
            }
            while word != 0 {
                let bit = word.trailing_zeros();
                word &= word - 1;
                let slot = u32::try_from(index * 64).expect("slots are u32") + bit;
                if !(next..stop).contains(&slot) {
                    continue;
                }
                let is_due = !filter.include_expired && self.is_expired(slot, now);
                let event = if entries & (1 << bit) != 0 {
                    // Of what is due the end, which comes, is told.
                    let shown = self.shown(slot, now).filter(|_| !is_due);
                    shown.map(Event::Entry)
                } else {
                    let is_low = low & (1 << bit) != 0 && !is_due;
                    let reason = self.reason_gone(slot, filter, &narrowing, is_low);
                    reason.map(|reason| Event::Gone(slot, reason))
                };
                events.extend(event);
                if events.len() == following.limit as usize {
                    return slot + 1;
                }
            }
        }
        stop
    }

    /// Why what a slot replaced or ended is no longer in the list, if it was.
    ///
    /// That is told at the slot even where later ones follow: the version
    /// before it is what a client may have. `is_low`: nothing but its score
    /// keeps what is in the slot out of the list.
    fn reason_gone(
        &self,
        slot: u32,
        filter: &Filter,
        narrowing: &[&BitSet],
        is_low: bool,
    ) -> Option<GoneReason> {
        let prior = self.prior(slot)?;
        let admits = |slot: u32| narrowing.iter().all(|set| set.contains(slot));
        let was_there = match ended(self.columns.flags(prior)) {
            None => admits(prior),
            Some(status) => filter.include_expired && status == Status::Expired && admits(prior),
        };
        if !was_there {
            return None;
        }
        if is_low {
            return Some(GoneReason::NoLongerMatches);
        }
        match ended(self.columns.flags(slot)) {
            // It is still there, or what follows tells.
            None => {
                let is_late = filter
                    .until
                    .is_some_and(|until| self.columns.updated_at(slot) >= seconds(until));
                (!admits(slot) || is_late).then_some(GoneReason::NoLongerMatches)
            }
            Some(Status::Expired) if filter.include_expired => None,
            Some(Status::Expired) => Some(GoneReason::Expired),
            Some(Status::FalsePositive) => Some(GoneReason::FalsePositive),
            Some(Status::Removed | Status::Active) => Some(GoneReason::RemovedBySource),
        }
    }

    fn gone(&self, slot: u32, reason: GoneReason) -> Result<Gone<'_>, IndexError> {
        let address = self.address(slot);
        let (id, kind, value, source) = match self.log.record(address)? {
            Record::Claim(claim) => (claim.id, claim.kind, claim.value, claim.source),
            Record::Tombstone(end) => (end.id, end.kind, end.value, end.source),
            _ => return Err(damaged(address)),
        };
        Ok(Gone {
            id,
            kind,
            value,
            source: &self.sources[source as usize].source,
            confidence: label(self.columns.flags(slot).confidence()),
            reason,
            at: timestamp(self.columns.updated_at(slot)),
        })
    }
}

fn label(number: u8) -> Confidence {
    Confidence::ALL[usize::from(number).min(Confidence::ALL.len() - 1)]
}
