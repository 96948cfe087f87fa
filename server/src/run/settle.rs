//! What a run says of its feed, and when the feed is due again.

use jiff::{SignedDuration, Timestamp};

use super::turn::Turn;
use super::{Outcome, Run, RunError, Trouble};
use crate::control::{Condition, FeedState, FetchState};
use crate::fetch::FetchError;
use crate::ingest::{Verdict, stale_at};
use crate::schedule::plan::{Chance, after_bad, after_good};
use crate::store::ClaimStore;

impl<S: ClaimStore> Turn<S> {
    /// Notes how the run went, for the feed's state and for its schedule.
    pub(super) fn settle(
        &self,
        mut run: Run,
        mut state: FetchState,
        ended: Result<Result<(), Trouble>, RunError>,
        now: Timestamp,
    ) -> Result<Run, RunError> {
        let control = &self.runner.parts().control;
        let trouble = match ended {
            Ok(ended) => ended.err(),
            Err(error) => {
                // It is this process's fault, and told as such; the feed is
                // tried again after a while.
                state.due_at = self.next(now, false, 1, None);
                self.note(&state)?;
                return Err(error);
            }
        };
        let mut retry_after = None;
        let found = match trouble {
            None => {
                self.note_good(&run, now)?;
                None
            }
            Some(Trouble::Held(reason)) => {
                run.outcome = Outcome::Held;
                let message = format!(
                    "the latest list is held back, and the one before it holds: {reason}. Look at \
                     it with `iocd feeds show {name}`; then `iocd feeds accept {name}` or \
                     `iocd feeds reject {name}`",
                    name = self.feed.name
                );
                Some((Condition::Quarantined, message))
            }
            Some(Trouble::Document(condition, message)) => {
                run.outcome = Outcome::Failed;
                Some((condition, message))
            }
            Some(Trouble::Fetch(error)) => {
                run.outcome = Outcome::Failed;
                retry_after = error.retry_after().and_then(|wait| wait.try_into().ok());
                let Some(condition) = error.condition() else {
                    return self.give_up(state, error, now);
                };
                Some((condition, error.to_string()))
            }
        };
        // A list that is held was fetched as it should be.
        let is_good = !matches!(run.outcome, Outcome::Failed);
        state.failures = if is_good {
            0
        } else {
            state.failures.saturating_add(1)
        };
        state.due_at = self.next(now, is_good, state.failures, retry_after);
        if let Some((condition, message)) = found {
            self.note_condition(condition, &message, now)?;
            run.message = Some(message);
        }
        self.note(&state)?;
        let known = control.feed_state(&self.feed.name).unwrap_or_default();
        known.condition_at(now).as_str().clone_into(&mut run.state);
        run.next_run_at = state.due_at;
        control.count_pages(&self.feed.name, run.pages_read, run.pages_failed);
        control.count_run(&self.feed.name, run.outcome.as_str(), run.bytes);
        self.log(&run);
        Ok(run)
    }

    /// There was no run to speak of, through no fault of the feed's.
    fn give_up(
        &self,
        mut state: FetchState,
        error: FetchError,
        now: Timestamp,
    ) -> Result<Run, RunError> {
        // After a stop it is still due.
        if !matches!(error, FetchError::Stopped) {
            state.due_at = self.next(now, false, 1, None);
            self.note(&state)?;
        }
        Err(RunError::Fetch(error))
    }

    fn next(
        &self,
        now: Timestamp,
        is_good: bool,
        failures: u32,
        retry_after: Option<SignedDuration>,
    ) -> Option<Timestamp> {
        let interval = SignedDuration::from_secs(i64::from(self.feed.interval?));
        let chance = Chance::of(self.runner.parts().seed, &self.feed.name, now);
        Some(if is_good {
            after_good(interval, now, chance)
        } else {
            after_bad(interval, failures, retry_after, now, chance)
        })
    }

    fn note_good(&self, run: &Run, now: Timestamp) -> Result<(), RunError> {
        let control = &self.runner.parts().control;
        let before = control.feed_state(&self.feed.name).unwrap_or_default();
        let read = run.documents.iter();
        let read = read.filter(|report| report.verdict == Verdict::Read);
        let (rows, refused) = read.fold((0, 0), |(rows, refused), report| {
            (rows + report.rows, refused + report.refused)
        });
        let is_read = run.outcome == Outcome::Read;
        let or_before = |new, old| if is_read { new } else { old };
        control.set_feed_state(&FeedState {
            feed: self.feed.name.clone(),
            condition: Condition::Ok,
            message: None,
            last_good_at: Some(now),
            last_attempt_at: Some(now),
            stale_at: stale_at(&self.feed, now),
            rows_accepted: or_before(rows - refused, before.rows_accepted),
            rows_refused: or_before(refused, before.rows_refused),
        })?;
        Ok(())
    }

    /// Notes that something is wrong; what was good before stays noted.
    pub(super) fn note_condition(
        &self,
        condition: Condition,
        message: &str,
        at: Timestamp,
    ) -> Result<(), RunError> {
        let control = &self.runner.parts().control;
        let before = control.feed_state(&self.feed.name).unwrap_or_default();
        control.set_feed_state(&FeedState {
            feed: self.feed.name.clone(),
            condition,
            message: Some(message.to_owned()),
            last_attempt_at: Some(at),
            ..before
        })?;
        Ok(())
    }

    fn log(&self, run: &Run) {
        let (feed, state, bytes) = (&self.feed.name, &run.state, run.bytes);
        let next = run.next_run_at.map(|at| at.to_string());
        let rows: u64 = run.documents.iter().map(|report| report.rows).sum();
        let removed: u64 = run.documents.iter().map(|report| report.removed).sum();
        match (run.outcome, &run.message) {
            (Outcome::Held, message) => {
                tracing::error!(
                    feed,
                    state,
                    bytes,
                    next,
                    message,
                    "the list of a feed is held"
                );
            }
            (_, Some(message)) => {
                tracing::warn!(
                    feed,
                    state,
                    bytes,
                    next,
                    message,
                    "a feed could not be read"
                );
            }
            (Outcome::Unchanged, None) => {
                tracing::debug!(feed, state, bytes, next, "a feed is unchanged");
            }
            (_, None) => {
                tracing::info!(feed, state, bytes, rows, removed, next, "a feed was read");
            }
        }
    }
}
