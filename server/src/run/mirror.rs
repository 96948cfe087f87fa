//! What becomes of what another server tells of its changes: its sources are
//! mirrored under their own names, and those that this server has of its own
//! are left alone.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;

use iocd_core::claim::mirrored::COMPARE_AFTER;
use iocd_core::claim::retained::Transfer;
use iocd_core::claim::{ClaimId, Source};
use jiff::Timestamp;

use super::examine::is_page;
use super::intake::Intake;
use super::{Outcome, RunError, Trouble};
use crate::collect::{Changes, Stage};
use crate::control::{Condition, FeedState};
use crate::exchange::changes::{NoChanges, Reader, Told};
use crate::ingest::{Report, Verdict, stale_at};
use crate::store::ClaimStore;

mod choice;
mod comparison;

use choice::{Choice, Sources, ToldSource};
use comparison::Comparison;

/// Claims mirrored together, and bytes of their lines.
const BATCH: usize = 4096;
const BATCH_BYTES: usize = 8 << 20;

/// What a run has mirrored.
#[derive(Default)]
pub(super) struct Mirror {
    /// Of a walk through everything, where there may have been something here.
    comparison: Option<Comparison>,
    /// Sources that are left alone.
    spared: BTreeSet<String>,
    /// Sources that were mirrored.
    taken: BTreeSet<String>,
    /// Whether the walk was begun because of what the news were of.
    has_begun_anew: bool,
}

/// What became of an answer.
pub(super) enum Step {
    /// It was mirrored.
    Taken,
    /// It was not: everything is to be told and compared first.
    Anew,
}

