//! One run of a feed: its documents are got, examined, and read into the
//! store; what that says of the feed is noted.
//!
//! A document is examined whole before anything is taken from it: one that is
//! something else, or breaks the feed's contract, leaves the store as it was.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use iocd_core::claim::Extent;
use iocd_core::feed::Feed;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::articles::{Articles, ArticlesError};
use crate::clock::Clock;
use crate::config::FetchSettings;
use crate::control::{Condition, Control, ControlError};
use crate::feeds::Feeds;
use crate::fetch::{FetchError, Web};
use crate::ingest::{IngestError, Report};
use crate::store::{ClaimStore, StoreError};

mod command;
mod examine;
mod held;
mod intake;
mod mirror;
mod pages;
mod settle;
mod turn;

pub use command::{Action, Command};
pub use turn::Turn;

/// Makes what documents are got with, when that is first needed.
pub type MakeWeb = Box<dyn Fn() -> Result<Arc<dyn Web>, FetchError> + Send + Sync>;

/// What runs are made of.
pub struct Parts<S> {
    /// Where claims go.
    pub store: Arc<S>,
    /// Where the state of feeds goes.
    pub control: Arc<Control>,
    /// Where articles go.
    pub articles: Arc<Articles>,
    /// The feeds.
    pub feeds: Arc<Feeds>,
    /// How they are fetched.
    pub settings: FetchSettings,
    /// The data directory: documents that are held are kept in it.
    pub dir: PathBuf,
    /// Where the time comes from.
    pub clock: Clock,
    /// Where chance comes from.
    pub seed: u64,
    /// What documents are got with.
    pub web: MakeWeb,
}

/// Runs feeds, each once at a time.
pub struct Runner<S> {
    parts: Parts<S>,
    web: OnceLock<Arc<dyn Web>>,
    /// Feeds that are fetched on a schedule.
    scheduled: BTreeSet<String>,
    /// Feeds that are at it.
    running: Mutex<BTreeSet<String>>,
    /// Room for runs at one time.
    seats: Semaphore,
}

/// How a run went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Documents were read.
    Read,
    /// There was nothing new.
    Unchanged,
    /// There was no document that could be read.
    #[default]
    Failed,
    /// The list broke the feed's contract and waits for the operator.
    Held,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 4] = [
        Outcome::Read,
        Outcome::Unchanged,
        Outcome::Failed,
        Outcome::Held,
    ];

    /// The name in reports and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Read => "read",
            Outcome::Unchanged => "unchanged",
            Outcome::Failed => "failed",
            Outcome::Held => "held",
        }
    }
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The feed.
    pub feed: String,
    /// How it went.
    pub outcome: Outcome,
    /// The feed's state now, as the API names it.
    pub state: String,
    /// What is wrong, if something is.
    pub message: Option<String>,
    /// Bytes of the documents that came.
    pub bytes: u64,
    /// What became of each document that was read.
    pub documents: Vec<Report>,
    /// Pages of articles that were read.
    #[serde(default)]
    pub pages_read: u32,
    /// Pages of articles that could not be read: what is wrong with them is in
    /// the log, and they are tried again.
    #[serde(default)]
    pub pages_failed: u32,
    /// When the feed runs again, if it has a schedule.
    pub next_run_at: Option<Timestamp>,
}

/// There was no run, or it could not be brought to an end here.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no such feed.
    #[error("there is no feed {0:?}: `iocd feeds list` names those that are known")]
    UnknownFeed(String),
    /// The feed is read from files alone.
    #[error("the feed {0} has no address to be fetched from: give it a url, or use `iocd ingest`")]
    NoAddress(String),
    /// The feed is at it.
    #[error("the feed {0} is being run already: wait until that is done")]
    Busy(String),
    /// Another server says what this feed's claims are.
    #[error(
        "the claims of the feed {feed} are mirrored from another server by the feed {by}: run that, or remove it, and this one is this server's own again"
    )]
    Mirrored {
        /// The feed.
        feed: String,
        /// The one that mirrors it.
        by: String,
    },
    /// There is no document of the feed that waits for the operator.
    #[error("no document of the feed {0} is held")]
    NothingHeld(String),
    /// A document that is held is gone or damaged.
    #[error("the document that is held cannot be read: {0}. Run the feed again")]
    Held(String),
    /// A document could not be taken in.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The articles could not be read or written.
    #[error(transparent)]
    Articles(#[from] ArticlesError),
    /// The control data could not be written.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// Documents cannot be got or kept here.
    #[error(transparent)]
    Fetch(FetchError),
}

impl<S: ClaimStore> Runner<S> {
    /// Ready to run feeds; nothing is fetched yet.
    pub fn new(parts: Parts<S>) -> Runner<S> {
        let feeds = parts.feeds.all().iter();
        let scheduled = feeds.filter(|feed| parts.settings.schedules(feed));
        Runner {
            scheduled: scheduled.map(|feed| feed.name.clone()).collect(),
            seats: Semaphore::new(parts.settings.at_once),
            web: OnceLock::new(),
            running: Mutex::default(),
            parts,
        }
    }

    /// Takes a feed for a run, so that nobody else has it meanwhile.
    pub fn take(self: &Arc<Self>, name: &str) -> Result<Turn<S>, RunError> {
        let known = self.parts.feeds.get(name);
        let feed = known.ok_or_else(|| RunError::UnknownFeed(name.to_owned()))?;
        if feed.fetched().is_none() {
            return Err(RunError::NoAddress(name.to_owned()));
        }
        let sources = self.parts.store.sources();
        if let Some(by) = self.parts.feeds.mirrors_of(&sources, name) {
            let (feed, by) = (name.to_owned(), by.to_owned());
            return Err(RunError::Mirrored { feed, by });
        }
        if !self.running().insert(name.to_owned()) {
            return Err(RunError::Busy(name.to_owned()));
        }
        Ok(Turn::new(Arc::clone(self), feed.clone()))
    }

    /// Whether the feed is at it.
    pub fn is_running(&self, name: &str) -> bool {
        self.running().contains(name)
    }

    /// Whether another run could begin at once.
    pub fn has_room(&self) -> bool {
        self.seats.available_permits() > 0
    }

    /// The names of the feeds that are fetched on a schedule.
    pub fn scheduled(&self) -> impl Iterator<Item = &str> {
        self.scheduled.iter().map(String::as_str)
    }

    /// Whether a feed is fetched on a schedule.
    pub fn is_scheduled(&self, name: &str) -> bool {
        self.scheduled.contains(name)
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What documents are got with.
    fn web(&self) -> Result<&dyn Web, FetchError> {
        if let Some(web) = self.web.get() {
            return Ok(&**web);
        }
        // Of two that come first, one makes it in vain.
        let made = (self.parts.web)()?;
        Ok(&**self.web.get_or_init(|| made))
    }

    /// What it is made of.
    pub fn parts(&self) -> &Parts<S> {
        &self.parts
    }
}

/// Whether the list of a feed that is no longer complete removes what it lacks.
fn removes(feed: &Feed) -> bool {
    feed.extent == Extent::Snapshot
}

/// Why a run ends before its documents do.
#[derive(Debug)]
enum Trouble {
    /// There was no document.
    Fetch(FetchError),
    /// There was one, and it is not what it should be.
    Document(Condition, String),
    /// It waits for the operator.
    Held(String),
}
