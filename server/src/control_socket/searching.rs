//! Answers to a file of values, written as the values come in.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::{Stream, StreamExt as _, stream};
use iocd_core::export::json::write_string;

use crate::bulk::{Bulk, Form, Interruption, Purpose};
use crate::owner::Node;
use crate::store::embedded::Embedded;

/// Values that are being answered.
struct Searching {
    node: Arc<Node>,
    bulk: Bulk<Embedded>,
    pieces: BodyDataStream,
    /// What of the last piece has not been answered.
    rest: Bytes,
    over: bool,
}

/// The lines that answer a body of values.
pub(super) fn answers(
    node: Arc<Node>,
    purpose: Purpose,
    body: Body,
) -> impl Stream<Item = Result<Vec<u8>, Infallible>> {
    let searching = Searching {
        bulk: Bulk::new(
            Arc::clone(&node.store),
            node.warnings.current(),
            Form::Text,
            purpose,
        ),
        node,
        pieces: body.into_data_stream(),
        rest: Bytes::new(),
        over: false,
    };
    stream::unfold(searching, async |mut searching| {
        if searching.over {
            return None;
        }
        // Requests that this thread serves get their turn.
        tokio::task::yield_now().await;
        let mut out = Vec::new();
        if let Err(interruption) = searching.answer(&mut out).await {
            searching.over = true;
            out.extend_from_slice(b"{\"error\":{\"message\":");
            write_string(&mut out, &interruption.to_string());
            out.extend_from_slice(b"}}\n");
        }
        Some((Ok(out), searching))
    })
}

impl Searching {
    /// Answers a group of values.
    async fn answer(&mut self, out: &mut Vec<u8>) -> Result<(), Interruption> {
        let now = self.node.clock.now();
        while self.rest.is_empty() {
            let Some(piece) = self.pieces.next().await else {
                self.over = self.bulk.finish(now, &mut |_| Ok(()), out).await?;
                return Ok(());
            };
            self.rest = piece.map_err(std::io::Error::other)?;
        }
        let mut rest = &self.rest[..];
        let answered = self.bulk.answer(&mut rest, now, &mut |_| Ok(()), out).await;
        let used = self.rest.len() - rest.len();
        self.rest = self.rest.split_off(used);
        answered
    }
}
