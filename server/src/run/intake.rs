//! What becomes of the documents of a run.

use jiff::Timestamp;
use tokio::runtime::Handle;

use super::examine::{Packed, Unfit, examine};
use super::held::known_trouble;
use super::mirror::Mirror;
use super::turn::Turn;
use super::{Outcome, Run, RunError, Trouble, removes};
use crate::collect::Document;
use crate::control::{Condition, FetchState, Readings};
use crate::ingest::{Ingester, Report, Request, Verdict};
use crate::store::ClaimStore;

/// The documents of a run, one after another.
pub(super) struct Intake<'t, S: ClaimStore> {
    pub(super) turn: &'t Turn<S>,
    pub(super) runtime: &'t Handle,
    pub(super) now: Timestamp,
    pub(super) state: FetchState,
    pub(super) run: Run,
    /// Of a feed that mirrors another server.
    pub(super) mirror: Mirror,
}

impl<S: ClaimStore> Intake<'_, S> {
    /// The feed is as it was.
    pub(super) fn keep(&mut self, bookmark: String) -> Result<Result<(), Trouble>, RunError> {
        let parts = self.turn.runner.parts();
        if removes(&self.turn.feed) {
            let source = self.turn.feed.source();
            let retained = parts.store.retain_all(&source, self.now);
            self.runtime.block_on(retained)?;
        }
        self.state.bookmark = Some(bookmark);
        self.turn.release(&mut self.state);
        self.turn.note(&self.state)?;
        Ok(Ok(()))
    }

    /// Reads a document, if it is as it should be. What is wrong with a list
    /// ends the run; what is wrong with a part is told, and the next is read.
    pub(super) fn take(
        &mut self,
        document: Document,
        format: usize,
    ) -> Result<Result<(), Trouble>, RunError> {
        let turn = self.turn;
        let parts = turn.runner.parts();
        self.run.bytes += document.body.length();
        let hash = document.body.hash().to_string();
        let is_accepted = self.state.accepted.as_ref() == Some(&hash);
        if document.is_list
            && let Some(trouble) = known_trouble(&self.state, &hash)
        {
            return Ok(Err(trouble));
        }
        let packed = Packed {
            name: &document.name,
            body: &document.body,
            max_size: turn.max_size(),
        };
        let examined = match examine(&turn.feed, format, packed, self.now) {
            Ok(examined) => examined,
            Err(unfit) => return self.pass_over(document, unfit),
        };
        if document.is_list && !is_accepted {
            let kept = turn.feed.fetching.expect.check(
                &examined.seen,
                turn.feed.extent,
                self.state.list_rows,
                document.changed_at,
                self.now,
            );
            if let Err(breach) = kept {
                return turn.hold(&mut self.state, document, &examined, breach.to_string());
            }
        }
        let ingester = Ingester {
            store: &*parts.store,
            control: &parts.control,
            articles: &parts.articles,
            feeds: &parts.feeds,
            runtime: self.runtime,
        };
        let request = Request {
            name: document.name.clone(),
            feed: Some(turn.feed.name.clone()),
            snapshot: document.is_list && removes(&turn.feed),
        };
        let read =
            packed.read(|input| ingester.ingest_as(&turn.feed, format, &request, input, self.now));
        let report = match read {
            Ok(report) => report?,
            Err(unfit) => return self.pass_over(document, unfit),
        };
        if document.is_list {
            self.state.list_rows = Some(examined.seen.rows);
            self.state.accepted = is_accepted.then_some(hash);
            turn.release(&mut self.state);
        }
        self.state.bookmark = Some(document.bookmark);
        turn.note(&self.state)?;
        self.run.outcome = Outcome::Read;
        self.run.documents.push(report);
        Ok(Ok(()))
    }

    fn pass_over(
        &mut self,
        document: Document,
        unfit: Unfit,
    ) -> Result<Result<(), Trouble>, RunError> {
        let control = &self.turn.runner.parts().control;
        let bad = Readings {
            bad: 1,
            ..Readings::default()
        };
        control.count_reading(&self.turn.feed.name, bad);
        if document.is_list {
            return Ok(Err(Trouble::Document(unfit.condition, unfit.message)));
        }
        self.run.documents.push(Report {
            name: document.name,
            feed: Some(self.turn.feed.name.clone()),
            verdict: Verdict::Bad,
            reason: Some(unfit.message),
            ..Report::default()
        });
        // It would be as bad the next time.
        self.state.bookmark = Some(document.bookmark);
        self.turn.note(&self.state)?;
        Ok(Ok(()))
    }

    /// There are no more documents.
    pub(super) fn finish(&mut self) -> Result<Result<(), Trouble>, RunError> {
        self.note_mirrored()?;
        Ok(self.judge())
    }

    /// Whether all documents could be read.
    fn judge(&self) -> Result<(), Trouble> {
        let documents = &self.run.documents;
        let is_bad = |report: &&Report| report.verdict == Verdict::Bad;
        let Some(first) = documents.iter().find(is_bad) else {
            return Ok(());
        };
        Err(Trouble::Document(
            Condition::Suspicious,
            format!(
                "{} of {} documents could not be read, the first of them, {}, because: {}",
                documents.iter().filter(is_bad).count(),
                documents.len(),
                first.name,
                first.reason.as_deref().unwrap_or_default()
            ),
        ))
    }
}
