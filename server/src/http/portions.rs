//! Answers that are too large to be given to a connection at once.
//!
//! What a connection has taken it keeps until its client takes it, and the
//! request counts as over. So a large answer is handed over in portions, as
//! the client takes them; until the last one the request runs, and the answer
//! has its part of memory of which there is only so much.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::code::Code;
use super::error::ApiError;
use super::share::Share;
use crate::control::{Caller, Shared};

/// Bytes of a portion. An answer of no more is handed over as it is.
const PORTION: usize = 64 << 10;
/// Bytes of a piece that is handed over as it is: those of bulk answers are
/// somewhat larger than a portion, and each ends with a line.
const PIECE: usize = 2 * PORTION;
/// KiB of large answers that may wait for their clients at a time.
const WAITING: u32 = 256 << 10;
/// Of these, as many as one key may have. A larger answer counts as so many.
const WAITING_OF_KEY: u32 = WAITING / 4;

/// Memory for large answers, which all share.
pub(super) struct AnswerRoom(Arc<Semaphore>);

/// Room for one answer, given back when it is dropped.
type Room = (OwnedSemaphorePermit, Share);

impl AnswerRoom {
    pub(super) fn new() -> AnswerRoom {
        AnswerRoom(Arc::new(Semaphore::new(WAITING as usize)))
    }

    /// Takes room for an answer of so many bytes to a key.
    fn take(&self, caller: &Arc<Caller>, bytes: u64) -> Result<Room, ApiError> {
        let size = u32::try_from(bytes >> 10).unwrap_or(u32::MAX);
        let size = size.clamp(1, WAITING_OF_KEY);
        let own = Share::take(caller, Shared::Answers, size.into(), WAITING_OF_KEY.into());
        let own = own.ok_or_else(|| {
            let message = "Your key has as many answers waiting to be taken as it may have: take \
                           those first, or ask for less at a time.";
            ApiError::new(Code::RateLimitExceeded, message).retry_after(1)
        })?;
        let all = Arc::clone(&self.0).try_acquire_many_owned(size);
        let all = all.map_err(|_full| {
            let message = "As many answers wait to be taken as may wait.";
            ApiError::new(Code::Unavailable, message).retry_after(1)
        })?;
        Ok((all, own))
    }
}

/// The response as it is handed to the connection. A large or a growing one
/// keeps its key's `share` of the requests that run until it has been taken.
pub(super) fn hand_over(
    response: Response,
    room: &AnswerRoom,
    caller: Option<&Arc<Caller>>,
    share: Option<Share>,
) -> Result<Response, ApiError> {
    let size = response.body().size_hint().exact();
    if size.is_some_and(|size| size <= PORTION as u64) {
        return Ok(response);
    }
    let room = match (size, caller) {
        (Some(size), Some(caller)) => Some(room.take(caller, size)?),
        // What grows is in memory a piece at a time; what is public, once.
        _ => None,
    };
    Ok(response.map(|body| {
        Body::new(Portions {
            body,
            rest: Bytes::new(),
            _room: room,
            _share: share,
        })
    }))
}

/// A body in portions.
struct Portions {
    body: Body,
    /// What is left of its latest frame.
    rest: Bytes,
    _room: Option<Room>,
    _share: Option<Share>,
}

impl HttpBody for Portions {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) if data.len() > PIECE => self.rest = data,
                Some(Ok(Ok(data))) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Some(Ok(Err(trailers))) => return Poll::Ready(Some(Ok(trailers))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let size = self.rest.len().min(PORTION);
        // A copy: a part of the whole would keep all of it in memory.
        let portion = Bytes::copy_from_slice(&self.rest.split_to(size));
        Poll::Ready(Some(Ok(Frame::data(portion))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, hint) = (self.rest.len() as u64, self.body.size_hint());
        let mut sum = SizeHint::new();
        sum.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            sum.set_upper(upper + rest);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::BodyExt as _;
    use jiff::Timestamp;

    use super::*;
    use crate::clock::Clock;
    use crate::config::Tiers;
    use crate::control::{Control, KeyRequest};

    fn portions(body: Body) -> Portions {
        Portions {
            body,
            rest: Bytes::new(),
            _room: None,
            _share: None,
        }
    }

    #[tokio::test]
    async fn a_body_comes_in_portions_that_are_all_of_it() {
        let large = vec![7; 5 * PORTION / 2];
        let mut body = portions(Body::from(large.clone()));
        let (mut told, mut left) = (Vec::new(), large.len());
        while let Some(frame) = body.frame().await {
            let data = frame.unwrap().into_data().unwrap();
            assert!(data.len() <= PORTION);
            left -= data.len();
            assert_eq!(body.size_hint().exact(), Some(left as u64));
            assert_eq!(body.is_end_stream(), left == 0);
            told.extend_from_slice(&data);
        }
        assert_eq!(told, large);
    }

    #[tokio::test]
    async fn pieces_that_are_small_come_as_they_are() {
        let pieces = [vec![1; 10], vec![2; PIECE + 1], vec![3; PIECE]];
        let body = Body::from_stream(stream::iter(pieces.map(Ok::<_, std::io::Error>)));
        let mut body = portions(body);
        let mut sizes = Vec::new();
        while let Some(frame) = body.frame().await {
            sizes.push(frame.unwrap().into_data().unwrap().len());
        }
        assert_eq!(sizes, [10, PORTION, PORTION, 1, PIECE]);
    }

    fn caller(control: &Control, name: &str) -> Arc<Caller> {
        let (_, secret) = control.create_key(&KeyRequest::named(name)).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        control
            .authenticate(secret.reveal().as_bytes(), now)
            .unwrap()
    }

    #[test]
    fn answers_that_wait_have_so_much_room_and_a_key_a_part_of_it() {
        let control = Control::in_memory(Tiers::default(), Clock::System).unwrap();
        let room = AnswerRoom::new();
        let hand = |caller: &Arc<Caller>, bytes: usize| {
            let response = Response::new(Body::from(vec![0; bytes]));
            hand_over(response, &room, Some(caller), None)
        };
        let one = caller(&control, "one");
        let half = (WAITING_OF_KEY as usize) << 9;
        let first = hand(&one, half).unwrap();
        let second = hand(&one, half).unwrap();
        let refused = hand(&one, half).unwrap_err();
        assert_eq!(refused.code(), Code::RateLimitExceeded);
        // A small one needs none.
        assert!(hand(&one, PORTION).is_ok());
        let others: Vec<_> = (0..3)
            .map(|number| {
                let other = caller(&control, &number.to_string());
                room.take(&other, u64::MAX).unwrap()
            })
            .collect();
        let refused = hand(&caller(&control, "last"), half).unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        drop(others);
        drop(first);
        assert!(hand(&one, half).is_ok());
        drop(second);
    }
}
