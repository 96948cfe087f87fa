//! Who asks the server: keep-alive connections of HTTP/1.1 in one thread,
//! with one request each on its way at a time.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use memchr::memmem;
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use super::BenchError;
use super::figure::Samples;

/// How long an answer may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// When requests are sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// Each connection sends when its answer is there.
    Closed,
    /// So many a second whatever the answers do; one that must wait for a
    /// connection counts from when it was due.
    Steady(f64),
}

/// What a round showed.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// From asking to the whole answer, in microseconds.
    pub(super) latencies: Samples,
    pub(super) elapsed: Duration,
    /// Bytes of the bodies.
    pub(super) bytes: u64,
}

impl Round {
    pub(super) fn answers(&self) -> f64 {
        self.latencies.len() as f64
    }

    pub(super) fn per_second(&self) -> f64 {
        self.answers() / self.elapsed.as_secs_f64()
    }
}

/// Open connections.
pub(super) struct Load {
    epoll: OwnedFd,
    connections: Vec<Connection>,
    events: Vec<epoll::Event>,
    /// The next request, over all rounds.
    next: usize,
}

struct Connection {
    stream: TcpStream,
    /// What has come of the answer.
    buffer: Vec<u8>,
    /// When its request was sent or due; `None` where none is on its way.
    asked_at: Option<Instant>,
}

impl Load {
    pub(super) fn connect(address: SocketAddr, connections: usize) -> Result<Load, BenchError> {
        let io = || BenchError::io("connecting to the server");
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)
            .map_err(std::io::Error::from)
            .map_err(io())?;
        let connections = (0..connections as u64)
            .map(|number| {
                let stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                let data = epoll::EventData::new_u64(number);
                epoll::add(&epoll, &stream, data, epoll::EventFlags::IN)?;
                Ok(Connection {
                    stream,
                    buffer: Vec::with_capacity(16 << 10),
                    asked_at: None,
                })
            })
            .collect::<std::io::Result<Vec<_>>>()
            .map_err(io())?;
        Ok(Load {
            epoll,
            events: Vec::with_capacity(connections.len()),
            connections,
            next: 0,
        })
    }

    /// Sends the requests in turn for as long as `go_on` says, and waits for
    /// the last answers.
    pub(super) fn run(
        &mut self,
        requests: &[Vec<u8>],
        pace: Pace,
        mut go_on: impl FnMut() -> bool,
    ) -> Result<Round, BenchError> {
        let mut round = Round::default();
        let started = Instant::now();
        let mut free: Vec<usize> = (0..self.connections.len()).collect();
        let (mut due, mut heard_at) = (started, started);
        loop {
            let going = go_on();
            while going && !free.is_empty() && due <= Instant::now() {
                let asked_at = match pace {
                    Pace::Closed => Instant::now(),
                    Pace::Steady(_) => due,
                };
                let connection = free.pop().expect("one is free");
                self.next = (self.next + 1) % requests.len();
                self.connections[connection].ask(&requests[self.next], asked_at)?;
                if let Pace::Steady(per_second) = pace {
                    due += Duration::from_secs_f64(1.0 / per_second);
                }
            }
            if !going && free.len() == self.connections.len() {
                break;
            }
            self.poll()?;
            if !self.events.is_empty() || free.len() == self.connections.len() {
                heard_at = Instant::now();
            } else if heard_at.elapsed() > PATIENCE {
                return Err(BenchError::Unexpected(format!(
                    "the server did not answer within {} s",
                    PATIENCE.as_secs()
                )));
            }
            for event in self.events.drain(..) {
                let number = usize::try_from(event.data.u64()).expect("a connection's number");
                if self.connections[number].take(&mut round)? {
                    free.push(number);
                }
            }
        }
        round.elapsed = started.elapsed();
        Ok(round)
    }

    /// Looks what has come, and never sleeps: the core is its own, and the
    /// server would pay for waking it, with each answer that is slow and with
    /// none that is fast.
    fn poll(&mut self) -> Result<(), BenchError> {
        let no_time = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        match epoll::wait(
            &self.epoll,
            spare_capacity(&mut self.events),
            Some(&no_time),
        ) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(BenchError::io("waiting for answers")(error.into())),
        }
    }
}

impl Connection {
    fn ask(&mut self, request: &[u8], asked_at: Instant) -> Result<(), BenchError> {
        self.buffer.clear();
        self.asked_at = Some(asked_at);
        // A request is smaller than what a socket takes at once.
        self.stream
            .write_all(request)
            .map_err(BenchError::io("asking the server"))
    }

    /// Reads what there is; says whether the answer is whole.
    fn take(&mut self, round: &mut Round) -> Result<bool, BenchError> {
        let mut piece = [0; 16 << 10];
        match self.stream.read(&mut piece) {
            Ok(0) => {
                return Err(BenchError::Unexpected("the server hung up".to_owned()));
            }
            Ok(length) => self.buffer.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(BenchError::io("reading an answer")(error)),
        }
        let Some(body) = body_length(&self.buffer)? else {
            return Ok(false);
        };
        let Some(asked_at) = self.asked_at.take() else {
            return Err(BenchError::Unexpected(
                "the server answered what was not asked".to_owned(),
            ));
        };
        round.latencies.push(asked_at.elapsed().as_secs_f64() * 1e6);
        round.bytes += body as u64;
        Ok(true)
    }
}

/// Bytes of the body, if the answer is whole; it must be a 200.
fn body_length(answer: &[u8]) -> Result<Option<usize>, BenchError> {
    let Some(head) = memmem::find(answer, b"\r\n\r\n") else {
        return Ok(None);
    };
    let unexpected = || {
        let text = String::from_utf8_lossy(&answer[..answer.len().min(2_000)]).into_owned();
        BenchError::Unexpected(format!("the server's answer is not as expected: {text}"))
    };
    let text = std::str::from_utf8(&answer[..head]).map_err(|_| unexpected())?;
    if !text.starts_with("HTTP/1.1 200") {
        return Err(unexpected());
    }
    let length = text
        .lines()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().ok())?
        })
        .ok_or_else(unexpected)?;
    Ok((answer.len() >= head + 4 + length).then_some(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx: y\r\n\r\nhello";
        for cut in 0..answer.len() {
            assert_eq!(body_length(&answer[..cut]).unwrap(), None, "{cut}");
        }
        assert_eq!(body_length(answer).unwrap(), Some(5));
        assert!(body_length(b"HTTP/1.1 429 No\r\ncontent-length: 0\r\n\r\n").is_err());
        assert!(body_length(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
