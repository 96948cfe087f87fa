//! When feeds run: each on its interval, whatever happens between.
//!
//! What is due is noted with the feed's other state, so a restart goes on
//! where the last process was. Nothing here keeps time by itself:
//! [`Schedule::due`] is asked what the time has come for.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::control::ControlError;
use crate::run::{RunError, Runner};
use crate::store::ClaimStore;

pub mod plan;

/// How often it is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The schedule of all feeds that have one.
pub struct Schedule<S> {
    runner: Arc<Runner<S>>,
}

impl<S: ClaimStore> Schedule<S> {
    /// Of the feeds of a runner.
    pub fn new(runner: Arc<Runner<S>>) -> Schedule<S> {
        Schedule { runner }
    }

    /// A process begins: what was missed, or never ran, runs soon, one feed
    /// after another. Answers how many feeds have a schedule.
    pub fn begin(&self, now: Timestamp) -> Result<usize, ControlError> {
        let parts = self.runner.parts();
        let sources = parts.store.sources();
        let (mut feeds, mut overdue) = (0, 0);
        for name in self.runner.scheduled() {
            if let Some(by) = parts.feeds.mirrors_of(&sources, name) {
                tracing::warn!(
                    feed = name,
                    by,
                    "the feed is not fetched, as its claims are mirrored from another server:                      fetch.feeds need not name it"
                );
                continue;
            }
            feeds += 1;
            let mut state = parts.control.fetch_state(name);
            if state.due_at.is_some_and(|due_at| now < due_at) {
                continue;
            }
            let chance = plan::Chance::of(parts.seed, name, now);
            state.due_at = Some(plan::after_start(overdue, now, chance));
            parts.control.set_fetch_state(&state)?;
            overdue += 1;
        }
        Ok(feeds)
    }

    /// The feeds whose time has come and that are not at it, those that have
    /// waited longest first. Not those of which another server tells.
    pub fn due(&self, now: Timestamp) -> Vec<String> {
        let parts = self.runner.parts();
        let sources = parts.store.sources();
        let waiting = self.runner.scheduled().filter_map(|name| {
            let due_at = parts.control.due_at(name)?;
            let is_due = due_at <= now
                && !self.runner.is_running(name)
                && parts.feeds.mirrors_of(&sources, name).is_none();
            is_due.then(|| (due_at, name.to_owned()))
        });
        let mut due: Vec<_> = waiting.collect();
        due.sort();
        due.into_iter().map(|(_, name)| name).collect()
    }

    /// Runs what is due, for ever.
    pub async fn keep(self) {
        let runtime = Handle::current();
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut runs = JoinSet::new();
        loop {
            ticks.tick().await;
            while let Some(ended) = runs.try_join_next() {
                if let Err(error) = ended {
                    tracing::error!(%error, "the run of a feed failed");
                }
            }
            for name in self.due(self.runner.parts().clock.now()) {
                if !self.runner.has_room() {
                    break;
                }
                let (runner, runtime) = (Arc::clone(&self.runner), runtime.clone());
                runs.spawn_blocking(move || run(&runner, &name, &runtime));
            }
        }
    }
}

/// Runs a feed that is due.
fn run<S: ClaimStore>(runner: &Arc<Runner<S>>, name: &str, runtime: &Handle) {
    let done = runner.take(name).and_then(|turn| turn.run(runtime, None));
    match done {
        // How it went is in the log already, and somebody else may have come first.
        Ok(_) | Err(RunError::Busy(_)) => {}
        Err(error) => tracing::error!(feed = name, %error, "a feed could not be run"),
    }
}
