//! A feed that is at it.

use std::path::Path;
use std::sync::Arc;

use iocd_core::feed::Feed;
use jiff::Timestamp;
use tokio::runtime::Handle;

use super::intake::Intake;
use super::mirror::{Mirror, Step};
use super::{Outcome, Run, RunError, Runner, Trouble};
use crate::collect::{self, Errand, Found};
use crate::control::FetchState;
use crate::fetch::{Recorder, Web};
use crate::store::ClaimStore;

/// A feed that nobody else runs while this is there. Waits for other machines
/// and for the disk: not for threads that serve requests.
pub struct Turn<S: ClaimStore> {
    pub(super) runner: Arc<Runner<S>>,
    pub(super) feed: Feed,
}

impl<S: ClaimStore> Drop for Turn<S> {
    fn drop(&mut self) {
        self.runner.running().remove(&self.feed.name);
    }
}

impl<S: ClaimStore> Turn<S> {
    pub(super) fn new(runner: Arc<Runner<S>>, feed: Feed) -> Turn<S> {
        Turn { runner, feed }
    }

    /// Runs the feed. `record`: a folder in which what comes is kept as
    /// fixtures for tests.
    ///
    /// # Errors
    /// Only if this process fails: what is wrong with the other end or its
    /// documents is told in the run, and the store keeps what it had.
    pub fn run(self, runtime: &Handle, record: Option<&Path>) -> Result<Run, RunError> {
        // It is never closed.
        let _seat = runtime.block_on(self.runner.seats.acquire());
        let parts = self.runner.parts();
        let now = parts.clock.now();
        let mut state = parts.control.fetch_state(&self.feed.name);
        if state.epoch != parts.store.epoch() {
            state.bookmark = None;
            state.epoch = parts.store.epoch();
        }
        let mut intake = Intake {
            turn: &self,
            runtime,
            now,
            state,
            run: Run {
                feed: self.feed.name.clone(),
                outcome: Outcome::Unchanged,
                ..Run::default()
            },
            mirror: Mirror::default(),
        };
        let ended = self.collect(&mut intake, record);
        let Intake { state, run, .. } = intake;
        self.settle(run, state, ended, now)
    }

    /// Reads document after document.
    fn collect(
        &self,
        intake: &mut Intake<'_, S>,
        record: Option<&Path>,
    ) -> Result<Result<(), Trouble>, RunError> {
        let web = match self.runner.web() {
            Ok(web) => web,
            Err(error) => return Ok(Err(Trouble::Fetch(error))),
        };
        let recorder = record.map(|dir| Recorder::new(web, dir, &self.feed.name));
        let web = recorder
            .as_ref()
            .map_or(web, |recorder| recorder as &dyn Web);
        let (format, url) = self.feed.fetched().expect("asked when it was taken");
        let bookmark = intake.state.bookmark.clone();
        let mut errand = Errand {
            feed: &self.feed,
            url,
            collection: self.feed.formats[format].collection.as_deref(),
            bookmark: bookmark.as_deref(),
            reading: self.runner.parts().feeds.reading(&self.feed.name),
            max_size: self.max_size(),
            now: intake.now,
        };
        let name = self.feed.formats[format].collector.as_deref();
        let entry = collect::find(name).expect("checked when the feed was loaded");
        let mut collector = (entry.send)(&errand);
        loop {
            let taken = match collector.next(&errand, web) {
                Err(error) => return Ok(Err(Trouble::Fetch(error))),
                Ok(None) => break,
                Ok(Some(Found::Unchanged { bookmark })) => intake.keep(bookmark)?,
                Ok(Some(Found::Document(document))) => intake.take(document, format)?,
                Ok(Some(Found::Changes(changes))) => intake.mirror(changes)?.map(|step| {
                    if matches!(step, Step::Anew) {
                        errand.bookmark = None;
                        collector = (entry.send)(&errand);
                    }
                }),
            };
            if let Err(trouble) = taken {
                return Ok(Err(trouble));
            }
        }
        let ended = intake.finish()?;
        // Not recorded: a fixture has what the feed's address gives.
        intake.read_pages(self.runner.web().expect("it was there above"))?;
        Ok(ended)
    }

    /// Bytes of a document at most.
    pub(super) fn max_size(&self) -> u64 {
        let own = self.feed.fetching.max_size;
        own.unwrap_or(self.runner.parts().settings.max_bytes)
    }

    /// Notes what is known of fetching the feed.
    pub(super) fn note(&self, state: &FetchState) -> Result<(), RunError> {
        Ok(self.runner.parts().control.set_fetch_state(state)?)
    }

    /// The time.
    pub(super) fn now(&self) -> Timestamp {
        self.runner.parts().clock.now()
    }
}
