//! Connections: taken, bounded, and ended in good order.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service as _;

use super::code::Code;
use super::error::ApiError;
use super::open_files::connections_allowed;
use super::wire::{Wire, closing_response};
use super::{App, Peer, router};
use crate::store::ClaimStore;

/// How often what was counted is written down.
const FLUSH_EVERY: Duration = Duration::from_secs(5);
/// Connections at a time that are told that there are too many.
const MAX_REFUSALS: usize = 64;
/// How long it may take to tell them.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// Every request that ran was finished.
    Finished,
    /// Some were cut off: they took longer than a stop waits.
    CutOff,
}

/// Serves until `stop` is ready; then takes no more connections, finishes the
/// requests that run, for a bounded time, and writes down what was counted.
pub async fn serve<S: ClaimStore>(
    app: Arc<App<S>>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send,
) -> Served {
    let router = router(Arc::clone(&app));
    serve_routes(app, router, listener, stop).await
}

/// As [`serve`], with these routes.
pub(crate) async fn serve_routes<S: ClaimStore>(
    app: Arc<App<S>>,
    router: Router,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send,
) -> Served {
    let bounds = app.settings.limits;
    let graceful = GracefulShutdown::new();
    let seats = connections_allowed(bounds.max_connections).min(Semaphore::MAX_PERMITS);
    let seats = Arc::new(Semaphore::new(seats));
    let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
    let flusher = tokio::spawn(flush_usage(Arc::clone(&app)));
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                rest_after(&error).await;
                continue;
            }
        };
        match Arc::clone(&seats).try_acquire_owned() {
            Ok(seat) => converse(&app, stream, peer, router.clone(), seat, &graceful),
            Err(_) => {
                if let Ok(permit) = Arc::clone(&refusals).try_acquire_owned() {
                    let id = app.ids.next();
                    let error = ApiError::new(Code::Unavailable, "There are too many connections.");
                    let response = closing_response(&error.retry_after(1), id);
                    tokio::spawn(refuse(stream, response, permit));
                }
            }
        }
    }
    app.announce_stop();
    drop(listener);
    let served = tokio::select! {
        () = graceful.shutdown() => Served::Finished,
        () = tokio::time::sleep(bounds.shutdown_timeout) => Served::CutOff,
    };
    flusher.abort();
    write_usage(&app).await;
    served
}

/// Serves one connection in a task of its own.
fn converse<S: ClaimStore>(
    app: &Arc<App<S>>,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    seat: OwnedSemaphorePermit,
    graceful: &GracefulShutdown,
) {
    // Answers are written whole: waiting to fill a packet only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection is gone already");
    }
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let mut router = router.clone();
        async move {
            Ok::<_, Infallible>(
                router
                    .call(request)
                    .await
                    .unwrap_or_else(|never| match never {}),
            )
        }
    });
    let bounds = app.settings.limits;
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.header_timeout)
        // Room for the longest target that the protocol has and for the header
        // fields: within it, refusals are ours and have the documented body.
        .max_buf_size((80 << 10) + bounds.max_headers)
        .serve_connection(Wire::new(stream, Arc::clone(app)), service);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection ended early");
        }
        drop(seat);
    });
}

/// Tells a client, in the documented form, that there is no room.
async fn refuse(mut stream: TcpStream, response: Vec<u8>, permit: OwnedSemaphorePermit) {
    let told = async {
        stream.write_all(&response).await?;
        stream.shutdown().await?;
        // Closing with unread input would reset the connection, and the client
        // might never see the answer.
        let mut unread = [0; 4_096];
        for _ in 0..16 {
            if stream.read(&mut unread).await? == 0 {
                break;
            }
        }
        io::Result::Ok(())
    };
    if let Ok(Err(error)) = tokio::time::timeout(REFUSAL_TIMEOUT, told).await {
        tracing::debug!(%error, "a refused connection ended early");
    }
    drop(permit);
}

/// A connection that died before it was taken is no trouble; too many open
/// files are, and trying again at once would only burn the processor.
async fn rest_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::error!(%error, "no connection could be taken");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn flush_usage<S: ClaimStore>(app: Arc<App<S>>) {
    let mut ticks = tokio::time::interval(FLUSH_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        write_usage(&app).await;
    }
}

/// Writes down what was counted, off the threads that serve.
async fn write_usage<S: ClaimStore>(app: &App<S>) {
    let control = Arc::clone(&app.control);
    let written = tokio::task::spawn_blocking(move || control.flush_usage()).await;
    match written {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "usage could not be written down"),
        Err(error) => tracing::error!(%error, "writing usage down failed"),
    }
}