impl<S: ClaimStore> Intake<'_, S> {
    /// Mirrors what another server tells, once all of it has been looked over.
    pub(super) fn mirror(
        &mut self,
        mut changes: Changes,
    ) -> Result<Result<Step, Trouble>, RunError> {
        self.run.bytes += changes.body.length();
        let (sources, is_last) = match self.look_over(&changes) {
            Ok(all) => all,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let store = &*self.turn.runner.parts().store;
        let known = store.listed_sources();
        let sources = self.choose(sources, &known);
        let is_first = matches!(changes.stage, Stage::Walk { is_first: true, .. });
        if is_first {
            self.mirror.spared.clear();
            self.mirror.comparison = self.begin_comparison(&sources)?;
        } else {
            if self.run.documents.is_empty() {
                self.mirror.spared = std::mem::take(&mut changes.bookmark.spared);
            }
            if let Some(source) = self.find_missed(&sources) {
                let begun = self.begin_anew(&source)?;
                return Ok(begun.map(|()| Step::Anew));
            }
        }
        let mut report = Report {
            name: "changes".to_owned(),
            feed: Some(self.turn.feed.name.clone()),
            verdict: Verdict::Read,
            ..Report::default()
        };
        let mut listings = Vec::new();
        for told in sources {
            match told.choice {
                Choice::Spared(why) => self.spare(told.source.name, &why, &mut report),
                Choice::New | Choice::Mine | Choice::Orphan => {
                    let waits = self.describe(&told)?;
                    self.mirror.taken.insert(told.source.name.clone());
                    listings.extend(waits.then_some(told));
                }
            }
        }
        if let Err(trouble) = self.take_claims(&changes, &mut report)? {
            return Ok(Err(trouble));
        }
        let is_whole = matches!(changes.stage, Stage::Walk { is_last: true, .. });
        if is_whole && let Some(comparison) = self.mirror.comparison.take() {
            match self.drop_untold(&comparison)? {
                Ok(removed) => report.removed = removed,
                Err(trouble) => return Ok(Err(trouble)),
            }
        }
        if is_last {
            for told in &listings {
                self.describe_as(&told.source, told.listed_at)?;
            }
        }
        // A walk that compares is begun anew if it breaks off: what it was told
        // is known to this run alone.
        if self.mirror.comparison.is_none() {
            changes.bookmark.spared.clone_from(&self.mirror.spared);
            self.state.bookmark = Some(changes.bookmark.to_text());
            self.turn.note(&self.state)?;
        }
        if report.accepted + report.removed > 0 {
            self.run.outcome = Outcome::Read;
        }
        self.run.documents.push(report);
        Ok(Ok(Step::Taken))
    }

    /// Has everything be told again, once in a run.
    fn begin_anew(&mut self, source: &str) -> Result<Result<(), Trouble>, RunError> {
        let feed = &self.turn.feed.name;
        self.state.bookmark = None;
        self.turn.note(&self.state)?;
        if std::mem::replace(&mut self.mirror.has_begun_anew, true) {
            let message = format!(
                "it does not tell of its source {source} each time: everything is compared when \
                 it is asked again"
            );
            return Ok(Err(Trouble::Document(Condition::Suspicious, message)));
        }
        tracing::info!(
            feed,
            source,
            "a source is mirrored from now on: everything is compared"
        );
        self.mirror.comparison = None;
        Ok(Ok(()))
    }

    /// Describes a source as it is at the other server; says whether it is to be
    /// noted only at the end when its list was last seen there. That has claims
    /// hold on of which it is told further on that they have ended. It must not
    /// wait where what holds there could be ended here meanwhile.
    fn describe(&self, told: &ToldSource) -> Result<bool, RunError> {
        let waits = match (told.known_at, told.listed_at) {
            (Some(here), Some(there)) => there.duration_since(here) < COMPARE_AFTER,
            _ => false,
        };
        let listed_at = told.listed_at.filter(|_| !waits);
        self.describe_as(&told.source, listed_at)?;
        Ok(waits)
    }

    fn describe_as(&self, source: &Source, listed_at: Option<Timestamp>) -> Result<(), RunError> {
        let store = &*self.turn.runner.parts().store;
        let mirrored = Source {
            mirrored_by: Some(self.turn.feed.name.clone()),
            ..source.clone()
        };
        let described = store.mirror_source(&mirrored, listed_at, self.now);
        Ok(self.runtime.block_on(described)?)
    }

    /// Reads all of an answer, taking nothing; gives its sources, and whether
    /// there is no more for now.
    fn look_over(&self, changes: &Changes) -> Result<(Sources, bool), Trouble> {
        let mut sources = Sources::new();
        let mut reader = self.read(changes)?;
        loop {
            match reader.read_next() {
                Ok(None) => return Ok((sources, reader.end().is_some_and(|end| !end.more))),
                Ok(Some(Told::Source(source, listed_at))) => {
                    sources.push((source, listed_at));
                }
                Ok(Some(Told::Claim(_))) => {}
                Err(problem) => return Err(self.unfit(changes, &problem)),
            }
        }
    }

    fn read(&self, changes: &Changes) -> Result<Reader<BufReader<File>>, Trouble> {
        let file = changes.body.open();
        let file =
            file.map_err(|error| Trouble::Document(Condition::Suspicious, error.to_string()))?;
        Ok(Reader::new(BufReader::new(file), self.now))
    }

    fn unfit(&self, changes: &Changes, problem: &NoChanges) -> Trouble {
        let is_asked_who = self.turn.feed.fetching.auth.is_some() && is_page(&changes.body);
        let condition = if is_asked_who {
            Condition::AuthFailed
        } else {
            Condition::Suspicious
        };
        let message = format!(
            "what it tells of its changes was not taken: {problem}. If the server is of a newer \
             version, bring this one up to date"
        );
        Trouble::Document(condition, message)
    }

    /// Mirrors the claims of an answer that was looked over.
    fn take_claims(
        &mut self,
        changes: &Changes,
        report: &mut Report,
    ) -> Result<Result<(), Trouble>, RunError> {
        let mut reader = match self.read(changes) {
            Ok(reader) => reader,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let (mut batch, mut bytes) = (Vec::new(), 0);
        loop {
            let told = match reader.read_next() {
                Ok(told) => told,
                Err(problem) => return Ok(Err(self.unfit(changes, &problem))),
            };
            match told {
                Some(Told::Source(..)) => {}
                Some(Told::Claim(claim)) if self.mirror.spared.contains(&claim.source) => {}
                Some(Told::Claim(claim)) => {
                    report.rows += 1;
                    report.claims += 1;
                    if let Some(comparison) = &mut self.mirror.comparison {
                        let value = claim.claim.held.claim.value.as_ref();
                        comparison
                            .told
                            .insert(ClaimId::new(value.kind, value.text, &claim.source));
                    }
                    bytes += reader.length();
                    batch.push(claim);
                    if batch.len() >= BATCH || bytes >= BATCH_BYTES {
                        self.flush(std::mem::take(&mut batch), report)?;
                        bytes = 0;
                    }
                }
                None => break,
            }
        }
        self.flush(batch, report)?;
        report.unchanged = report.rows - report.accepted;
        Ok(Ok(()))
    }

    fn flush(&self, batch: Vec<Transfer>, report: &mut Report) -> Result<(), RunError> {
        let store = &*self.turn.runner.parts().store;
        let mirrored = store.mirror(batch, self.now);
        report.accepted += self.runtime.block_on(mirrored)?;
        Ok(())
    }

    /// Notes that the sources that the other server told of in this run are as
    /// it has them.
    pub(super) fn note_mirrored(&self) -> Result<(), RunError> {
        let parts = self.turn.runner.parts();
        for source in &self.mirror.taken {
            parts.control.set_feed_state(&FeedState {
                feed: source.clone(),
                condition: Condition::Ok,
                message: Some(format!("mirrored by the feed {}", self.turn.feed.name)),
                last_good_at: Some(self.now),
                last_attempt_at: Some(self.now),
                stale_at: stale_at(&self.turn.feed, self.now),
                rows_accepted: 0,
                rows_refused: 0,
            })?;
        }
        Ok(())
    }
}
