//! Reading a feed's bytes.

use std::io::{BufRead, Read};

use jiff::Timestamp;

use super::cell::printable;
use super::claims::ClaimMaker;
use super::connector::{Sink, Skipped};
use super::fit::{choose_format, reject_foreign};
use super::input::Input;
use super::outcome::{FeedError, FeedWarning, MAX_EXCERPT, Row, Summary};
use super::recognise::Recognition;
use super::{Feed, Format};
use crate::article::syndication::Item;
use crate::article::{Article, Publication, read_article};
use crate::claim::Claim;
use crate::observation::Observation;

/// How much of an input is looked at to tell what it is, in bytes.
pub const HEAD: usize = 64 * 1024;

/// Warnings that are told of one input.
const MAX_WARNINGS: usize = 100;

/// Rows below which the share of refused ones says little.
const FEW_ROWS: u64 = 8;

/// Reads `input` as `feed` and gives every data row to `visit`, once.
///
/// `format` is an index into [`Feed::formats`]; `None` chooses by content.
/// `input` is decompressed already. Memory does not grow with the input.
/// `now` only serves to drop dates that cannot be.
pub fn read_feed(
    feed: &Feed,
    format: Option<usize>,
    input: &mut dyn BufRead,
    now: Timestamp,
    visit: &mut dyn FnMut(Row),
) -> Result<Summary, FeedError> {
    let mut head = Vec::with_capacity(HEAD);
    input.take(HEAD as u64).read_to_end(&mut head)?;
    reject_foreign(&head, &feed.syntax())?;
    let index = match format {
        Some(index) => index,
        None => choose_format(feed, &head)?,
    };
    let Some(format) = feed.formats.get(index) else {
        return Err(FeedError::NotThisFormat {
            expected: format!("one of the {} formats of {}", feed.formats.len(), feed.name),
            found: format!("number {index}"),
        });
    };
    let mut reader = Reader::new(feed, format, now, visit);
    let result = reader.run(&mut head.as_slice().chain(input));
    reader.summary.format = index;
    result?;
    if reader.summary.rows == 0 && !reader.is_list(&feed.recognition, &head) {
        return Err(FeedError::Empty);
    }
    let mut summary = reader.summary;
    if summary.refused > 0 && too_many(&summary, format.mapping.max_refused) {
        return Err(FeedError::TooManyRefused {
            rows: summary.rows,
            refused: summary.refused,
            first: reader.first_reason,
        });
    }
    if let Some(declared) = summary.declared
        && declared != summary.rows
    {
        summary.warnings.push(FeedWarning::CountDiffers {
            declared,
            found: summary.rows,
        });
    }
    Ok(summary)
}

fn too_many(summary: &Summary, max: u8) -> bool {
    if max >= 100 {
        return false;
    }
    summary.claims + summary.articles + summary.withdrawn == 0
        || (summary.rows >= FEW_ROWS && summary.refused * 100 > summary.rows * u64::from(max))
}

/// An article whose page was fetched, and its claims. `format` is an index into
/// [`Feed::formats`], `html` the page of an item that [`Row::Article`] gave.
/// `None` if neither says what it is.
pub fn read_page(
    feed: &Feed,
    format: usize,
    item: &Item,
    html: &str,
    now: Timestamp,
) -> Option<(Article, Vec<Claim>)> {
    let format = feed.formats.get(format)?;
    read_article(item, Some(html), &publication(feed, format, now))
}

fn publication<'f>(feed: &'f Feed, format: &'f Format, now: Timestamp) -> Publication<'f> {
    Publication {
        source: &feed.name,
        home: feed.homepage.as_deref().unwrap_or_default(),
        confidence: feed.confidence,
        scope: format.mapping.scope,
        tags: &format.mapping.fixed_tags,
        now,
    }
}

