//! One page after another.
//!
//! Times tie: many objects may have been added at one, some of them on the
//! next page, or not there yet. So
//!
//! - a page that the server says how to follow (`next`) is followed so, but
//!   only within a run: there are servers that keep count of what they gave,
//!   whether or not it arrived;
//! - a run that goes on where another one broke off, and a page without `next`,
//!   asks from the last time on, *that time included*, and for more objects at
//!   once where all of a page are of one time;
//! - the next walk begins before the last one began, see [`Bookmark::settle`].
//!
//! What comes twice is the same again and changes nothing.

use std::collections::HashSet;

use super::bookmark::Bookmark;
use super::envelope::{Envelope, added};
use super::{address, root};
use crate::collect::{Errand, Wanted};
use crate::fetch::{Answer, FetchError, Reply, Spooled, Web, read_date};

/// The media type of TAXII 2.1.
pub(super) const MEDIA_TYPE: &str = "application/taxii+json;version=2.1";
/// Objects asked for at a time; servers have limits of their own.
const LIMIT: u32 = 1000;
/// The same where a page is all of one time.
const MAX_LIMIT: u32 = 64_000;
/// Pages of a run at most: the next run goes on from there.
const MAX_PAGES: u32 = 5000;

/// Some objects.
pub(super) struct Page {
    pub(super) body: Spooled,
    pub(super) objects: usize,
    /// Where to go on once it has been read.
    pub(super) after: Bookmark,
}

impl Page {
    /// Adds the page that follows.
    pub(super) fn add(&mut self, page: Page) -> Result<(), FetchError> {
        // An empty one adds nothing but its envelope.
        if self.objects == 0 {
            self.body = page.body;
        } else if page.objects > 0 {
            self.body.append(&page.body)?;
        }
        self.objects += page.objects;
        self.after = page.after;
        Ok(())
    }
}

/// Asks for pages.
pub(super) struct Pager {
    /// Where it stands.
    place: Bookmark,
    /// Of the collection, where the feed's address has several.
    id: Option<String>,
    /// Where the walk goes on, in the server's words.
    next: Option<String>,
    limit: u32,
    /// Objects of the last page, if it led no further.
    stuck: Option<usize>,
    pages: u32,
    is_empty: bool,
    /// Objects have come in the order in which they were added.
    is_sorted: bool,
    is_done: bool,
    /// Hashes of the pages of this run.
    seen: HashSet<String>,
}

impl Pager {
    /// Goes on where the errand's bookmark is.
    pub(super) fn new(errand: &Errand<'_>) -> Pager {
        Pager {
            place: Bookmark::of(errand),
            id: None,
            next: None,
            limit: LIMIT,
            stuck: None,
            pages: 0,
            is_empty: true,
            is_sorted: true,
            is_done: false,
            seen: HashSet::new(),
        }
    }

    /// The next page; `None` if there is none for now.
    pub(super) fn next(
        &mut self,
        errand: &Errand<'_>,
        web: &dyn Web,
    ) -> Result<Option<Page>, FetchError> {
        if self.is_done || self.pages >= MAX_PAGES {
            return Ok(None);
        }
        self.pages += 1;
        let asked = self.ask(errand, web).map_err(|error| older(error, errand));
        let Some(reply) = asked? else {
            return Ok(None);
        };
        let envelope = Envelope::read(&reply.body).map_err(|problem| errand.wrong(problem))?;
        let date = reply.field("date").and_then(read_date);
        self.place.began.get_or_insert(date.unwrap_or(errand.now));
        let (first, last) = added(&reply);
        let is_by_next = self.next.is_some();
        self.is_sorted &= !is_by_next || first.is_none() || first >= self.place.last;
        self.place.last = last.max(self.place.last);
        let objects = envelope.objects.len();
        self.is_empty &= objects == 0;
        let mut after = self.place.clone();
        if envelope.more {
            let is_known = !self.seen.insert(reply.body.hash().to_string());
            if is_known && envelope.next.is_some() {
                return Err(errand.wrong("its pages go round in a circle"));
            }
            if self.is_sorted {
                after.go_by_time();
            }
            self.next = envelope.next;
            if self.next.is_none() {
                self.follow(objects, last.is_some(), errand)?;
            }
        } else {
            self.place.settle(self.is_empty);
            after = self.place.clone();
            self.is_done = true;
        }
        Ok(Some(Page {
            body: reply.body,
            objects,
            after,
        }))
    }

    /// The address of the collection: the feed's, or that of the collection
    /// which it names below that.
    fn address(&mut self, errand: &Errand<'_>, web: &dyn Web) -> Result<String, FetchError> {
        let Some(name) = errand.collection else {
            return Ok(errand.url.to_owned());
        };
        if self.id.is_none() {
            let id = root::find_collection(errand, name, web)?;
            // Another one of this name has other objects.
            self.place.go_to(&id, errand);
            self.id = Some(id);
        }
        let id = self.id.as_deref().unwrap_or_default();
        root::below_root(errand, id).map(String::from)
    }

    fn ask(&mut self, errand: &Errand<'_>, web: &dyn Web) -> Result<Option<Reply>, FetchError> {
        let collection = self.address(errand, web)?;
        let next = self.next.as_deref();
        let url = address::objects(errand, &collection, self.place.since, next, self.limit)?;
        let wanted = Wanted {
            url: url.as_str(),
            fields: &[("accept", MEDIA_TYPE)],
            ..Wanted::default()
        };
        Ok(match errand.get(web, &wanted)? {
            Answer::Document(reply) => Some(reply),
            // It was asked for without a condition.
            Answer::NotModified => None,
        })
    }

    /// Finds out how to go on after a page of which the server does not say it.
    fn follow(
        &mut self,
        objects: usize,
        has_last: bool,
        errand: &Errand<'_>,
    ) -> Result<(), FetchError> {
        if !has_last {
            return Err(errand.wrong(
                "there are more objects, and it says neither where they go on (next) nor when the \
                 last one was added (X-TAXII-Date-Added-Last)",
            ));
        }
        if self.place.go_by_time() {
            self.stuck = None;
            return Ok(());
        }
        // All that came has one time, and there is more of it.
        let is_more_than_before = self.stuck.is_none_or(|before| objects > before);
        if is_more_than_before && self.limit < MAX_LIMIT {
            self.limit = (self.limit * 4).min(MAX_LIMIT);
            self.stuck = Some(objects);
            return Ok(());
        }
        self.stuck = None;
        if !self.place.go_over_last() {
            return Err(errand.wrong("it gives the same objects again and again"));
        }
        tracing::warn!(
            feed = errand.feed.name,
            objects,
            at = self.place.last.map(|at| at.to_string()),
            "a TAXII server has more objects of one time than it gives at once, and no other way \
             to get them: some of them may be missing"
        );
        Ok(())
    }
}

/// What a server of an older version of TAXII says is told as such.
fn older(error: FetchError, errand: &Errand<'_>) -> FetchError {
    match error {
        FetchError::Status {
            status: status @ (206 | 406 | 415 | 416),
            ..
        } => errand.wrong(format!(
            "it answered {status}, as a server does that speaks TAXII 2.0 or older: one that \
             speaks 2.1 is needed"
        )),
        error => error,
    }
}
