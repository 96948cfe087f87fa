//! Lists: what a filter admits, newest update first, now or at a revision.

use std::hash::Hasher as _;

use iocd_core::claim::Status;
use iocd_core::query::{EntrySink, Filter, Listing};
use jiff::Timestamp;
use siphasher::sip::SipHasher13;

use crate::Index;
use crate::columns::NONE;
use crate::error::IndexError;
use crate::facets::{BitSet, Intersection};
use crate::moment::Moment;
use crate::read::{SLICE, Shown};
use crate::score::Telling;
use crate::state::{State, ended};
use crate::time::seconds;

impl Index {
    /// Tells `sink` the entries that the filter admits, newest update first.
    /// Gives the revision of the last one where the page is full: what is
    /// behind it is what [`Index::list_on`] tells.
    pub fn list<S: EntrySink>(
        &self,
        listing: &Listing<'_>,
        sink: &mut S,
    ) -> Result<Option<u64>, IndexError> {
        self.list_before(listing, None, sink)
    }

    /// Goes on with a list behind the entry of this revision. What is before
    /// it is neither looked at nor counted: no total is told.
    pub fn list_on<S: EntrySink>(
        &self,
        listing: &Listing<'_>,
        behind: u64,
        sink: &mut S,
    ) -> Result<Option<u64>, IndexError> {
        self.list_before(listing, Some(behind), sink)
    }

    fn list_before<S: EntrySink>(
        &self,
        listing: &Listing<'_>,
        before: Option<u64>,
        sink: &mut S,
    ) -> Result<Option<u64>, IndexError> {
        let Listing { filter, page, .. } = *listing;
        let mut state = self.reading();
        let now = seconds(listing.now);
        let moment = state.moment_of(listing)?;
        let is_abandoned = || sink.is_abandoned();
        let made = state.made_sets_with_scores(filter, moment, 0, &is_abandoned)?;
        // Something may have been written meanwhile.
        let moment = state.moment_of(listing)?;
        let mut slots = Vec::new();
        {
            let mut matching = state.matching(filter, &made, moment);
            if let Some(revision) = before {
                matching = matching.before(state.first_slot_of(revision));
            }
            // What is due but not yet swept counts as expired.
            let is_due = |slot: u32| state.is_expired(slot, now);
            let due = state.count_due(&matching, filter, now);
            if before.is_none() {
                sink.total(matching.count() - due);
            }
            let wanted = page.limit as usize;
            if wanted > 0 {
                matching.descend(page.offset, due > 0, is_due, |slot| {
                    slots.push(slot);
                    slots.len() < wanted
                });
            }
        }
        let is_full = slots.len() == page.limit as usize;
        let last = slots.last().filter(|_| is_full);
        let last = last.map(|&slot| state.revision_of(slot));
        let shown: Vec<Shown> = slots
            .into_iter()
            .filter_map(|slot| state.shown(slot, now))
            .collect();
        let telling = Telling {
            moment,
            explained: sink.wants_explanations(),
        };
        for slice in shown.chunks(SLICE) {
            for shown in slice {
                sink.entry(&state.entry(shown, None, telling)?);
            }
            state.give_way();
        }
        Ok(last)
    }
}

impl Index {
    /// A number that is another one once a list narrowed so may be another
    /// than it was: something was written or fetched, an entry has become too
    /// old for it, or the time of one is over.
    pub fn mark(&self, filter: &Filter, now: Timestamp) -> u64 {
        let state = self.state.read();
        let since = filter.since.map(ceil_seconds);
        let first = since.map_or(0, |since| state.columns.first_updated_at(since));
        let fetches = state.sources.iter().map(|known| known.listings.len());
        let mut hasher = SipHasher13::new();
        hasher.write_u32(state.generation.number);
        hasher.write_u64(state.last_batch.map_or(0, |batch| batch.0));
        hasher.write_u32(state.columns.len());
        hasher.write_usize(fetches.sum());
        hasher.write_u32(first);
        hasher.write_usize(state.due(seconds(now)).len());
        hasher.finish()
    }
}

impl State {
    /// The moment that a list is of.
    fn moment_of(&self, listing: &Listing<'_>) -> Result<Moment, IndexError> {
        let now = seconds(listing.now);
        Ok(match listing.revision {
            Some(revision) if revision != self.revision() => Moment {
                now,
                end: self.slot_after(revision)?,
            },
            // Nothing has happened since: the quicker way to the same list.
            _ => Moment::present(now),
        })
    }

