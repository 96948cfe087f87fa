//! Reading a feed's document into the store.

use std::io::{BufRead, Read as _};

use iocd_core::article::Article;
use iocd_core::article::syndication::Item;
use iocd_core::claim::held::Outcome;
use iocd_core::claim::{Claim, ClaimIdSet, Extent};
use iocd_core::feed::{self, Feed, FeedError, FeedWarning, Row, Summary};
use iocd_core::value::Value;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use crate::articles::{Articles, ArticlesError, PageState, Wanted};
use crate::control::{
    Condition, Control, ControlError, FeedState, MAX_REFUSED, Readings, RefusedRow,
};
use crate::feeds::Feeds;
use crate::store::{Batch, ClaimStore, Removal, StoreError};

/// Claims recorded together: large enough that syncing the disk does not
/// count, small enough that readers hardly wait.
const BATCH: usize = 10_000;
/// Articles recorded together.
const ARTICLES: usize = 500;
/// Refused rows that a report lists.
const MAX_LISTED: usize = 100_000;

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

/// How reading went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was read.
    Read,
    /// It is no feed that is known.
    #[default]
    Skipped,
    /// It is not what the feed's documents look like.
    Bad,
}

/// What became of a document. Each data row is counted once: `rows` is
/// `accepted + merged + unchanged + withdrawn + refused`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the document.
    pub name: String,
    /// The feed that it was read as.
    pub feed: Option<String>,
    /// Which of the feed's formats.
    pub format: Option<String>,
    /// How reading went.
    pub verdict: Verdict,
    /// Why it was skipped or is bad.
    pub reason: Option<String>,
    /// Data rows.
    pub rows: u64,
    /// Rows that named at least one value new to the store.
    pub accepted: u64,
    /// Rows that told more of values that the store had from this feed.
    pub merged: u64,
    /// Rows that told nothing new.
    pub unchanged: u64,
    /// Rows that took back what the feed said before.
    pub withdrawn: u64,
    /// Rows that named no value that can be read.
    pub refused: u64,
    /// Claims in all rows.
    pub claims: u64,
    /// Claims that ended because the list no longer has them.
    pub removed: u64,
    /// What an operator should hear about.
    pub warnings: Vec<String>,
    /// The refused rows, and values refused of rows that had others: the first
    /// `MAX_LISTED` of them.
    pub refused_rows: Vec<Refusal>,
    /// How many more there were.
    pub refused_unlisted: u64,
}

/// A refused row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Line in the document, from 1.
    pub line: u64,
    /// What stood there.
    pub text: String,
    /// Why it was refused.
    pub reason: String,
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
        let mut intake = Intake {
            ingester: self,
            feed,
            source: feed.source(),
            now,
            present: removes.then(ClaimIdSet::default),
            claims: Vec::with_capacity(BATCH),
            articles: Vec::new(),
            wanted: Vec::new(),
            rows: Vec::with_capacity(BATCH),
            withdrawn: Vec::new(),
            report,
            failure: None,
        };
        let outcome = feed::read_feed(feed, format, &mut input, now, &mut |row| intake.take(row));
        intake.flush();
        intake.finish(outcome)
    }
}

/// A document on its way in.
struct Intake<'a, S> {
    ingester: &'a Ingester<'a, S>,
    feed: &'a Feed,
    source: iocd_core::claim::Source,
    now: Timestamp,
    /// Claims of a complete list.
    present: Option<ClaimIdSet>,
    claims: Vec<Claim>,
    articles: Vec<Article>,
    /// Articles of which this is only the beginning.
    wanted: Vec<Wanted>,
    /// What each row gave.
    rows: Vec<Taken>,
    /// What the source takes back, to be ended behind `claims`.
    withdrawn: Vec<Value>,
    report: Report,
    failure: Option<IngestError>,
}

/// What a row gave.
#[derive(Clone, Copy)]
struct Taken {
    claims: usize,
    is_article: bool,
}

