//! What becomes of what another server tells of its changes: its sources are
//! mirrored under their own names, and those that this server has of its own
//! are left alone.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;

use iocd_core::claim::retained::Transfer;
use iocd_core::claim::{ClaimId, ClaimIdSet, Source};
use jiff::Timestamp;

use super::examine::is_page;
use super::intake::Intake;
use super::turn::Turn;
use super::{Outcome, RunError, Trouble};
use crate::collect::{Changes, Stage};
use crate::control::{Condition, FeedState};
use crate::exchange::changes::{NoChanges, Reader, Told};
use crate::feeds::LOCAL;
use crate::ingest::{Report, Verdict, stale_at};
use crate::store::ClaimStore;

/// Claims mirrored together, and bytes of their lines.
const BATCH: usize = 4096;
const BATCH_BYTES: usize = 8 << 20;
/// Entries from which on a server that has lost nearly all of them is not
/// believed.
const FEW: usize = 100;

/// What a run has mirrored.
#[derive(Default)]
pub(super) struct Mirror {
    /// What was told in a walk through everything, where that may have been
    /// more before.
    told: Option<ClaimIdSet>,
    /// Sources that are left alone.
    spared: BTreeSet<String>,
    /// Whether the other server told anything.
    was_told: bool,
}

/// Sources, with when the whole list of each was last shown.
type Sources = Vec<(Source, Option<Timestamp>)>;

impl<S: ClaimStore> Intake<'_, S> {
    /// Mirrors what another server tells, once all of it has been looked over.
    pub(super) fn mirror(&mut self, changes: Changes) -> Result<Result<(), Trouble>, RunError> {
        self.run.bytes += changes.body.length();
        let sources = match self.look_over(&changes) {
            Ok(sources) => sources,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let store = &*self.turn.runner.parts().store;
        let known = store.sources();
        if matches!(changes.stage, Stage::Walk { is_first: true, .. }) {
            let has_some = known.iter().any(|source| self.is_mine(source));
            self.mirror.told = has_some.then(ClaimIdSet::default);
        }
        let mut report = Report {
            name: "changes".to_owned(),
            feed: Some(self.turn.feed.name.clone()),
            verdict: Verdict::Read,
            ..Report::default()
        };
        for (source, listed_at) in sources {
            if let Some(why) = self.objection(&source.name, &known) {
                self.spare(source.name, &why, &mut report);
                continue;
            }
            let mirrored = Source {
                mirrored_by: Some(self.turn.feed.name.clone()),
                ..source
            };
            let described = store.mirror_source(&mirrored, listed_at, self.now);
            self.runtime.block_on(described)?;
        }
        if let Err(trouble) = self.take_claims(&changes, &mut report)? {
            return Ok(Err(trouble));
        }
        let is_last = matches!(changes.stage, Stage::Walk { is_last: true, .. });
        if is_last && let Some(told) = self.mirror.told.take() {
            match self.drop_untold(&told)? {
                Ok(removed) => report.removed = removed,
                Err(trouble) => return Ok(Err(trouble)),
            }
        }
        // A walk that compares is begun anew if it breaks off: what it was told
        // is known to this run alone.
        if self.mirror.told.is_none() {
            self.state.bookmark = Some(changes.bookmark);
            self.turn.note(&self.state)?;
        }
        self.mirror.was_told = true;
        if report.accepted + report.removed > 0 {
            self.run.outcome = Outcome::Read;
        }
        self.run.documents.push(report);
        Ok(Ok(()))
    }

    /// Reads all of an answer, taking nothing; gives its sources.
    fn look_over(&self, changes: &Changes) -> Result<Sources, Trouble> {
        let mut sources = Sources::new();
        let mut reader = self.read(changes)?;
        loop {
            match reader.read_next() {
                Ok(None) => return Ok(sources),
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
                    if let Some(told) = &mut self.mirror.told {
                        let value = claim.claim.held.claim.value.as_ref();
                        told.insert(ClaimId::new(value.kind, value.text, &claim.source));
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

    /// Ends what the other server no longer has.
    fn drop_untold(&self, told: &ClaimIdSet) -> Result<Result<u64, Trouble>, RunError> {
        let store = &*self.turn.runner.parts().store;
        let stats = self.runtime.block_on(store.stats(self.now))?;
        let mine = stats
            .sources
            .iter()
            .filter(|(source, _)| self.is_mine(source));
        let had: u64 = mine.map(|(_, entries)| *entries).sum();
        let had = usize::try_from(had).unwrap_or(usize::MAX);
        if had > FEW && told.len() < had / 10 {
            let message = format!(
                "it has only {} entries, of which {had} are mirrored here: none of these was \
                 removed. If that is right, mirror it into a new data directory",
                told.len()
            );
            return Ok(Err(Trouble::Document(Condition::Suspicious, message)));
        }
        let mut removed = 0;
        for source in store.sources().iter().filter(|source| self.is_mine(source)) {
            let retained = store.retain_mirrored(&source.name, told, self.now);
            removed += self.runtime.block_on(retained)?;
        }
        Ok(Ok(removed))
    }

    /// Whether the source is mirrored by this feed.
    fn is_mine(&self, source: &Source) -> bool {
        source.mirrored_by.as_ref() == Some(&self.turn.feed.name)
    }

    /// Why a source of the other server is not mirrored; `known` are those that
    /// there are here.
    fn objection(&self, name: &str, known: &[Source]) -> Option<String> {
        let Turn { runner, feed } = self.turn;
        if name == LOCAL {
            return Some("each server's own denied values are its own".to_owned());
        }
        let own = known.iter().find(|source| source.name == name);
        match own.map(|source| source.mirrored_by.as_ref()) {
            Some(Some(by)) if *by == feed.name => None,
            Some(None) => Some("this server has it as a source of its own".to_owned()),
            Some(Some(_)) | None => match runner.parts().feeds.mirrors_of(known, name) {
                Some(by) => Some(format!("it is mirrored by the feed {by}")),
                None if runner.is_scheduled(name) => {
                    Some("this server fetches the feed of that name itself".to_owned())
                }
                None => None,
            },
        }
    }

    /// Leaves a source alone, and says so once.
    fn spare(&mut self, name: String, why: &str, report: &mut Report) {
        if self.mirror.spared.contains(&name) {
            return;
        }
        let feed = &self.turn.feed.name;
        tracing::warn!(feed, source = name, why, "a source is not mirrored");
        let warning = format!("its source {name} is not mirrored: {why}");
        report.warnings.push(warning);
        self.mirror.spared.insert(name);
    }

    /// Notes that the sources that are mirrored are as their server has them.
    pub(super) fn note_mirrored(&self) -> Result<(), RunError> {
        if !self.mirror.was_told {
            return Ok(());
        }
        let parts = self.turn.runner.parts();
        let sources = parts.store.sources();
        for source in sources.into_iter().filter(|source| self.is_mine(source)) {
            parts.control.set_feed_state(&FeedState {
                feed: source.name,
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