    /// The first slot after a revision. Fails for a revision that this store
    /// has not had, and for one after which not all is kept.
    pub(crate) fn slot_after(&self, revision: u64) -> Result<u32, IndexError> {
        let since = self.generation.horizon.revision;
        if revision < since {
            return Err(IndexError::RevisionCompacted {
                given: revision,
                since,
            });
        }
        let slot = u32::try_from(self.revisions.slots_up_to(revision)).ok();
        slot.filter(|&slot| slot <= self.columns.len())
            .ok_or_else(|| IndexError::UnknownRevision {
                given: revision,
                last: self.revision(),
            })
    }

    /// The first slot of this revision or a later one.
    fn first_slot_of(&self, revision: u64) -> u32 {
        let earlier = self.revisions.slots_up_to(revision.saturating_sub(1));
        u32::try_from(earlier).unwrap_or(u32::MAX)
    }

    /// The revision after which the slots before this one are all there are.
    pub(crate) fn revision_before(&self, slot: u32) -> u64 {
        slot.checked_sub(1).map_or(0, |last| self.revision_of(last))
    }

    /// The sets that a filter narrows a list to, with those that were `made` for
    /// it.
    pub(crate) fn narrowing<'a>(&'a self, filter: &Filter, made: &'a [BitSet]) -> Vec<&'a BitSet> {
        let mut all: Vec<&BitSet> = made.iter().collect();
        if !filter.include_warned {
            all.push(&self.listable);
        }
        all.extend(filter.kind.map(|kind| &self.kinds[kind as usize]));
        let label = filter.confidence;
        all.extend(label.map(|label| &self.confidences[label as usize]));
        let category = filter.category;
        all.extend(category.map(|category| &self.categories[category as usize]));
        all
    }

    /// The slots that a filter admits, of those that were the last word.
    pub(crate) fn matching<'a>(
        &'a self,
        filter: &Filter,
        made: &'a [BitSet],
        moment: Moment,
    ) -> Intersection<'a> {
        let from = filter.since.map_or(0, |since| {
            self.columns.first_updated_at(ceil_seconds(since))
        });
        let to = filter.until.map_or(self.columns.len(), |until| {
            self.columns.first_updated_at(ceil_seconds(until))
        });
        let mut either = vec![&self.alive];
        let include_expired = filter.include_expired;
        if include_expired {
            either.push(&self.lapsed);
        }
        let narrowing = self.narrowing(filter, made);
        let matching = Intersection::new(either, narrowing, from, to.min(moment.end));
        if !moment.is_past() {
            return matching;
        }
        // What has been replaced or ended since was there.
        matching.or(Box::new(move |slot| {
            let dead_by = self.columns.dead_by(slot);
            let was_last = dead_by != NONE && dead_by >= moment.end;
            was_last
                && match ended(self.columns.flags(slot)) {
                    None => include_expired || !self.is_expired(slot, moment.now),
                    Some(status) => include_expired && status == Status::Expired,
                }
        }))
    }

    /// How many of the slots hold what is due to expire, where the filter does
    /// not ask for such.
    pub(crate) fn count_due(&self, matching: &Intersection<'_>, filter: &Filter, now: u32) -> u64 {
        if filter.include_expired {
            return 0;
        }
        let due = self.due(now);
        due.iter().filter(|&&slot| matching.contains(slot)).count() as u64
    }

    /// The entry of which the last word is in a slot, as of `now`.
    pub(crate) fn shown(&self, slot: u32, now: u32) -> Option<Shown> {
        let shown = self.shown_by(slot)?;
        let is_over = !shown.is_ended() && self.is_expired(slot, now);
        Some(Shown {
            status: if is_over {
                Status::Expired
            } else {
                shown.status
            },
            ..shown
        })
    }

    /// The entry of which a version, or the end of one, is in a slot; whether
    /// its time is over is not looked at.
    pub(crate) fn shown_by(&self, slot: u32) -> Option<Shown> {
        Some(match ended(self.columns.flags(slot)) {
            None => Shown::listed(slot),
            Some(status) => Shown {
                slot: self.prior(slot)?,
                status,
                changed: slot,
                newest: None,
            },
        })
    }
}

/// Seconds, rounded up: "at this time or later" must not admit what was
/// earlier within the same second.
fn ceil_seconds(time: jiff::Timestamp) -> u32 {
    seconds(time).saturating_add(u32::from(time.subsec_nanosecond() > 0))
}
