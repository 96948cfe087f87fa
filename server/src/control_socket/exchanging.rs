//! What is stored, out and in over the socket.

use std::io;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use futures_util::{TryStreamExt as _, stream};
use tokio::sync::mpsc;
use tokio_util::io::{StreamReader, SyncIoBridge};

use super::refuse;
use crate::exchange::{Exporter, import as import_lines};
use crate::owner::Node;

/// Pieces of an export that wait to be taken.
const PIECES: usize = 4;
/// Bytes of a piece, about.
const PIECE: usize = 256 << 10;

/// Answers everything that is stored. An export that fails on its way breaks
/// off, so that nobody takes it for whole.
pub(super) async fn export(State(node): State<Arc<Node>>) -> Response {
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(PIECES);
    tokio::task::spawn_blocking(move || {
        let mut exporter = Exporter::new(node.store.index());
        let mut lines = Vec::new();
        loop {
            let more = exporter.write_some(&mut lines);
            if matches!(more, Ok(true)) && lines.len() < PIECE {
                continue;
            }
            let piece = match &more {
                Ok(_) => Ok(std::mem::take(&mut lines).into()),
                Err(error) => {
                    tracing::error!(%error, "an export broke off");
                    Err(io::Error::other(error.to_string()))
                }
            };
            // Whoever went away needs no more.
            if sender.blocking_send(piece).is_err() || !matches!(more, Ok(true)) {
                return;
            }
        }
    });
    let pieces = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    Body::from_stream(pieces).into_response()
}

/// Takes an export in, and answers what that did.
pub(super) async fn import(State(node): State<Arc<Node>>, body: Body) -> Response {
    let reader = StreamReader::new(body.into_data_stream().map_err(io::Error::other));
    // The bridge takes its runtime from the thread that makes it.
    let mut input = SyncIoBridge::new(reader);
    let done = tokio::task::spawn_blocking(move || {
        import_lines(node.store.index(), &mut input, node.clock.now())
    });
    match done.await {
        Ok(Ok(imported)) => Json(imported).into_response(),
        Ok(Err(error)) => refuse(&error),
        Err(error) => refuse(&error),
    }
}