/// Feeds rows of one format to a visitor, and counts.
pub(super) struct Reader<'f, 'v> {
    maker: ClaimMaker<'f>,
    feed: &'f Feed,
    now: Timestamp,
    format: &'f Format,
    visit: &'v mut dyn FnMut(Row),
    pub(super) summary: Summary,
    /// A header or an opening bracket was there, or a count of no entries.
    envelope: bool,
    comments: bool,
    first_reason: String,
}

impl<'f, 'v> Reader<'f, 'v> {
    pub(super) fn new(
        feed: &'f Feed,
        format: &'f Format,
        now: Timestamp,
        visit: &'v mut dyn FnMut(Row),
    ) -> Self {
        Reader {
            maker: ClaimMaker::new(feed, &format.mapping, now),
            feed,
            now,
            format,
            visit,
            summary: Summary::default(),
            envelope: false,
            comments: false,
            first_reason: String::new(),
        }
    }

    pub(super) fn run(&mut self, input: &mut dyn BufRead) -> Result<(), FeedError> {
        let format = self.format;
        format
            .connector
            .read(&format.mapping.columns, &mut Input::new(input)?, self)
    }

    /// Whether what was read without a row is a list all the same. Comments
    /// alone are one only under the feed's own banner, and never where a header
    /// should stand: they would empty the list.
    pub(super) fn is_list(&self, recognition: &Recognition, head: &[u8]) -> bool {
        let has_banner = || recognition.has_signature(head);
        self.envelope || self.comments && self.format.connector_name == "lines" && has_banner()
    }

    fn refuse(&mut self, line: u64, text: &str, reason: &str) {
        self.summary.refused += 1;
        // One less: what is cut ends in a sign that says so.
        let reason = printable(reason, MAX_EXCERPT - 1);
        if self.first_reason.is_empty() {
            self.first_reason.clone_from(&reason);
        }
        (self.visit)(Row::Refused {
            line,
            text: printable(text, MAX_EXCERPT - 1),
            reason,
        });
    }
}

impl Sink for Reader<'_, '_> {
    fn row(&mut self, observation: &Observation) {
        self.summary.rows += 1;
        match self.maker.make(observation) {
            Ok((claims, _)) if self.maker.is_withdrawn(observation) => {
                self.summary.withdrawn += 1;
                (self.visit)(Row::Withdrawn {
                    line: observation.line,
                    values: claims.into_iter().map(|claim| claim.value).collect(),
                });
            }
            Ok((claims, partly)) => {
                self.summary.claims += claims.len() as u64;
                self.summary.partly += u64::from(partly.is_some());
                (self.visit)(Row::Claims {
                    line: observation.line,
                    claims,
                    partly,
                });
            }
            Err(reason) => self.refuse(observation.line, &observation.preview(), &reason),
        }
    }

    fn article(&mut self, item: &Item) {
        self.summary.rows += 1;
        let publication = publication(self.feed, self.format, self.now);
        let Some((article, claims)) = read_article(item, None, &publication) else {
            return self.refuse(item.line, "", "the item has neither title, link nor text");
        };
        self.summary.articles += 1;
        self.summary.claims += claims.len() as u64;
        (self.visit)(Row::Article {
            line: item.line,
            article: Box::new(article),
            claims,
            page_wanted: self.feed.wants_page(item).then(|| Box::new(item.clone())),
        });
    }

    fn refused(&mut self, line: u64, text: &str, reason: &str) {
        self.summary.rows += 1;
        self.refuse(line, text, reason);
    }

    fn skipped(&mut self, what: Skipped) {
        self.summary.skipped += 1;
        self.envelope |= what == Skipped::Envelope;
        self.comments |= what == Skipped::Comment;
    }

    fn declared(&mut self, count: u64) {
        self.summary.declared = Some(count);
        self.envelope |= count == 0;
    }

    fn warn(&mut self, warning: FeedWarning) {
        if self.summary.warnings.len() < MAX_WARNINGS {
            self.summary.warnings.push(warning);
        }
    }

    fn rows(&self) -> u64 {
        self.summary.rows
    }
}
