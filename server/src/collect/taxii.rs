//! A collection of a TAXII 2.1 server: what was added to it since.
//!
//! A server gives what was added after a time, oldest first, in pages;
//! `pager` says how they are followed so that nothing is missed. What objects
//! say of one another (a relationship, a marking) counts within a document, so
//! pages are put together to documents as large as may be.

use super::{Collector, Document, Errand, Found};
use crate::fetch::{FetchError, Web};

mod address;
mod bookmark;
mod envelope;
mod pager;
mod root;

use pager::{Page, Pager};

/// Pages of a document at most: what a crash costs.
const DOCUMENT_PAGES: usize = 64;
/// Bytes of a document that gets no further page.
const DOCUMENT_SIZE: u64 = 16 << 20;

/// Asks for what was added since.
pub(super) fn send(errand: &Errand<'_>) -> Box<dyn Collector> {
    Box::new(Taxii {
        pager: Pager::new(errand),
        waiting: None,
        failure: None,
    })
}

/// The collector.
struct Taxii {
    pager: Pager,
    /// A page that did not fit into the document before it.
    waiting: Option<Page>,
    /// What went wrong after what was given.
    failure: Option<FetchError>,
}

impl Collector for Taxii {
    fn next(&mut self, errand: &Errand<'_>, web: &dyn Web) -> Result<Option<Found>, FetchError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let first = match self.waiting.take() {
            Some(page) => Some(page),
            None => self.pager.next(errand, web)?,
        };
        let Some(mut all) = first else {
            return Ok(None);
        };
        let mut pages = 1;
        while pages < DOCUMENT_PAGES && all.body.length() < DOCUMENT_SIZE {
            match self.pager.next(errand, web) {
                Ok(None) => break,
                Ok(Some(page)) if all.body.length() + page.body.length() > errand.max_size => {
                    self.waiting = Some(page);
                    break;
                }
                Ok(Some(page)) => all.add(page)?,
                Err(failure) => {
                    self.failure = Some(failure);
                    break;
                }
            }
            pages += 1;
        }
        Ok(Some(found(all)))
    }
}

fn found(page: Page) -> Found {
    let bookmark = page.after.write();
    if page.objects == 0 {
        return Found::Unchanged { bookmark };
    }
    let last = page.after.last;
    Found::Document(Document {
        name: match last {
            Some(last) => format!("objects until {last}"),
            None => "objects".to_owned(),
        },
        body: page.body,
        is_list: false,
        changed_at: last,
        bookmark,
    })
}
