//! The body of a request, read while its answer is written.
//!
//! Many clients write a whole body before they read a byte of the answer. To
//! such a one a server that stops reading until its answer is taken would be
//! stuck for ever. So the body is read on: into a small window, and, when
//! nothing has been taken out of the window for a while, into memory that all
//! requests share. Where that is used up too, the client has to read.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::StreamExt as _;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::code::Code;
use super::error::ApiError;
use crate::config::Bounds;

/// Bytes of a body that are read ahead at any time.
const WINDOW: usize = 256 << 10;
/// Bytes that the bodies of all requests may take beyond their windows.
const SHARED: usize = 64 << 20;
/// What keeping a piece costs besides its bytes.
const COST: usize = 256;
/// How long a full window waits for the answer to move on.
const STALL: Duration = Duration::from_millis(20);
/// A body may take so many times as long as a request.
const TIMES: u32 = 20;
/// Bytes that a client has to send in a second of those in which it is waited
/// for, once a request's time is used up so.
const FLOOR: u32 = 1 << 10;

/// Memory that all bodies share.
pub(super) struct SharedRoom(Arc<Semaphore>);

impl SharedRoom {
    pub(super) fn new() -> SharedRoom {
        SharedRoom(Arc::new(Semaphore::new(SHARED)))
    }
}

/// A part of the body, as it came.
pub(super) struct Piece {
    bytes: Bytes,
    /// Given back when the piece has been used.
    _room: OwnedSemaphorePermit,
}

impl Piece {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The pieces of a body. The reading ends when this is dropped.
pub(super) struct ReadAhead(UnboundedReceiver<Result<Piece, ApiError>>);

impl ReadAhead {
    /// Begins to read.
    pub(super) fn start(body: Body, bounds: Bounds, shared: &SharedRoom) -> ReadAhead {
        // Unbounded in pieces, and bounded in bytes by the room that each holds.
        let (sender, receiver) = mpsc::unbounded_channel();
        let reader = Reader {
            bounds,
            window: Arc::new(Semaphore::new(WINDOW)),
            shared: Arc::clone(&shared.0),
            sender,
        };
        tokio::spawn(reader.run(body));
        ReadAhead(receiver)
    }

    /// The next piece; `None` behind the last one.
    pub(super) async fn next(&mut self) -> Option<Result<Piece, ApiError>> {
        self.0.recv().await
    }

    /// The next piece if it is there already: `None` if it is not,
    /// `Some(None)` behind the last one.
    #[allow(clippy::option_option)] // "not yet" and "no more" are two things
    pub(super) fn try_next(&mut self) -> Option<Option<Result<Piece, ApiError>>> {
        match self.0.try_recv() {
            Ok(piece) => Some(Some(piece)),
            Err(mpsc::error::TryRecvError::Empty) => None,
            Err(mpsc::error::TryRecvError::Disconnected) => Some(None),
        }
    }
}

struct Reader {
    bounds: Bounds,
    window: Arc<Semaphore>,
    shared: Arc<Semaphore>,
    sender: UnboundedSender<Result<Piece, ApiError>>,
}

impl Reader {
    async fn run(self, body: Body) {
        tokio::select! {
            // Nobody wants it any more: the answer is over, or the client gone.
            () = self.sender.closed() => {}
            result = self.read(body) => {
                if let Err(error) = result {
                    // A receiver that is gone needs no error.
                    let _ = self.sender.send(Err(error));
                }
            }
        }
    }

    async fn read(&self, body: Body) -> Result<(), ApiError> {
        let mut pieces = body.into_data_stream();
        let patience = self.bounds.request_timeout;
        let end = Instant::now() + patience * TIMES;
        let mut total = 0;
        // A client that sends a byte now and then would be waited for all the time.
        let mut waited = Duration::ZERO;
        loop {
            let begun = Instant::now();
            let earned = Duration::from_secs(total) / FLOOR;
            let allowed = (patience + earned).saturating_sub(waited);
            let until = end.min(begun + patience.min(allowed));
            let Ok(next) = timeout_at(until, pieces.next()).await else {
                let message = "The body took too long to come: send it faster, or in parts.";
                return Err(ApiError::new(Code::Timeout, message));
            };
            waited += begun.elapsed();
            let Some(piece) = next else { return Ok(()) };
            let bytes = piece.map_err(|error| {
                tracing::debug!(%error, "a body ended early");
                let message = "The body could not be read to its end.";
                ApiError::new(Code::InvalidParameter, message).about("body")
            })?;
            total += bytes.len() as u64;
            if total > self.bounds.max_body {
                let limit = self.bounds.max_body;
                let message = format!("The request's body has more than {limit} bytes.");
                return Err(ApiError::new(Code::PayloadTooLarge, message));
            }
            if !bytes.is_empty() {
                let room = self.room(bytes.len()).await?;
                // A receiver that is gone ends this in `run`.
                let _ = self.sender.send(Ok(Piece { bytes, _room: room }));
            }
        }
    }

    /// Waits for room for a piece.
    async fn room(&self, length: usize) -> Result<OwnedSemaphorePermit, ApiError> {
        let of = |room: &Arc<Semaphore>, most: usize| {
            let wanted = u32::try_from((length + COST).min(most)).unwrap_or(u32::MAX);
            Arc::clone(room).acquire_many_owned(wanted)
        };
        let room = if let Ok(room) = timeout(STALL, of(&self.window, WINDOW)).await {
            room
        } else {
            tokio::select! {
                room = of(&self.window, WINDOW) => room,
                room = of(&self.shared, SHARED) => room,
            }
        };
        room.map_err(ApiError::internal)
    }
}
