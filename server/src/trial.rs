//! What a document would be read as, without storing any of it.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};

use iocd_core::article::Article;
use iocd_core::claim::{Claim, ClaimId, ClaimIdSet};
use iocd_core::feed::{self, Feed, FeedError, Row, draft_feed};
use iocd_core::value::Kind;
use jiff::Timestamp;

use crate::feeds::Feeds;
use crate::ingest::Refusal;

/// Indicators, and refused rows, that a trial keeps; more are only counted.
const MAX_KEPT: usize = 1_000_000;
/// Articles that a trial keeps.
const MAX_HEADLINES: usize = 10_000;
/// Values taken back that a trial keeps.
const MAX_WITHDRAWN: usize = 10_000;

/// How to read a document.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The document's name, which counts where feeds are recognised.
    pub name: String,
    /// The known feed that it is of.
    pub feed: Option<String>,
    /// The connector to read it with, whatever feed it looks like.
    pub connector: Option<String>,
    /// Do not look whether it is of a known feed.
    pub draft: bool,
    /// What a feed drafted for it is called.
    pub draft_name: String,
}

/// What became of a document.
#[derive(Debug, Default)]
pub struct Trial {
    /// The document's name.
    pub name: String,
    /// The known feed that it was read as.
    pub feed: Option<String>,
    /// The connector that read it.
    pub connector: Option<&'static str>,
    /// The description of a feed that was drafted to read it.
    pub toml: Option<String>,
    /// Data rows.
    pub rows: u64,
    /// Those of them that are articles.
    pub articles: u64,
    /// The articles.
    pub headlines: Vec<Article>,
    /// Those of the rows that were refused.
    pub refused: u64,
    /// Those that take back what was said before.
    pub withdrawn: u64,
    /// Comments, blank lines, headings.
    pub skipped: u64,
    /// How many indicators of each type there are, each counted once.
    pub by_type: BTreeMap<Kind, u64>,
    /// What the document says of each indicator where it first names it.
    pub indicators: Vec<Claim>,
    /// Indicators named more than once.
    pub repeated: u64,
    /// Values that the document takes back.
    pub taken_back: Vec<String>,
    /// The refused rows, and values left out of rows that have others.
    pub refusals: Vec<Refusal>,
    /// What an operator should hear about.
    pub warnings: Vec<String>,
    /// Why it could not be read, or not to its end.
    pub error: Option<String>,
}

impl Trial {
    /// Indicators, each counted once.
    pub fn count(&self) -> u64 {
        self.by_type.values().sum()
    }
}

/// Reads a document and tells what it says.
pub fn try_document(
    feeds: &Feeds,
    request: &Request,
    input: &mut dyn BufRead,
    now: Timestamp,
) -> Trial {
    let mut trial = Trial {
        name: request.name.clone(),
        ..Trial::default()
    };
    if let Err(error) = read(feeds, request, input, now, &mut trial) {
        trial.error = Some(error.to_string());
    }
    trial
}

fn read(
    feeds: &Feeds,
    request: &Request,
    input: &mut dyn BufRead,
    now: Timestamp,
    trial: &mut Trial,
) -> Result<(), FeedError> {
    let mut head = Vec::with_capacity(feed::HEAD);
    input.take(feed::HEAD as u64).read_to_end(&mut head)?;
    let mut input = head.chain(input);
    let known = known_feed(feeds, request, &head);
    if let Some((feed, format)) = known {
        trial.feed = Some(feed.name.clone());
        return read_as(feed, format, &mut input, now, trial);
    }
    let draft = draft_feed(&request.draft_name, &head, request.connector.as_deref())?;
    trial.toml = Some(draft.toml);
    let read = read_as(&draft.feed, Some(0), &mut input, now, trial);
    let warning = draft.warning.map(|warning| warning.to_string());
    trial.warnings.splice(0..0, warning);
    read
}

/// The known feed that the document is of, and its format.
fn known_feed<'f>(
    feeds: &'f Feeds,
    request: &Request,
    head: &[u8],
) -> Option<(&'f Feed, Option<usize>)> {
    if request.connector.is_some() || request.draft {
        return None;
    }
    let recognised = feed::recognise(feeds.all(), &request.name, head);
    match &request.feed {
        None => recognised.map(|(feed, format)| (feed, Some(format))),
        Some(name) => {
            let feed = feeds.get(name)?;
            let format = recognised.filter(|(known, _)| known.name == *name);
            Some((feed, format.map(|(_, format)| format)))
        }
    }
}

fn read_as(
    feed: &Feed,
    format: Option<usize>,
    input: &mut dyn BufRead,
    now: Timestamp,
    trial: &mut Trial,
) -> Result<(), FeedError> {
    trial.connector = feed
        .formats
        .get(format.unwrap_or(0))
        .map(|format| format.connector_name);
    let mut seen = ClaimIdSet::default();
    let summary = feed::read_feed(feed, format, input, now, &mut |row| {
        trial.rows += 1;
        take(row, feed, &mut seen, trial);
    })?;
    trial.connector = Some(feed.formats[summary.format].connector_name);
    trial.skipped = summary.skipped;
    trial.warnings = summary.warnings.iter().map(ToString::to_string).collect();
    Ok(())
}

fn take(row: Row, feed: &Feed, seen: &mut ClaimIdSet, trial: &mut Trial) {
    match row {
        Row::Refused { line, text, reason } => {
            trial.refused += 1;
            trial.refuse(Refusal { line, text, reason });
        }
        Row::Withdrawn { values, .. } => {
            trial.withdrawn += 1;
            let room = MAX_WITHDRAWN.saturating_sub(trial.taken_back.len());
            let values = values
                .iter()
                .take(room)
                .map(|value| value.as_str().to_owned());
            trial.taken_back.extend(values);
        }
        Row::Article {
            article, claims, ..
        } => {
            trial.articles += 1;
            if trial.headlines.len() < MAX_HEADLINES {
                trial.headlines.push(*article);
            }
            take_claims(claims, feed, seen, trial);
        }
        Row::Claims {
            line,
            claims,
            partly,
        } => {
            if let Some(reason) = partly {
                let text = "part of the row".to_owned();
                trial.refuse(Refusal { line, text, reason });
            }
            take_claims(claims, feed, seen, trial);
        }
    }
}

fn take_claims(claims: Vec<Claim>, feed: &Feed, seen: &mut ClaimIdSet, trial: &mut Trial) {
    for claim in claims {
        let kind = claim.value.kind();
        if !seen.insert(ClaimId::new(kind, claim.value.as_str(), &feed.name)) {
            trial.repeated += 1;
            continue;
        }
        *trial.by_type.entry(kind).or_default() += 1;
        if trial.indicators.len() < MAX_KEPT {
            trial.indicators.push(claim);
        }
    }
}

impl Trial {
    fn refuse(&mut self, refusal: Refusal) {
        if self.refusals.len() < MAX_KEPT {
            self.refusals.push(refusal);
        }
    }
}
