//! Until when claims hold, and what moves that: complete fetches, and changes
//! of a source's rules.

use std::collections::BTreeMap;

use iocd_core::claim::{Extent, Source};
use iocd_core::value::Kind;

use super::{State, damaged};
use crate::columns::NO_TIME;
use crate::error::IndexError;
use crate::expiry::Refiled;
use crate::fetches::Fetch;
use crate::posting::Posting;
use crate::record::{ClaimRecord, Record};

/// Claim versions of which a fetch moves the end.
pub(crate) struct Prolonged {
    pub(crate) slots: Vec<u32>,
    /// The last fetch of the list that they are on.
    pub(crate) last: Fetch,
}

impl State {
    /// Whether the version in a live slot still holds at `now`.
    pub(crate) fn is_expired(&self, slot: u32, now: u32) -> bool {
        let expires_at = self.columns.expires_at(slot);
        expires_at != NO_TIME && expires_at <= now
    }

    /// Whether another server says what holds of the claim in a slot.
    pub(crate) fn is_mirrored(&self, slot: u32) -> bool {
        let known = &self.sources[usize::from(self.columns.source(slot))];
        known.source.mirrored_by.is_some()
    }

    /// Brings what is derived from a source's description without being
    /// written to its claims up to date. What lists and filters go by is
    /// written to them: clients that follow the changes must hear of it (see
    /// [`Index::restate`](crate::Index)).
    pub(super) fn redescribe(&mut self, number: u16, before: &Source) -> Result<(), IndexError> {
        let after = self.sources[number as usize].source.clone();
        if after.category != before.category || after.list_non_global != before.list_non_global {
            self.redescribed.insert(number);
        }
        if after.holds_like(before) {
            return Ok(());
        }
        let log = self.log.clone();
        let slots: Vec<u32> = self.alive_of(number).collect();
        for slot in slots {
            let address = self.address(slot);
            let Record::Claim(claim) = log.record(address)? else {
                return Err(damaged(address));
            };
            let expires_at = expires_at(&claim, &after, self.listed_at(number));
            self.set_expiry(slot, expires_at);
        }
        Ok(())
    }

    fn set_expiry(&mut self, slot: u32, expires_at: u32) {
        let before = self.columns.expires_at(slot);
        self.columns.set_expires_at(slot, expires_at);
        self.expiries.change(slot, before, expires_at);
    }

    /// The live claim versions whose time is over, each once, in slot order.
    /// (One whose end was moved about may be filed more than once.)
    pub(crate) fn due(&self, now: u32) -> Vec<u32> {
        let mut due: Vec<u32> = self
            .expiries
            .up_to(now)
            .filter(|&slot| self.alive.contains(slot) && self.is_expired(slot, now))
            .collect();
        due.sort_unstable();
        due.dedup();
        due
    }

    /// Files some of what is due later than it seemed anew; what is due has
    /// ended. Gives where to go on, if there is more.
    pub(crate) fn refile_expiries(&mut self, refiled: Refiled, now: u32) -> Option<Refiled> {
        let (alive, columns) = (&self.alive, &self.columns);
        let end = |slot| {
            let end = alive.contains(slot).then(|| columns.expires_at(slot));
            end.filter(|&end| end != NO_TIME)
        };
        self.expiries.refile(refiled, now, end)
    }

    /// The live claim versions of a source, in slot order.
    pub(crate) fn alive_of(&self, source: u16) -> impl Iterator<Item = u32> + '_ {
        let slots = self.labels.of_source(source).into_iter();
        let slots = slots.flat_map(Posting::members);
        slots.filter(|&slot| self.alive.contains(slot))
    }

    /// What a complete fetch moves on: the ends of the list's claims that have
    /// none of their own, to when they hold by the feed's rule.
    pub(crate) fn prolonged_by(&self, fetch: Fetch) -> Prolonged {
        let known = self.sources.get(usize::from(fetch.source));
        let listed_at = known.and_then(|known| known.listed_at);
        let last = Fetch {
            at: fetch.at.max(listed_at.unwrap_or(0)),
            ..fetch
        };
        let known = known.filter(|known| {
            let Source {
                extent,
                expires_after,
                expires_after_by_kind,
                ..
            } = &known.source;
            let has_rule = expires_after.is_some() || !expires_after_by_kind.is_empty();
            *extent == Extent::Snapshot && has_rule
        });
        let Some(_) = known else {
            let slots = Vec::new();
            return Prolonged { slots, last };
        };
        let slots = self.alive_of(fetch.source);
        let slots = slots.filter(|&slot| self.columns.flags(slot).derives_expiry());
        Prolonged {
            slots: slots.collect(),
            last,
        }
    }

    /// Has claim versions hold by their rules from the last fetch of the list
    /// that they are on, at least.
    pub(crate) fn prolong(&mut self, slots: &[u32], last: Fetch) {
        for &slot in slots {
            let Some(rule) = self.rule_for(slot, last.source) else {
                continue;
            };
            let until = last.at.saturating_add(rule);
            let expires_at = self.columns.expires_at(slot).max(until);
            self.set_expiry(slot, expires_at);
        }
    }

    /// For how many seconds a claim version of this source holds that has no
    /// end of its own.
    fn rule_for(&self, slot: u32, source: u16) -> Option<u32> {
        let source = &self.sources[usize::from(source)].source;
        if source.expires_after_by_kind.is_empty() {
            return source.expires_after;
        }
        let is_of = |kind: &Kind| self.kinds[*kind as usize].contains(slot);
        source.holds_for(Kind::ALL.into_iter().find(is_of)?)
    }

    /// Takes in that complete fetches happened: what is on the list of a
    /// source holds from its last one on for as long as the feed's rule says.
    pub(crate) fn note_fetches(&mut self, fetches: &[Fetch]) {
        let mut last = BTreeMap::new();
        for &fetch in fetches {
            self.list_fetch(fetch);
            last.insert(fetch.source, fetch);
        }
        for &fetch in last.values() {
            let Prolonged { slots, last } = self.prolonged_by(fetch);
            self.prolong(&slots, last);
        }
    }

    /// Notes when a fetch was, and nothing of what that means to claims.
    pub(crate) fn list_fetch(&mut self, fetch: Fetch) {
        let Some(known) = self.sources.get_mut(fetch.source as usize) else {
            return;
        };
        known.listed_at = known.listed_at.max(Some(fetch.at));
        let listings = &mut known.listings;
        let at = listings.partition_point(|&before| before <= fetch.at);
        listings.insert(at, fetch.at);
    }

    /// When a complete fetch last showed the list of this source.
    pub(crate) fn listed_at(&self, source: u16) -> Option<u32> {
        let known = &self.sources[source as usize];
        known
            .listed_at
            .filter(|_| known.source.extent == Extent::Snapshot)
    }
}

/// End of validity as `Held::expires_at` has it.
pub(crate) fn expires_at(claim: &ClaimRecord<'_>, source: &Source, listed_at: Option<u32>) -> u32 {
    let known_at = claim.heard_at.max(listed_at.unwrap_or(0));
    let derived = || known_at.checked_add(source.holds_for(claim.kind)?);
    claim.expires_at.or_else(derived).unwrap_or(NO_TIME)
}
