//! The asking side of `control.sock`.

use std::io::{self, BufRead, Read as _};
use std::path::Path;

use futures_util::Stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use crate::exchange::Imported;
use crate::ingest::{Report, Request};
use crate::operation::{FileSearch, Operation};
use crate::run::{Command, Run};

/// Bytes of a document sent at a time, and how many pieces wait to be sent.
const PIECE: usize = 1 << 16;
const PIECES: usize = 8;

/// The server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// It said no, and why.
    #[error("{0}")]
    Refused(String),
    /// What was to be sent could not be read; no fault of the server.
    #[error("{0}")]
    Input(io::Error),
    /// It went away, or is of another version.
    #[error("the server that owns the data directory did not answer: {0}")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl RemoteError {
    fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> RemoteError {
        RemoteError::Broken(error.into())
    }
}

type RequestBody = BoxBody<Bytes, io::Error>;

/// Asks for an operation.
pub async fn perform(
    socket: &Path,
    operation: &Operation,
) -> Result<serde_json::Value, RemoteError> {
    let body = serde_json::to_vec(operation).map_err(RemoteError::broken)?;
    let body = Full::new(Bytes::from(body))
        .map_err(|never| match never {})
        .boxed();
    ask(socket, "/operation", body).await
}

/// Has a feed run.
pub async fn run(socket: &Path, command: &Command) -> Result<Run, RemoteError> {
    let body = serde_json::to_vec(command).map_err(RemoteError::broken)?;
    let body = Full::new(Bytes::from(body)).map_err(|never| match never {});
    ask(socket, "/run", body.boxed()).await
}

/// Takes everything that is stored, as it comes.
pub async fn export(
    socket: &Path,
    tell: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), RemoteError> {
    let body = Full::new(Bytes::new()).map_err(|never| match never {});
    exchange(socket, "/export", body.boxed(), async |response| {
        read_pieces(response, tell).await
    })
    .await
}

/// Sends an export.
pub async fn import(socket: &Path, input: &mut dyn BufRead) -> Result<Imported, RemoteError> {
    send(socket, "/import", input).await
}

/// Sends a document. `input` is read on this thread; the rest happens on the
/// current-thread runtime that drives this future.
pub async fn ingest(
    socket: &Path,
    request: &Request,
    input: &mut dyn BufRead,
) -> Result<Report, RemoteError> {
    let query = serde_urlencoded::to_string(request).map_err(RemoteError::broken)?;
    send(socket, &format!("/ingest?{query}"), input).await
}

async fn send<T: DeserializeOwned>(
    socket: &Path,
    path: &str,
    input: &mut dyn BufRead,
) -> Result<T, RemoteError> {
    let (sender, receiver) = mpsc::channel::<io::Result<Frame<Bytes>>>(PIECES);
    let body = BodyExt::boxed(StreamBody::new(stream_of(receiver)));
    let asking = ask(socket, path, body);
    let sending = async move {
        loop {
            let piece = match read_piece(input) {
                Ok(piece) if piece.is_empty() => return Ok(()),
                Ok(piece) => piece,
                Err(error) => {
                    // A body that breaks off is a bad document over there, too.
                    let broken = io::Error::new(error.kind(), error.to_string());
                    let _ = sender.send(Err(broken)).await;
                    return Err(error);
                }
            };
            // A server that stopped listening has an answer that says why.
            if sender.send(Ok(Frame::data(piece.into()))).await.is_err() {
                return Ok(());
            }
        }
    };
    let (answer, sent) = tokio::join!(asking, sending);
    sent.map_err(RemoteError::Input)?;
    answer
}

/// Sends values, one a line, and hands the answers on as they come. `input` is
/// read by a thread of its own, so that answers do not wait for values that
/// are yet to be written.
pub async fn search_lines(
    socket: &Path,
    request: &FileSearch,
    mut input: Box<dyn BufRead + Send>,
    tell: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), RemoteError> {
    let query = serde_urlencoded::to_string(request).map_err(RemoteError::broken)?;
    let (sender, receiver) = mpsc::channel::<io::Result<Frame<Bytes>>>(PIECES);
    let (fail, failed) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        loop {
            let piece = match input.fill_buf() {
                Ok([]) => return,
                Ok(piece) => piece.to_vec(),
                Err(error) => {
                    let broken = io::Error::from(error.kind());
                    // Nobody waits for either where the asking is over.
                    let _ = fail.send(error);
                    let _ = sender.blocking_send(Err(broken));
                    return;
                }
            };
            input.consume(piece.len());
            // A server that stopped listening has an answer that says why.
            if sender.blocking_send(Ok(Frame::data(piece.into()))).is_err() {
                return;
            }
        }
    });
    let path = format!("/search?{query}");
    let body = BodyExt::boxed(StreamBody::new(stream_of(receiver)));
    let answered = exchange(socket, &path, body, async |response| {
        read_pieces(response, tell).await
    })
    .await;
    failed
        .try_recv()
        .map_or(answered, |error| Err(RemoteError::Input(error)))
}

/// What a channel brings.
fn stream_of<T>(receiver: mpsc::Receiver<T>) -> impl Stream<Item = T> {
    futures_util::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    })
}

fn read_piece(input: &mut dyn BufRead) -> io::Result<Vec<u8>> {
    let mut piece = Vec::with_capacity(PIECE);
    input.take(PIECE as u64).read_to_end(&mut piece)?;
    Ok(piece)
}

async fn ask<T: DeserializeOwned>(
    socket: &Path,
    path: &str,
    body: RequestBody,
) -> Result<T, RemoteError> {
    exchange(socket, path, body, read_whole).await
}

/// Hands an answer on as it comes.
async fn read_pieces(
    response: Response<Incoming>,
    tell: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), RemoteError> {
    if response.status() != StatusCode::OK {
        return read_whole(response).await.map(|_: serde_json::Value| ());
    }
    let mut answer = response.into_body();
    while let Some(frame) = answer.frame().await {
        let frame = frame.map_err(RemoteError::broken)?;
        if let Some(lines) = frame.data_ref() {
            tell(lines).map_err(RemoteError::broken)?;
        }
    }
    Ok(())
}

/// The answer that a response is.
async fn read_whole<T: DeserializeOwned>(response: Response<Incoming>) -> Result<T, RemoteError> {
    let status = response.status();
    let bytes = response
        .into_body()
        .collect()
        .await
        .map_err(RemoteError::broken)?
        .to_bytes();
    match status {
        StatusCode::OK => serde_json::from_slice(&bytes).map_err(RemoteError::broken),
        StatusCode::UNPROCESSABLE_ENTITY => Err(RemoteError::Refused(
            String::from_utf8_lossy(&bytes).into_owned(),
        )),
        other => Err(RemoteError::broken(format!("it said {other}"))),
    }
}

/// Sends a request and has its response read.
async fn exchange<T>(
    socket: &Path,
    path: &str,
    body: RequestBody,
    read: impl AsyncFnOnce(Response<Incoming>) -> Result<T, RemoteError>,
) -> Result<T, RemoteError> {
    let stream = UnixStream::connect(socket)
        .await
        .map_err(RemoteError::broken)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(RemoteError::broken)?;
    let request = hyper::Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("host", "control.sock")
        .body(body)
        .map_err(RemoteError::broken)?;
    let asking = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(RemoteError::broken)?;
        read(response).await
    };
    tokio::pin!(asking);
    tokio::select! {
        answer = &mut asking => answer,
        ended = connection => {
            ended.map_err(RemoteError::broken)?;
            asking.await
        }
    }
}
