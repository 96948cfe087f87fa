//! A document on its way into the store.

use iocd_core::article::Article;
use iocd_core::article::syndication::Item;
use iocd_core::claim::held::Outcome;
use iocd_core::claim::{Claim, ClaimIdSet, Source};
use iocd_core::feed::{Feed, FeedError, FeedWarning, Row, Summary};
use iocd_core::value::Value;
use jiff::Timestamp;

use super::{IngestError, Ingester, Refusal, Report, Verdict, stale_at};
use crate::articles::{PageState, Wanted};
use crate::control::{Condition, FeedState, MAX_REFUSED, Readings, RefusedRow};
use crate::store::{Batch, ClaimStore, Removal};

/// Claims recorded together: large enough that syncing the disk does not
/// count, small enough that readers hardly wait.
const BATCH: usize = 10_000;
/// Articles recorded together.
const ARTICLES: usize = 500;
/// Refused rows that a report lists.
const MAX_LISTED: usize = 100_000;

/// A document on its way in.
pub(super) struct Intake<'a, S> {
    ingester: &'a Ingester<'a, S>,
    feed: &'a Feed,
    source: Source,
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

impl<'a, S: ClaimStore> Intake<'a, S> {
    /// Nothing of it yet. `removes`: what the source no longer has is removed
    /// at the end.
    pub(super) fn new(
        ingester: &'a Ingester<'a, S>,
        feed: &'a Feed,
        removes: bool,
        report: Report,
        now: Timestamp,
    ) -> Intake<'a, S> {
        Intake {
            ingester,
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
        }
    }
}

impl<S: ClaimStore> Intake<'_, S> {
    /// Takes a row.
    pub(super) fn take(&mut self, row: Row) {
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

    /// Writes what has been gathered.
    pub(super) fn flush(&mut self) {
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

    /// Notes how the document ended, and removes what it no longer has.
    pub(super) fn finish(
        mut self,
        outcome: Result<Summary, FeedError>,
    ) -> Result<Report, IngestError> {
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
