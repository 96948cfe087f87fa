//! `GET /api/v1/iocs/changes`: everything that the store retains, as it is
//! kept, in the order of its last change: for another server that mirrors
//! this one.

use std::io;
use std::sync::Arc;

use axum::response::Response;
use futures_util::{Stream, stream};
use iocd_core::claim::retained::Progress;

use super::accept::check_accept;
use super::code::Code;
use super::coding::{Coding, respond_in_pieces};
use super::error::ApiError;
use super::front::Call;
use super::parameter::Parameters;
use crate::exchange::changes::{End, write_claim, write_end, write_source};
use crate::feeds::LOCAL;
use crate::store::{ClaimStore, StoreError};

mod cursor;
mod description;

use cursor::Cursor;
pub(super) use description::CHANGES;
use description::PARAMETERS;

/// How an answer is written.
const NDJSON: &str = "application/x-ndjson";
/// Entries of an answer where the client does not say.
const DEFAULT_LIMIT: u32 = 10_000;
/// Bytes of a piece of an answer, about.
const PIECE: usize = 64 << 10;

/// Answers with what changed after a cursor, or with all there is.
pub(super) async fn changes<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    let headers = call.request.headers();
    check_accept(headers, NDJSON)?;
    let cap = call.caller.tier().results;
    let store = &call.app.store;
    let mut limit = DEFAULT_LIMIT.min(cap);
    let mut known = None;
    let mut parameters = Parameters::of(&call, PARAMETERS);
    while let Some(parameter) = parameters.next()? {
        if parameter.name == "limit" {
            let given = parameter.number()?.min(u64::from(cap));
            limit = u32::try_from(given).unwrap_or(cap);
        } else {
            let text = parameter.text()?;
            let expected = "the cursor of an earlier answer's last line, unchanged";
            let cursor = Cursor::decode(&text);
            let cursor = cursor.ok_or_else(|| ApiError::invalid("cursor", &text, expected))?;
            if cursor.epoch != store.epoch() {
                return Err(cursor_expired());
            }
            known = Some(cursor.told);
        }
    }
    // Before the sources: every claim of until then is of one of them.
    let until = store.counts().revision;
    let mut telling = Telling {
        store: Arc::clone(store),
        told: known.unwrap_or(Progress::beginning(until)),
        until,
        left: limit as usize,
        out: Vec::with_capacity(2 * PIECE),
        is_whole: false,
    };
    let mut sources = store.listed_sources();
    sources.retain(|(source, _)| source.name != LOCAL);
    for (source, listed_at) in sources {
        write_source(&mut telling.out, source, listed_at);
    }
    telling.tell().await.map_err(|error| match error {
        StoreError::UnknownRevision(_) => cursor_expired(),
        error => error.into(),
    })?;
    let coding = Coding::wanted(headers);
    respond_in_pieces(coding, NDJSON, telling.stream())
}

/// An answer on its way: however long it is, a piece of it is in memory.
struct Telling<S> {
    store: Arc<S>,
    told: Progress,
    until: u64,
    /// Entries that may still be told.
    left: usize,
    out: Vec<u8>,
    is_whole: bool,
}

impl<S: ClaimStore> Telling<S> {
    /// Writes some, and the last line where that was all.
    async fn tell(&mut self) -> Result<(), StoreError> {
        let mut changes = self.store.changes(self.told, self.until, self.left).await?;
        // What an operator says holds on the operator's server.
        changes.claims.retain(|claim| claim.source != LOCAL);
        self.left -= changes.claims.len();
        self.told.reached = changes.reached;
        for claim in changes.claims {
            write_claim(&mut self.out, claim);
        }
        if self.left == 0 || self.told.reached >= self.until {
            let cursor = Cursor {
                epoch: self.store.epoch(),
                told: self.told,
            };
            let end = End {
                cursor: cursor.encode(),
                more: self.told.reached < self.until,
            };
            write_end(&mut self.out, &end);
            self.is_whole = true;
        }
        Ok(())
    }

    /// The pieces. An error cuts the answer off: its last line is missing.
    fn stream(self) -> impl Stream<Item = io::Result<Vec<u8>>> + Send {
        stream::try_unfold(Some(self), async |left| {
            let Some(mut telling) = left else {
                return Ok(None);
            };
            while !telling.is_whole && telling.out.len() < PIECE {
                let told = telling.tell().await;
                told.inspect_err(|error| tracing::error!(%error, "changes were cut off"))
                    .map_err(io::Error::other)?;
                // Others have their turn: there may be little to tell of much.
                tokio::task::yield_now().await;
            }
            let piece = std::mem::take(&mut telling.out);
            let left = (!telling.is_whole).then_some(telling);
            Ok(Some((piece, left)))
        })
    }
}

fn cursor_expired() -> ApiError {
    let message = "The store has been restored, or its history was shortened, since this cursor \
                   was given. Start anew with /api/v1/iocs/changes.";
    ApiError::new(Code::CursorExpired, message).about("cursor")
}
