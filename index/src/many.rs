//! Answering many questions at a time.
//!
//! A lookup alone waits for memory three times: the bucket of the table, the
//! row of the columns, the record. Of many, each step is done for all before
//! the next one, and asks for the memory that the next one reads; the waits
//! then overlap.

use iocd_core::matching::{self, Probe};
use iocd_core::query::{Brief, BriefSink, ManyOptions, Match, Reach};
use iocd_core::questions::{QuestionRef, Questions};
use iocd_core::value::{Kind, ValueRef};

use crate::Index;
use crate::best::Hit;
use crate::error::IndexError;
use crate::moment::Moment;
use crate::read::{Shown, sort_hits};
use crate::score::Telling;
use crate::state::State;
use crate::time::{seconds, timestamp};

/// Questions whose lookups go together: their memory fits into the cache that
/// is nearest but one.
const GROUP: usize = 64;

/// Lookups that are under way.
#[derive(Default)]
struct Lookups {
    /// The keys' texts, one after the other.
    text: String,
    queue: Vec<Lookup>,
    /// For each question, where its lookups end.
    ends: Vec<usize>,
}

struct Lookup {
    hash: u64,
    kind: Kind,
    /// Where the key's text begins and ends.
    text: (usize, usize),
    matched: Match,
    subtree_only: bool,
    /// A slot under the same hash; none if nothing is.
    candidate: Option<u32>,
}

impl Index {
    /// Tells `sink` the answers to the questions, in order; what is asked for
    /// is what [`Index::find`] would answer to each.
    pub fn find_many<S: BriefSink>(
        &self,
        questions: &Questions,
        options: ManyOptions,
        sink: &mut S,
    ) -> Result<(), IndexError> {
        let mut state = self.reading();
        let mut lookups = Lookups::default();
        let mut hits = Vec::new();
        let mut first = 0;
        while first < questions.len() {
            let count = GROUP.min(questions.len() - first);
            lookups.begin(&state, questions, first, count);
            lookups.answer(&state, options, &mut hits, sink)?;
            first += count;
            // A waiting writer gets its turn.
            state.give_way();
        }
        Ok(())
    }
}

impl Lookups {
    /// Names the lookups of some questions and asks for what they read.
    fn begin(&mut self, state: &State, questions: &Questions, first: usize, count: usize) {
        self.text.clear();
        self.queue.clear();
        self.ends.clear();
        for question in (first..first + count).filter_map(|at| questions.get(at)) {
            self.add(state, question);
        }
        for lookup in &mut self.queue {
            lookup.candidate = state.table.candidate(lookup.hash);
            if let Some(slot) = lookup.candidate {
                state.columns.prefetch(slot);
            }
        }
        for slot in self.queue.iter().filter_map(|lookup| lookup.candidate) {
            state.log.prefetch(state.address(slot));
        }
    }

    fn add(&mut self, state: &State, question: QuestionRef<'_>) {
        for reading in question.readings() {
            matching::probes(reading.value, &state.shape, Reach::Scope, &mut |probe| {
                let ValueRef { kind, text } = probe.key;
                let hash = state.hash(kind, text);
                state.table.prefetch(hash);
                let start = self.text.len();
                self.text.push_str(text);
                self.queue.push(Lookup {
                    hash,
                    kind,
                    text: (start, self.text.len()),
                    matched: probe.matched,
                    subtree_only: probe.subtree_only,
                    candidate: None,
                });
            });
        }
        self.ends.push(self.queue.len());
    }

    fn answer<S: BriefSink>(
        &self,
        state: &State,
        options: ManyOptions,
        hits: &mut Vec<Hit>,
        sink: &mut S,
    ) -> Result<(), IndexError> {
        let moment = Moment::present(seconds(options.now));
        let telling = Telling {
            moment,
            explained: false,
        };
        let mut start = 0;
        for &end in &self.ends {
            hits.clear();
            let found = self.queue[start..end]
                .iter()
                .filter(|lookup| lookup.candidate.is_some());
            for lookup in found {
                let key = ValueRef {
                    kind: lookup.kind,
                    text: &self.text[lookup.text.0..lookup.text.1],
                };
                let newest = state.newest(lookup.hash, key.kind, key.text)?;
                let probe = Probe {
                    key,
                    matched: lookup.matched,
                    subtree_only: lookup.subtree_only,
                };
                state.collect_chain(newest, &probe, options.status, moment, hits);
            }
            if hits.len() > 1 {
                sort_hits(state, hits)?;
            }
            sink.question(hits.len() as u64);
            for hit in hits.iter().take(options.limit as usize) {
                sink.entry(&state.brief(hit, telling)?);
            }
            start = end;
        }
        Ok(())
    }
}

impl State {
    fn brief(&self, hit: &Hit, telling: Telling) -> Result<Brief<'_>, IndexError> {
        let Shown { slot, status, .. } = hit.shown;
        let claim = self.claim(slot)?;
        let malware = claim
            .malware
            .map(|number| self.string(number, slot))
            .transpose()?;
        let warnings = self.warnings(&claim, &hit.shown);
        let (score, _) = self.score(&hit.shown, &claim, &warnings, telling)?;
        let first_seen = claim.first_seen.unwrap_or(claim.first_heard_at);
        Ok(Brief {
            kind: claim.kind,
            value: claim.value,
            source: &self.sources[claim.source as usize].source,
            confidence: claim.confidence,
            status,
            first_seen: Some(timestamp(first_seen)),
            last_seen: Some(timestamp(self.last_seen(
                slot,
                &claim,
                status,
                telling.moment,
            ))),
            malware,
            score,
            matched: hit.matched,
        })
    }
}
