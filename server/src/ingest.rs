//! Reading a feed's document into the store.

mod intake;
mod report;

use std::io::{BufRead, Read as _};

use iocd_core::claim::Extent;
use iocd_core::feed::{self, Feed};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use self::intake::Intake;
pub use self::report::{Refusal, Report, Verdict};
use crate::articles::{Articles, ArticlesError};
use crate::control::{Control, ControlError};
use crate::feeds::Feeds;
use crate::store::{ClaimStore, StoreError};

/// What to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The document's name: shown, and used to recognise the feed.
    pub name: String,
    /// The feed it is; recognised by name and content if not given.
    pub feed: Option<String>,
    /// The document is the whole list: what it no longer has is removed.
    pub snapshot: bool,
}
/// The document could not be taken in, through no fault of its own.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// There is no such feed.
    #[error("there is no feed {0:?}: `iocd feeds list` names those that are known")]
    UnknownFeed(String),
    /// Another server says what this feed's claims are.
    #[error(
        "the claims of the feed {feed} are mirrored from another server by the feed {by}, and not mixed with others"
    )]
    Mirrored {
        /// The feed.
        feed: String,
        /// The one that mirrors it.
        by: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The articles could not be written.
    #[error(transparent)]
    Articles(#[from] ArticlesError),
    /// The control data could not be written.
    #[error(transparent)]
    Control(#[from] ControlError),
}

/// Reads documents into a store. Waits for the disk: not for threads that
/// serve requests.
pub struct Ingester<'a, S> {
    /// Where claims go.
    pub store: &'a S,
    /// Where the feed's state goes.
    pub control: &'a Control,
    /// Where articles go.
    pub articles: &'a Articles,
    /// What documents can be.
    pub feeds: &'a Feeds,
    /// Runs the store's futures.
    pub runtime: &'a Handle,
}

impl<S: ClaimStore> Ingester<'_, S> {
    /// Reads one document.
    ///
    /// # Errors
    /// Only if this server fails: a document that is no feed, or a bad one, is
    /// told in the report, and what the store had stays.
    pub fn ingest(
        &self,
        request: &Request,
        input: &mut dyn BufRead,
        now: Timestamp,
    ) -> Result<Report, IngestError> {
        let mut report = Report {
            name: request.name.clone(),
            ..Report::default()
        };
        let mut head = Vec::with_capacity(feed::HEAD);
        if let Err(error) = input.take(feed::HEAD as u64).read_to_end(&mut head) {
            report.feed.clone_from(&request.feed);
            report.verdict = Verdict::Bad;
            report.reason = Some(error.to_string());
            return Ok(report);
        }
        let mut input = head.chain(input);

        let recognised = feed::recognise(self.feeds.all(), &request.name, &head);
        let (feed, format) = match (&request.feed, recognised) {
            (None, None) => {
                report.reason = Some("it looks like none of the known feeds".to_owned());
                return Ok(report);
            }
            (None, Some((feed, format))) => (feed, Some(format)),
            (Some(name), recognised) => {
                let feed = self
                    .feeds
                    .get(name)
                    .ok_or_else(|| IngestError::UnknownFeed(name.clone()))?;
                (
                    feed,
                    recognised
                        .filter(|(known, _)| known.name == *name)
                        .map(|(_, format)| format),
                )
            }
        };
        self.read(feed, format, request.snapshot, &mut input, report, now)
    }

    /// Reads a document that is known to be one of a feed's, in a format that
    /// is known, too. `snapshot` as in [`Request`].
    ///
    /// # Errors
    /// As [`ingest`](Ingester::ingest).
    pub fn ingest_as(
        &self,
        feed: &Feed,
        format: usize,
        document: &Request,
        input: &mut dyn BufRead,
        now: Timestamp,
    ) -> Result<Report, IngestError> {
        let report = Report {
            name: document.name.clone(),
            ..Report::default()
        };
        self.read(feed, Some(format), document.snapshot, input, report, now)
    }

    fn read(
        &self,
        feed: &Feed,
        format: Option<usize>,
        is_whole: bool,
        mut input: &mut dyn BufRead,
        mut report: Report,
        now: Timestamp,
    ) -> Result<Report, IngestError> {
        let sources = self.store.sources();
        if let Some(by) = self.feeds.mirrors_of(&sources, &feed.name) {
            let (feed, by) = (feed.name.clone(), by.to_owned());
            return Err(IngestError::Mirrored { feed, by });
        }
        report.feed = Some(feed.name.clone());
        let removes = is_whole && feed.extent == Extent::Snapshot;
        if is_whole && !removes {
            report.warnings.push(format!(
                "{} shows only a part of its list each time, so nothing was taken for removed",
                feed.name
            ));
        }
        let mut intake = Intake::new(self, feed, removes, report, now);
        let outcome = feed::read_feed(feed, format, &mut input, now, &mut |row| intake.take(row));
        intake.flush();
        intake.finish(outcome)
    }
}

/// When a reading of now is no longer recent: two fetches were missed.
pub(crate) fn stale_at(feed: &Feed, now: Timestamp) -> Option<Timestamp> {
    let missed = SignedDuration::from_secs(2 * i64::from(feed.interval?));
    now.checked_add(missed).ok()
}