impl<S: ClaimStore> Intake<'_, S> {
    fn take(&mut self, row: Row) {
        self.report.rows += 1;
        match row {
            Row::Refused { line, text, reason } => {
                self.report.refused += 1;
                self.note_refusal(line, text, reason);
            }
            Row::Withdrawn { values, .. } => self.withdraw(values),
            Row::Claims {
                line,
                claims,
                partly,
            } => {
                if let Some(reason) = partly {
                    self.note_refusal(line, "part of the row".to_owned(), reason);
                }
                self.take_claims(claims, false);
            }
            Row::Article {
                article,
                claims,
                page_wanted,
                ..
            } => match page_wanted {
                None => self.take_article(*article, claims),
                Some(item) => self.take_beginning(*article, claims, *item),
            },
        }
    }

    fn take_article(&mut self, article: Article, claims: Vec<Claim>) {
        self.articles.push(article);
        self.take_claims(claims, true);
    }

    /// Takes what a feed says of an article whose page says more. Once that was
    /// read, the article is what the page says.
    fn take_beginning(&mut self, article: Article, claims: Vec<Claim>, item: Item) {
        let state = match self.ingester.articles.page_state(&article.id) {
            Ok(state) => state,
            Err(error) => {
                self.failure.get_or_insert(error.into());
                return;
            }
        };
        self.wanted.push(Wanted {
            article: article.id.clone(),
            item,
        });
        match state {
            PageState::Unread => self.take_article(article, claims),
            PageState::Read { epoch } if epoch == self.ingester.store.epoch() => {
                self.take_claims(Vec::new(), false);
            }
            // The store has not heard what the page says.
            PageState::Read { .. } => self.take_claims(claims, false),
        }
    }

    fn take_claims(&mut self, claims: Vec<Claim>, is_article: bool) {
        self.rows.push(Taken {
            claims: claims.len(),
            is_article,
        });
        self.report.claims += claims.len() as u64;
        self.claims.extend(claims);
        if self.claims.len() >= BATCH || self.articles.len().max(self.wanted.len()) >= ARTICLES {
            self.flush();
        }
    }

    /// Ends what the source takes back. What the document said before goes
    /// first: the later word counts.
    fn withdraw(&mut self, values: Vec<Value>) {
        self.report.withdrawn += 1;
        self.withdrawn.extend(values);
        if self.withdrawn.len() >= BATCH {
            self.flush();
        }
    }

    fn note_refusal(&mut self, line: u64, text: String, reason: String) {
        if self.report.refused_rows.len() < MAX_LISTED {
            self.report
                .refused_rows
                .push(Refusal { line, text, reason });
        }
    }

    fn flush(&mut self) {
        self.record();
        let withdrawn = std::mem::take(&mut self.withdrawn);
        if self.failure.is_some() || withdrawn.is_empty() {
            return;
        }
        let (store, source) = (self.ingester.store, &self.source);
        let ended = store.remove(source, &withdrawn, Removal::RemovedBySource, self.now);
        match self.ingester.runtime.block_on(ended) {
            Err(error) => self.failure = Some(error.into()),
            Ok(removed) => self.report.removed += removed,
        }
    }

    fn record(&mut self) {
        let claims = std::mem::replace(&mut self.claims, Vec::with_capacity(BATCH));
        let articles = std::mem::take(&mut self.articles);
        let wanted = std::mem::take(&mut self.wanted);
        let rows = std::mem::take(&mut self.rows);
        if self.failure.is_some() || rows.is_empty() {
            return;
        }
        let recorded = self
            .record_claims(claims)
            .and_then(|claims| Ok((claims, self.record_articles(&articles)?)))
            .and_then(|recorded| self.want_pages(&wanted).map(|()| recorded));
        match recorded {
            Err(error) => self.failure = Some(error),
            Ok((claims, articles)) => self.count_rows(&rows, &claims, &articles),
        }
    }

    fn record_claims(&mut self, claims: Vec<Claim>) -> Result<Vec<Outcome>, IngestError> {
        if claims.is_empty() {
            return Ok(Vec::new());
        }
        let batch = Batch {
            source: &self.source,
            claims,
            heard_at: self.now,
            anew: false,
        };
        let recording = self.ingester.store.record(batch);
        let receipt = self.ingester.runtime.block_on(recording)?;
        if let Some(present) = &mut self.present {
            present.extend(receipt.ids);
        }
        Ok(receipt.outcomes)
    }

    /// After their claims: whatever happens in between, an article that is
    /// told has the claims that it speaks of.
    fn record_articles(&self, articles: &[Article]) -> Result<Vec<Outcome>, IngestError> {
        if articles.is_empty() {
            return Ok(Vec::new());
        }
        let store = self.ingester.articles;
        Ok(store.record(&self.source, articles, self.now)?)
    }

    /// After the articles, for they wait for their pages.
    fn want_pages(&self, wanted: &[Wanted]) -> Result<(), IngestError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let Ingester {
            articles, store, ..
        } = self.ingester;
        Ok(articles.want_pages(&self.source, wanted, store.epoch(), self.now)?)
    }

    /// Counts each row by what its article and its claims were to the stores.
    fn count_rows(&mut self, rows: &[Taken], mut claims: &[Outcome], articles: &[Outcome]) {
        let mut articles = articles.iter();
        for row in rows {
            let (own, rest) = claims.split_at(row.claims);
            claims = rest;
            let article = if row.is_article {
                articles.next()
            } else {
                None
            };
            let has = |outcome| own.contains(&outcome) || article == Some(&outcome);
            *if has(Outcome::Added) {
                &mut self.report.accepted
            } else if has(Outcome::Merged) {
                &mut self.report.merged
            } else {
                &mut self.report.unchanged
            } += 1;
        }
    }

    fn finish(mut self, outcome: Result<Summary, FeedError>) -> Result<Report, IngestError> {
        self.count(outcome.is_ok() && self.failure.is_none());
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let state = match outcome {
            Ok(summary) => {
                self.report.verdict = Verdict::Read;
                self.report.format = Some(self.feed.formats[summary.format].name.clone());
                self.report
                    .warnings
                    .extend(summary.warnings.iter().map(ToString::to_string));
                self.remove_absent(&summary)?;
                FeedState {
                    feed: self.feed.name.clone(),
                    condition: Condition::Ok,
                    message: None,
                    last_good_at: Some(self.now),
                    last_attempt_at: Some(self.now),
                    stale_at: stale_at(self.feed, self.now),
                    rows_accepted: self.report.rows - self.report.refused,
                    rows_refused: self.report.refused,
                }
            }
            Err(error) => {
                self.report.verdict = Verdict::Bad;
                self.report.reason = Some(error.to_string());
                self.bad_state(error.to_string())
            }
        };
        let refused: Vec<RefusedRow> = self
            .report
            .refused_rows
            .iter()
            .take(MAX_REFUSED)
            .map(|row| RefusedRow {
                line: row.line,
                text: row.text.clone(),
                reason: row.reason.clone(),
            })
            .collect();
        self.ingester
            .control
            .put_refused(&self.feed.name, &refused)?;
        self.ingester.control.set_feed_state(&state)?;
        Ok(self.report)
    }

    /// Counts what has been recorded, also of a document that broke off.
    fn count(&self, is_read: bool) {
        let reading = Readings {
            read: u64::from(is_read),
            bad: u64::from(!is_read),
            accepted: self.report.accepted,
            merged: self.report.merged,
            unchanged: self.report.unchanged,
            refused: self.report.refused,
        };
        let control = self.ingester.control;
        control.count_reading(&self.feed.name, reading);
    }

    /// Ends what a complete list no longer has.
    fn remove_absent(&mut self, summary: &Summary) -> Result<(), IngestError> {
        let Some(present) = &self.present else {
            return Ok(());
        };
        let is_cut_off = summary.warnings.iter().find_map(|warning| match warning {
            FeedWarning::CountDiffers { declared, found } if found < declared => {
                Some("the list has fewer rows than it says")
            }
            FeedWarning::NotWellFormed { .. } => Some("the document is damaged"),
            FeedWarning::CountDiffers { .. } | FeedWarning::LeftOut(_) => None,
        });
        if let Some(reason) = is_cut_off {
            let warning = format!("{reason}, so nothing was taken for removed");
            self.report.warnings.push(warning);
            return Ok(());
        }
        let retained = self
            .ingester
            .store
            .retain_present(&self.source, present, self.now);
        self.report.removed += self.ingester.runtime.block_on(retained)?;
        Ok(())
    }

    /// The state of the feed before, with what is wrong now.
    fn bad_state(&self, message: String) -> FeedState {
        let before = self
            .ingester
            .control
            .feed_states()
            .into_iter()
            .find(|state| state.feed == self.feed.name);
        FeedState {
            condition: Condition::Suspicious,
            message: Some(message),
            last_attempt_at: Some(self.now),
            ..before.unwrap_or_else(|| FeedState {
                feed: self.feed.name.clone(),
                ..FeedState::default()
            })
        }
    }
}

/// When a reading of now is no longer recent: two fetches were missed.
pub(crate) fn stale_at(feed: &Feed, now: Timestamp) -> Option<Timestamp> {
    let missed = SignedDuration::from_secs(2 * i64::from(feed.interval?));
    now.checked_add(missed).ok()
}
