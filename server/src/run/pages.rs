//! The pages of articles of which the feed has only a summary.
//!
//! They are a matter of their own: whatever is wrong with one says nothing of
//! the feed, which was read before.

use std::fs::File;
use std::io::{self, Read as _};

use iocd_core::article::syndication::{Item, decode_page};
use iocd_core::article::{PageError, check_page};
use iocd_core::feed::read_page;
use jiff::SignedDuration;

use super::RunError;
use super::intake::Intake;
use crate::articles::DuePage;
use crate::fetch::{Answer, FetchError, Reply, Request, Web, shown};
use crate::store::{Batch, ClaimStore};

/// Longest page, in bytes. Articles are a tenth of that with all their markup.
const MAX_PAGE: u64 = 4 << 20;
/// Pages in a row that cannot be read, after which the others wait for another run.
const MAX_FAILURES: u32 = 3;
/// After which time no further page is asked for in a run.
const MAX_TIME: SignedDuration = SignedDuration::from_mins(5);
/// Media types of pages.
const HTML: [&str; 2] = ["text/html", "application/xhtml+xml"];

/// Why a page is of no use.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("it leads to {0}, which is not on the publisher's site (page_sites names others)")]
    Elsewhere(String),
    #[error("it is {0}, no page")]
    NoPage(String),
    #[error(transparent)]
    Article(#[from] PageError),
    #[error("it cannot be read back: {0}")]
    Spool(#[from] io::Error),
}

impl<S: ClaimStore> Intake<'_, S> {
    /// Reads the pages that are due, as many as the feed allows in a run.
    pub(super) fn read_pages(&mut self, web: &dyn Web) -> Result<(), RunError> {
        let (turn, now) = (self.turn, self.now);
        let (feed, parts) = (&turn.feed, turn.runner.parts());
        if feed.fetching.pages == 0 {
            return Ok(());
        }
        let due = parts
            .articles
            .due_pages(&feed.name, feed.fetching.pages, now)?;
        let begun = turn.now();
        let mut failures = 0;
        for page in due {
            if failures >= MAX_FAILURES || turn.now().duration_since(begun) > MAX_TIME {
                break;
            }
            let error = match self.fetch_page(&page.wanted.item, web) {
                Ok(html) => {
                    self.take_page(&page, &html)?;
                    failures = 0;
                    continue;
                }
                // It is no fault of the page's.
                Err(Unread::Fetch(error)) if error.condition().is_none() => {
                    tracing::warn!(feed = feed.name, %error, "pages of articles are not read now");
                    break;
                }
                Err(error) => error,
            };
            failures += 1;
            self.run.pages_failed += 1;
            let epoch = parts.store.epoch();
            let is_tried_again = parts.articles.page_failed(&page, epoch, now)?;
            tracing::info!(
                feed = feed.name,
                page = shown(&page.wanted.item.link),
                %error,
                is_tried_again,
                "the page of an article could not be read"
            );
            if let Unread::Fetch(error) = &error
                && let Some(wait) = error.retry_after()
                && let Ok(until) = now.checked_add(wait)
            {
                parts.articles.postpone_pages(&feed.name, until)?;
                break;
            }
        }
        Ok(())
    }

    /// The HTML of an article's page.
    fn fetch_page(&self, item: &Item, web: &dyn Web) -> Result<String, Unread> {
        let feed = &self.turn.feed;
        let (_, home) = feed.fetched().expect("asked when it was taken");
        let answer = web.get(&Request {
            url: &item.link,
            home,
            // The secret is for the feed; anybody may read what is published.
            auth: None,
            allow_private: feed.fetching.allow_private,
            max_size: MAX_PAGE.min(self.turn.max_size()),
            etag: None,
            last_modified: None,
            fields: &[("accept", "text/html, application/xhtml+xml")],
        })?;
        let Answer::Document(reply) = answer else {
            return Err(Unread::NoPage("nothing".to_owned()));
        };
        if !feed.owns_page(&reply.url) {
            return Err(Unread::Elsewhere(shown(&reply.url)));
        }
        let html = read_html(&reply)?;
        check_page(item, &html)?;
        Ok(html)
    }

    /// Records what a page says: its claims, then the article, then that it
    /// was read. Whatever happens in between, it is read once more at worst.
    fn take_page(&mut self, page: &DuePage, html: &str) -> Result<(), RunError> {
        let parts = self.turn.runner.parts();
        let (format, _) = self.turn.feed.fetched().expect("asked when it was taken");
        let read = read_page(&self.turn.feed, format, &page.wanted.item, html, self.now);
        let (article, claims) = read.expect("an item with a link is an article");
        let source = self.turn.feed.source();
        if !claims.is_empty() {
            let recording = parts.store.record(Batch {
                source: &source,
                claims,
                heard_at: self.now,
                anew: false,
            });
            self.runtime.block_on(recording)?;
        }
        let epoch = parts.store.epoch();
        parts
            .articles
            .record_page(&source, page, &article, epoch, self.now)?;
        self.run.pages_read += 1;
        Ok(())
    }
}

fn read_html(reply: &Reply) -> Result<String, Unread> {
    let said = reply.field("content-type").unwrap_or_default();
    let media_type = said.split(';').next().unwrap_or_default().trim();
    let is_html = HTML
        .iter()
        .any(|known| media_type.eq_ignore_ascii_case(known));
    let bytes = bytes_of(reply.body.open()?)?;
    let begins_so = bytes.trim_ascii_start().starts_with(b"<");
    if !is_html && (!media_type.is_empty() || !begins_so) {
        let what = if media_type.is_empty() {
            "something without a media type"
        } else {
            media_type
        };
        return Err(Unread::NoPage(what.escape_debug().to_string()));
    }
    Ok(decode_page(&bytes, said).into_owned())
}

fn bytes_of(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MAX_PAGE).read_to_end(&mut bytes)?;
    Ok(bytes)
}
