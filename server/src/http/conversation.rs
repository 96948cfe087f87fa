//! One connection: requests come, answers go, until either side has had enough.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::Version;
use axum::http::header::HOST;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tower::Service as _;

use super::code::Code;
use super::error::ApiError;
use super::front::tell_unrouted;
use super::wire::Wire;
use super::{App, Peer};
use crate::store::ClaimStore;

/// What there is to a connection besides what comes and goes on it.
pub(super) struct Connection<S> {
    pub(super) app: Arc<App<S>>,
    peer: SocketAddr,
    /// Requests of which the answer has yet to be written.
    running: AtomicUsize,
    /// The client takes nothing of what there is to write.
    pub(super) stalled: AtomicBool,
}

impl<S: ClaimStore> Connection<S> {
    pub(super) fn new(app: Arc<App<S>>, peer: SocketAddr) -> Arc<Connection<S>> {
        app.traffic.open();
        Arc::new(Connection {
            app,
            peer,
            running: AtomicUsize::new(0),
            stalled: AtomicBool::new(false),
        })
    }

    /// Whether ending it would cut off an answer. Asked between two turns of
    /// the connection, after each of which all is written that can be.
    fn is_busy(&self) -> bool {
        self.running.load(Ordering::Relaxed) > 0 || self.stalled.load(Ordering::Relaxed)
    }

    /// Holds the conversation to its end. When `stop` says so, what runs is
    /// finished, and a connection on which nothing runs is closed at once.
    pub(super) async fn hold<T>(
        self: Arc<Self>,
        stream: T,
        router: Router,
        stop: &mut watch::Receiver<bool>,
    ) where
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let limits = self.app.settings.limits;
        let connection = Arc::clone(&self);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            answer(&connection, router.clone(), request.map(Body::new))
        });
        let wire = TokioIo::new(Wire::new(stream, Arc::clone(&self)));
        let conversation = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            // Room for the longest target that the protocol has and for the
            // header fields: within it, refusals are ours and have the
            // documented body.
            .max_buf_size((80 << 10) + limits.max_headers)
            .serve_connection(wire, service);
        tokio::pin!(conversation);
        let ended = tokio::select! {
            ended = conversation.as_mut() => ended,
            () = stopped(stop) => {
                if !self.is_busy() {
                    return;
                }
                conversation.as_mut().graceful_shutdown();
                conversation.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended early");
        }
    }
}

impl<S> Drop for Connection<S> {
    fn drop(&mut self) {
        self.app.traffic.close();
    }
}

/// Waits for the stop; one whose sender is gone has come.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

fn answer<S: ClaimStore>(
    connection: &Arc<Connection<S>>,
    mut router: Router,
    mut request: Request,
) -> impl Future<Output = Result<hyper::Response<Running<S>>, Infallible>> + use<S> {
    let running = Running::begin(connection);
    request.extensions_mut().insert(Peer(connection.peer));
    async move {
        let response = match check_host(&request) {
            Ok(()) => router
                .call(request)
                .await
                .unwrap_or_else(|never| match never {}),
            Err(error) => tell_unrouted(&running.connection.app, &request, Err(error)),
        };
        Ok(response.map(|body| running.with(body)))
    }
}

/// A request of HTTP/1.1 names its host, and none names two (RFC 9112, 3.2):
/// whoever stands before this server might go by the other one.
fn check_host(request: &Request) -> Result<(), ApiError> {
    let hosts = request.headers().get_all(HOST).iter().count();
    if hosts == 1 || (hosts == 0 && request.version() < Version::HTTP_11) {
        return Ok(());
    }
    let message = "The request must have one Host header field.";
    Err(ApiError::new(Code::InvalidParameter, message))
}

/// A request that runs, and the body of its answer: until that has been
/// written, or is dropped because nobody takes it.
struct Running<S> {
    connection: Arc<Connection<S>>,
    body: Body,
}

impl<S> Running<S> {
    fn begin(connection: &Arc<Connection<S>>) -> Running<S> {
        connection.running.fetch_add(1, Ordering::Relaxed);
        connection.app.traffic.begin();
        Running {
            connection: Arc::clone(connection),
            body: Body::empty(),
        }
    }

    fn with(mut self, body: Body) -> Running<S> {
        self.body = body;
        self
    }
}

impl<S> Drop for Running<S> {
    fn drop(&mut self) {
        self.connection.running.fetch_sub(1, Ordering::Relaxed);
        self.connection.app.traffic.end();
    }
}

impl<S> HttpBody for Running<S> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
