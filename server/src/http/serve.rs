//! Connections: taken, bounded, and ended in good order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::code::Code;
use super::conversation::{Connection, stopped};
use super::error::ApiError;
use super::open_files::connections_allowed;
use super::seats::{Seat, Seats};
use super::wire::closing_response;
use super::{App, metrics, router};
use crate::metrics::NotTaken;
use crate::store::ClaimStore;
use crate::tls::Tls;

/// How often what was counted is written down.
const FLUSH_EVERY: Duration = Duration::from_secs(5);
/// Connections at a time that are told that there are too many.
const MAX_REFUSALS: usize = 64;
/// How long it may take to tell them.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);
/// Connections that may wait to be taken; the system has a bound of its own. One
/// that finds no place is not refused, but tried again by its system a second
/// later: a burst should not come to that.
const BACKLOG: u32 = 4_096;
/// Connections at a time to the address that is for metrics alone.
const METRICS_SEATS: usize = 16;

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// Every request that ran was finished.
    Finished,
    /// Some were cut off: they took longer than a stop waits.
    CutOff,
}

/// Where connections come from, and how they are spoken on.
pub struct Listening {
    /// Takes them.
    pub listener: TcpListener,
    /// The certificate, where they are encrypted.
    pub tls: Option<Arc<Tls>>,
}

impl From<TcpListener> for Listening {
    /// Connections in the clear.
    fn from(listener: TcpListener) -> Self {
        Listening {
            listener,
            tls: None,
        }
    }
}

/// Listens on an address; port 0 takes a free one.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // Connections of a server that has just ended are no reason to wait.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop` is ready; then takes no more connections, closes those
/// on which nothing runs, finishes the requests that run, for a bounded time,
/// and writes down what was counted.
pub async fn serve<S: ClaimStore>(
    app: Arc<App<S>>,
    listening: impl Into<Listening>,
    stop: impl Future<Output = ()> + Send,
) -> Served {
    let router = router(Arc::clone(&app));
    serve_routes(app, router, listening, stop).await
}

/// As [`serve`], with these routes.
pub(crate) async fn serve_routes<S: ClaimStore>(
    app: Arc<App<S>>,
    router: Router,
    listening: impl Into<Listening>,
    stop: impl Future<Output = ()> + Send,
) -> Served {
    let limits = app.settings.limits;
    let seats = Seats::new(
        connections_allowed(limits.max_connections),
        limits.max_connections_per_address,
        app.settings.trusted_proxies.clone(),
    );
    let flusher = tokio::spawn(flush_usage(Arc::clone(&app)));
    let door = Door::new(Arc::clone(&app), router, listening.into(), seats);
    tokio::select! {
        () = stop => {}
        never = door.take_connections() => match never {},
    }
    app.announce_stop();
    let served = door.close(limits.shutdown_timeout).await;
    flusher.abort();
    write_usage(&app).await;
    served
}

/// Serves `/metrics` alone, to everyone who reaches the listener, until the
/// future is dropped.
pub async fn serve_metrics<S: ClaimStore>(app: Arc<App<S>>, listener: TcpListener) {
    let seats = Seats::new(METRICS_SEATS, METRICS_SEATS, Vec::new());
    let router = metrics::router(Arc::clone(&app));
    let door = Door::new(app, router, listener.into(), seats);
    match door.take_connections().await {}
}

/// Where connections come in.
struct Door<S> {
    app: Arc<App<S>>,
    router: Router,
    listening: Listening,
    seats: Arc<Seats>,
    refusals: Arc<Semaphore>,
    /// Tells connections that it is time to end; it is closed when all have.
    stop: watch::Sender<bool>,
}

impl<S: ClaimStore> Door<S> {
    fn new(app: Arc<App<S>>, router: Router, listening: Listening, seats: Arc<Seats>) -> Door<S> {
        Door {
            app,
            router,
            listening,
            seats,
            refusals: Arc::new(Semaphore::new(MAX_REFUSALS)),
            stop: watch::Sender::new(false),
        }
    }

    async fn take_connections(&self) -> std::convert::Infallible {
        loop {
            match self.listening.listener.accept().await {
                Ok((stream, peer)) => match self.seats.take(peer.ip()) {
                    Ok(seat) => self.receive(stream, peer, seat),
                    Err(why) => self.turn_away(stream, why),
                },
                Err(error) => rest_after(&error).await,
            }
        }
    }

    /// Serves a connection in a task of its own.
    fn receive(&self, stream: TcpStream, peer: SocketAddr, seat: Seat) {
        // Answers are written whole: waiting to fill a packet only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the connection is gone already");
        }
        let tls = self.listening.tls.as_ref().map(|tls| tls.acceptor());
        let (app, router) = (Arc::clone(&self.app), self.router.clone());
        let mut stop = self.stop.subscribe();
        tokio::spawn(async move {
            let connection = Connection::new(Arc::clone(&app), peer);
            match tls {
                None => connection.hold(stream, router, &mut stop).await,
                Some(tls) => {
                    let patience = app.settings.limits.header_timeout;
                    let handshake = tokio::time::timeout(patience, tls.accept(stream));
                    let encrypted = tokio::select! {
                        encrypted = handshake => encrypted,
                        () = stopped(&mut stop) => Ok(Err(io::ErrorKind::Interrupted.into())),
                    };
                    match encrypted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                        Ok(stream) => connection.hold(stream, router, &mut stop).await,
                        Err(error) => {
                            app.traffic.count_not_taken(NotTaken::Handshake);
                            tracing::debug!(%error, %peer, "no TLS handshake");
                        }
                    }
                }
            }
            drop(seat);
        });
    }

    /// Tells a client that there is no room, where that can be told.
    fn turn_away(&self, stream: TcpStream, why: NotTaken) {
        self.app.traffic.count_not_taken(why);
        let Ok(permit) = Arc::clone(&self.refusals).try_acquire_owned() else {
            return;
        };
        // Saying it in the clear would be noise to who expects TLS.
        if self.listening.tls.is_some() {
            return;
        }
        let message = match why {
            NotTaken::AddressFull => "There are too many connections from your address.",
            _ => "There are too many connections.",
        };
        let error = ApiError::new(Code::Unavailable, message).retry_after(1);
        self.app.traffic.count_error(error.code());
        let response = closing_response(&error, self.app.ids.next());
        tokio::spawn(async move {
            refuse(stream, response).await;
            drop(permit);
        });
    }

    /// Takes no more connections, and waits for those that there are.
    async fn close(self, patience: Duration) -> Served {
        drop(self.listening);
        self.stop.send_replace(true);
        tokio::select! {
            () = self.stop.closed() => Served::Finished,
            () = tokio::time::sleep(patience) => Served::CutOff,
        }
    }
}

/// Tells a client, in the documented form, that there is no room.
async fn refuse(mut stream: TcpStream, response: Vec<u8>) {
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
