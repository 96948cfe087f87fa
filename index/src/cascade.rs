//! Answering a question with what is related to its value.

use std::collections::HashMap;

use iocd_core::matching::{self, Range};
use iocd_core::query::{EntrySink, Match, Question, Reach, StatusFilter};
use iocd_core::value::ValueRef;

use crate::Index;
use crate::best::{Best, Hit};
use crate::error::IndexError;
use crate::moment::Moment;
use crate::order::Rest;
use crate::read::SLICE;
use crate::reading::Reading;
use crate::score::Telling;
use crate::state::State;
use crate::time::seconds;

/// What a cascade looks for, and where it has been.
struct Cascade<'a> {
    ranges: Vec<Range<'a>>,
    /// Claims that exact keys led to, by slot: walks leave them out.
    above: HashMap<u32, Hit>,
    status: StatusFilter,
    moment: Moment,
}

impl Index {
    /// As [`Index::find`], for a question that reaches further. Takes time
    /// with the number of values in the ranges below those asked for, a few
    /// microseconds each; memory is bounded by the page.
    pub(crate) fn find_by_cascade<S: EntrySink>(
        &self,
        question: &Question<'_>,
        sink: &mut S,
    ) -> Result<(), IndexError> {
        let mut state = self.reading();
        let moment = state.moment(seconds(question.now), question.as_of)?;
        let readings = question.readings.iter();
        let mut cascade = Cascade {
            ranges: readings
                .flat_map(|reading| matching::ranges(reading.as_ref()))
                .collect(),
            above: HashMap::new(),
            status: question.status,
            moment,
        };
        let mut best = Best::of(question.page);
        for reading in question.readings {
            cascade.climb(&state, reading.as_ref())?;
        }
        cascade.tell_above(&state, &mut best)?;
        let mut firsts = Vec::new();
        for (number, range) in cascade.ranges.iter().enumerate() {
            let mut rest = Some(Rest::of(&range.keys));
            while let Some(more) = rest {
                firsts.clear();
                rest = state.order.walk(range.kind, more, &mut firsts);
                for &first in &firsts {
                    cascade.descend(&state, first, number, &mut best)?;
                }
                state.give_way();
                if sink.is_abandoned() {
                    return Err(IndexError::Abandoned);
                }
            }
        }
        Index::tell(state, best, cascade.moment, sink)
    }

    /// Tells the total and the page, giving way to a writer now and then.
    pub(crate) fn tell<S: EntrySink>(
        mut state: Reading<'_>,
        best: Best,
        moment: Moment,
        sink: &mut S,
    ) -> Result<(), IndexError> {
        sink.total(best.total());
        let telling = Telling {
            moment,
            explained: sink.wants_explanations(),
        };
        for (number, hit) in best.into_page().enumerate() {
            sink.entry(&state.entry(&hit.shown, Some(hit.matched), telling)?);
            if number % SLICE == SLICE - 1 {
                state.give_way();
            }
        }
        Ok(())
    }
}

impl Cascade<'_> {
    /// Looks the keys above a value up.
    fn climb(&mut self, state: &State, value: ValueRef<'_>) -> Result<(), IndexError> {
        let mut failure = Ok(());
        matching::probes(value, &state.shape, Reach::Cascade, &mut |probe| {
            if failure.is_ok() {
                failure = self.look_up(state, probe.key, probe.matched);
            }
        });
        failure
    }

    fn look_up(
        &mut self,
        state: &State,
        key: ValueRef<'_>,
        matched: Match,
    ) -> Result<(), IndexError> {
        let newest = state.newest(state.hash(key.kind, key.text), key.kind, key.text)?;
        state.visit_claims(newest, self.status, self.moment, |shown| {
            let hit = state.hit(shown, matched);
            let known = self.above.entry(shown.slot).or_insert(hit);
            if matched.is_nearer_than(known.matched) {
                *known = hit;
            }
        });
        Ok(())
    }

    /// What one reading has above may lie below another.
    fn tell_above(&self, state: &State, best: &mut Best) -> Result<(), IndexError> {
        for &hit in self.above.values() {
            let claim = state.claim(hit.shown.slot)?;
            let value = ValueRef {
                kind: claim.kind,
                text: claim.value,
            };
            let below = self.ranges.iter().filter_map(|range| range.matches(value));
            let matched = nearest(hit.matched, below);
            best.push(claim.id, Hit { matched, ..hit });
        }
        Ok(())
    }

    /// Takes in the value of slot `first`, which is in the keys of a range.
    fn descend(
        &self,
        state: &State,
        first: u32,
        range: usize,
        best: &mut Best,
    ) -> Result<(), IndexError> {
        let value = state.value(first)?;
        let Some(matched) = self.ranges[range].matches(value) else {
            return Ok(());
        };
        let (before, after) = self.ranges.split_at(range);
        if before.iter().any(|range| range.matches(value).is_some()) {
            return Ok(());
        }
        let others = after[1..].iter().filter_map(|range| range.matches(value));
        let matched = nearest(matched, others);
        let newest = state.newest(state.hash(value.kind, value.text), value.kind, value.text)?;
        let mut failure = Ok(());
        state.visit_claims(newest, self.status, self.moment, |shown| {
            let hit = state.hit(shown, matched);
            if !self.above.contains_key(&shown.slot) {
                match state.claim(shown.slot) {
                    Ok(claim) => best.push(claim.id, hit),
                    Err(error) => failure = Err(error),
                }
            }
        });
        failure
    }
}

fn nearest(matched: Match, others: impl Iterator<Item = Match>) -> Match {
    others.fold(matched, |nearest, other| {
        if other.is_nearer_than(nearest) {
            other
        } else {
            nearest
        }
    })
}
