//! `control.sock`: how commands reach the server that owns the data directory.
//!
//! HTTP over a Unix socket that only the owner of the directory may open
//! (mode 0600); no key is asked for. `POST /operation` takes an
//! [`Operation`] as JSON and answers JSON; `POST /ingest` takes a document
//! and answers a [`Report`](crate::ingest::Report); `POST /run` takes a
//! [`Command`] about a feed and answers a [`Run`](crate::run::Run); `POST /search` takes a value
//! a line and answers a line of JSON for each; `POST /export` and `POST /import`
//! answer and take the lines of [`exchange`](crate::exchange). What fails answers 422 with the
//! reason as text, or once an answer has begun, with a last line that tells it.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures_util::TryStreamExt as _;
use tokio::net::UnixListener;
use tokio::runtime::Handle;
use tokio_util::io::{StreamReader, SyncIoBridge};

use crate::ingest::{Ingester, Request};
use crate::operation::{FileSearch, Operation, perform};
use crate::owner::{Node, socket};
use crate::run::Command;

pub mod client;
mod exchanging;
mod searching;

/// Listens in the data directory. A socket left by a crash is replaced: the
/// caller holds the directory's lock, so nobody else can be listening.
pub fn bind(dir: &Path) -> io::Result<UnixListener> {
    // A socket is made with the mode that the process's mask leaves, and the
    // directory may be open to others: so it is made where nobody else gets,
    // and appears with its mode. Both paths are of one length: one that is too
    // long is refused here, and not when somebody asks.
    let apart = dir.join(".made");
    match fs::remove_dir_all(&apart) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::DirBuilder::new().mode(0o700).create(&apart)?;
    let made = apart.join("socket");
    let listener = UnixListener::bind(&made)?;
    fs::set_permissions(&made, fs::Permissions::from_mode(0o600))?;
    fs::rename(&made, socket(dir))?;
    fs::remove_dir(&apart)?;
    Ok(listener)
}

/// What is answered there.
pub fn router(node: Arc<Node>) -> Router {
    Router::new()
        .route("/operation", post(operation))
        .route("/ingest", post(ingest))
        .route("/run", post(run))
        .route("/search", post(search_lines))
        .route("/export", post(exchanging::export))
        .route("/import", post(exchanging::import))
        .with_state(node)
}

fn refuse(reason: &dyn ToString) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, reason.to_string()).into_response()
}

async fn operation(State(node): State<Arc<Node>>, body: Bytes) -> Response {
    let operation: Operation = match serde_json::from_slice(&body) {
        Ok(operation) => operation,
        Err(error) => return refuse(&format!("the server does not know this operation: {error}")),
    };
    // It may wait for the disk.
    let runtime = Handle::current();
    let done =
        tokio::task::spawn_blocking(move || runtime.block_on(perform(operation, &node))).await;
    match done {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(error)) => refuse(&error),
        Err(error) => refuse(&error),
    }
}

async fn ingest(
    State(node): State<Arc<Node>>,
    Query(request): Query<Request>,
    body: Body,
) -> Response {
    let stream = body.into_data_stream().map_err(io::Error::other);
    let reader = StreamReader::new(stream);
    let runtime = Handle::current();
    let done = tokio::task::spawn_blocking(move || {
        let mut input = SyncIoBridge::new(reader);
        let ingester = Ingester {
            store: &*node.store,
            control: &node.control,
            articles: &node.articles,
            feeds: &node.feeds,
            runtime: &runtime,
        };
        ingester.ingest(&request, &mut input, node.clock.now())
    })
    .await;
    match done {
        Ok(Ok(report)) => Json(report).into_response(),
        Ok(Err(error)) => refuse(&error),
        Err(error) => refuse(&error),
    }
}

async fn run(State(node): State<Arc<Node>>, body: Bytes) -> Response {
    let command: Command = match serde_json::from_slice(&body) {
        Ok(command) => command,
        Err(error) => return refuse(&format!("the server does not know this command: {error}")),
    };
    let runtime = Handle::current();
    let done = tokio::task::spawn_blocking(move || command.perform(&node.runner, &runtime)).await;
    match done {
        Ok(Ok(run)) => Json(run).into_response(),
        Ok(Err(error)) => refuse(&error),
        Err(error) => refuse(&error),
    }
}

async fn search_lines(
    State(node): State<Arc<Node>>,
    Query(request): Query<FileSearch>,
    body: Body,
) -> Response {
    match request.purpose() {
        Ok(purpose) => Body::from_stream(searching::answers(node, purpose, body)).into_response(),
        Err(error) => refuse(&error),
    }
}
