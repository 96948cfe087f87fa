//! The connection below HTTP: what is refused before it is a request.
//!
//! A request line or head that cannot be read never reaches the router; the
//! HTTP library answers it with a bare status. Every error of this API has a
//! body, so such an answer is replaced as it is written. Clients that take
//! nothing are let go.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::code::Code;
use super::conversation::Connection;
use super::error::ApiError;
use super::request_id::RequestId;
use crate::store::ClaimStore;

/// How long a connection is read on after its last answer: one that is closed
/// with unread input is reset, and the client might never see the answer.
const LINGER: Duration = Duration::from_secs(2);

/// A connection whose bare refusals get the documented body.
pub(super) struct Wire<S, T> {
    io: T,
    connection: Arc<Connection<S>>,
    replacement: Option<Replacement>,
    /// Whether the line with which a request begins has come to its end.
    line_ended: bool,
    /// Runs while the client takes nothing of what there is to write.
    stall: Option<Pin<Box<Sleep>>>,
    /// Runs when all is written, until the client closes, too.
    linger: Option<Pin<Box<Sleep>>>,
}

/// What is written in place of a bare refusal.
struct Replacement {
    bytes: Vec<u8>,
    written: usize,
    /// Bytes of the bare refusal that it stands for.
    stands_for: usize,
}

impl<S: ClaimStore, T: AsyncRead + AsyncWrite + Unpin> Wire<S, T> {
    pub(super) fn new(io: T, connection: Arc<Connection<S>>) -> Wire<S, T> {
        Wire {
            io,
            connection,
            replacement: None,
            line_ended: false,
            stall: None,
            linger: None,
        }
    }

    /// What to write in place of `bytes`, if they are a bare refusal.
    fn replace(&self, bytes: &[u8]) -> Option<Replacement> {
        let status = bytes.strip_prefix(b"HTTP/1.1 ")?.first_chunk::<3>()?;
        let (code, message) = match status {
            b"414" => (Code::UriTooLong, "The request's target is too long."),
            // The buffer is full of a target that has no end.
            b"431" if !self.line_ended => (Code::UriTooLong, "The request's target is too long."),
            b"431" => (
                Code::HeadersTooLarge,
                "The request's header fields are too many or too large.",
            ),
            b"400" => (
                Code::InvalidParameter,
                "This is no HTTP request that can be read.",
            ),
            _ => return None,
        };
        // Errors of our own have a body, and say so.
        let head = str::from_utf8(bytes).ok()?;
        if !head.ends_with("\r\n\r\n")
            || !head
                .to_ascii_lowercase()
                .contains("\r\ncontent-length: 0\r\n")
        {
            return None;
        }
        let app = &self.connection.app;
        let id = app.ids.next();
        app.traffic.count_error(code);
        tracing::info!(request_id = %id, code = code.as_str(), "unreadable request");
        let bytes = closing_response(&ApiError::new(code, message), id);
        Some(Replacement {
            bytes,
            written: 0,
            stands_for: head.len(),
        })
    }

    /// Gives up on a client that takes nothing for as long as a request may
    /// take: its answer would be kept for ever.
    fn watch<R>(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        let stalled = &self.connection.stalled;
        if polled.is_ready() {
            if self.stall.take().is_some() {
                stalled.store(false, Ordering::Relaxed);
            }
            return polled;
        }
        let patience = self.connection.app.settings.limits.request_timeout;
        let stall = self.stall.get_or_insert_with(|| {
            stalled.store(true, Ordering::Relaxed);
            Box::pin(tokio::time::sleep(patience))
        });
        ready!(stall.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_replacement(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<usize>>> {
        let Some(replacement) = &mut self.replacement else {
            return Poll::Ready(None);
        };
        while replacement.written < replacement.bytes.len() {
            let rest = &replacement.bytes[replacement.written..];
            match ready!(Pin::new(&mut self.io).poll_write(context, rest)) {
                Ok(0) => return Poll::Ready(Some(Err(io::ErrorKind::WriteZero.into()))),
                Ok(written) => replacement.written += written,
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        let stands_for = replacement.stands_for;
        self.replacement = None;
        Poll::Ready(Some(Ok(stands_for)))
    }
}

impl<S: ClaimStore, T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<S, T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(context, buffer))?;
        if !self.line_ended {
            self.line_ended = memchr::memchr(b'\n', &buffer.filled()[before..]).is_some();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: ClaimStore, T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S, T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.replacement.is_none() {
            self.replacement = self.replace(bytes);
        }
        // What comes after an answer is another request.
        self.line_ended = false;
        let written = match self.poll_replacement(context) {
            Poll::Ready(None) => Pin::new(&mut self.io).poll_write(context, bytes),
            Poll::Ready(Some(result)) => Poll::Ready(result),
            Poll::Pending => Poll::Pending,
        };
        self.watch(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [first] = slices {
            return self.poll_write(context, first);
        }
        self.line_ended = false;
        let written = match self.poll_replacement(context) {
            Poll::Ready(None) => Pin::new(&mut self.io).poll_write_vectored(context, slices),
            Poll::Ready(Some(result)) => Poll::Ready(result),
            Poll::Pending => Poll::Pending,
        };
        self.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(context);
        self.watch(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = &mut *self;
        if wire.linger.is_none() {
            ready!(Pin::new(&mut wire.io).poll_shutdown(context))?;
        }
        let sleep = || Box::pin(tokio::time::sleep(LINGER));
        let linger = wire.linger.get_or_insert_with(sleep);
        let mut unread = [0; 4_096];
        while linger.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut unread);
            let read = ready!(Pin::new(&mut wire.io).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// A whole response that ends its connection.
pub(super) fn closing_response(error: &ApiError, id: RequestId) -> Vec<u8> {
    let status = error.code().status();
    let body = error.body(id);
    let mut response = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         x-request-id: {id}\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\n\
         connection: close\r\n",
        status.as_str(),
        status.canonical_reason().unwrap_or_default(),
        body.len(),
    );
    for (name, value) in error.headers() {
        if let Ok(value) = value.to_str() {
            for part in [name.as_str(), ": ", value, "\r\n"] {
                response.push_str(part);
            }
        }
    }
    response.push_str("\r\n");
    let mut response = response.into_bytes();
    response.extend_from_slice(&body);
    response
}
