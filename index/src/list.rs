//! Lists: what a filter admits, newest update first.

use iocd_core::claim::Status;
use iocd_core::query::{EntrySink, Filter, Page};
use jiff::Timestamp;
use parking_lot::RwLockReadGuard;

use crate::Index;
use crate::error::IndexError;
use crate::facets::Intersection;
use crate::read::{SLICE, Shown};
use crate::score::Telling;
use crate::state::State;
use crate::time::seconds;

impl Index {
    /// Tells `sink` the entries that the filter admits, newest update first.
    pub fn list<S: EntrySink>(
        &self,
        filter: &Filter,
        page: Page,
        now: Timestamp,
        sink: &mut S,
    ) -> Result<(), IndexError> {
        let mut state = self.state.read();
        let now = seconds(now);
        let mut slots = Vec::new();
        {
            let matching = state.matching(filter);
            // What is due but not yet swept counts as expired.
            let is_due = |slot: u32| state.is_expired(slot, now);
            let due = if filter.include_expired {
                Vec::new()
            } else {
                state.due(now)
            };
            let due = due.iter().filter(|&&slot| matching.contains(slot)).count() as u64;
            sink.total(matching.count() - due);
            let wanted = page.limit as usize;
            if wanted > 0 {
                matching.descend(page.offset, due > 0, is_due, |slot| {
                    slots.push(slot);
                    slots.len() < wanted
                });
            }
        }
        let shown: Vec<Shown> = slots
            .into_iter()
            .filter_map(|slot| state.shown(slot, now))
            .collect();
        let telling = Telling {
            now,
            explained: sink.wants_explanations(),
        };
        for slice in shown.chunks(SLICE) {
            for shown in slice {
                sink.entry(&state.entry(shown, None, telling)?);
            }
            RwLockReadGuard::bump(&mut state);
        }
        Ok(())
    }
}

impl State {
    /// The slots that a filter admits.
    fn matching(&self, filter: &Filter) -> Intersection<'_> {
        let from = filter.since.map_or(0, |since| {
            self.columns.first_updated_at(ceil_seconds(since))
        });
        let to = filter.until.map_or(self.columns.len(), |until| {
            self.columns.first_updated_at(ceil_seconds(until))
        });
        let mut either = vec![&self.alive];
        if filter.include_expired {
            either.push(&self.lapsed);
        }
        let mut all = Vec::new();
        if !filter.include_warned {
            all.push(&self.listable);
        }
        all.extend(filter.kind.map(|kind| &self.kinds[kind as usize]));
        let label = filter.confidence;
        all.extend(label.map(|label| &self.confidences[label as usize]));
        let category = filter.category;
        all.extend(category.map(|category| &self.categories[category as usize]));
        Intersection::new(either, all, from, to)
    }

    /// The entry whose last change is in a slot.
    fn shown(&self, slot: u32, now: u32) -> Option<Shown> {
        if !self.lapsed.contains(slot) {
            let status = if self.is_expired(slot, now) {
                Status::Expired
            } else {
                Status::Active
            };
            return Some(Shown {
                status,
                ..Shown::listed(slot)
            });
        }
        Some(Shown {
            slot: self.prior(slot)?,
            status: Status::Expired,
            changed: slot,
            newest: None,
        })
    }
}

/// Seconds, rounded up: "at this time or later" must not admit what was
/// earlier within the same second.
fn ceil_seconds(time: Timestamp) -> u32 {
    seconds(time).saturating_add(u32::from(time.subsec_nanosecond() > 0))
}
