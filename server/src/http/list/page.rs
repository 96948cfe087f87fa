//! A page of a list, written piece by piece: however long it is, no more than
//! a piece of it is in memory.

use std::io;
use std::sync::Arc;

use futures_util::{Stream, stream};
use iocd_core::query::{Listing, Page};
use jiff::Timestamp;

use super::asked::Asked;
use super::body::{Body, Links};
use super::cursor::{Cursor, Place};
use crate::store::{ClaimStore, StoreError};

/// Entries of a piece: some hundred kilobytes.
const PIECE: u32 = 1_000;

/// A page on its way.
pub(super) struct Pieces<S> {
    store: Arc<S>,
    asked: Arc<Asked>,
    pub(super) body: Body,
    /// The list is told as it was at this revision and then.
    revision: u64,
    at: Timestamp,
    /// What is still to be told.
    rest: Page,
    /// The revision of the last entry that was told.
    told: Option<u64>,
}

impl<S: ClaimStore> Pieces<S> {
    /// Begins a page of the list as it is, or as it was when its first page was
    /// told, with the first piece.
    pub(super) async fn begin(
        store: Arc<S>,
        asked: Arc<Asked>,
        mut body: Body,
    ) -> Result<Pieces<S>, StoreError> {
        let (revision, at) = match &asked.cursor {
            Some(Cursor {
                revision,
                place: Place::Page { at, .. },
                ..
            }) => (*revision, *at),
            _ => (store.counts().revision, body.now),
        };
        body.revision = revision;
        let mut pieces = Pieces {
            revision,
            at,
            rest: asked.page,
            told: None,
            store,
            asked,
            body,
        };
        pieces.tell().await?;
        Ok(pieces)
    }

    /// Whether nothing is left to tell.
    pub(super) fn is_whole(&self) -> bool {
        self.rest.limit == 0
    }

    /// Where the list goes on.
    pub(super) fn links(&self) -> Links {
        let Page { offset, limit } = self.asked.page;
        let offset = offset.saturating_add(u64::from(limit));
        let cursor = |place| Cursor {
            epoch: self.store.epoch(),
            revision: self.revision,
            place,
            filters: self.asked.filters(),
        };
        let at = self.at;
        Links {
            next: (offset < self.body.total).then(|| cursor(Place::Page { offset, at })),
            delta: cursor(Place::Changes),
        }
    }

    /// Writes the next piece. Scores are reckoned for the whole list: of a
    /// list narrowed by them the page is one piece.
    async fn tell(&mut self) -> Result<(), StoreError> {
        let limit = match self.asked.filter.min_score {
            None => self.rest.limit.min(PIECE),
            Some(_) => self.rest.limit,
        };
        let page = Page { limit, ..self.rest };
        let listing = Listing {
            filter: &self.asked.filter,
            page,
            now: self.at,
            revision: Some(self.revision),
        };
        // The list is counted, and its page looked for, once.
        self.told = match self.told {
            None => self.store.list(&listing, &mut self.body).await?,
            Some(told) => self.store.list_on(&listing, told, &mut self.body).await?,
        };
        let is_last = self.told.is_none();
        self.rest = Page {
            offset: 0,
            limit: if is_last { 0 } else { self.rest.limit - limit },
        };
        Ok(())
    }

    /// The pieces, and the end. An error cuts the answer off, and the client
    /// sees that it is not whole.
    pub(super) fn stream(self, links: Links) -> impl Stream<Item = io::Result<Vec<u8>>> + Send {
        stream::try_unfold(Some((self, links)), async |left| {
            let Some((mut pieces, links)) = left else {
                return Ok(None);
            };
            if pieces.body.out.is_empty() {
                let told = pieces.tell().await;
                told.inspect_err(|error| tracing::error!(%error, "a list was cut off"))
                    .map_err(io::Error::other)?;
            }
            let is_end = pieces.is_whole();
            if is_end {
                pieces.body.end(&links);
            }
            let piece = std::mem::take(&mut pieces.body.out);
            Ok(Some((piece, (!is_end).then_some((pieces, links)))))
        })
    }
}
