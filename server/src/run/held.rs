//! Lists that broke their feed's contract: kept, until the operator has
//! looked, or the source gives one that keeps it.

use std::fs;
use std::path::PathBuf;

use tokio::runtime::Handle;

use super::examine::Examined;
use super::turn::Turn;
use super::{Outcome, Run, RunError, Trouble, removes};
use crate::collect::Document;
use crate::control::{Condition, FetchState, HeldDocument};
use crate::fetch::FetchError;
use crate::ingest::{Ingester, Report, Request};
use crate::store::ClaimStore;
use crate::unpack::unpack_within;

/// The folder of lists that are held, in the data directory.
const FOLDER: &str = "held";

impl<S: ClaimStore> Turn<S> {
    fn held_path(&self) -> PathBuf {
        self.runner.parts().dir.join(FOLDER).join(&self.feed.name)
    }

    /// Keeps a list for the operator.
    pub(super) fn hold(
        &self,
        state: &mut FetchState,
        document: Document,
        examined: &Examined,
        reason: String,
    ) -> Result<Result<(), Trouble>, RunError> {
        let held = HeldDocument {
            held_at: self.now(),
            reason: reason.clone(),
            hash: document.body.hash().to_string(),
            bytes: document.body.length(),
            rows: examined.seen.rows,
            refused: examined.seen.refused,
            bookmark: document.bookmark,
        };
        let path = self.held_path();
        let folder = path.parent().expect("it is in a folder");
        fs::create_dir_all(folder)
            .and_then(|()| document.body.keep_as(&path))
            .map_err(|source| RunError::Fetch(FetchError::Spool { path, source }))?;
        let control = &self.runner.parts().control;
        control.put_refused(&self.feed.name, &examined.refused)?;
        state.held = Some(held);
        self.note(state)?;
        Ok(Err(Trouble::Held(reason)))
    }

    /// There is a good list: what was held or rejected is of no more use.
    pub(super) fn release(&self, state: &mut FetchState) {
        state.rejected = None;
        if state.held.take().is_some() {
            // What cannot be removed is replaced the next time.
            let _ = fs::remove_file(self.held_path());
        }
    }

    /// The operator takes the list that is held: it is read, and what comes
    /// later is compared with it.
    pub fn accept(self, runtime: &Handle) -> Result<Run, RunError> {
        let parts = self.runner.parts();
        let mut state = parts.control.fetch_state(&self.feed.name);
        let Some(held) = state.held.clone() else {
            return Err(RunError::NothingHeld(self.feed.name.clone()));
        };
        let (format, _) = self.feed.fetched().expect("asked when it was taken");
        let now = self.now();
        let ingester = Ingester {
            store: &*parts.store,
            control: &parts.control,
            articles: &parts.articles,
            feeds: &parts.feeds,
            runtime,
        };
        let request = Request {
            name: format!("{} (held)", self.feed.name),
            feed: Some(self.feed.name.clone()),
            snapshot: removes(&self.feed),
        };
        let broken = |error: std::io::Error| RunError::Held(error.to_string());
        let file = fs::File::open(self.held_path()).map_err(broken)?;
        let mut report = None;
        unpack_within::<Unread>(self.max_size(), &self.feed.name, file, &mut |document| {
            report = Some(ingester.ingest_as(&self.feed, format, &request, document.input, now)?);
            Ok(())
        })
        .map_err(|unread| match unread {
            Unread::File(error) => broken(error),
            Unread::Ingest(error) => RunError::Ingest(error),
        })?;
        if let Some(reason) = report
            .as_ref()
            .and_then(|report: &Report| report.reason.clone())
        {
            return Err(RunError::Held(reason));
        }
        state.list_rows = Some(held.rows);
        state.accepted = Some(held.hash);
        state.bookmark = Some(held.bookmark);
        state.epoch = parts.store.epoch();
        self.release(&mut state);
        let run = Run {
            feed: self.feed.name.clone(),
            outcome: Outcome::Read,
            bytes: held.bytes,
            documents: report.into_iter().collect(),
            ..Run::default()
        };
        self.settle(run, state, Ok(Ok(())), now)
    }

    /// The operator rejects the list that is held: it is gone, and not looked
    /// at again should it come once more. The last good one holds.
    pub fn reject(self) -> Result<Run, RunError> {
        let control = &self.runner.parts().control;
        let mut state = control.fetch_state(&self.feed.name);
        let Some(held) = state.held.clone() else {
            return Err(RunError::NothingHeld(self.feed.name.clone()));
        };
        self.release(&mut state);
        state.rejected = Some(held.hash);
        self.note(&state)?;
        let message = "the operator rejected the latest list: the one before it holds";
        self.note_condition(Condition::Suspicious, message, held.held_at)?;
        Ok(Run {
            feed: self.feed.name.clone(),
            outcome: Outcome::Unchanged,
            state: Condition::Suspicious.as_str().to_owned(),
            message: Some(message.to_owned()),
            next_run_at: state.due_at,
            ..Run::default()
        })
    }
}

/// What was found out about this very list before.
pub(super) fn known_trouble(state: &FetchState, hash: &str) -> Option<Trouble> {
    if let Some(held) = state.held.as_ref().filter(|held| held.hash == hash) {
        return Some(Trouble::Held(held.reason.clone()));
    }
    (state.rejected.as_deref() == Some(hash)).then(|| {
        let message = "the source still gives the list that the operator rejected";
        Trouble::Document(Condition::Suspicious, message.to_owned())
    })
}

/// Why a held document was not read.
enum Unread {
    File(std::io::Error),
    Ingest(crate::ingest::IngestError),
}

impl From<std::io::Error> for Unread {
    fn from(error: std::io::Error) -> Unread {
        Unread::File(error)
    }
}

impl From<crate::ingest::IngestError> for Unread {
    fn from(error: crate::ingest::IngestError) -> Unread {
        Unread::Ingest(error)
    }
}
