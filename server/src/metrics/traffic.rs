//! Requests and connections, counted as they come and go.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Exposition, Type};
use crate::endpoint::{Endpoint, MAX_ENDPOINTS};
use crate::http::Code;

/// Upper bounds of the histogram's buckets: microseconds, and as they are told.
const BOUNDS: [(u64, &str); 17] = [
    (100, "0.0001"),
    (250, "0.00025"),
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_500_000, "2.5"),
    (5_000_000, "5"),
    (10_000_000, "10"),
    (30_000_000, "30"),
];
/// The last one has no bound.
const BUCKETS: usize = BOUNDS.len() + 1;
/// Classes of status, as they are told.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Why a connection was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// There are as many as there may be.
    Full,
    /// There are as many from its address as there may be.
    AddressFull,
    /// It did not agree with the server on TLS.
    Handshake,
}

impl NotTaken {
    const ALL: [NotTaken; 3] = [NotTaken::Full, NotTaken::AddressFull, NotTaken::Handshake];

    const fn as_str(self) -> &'static str {
        match self {
            NotTaken::Full => "full",
            NotTaken::AddressFull => "address_full",
            NotTaken::Handshake => "handshake",
        }
    }
}

/// Counts of one process.
#[derive(Debug)]
pub(crate) struct Traffic {
    endpoints: Box<[Answers]>,
    errors: [AtomicU64; Code::ALL.len()],
    opened: AtomicU64,
    closed: AtomicU64,
    not_taken: [AtomicU64; NotTaken::ALL.len()],
    running: AtomicU64,
}

/// Answers of one endpoint: one addition says class and time of an answer.
#[derive(Debug)]
struct Answers {
    classes: [[AtomicU64; BUCKETS]; CLASSES.len()],
    nanoseconds: AtomicU64,
    /// Requests whose client went away before there was an answer.
    abandoned: AtomicU64,
}

impl Traffic {
    pub(crate) fn new() -> Traffic {
        let none = || Answers {
            classes: [const { [const { AtomicU64::new(0) }; BUCKETS] }; CLASSES.len()],
            nanoseconds: AtomicU64::new(0),
            abandoned: AtomicU64::new(0),
        };
        Traffic {
            endpoints: std::iter::repeat_with(none).take(MAX_ENDPOINTS).collect(),
            errors: [const { AtomicU64::new(0) }; Code::ALL.len()],
            opened: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            not_taken: [const { AtomicU64::new(0) }; NotTaken::ALL.len()],
            running: AtomicU64::new(0),
        }
    }

    /// Counts an answer that began `elapsed` after the request's head was read.
    pub(crate) fn count_answer(&self, endpoint: Endpoint, status: u16, elapsed: Duration) {
        let answers = &self.endpoints[endpoint.index()];
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        let nanoseconds = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        let is_within = |(bound, _): &(u64, &str)| nanoseconds <= bound * 1_000;
        let bucket = BOUNDS.iter().position(is_within).unwrap_or(BUCKETS - 1);
        add(&answers.classes[class][bucket], 1);
        add(&answers.nanoseconds, nanoseconds);
    }

    /// Counts a request whose client went away before there was an answer.
    pub(crate) fn count_abandoned(&self, endpoint: Endpoint) {
        add(&self.endpoints[endpoint.index()].abandoned, 1);
    }

    /// Counts an error that a client was told.
    pub(crate) fn count_error(&self, code: Code) {
        add(&self.errors[code as usize], 1);
    }

    /// Counts a connection that was taken.
    pub(crate) fn open(&self) {
        add(&self.opened, 1);
    }

    /// Counts its end.
    pub(crate) fn close(&self) {
        add(&self.closed, 1);
    }

    /// Counts a connection that was not taken, or given up before its first request.
    pub(crate) fn count_not_taken(&self, why: NotTaken) {
        add(&self.not_taken[why as usize], 1);
    }

    /// Counts a request that runs, until [`end`](Traffic::end).
    pub(crate) fn begin(&self) {
        add(&self.running, 1);
    }

    /// Counts that a request's answer has been written, or given up.
    pub(crate) fn end(&self) {
        self.running.fetch_sub(1, Ordering::Relaxed);
    }

    /// Requests that run: of which the answer has yet to be written.
    pub(crate) fn running(&self) -> u64 {
        read(&self.running)
    }

    /// Writes all that was counted.
    pub(crate) fn write(&self, out: &mut Exposition) {
        self.write_answers(out);
        self.write_times(out);
        out.family(
            "iocd_http_errors_total",
            Type::Counter,
            "Errors that clients were told, by their code.",
        );
        for (code, count) in Code::ALL.iter().zip(&self.errors) {
            out.sample(&[("code", code.as_str())], read(count));
        }
        out.single(
            "iocd_http_requests_running",
            Type::Gauge,
            "Requests of which the answer has yet to be written.",
            self.running(),
        );
        let (closed, opened) = (read(&self.closed), read(&self.opened));
        out.single(
            "iocd_connections_open",
            Type::Gauge,
            "Connections that are open.",
            opened.saturating_sub(closed),
        );
        out.single(
            "iocd_connections_total",
            Type::Counter,
            "Connections that were taken.",
            opened,
        );
        out.family(
            "iocd_connections_refused_total",
            Type::Counter,
            "Connections that were not taken, or gave no TLS handshake.",
        );
        for why in NotTaken::ALL {
            let count = read(&self.not_taken[why as usize]);
            out.sample(&[("reason", why.as_str())], count);
        }
    }

    fn write_answers(&self, out: &mut Exposition) {
        out.family(
            "iocd_http_requests_total",
            Type::Counter,
            "Requests by route, method and class of status; abandoned: the client went away before an answer. HEAD counts as GET.",
        );
        for (index, answers) in self.endpoints.iter().enumerate() {
            let name = Endpoint::name_of(index);
            let (method, route) = parts_of(&name);
            let classes = CLASSES.iter().zip(&answers.classes);
            let answered = classes.map(|(class, times)| (*class, times.iter().map(read).sum()));
            let abandoned = ("abandoned", read(&answers.abandoned));
            for (status, count) in answered.chain([abandoned]) {
                if count > 0 {
                    let labels = [("route", route), ("method", method), ("status", status)];
                    out.sample(&labels, count);
                }
            }
        }
    }

    fn write_times(&self, out: &mut Exposition) {
        out.family(
            "iocd_http_request_duration_seconds",
            Type::Histogram,
            "Time from the end of a request's head to the beginning of its answer.",
        );
        for (index, answers) in self.endpoints.iter().enumerate() {
            let count_of = |bucket: usize| -> u64 {
                let counts = answers.classes.iter().map(|times| &times[bucket]);
                counts.map(read).sum()
            };
            let counts: [u64; BUCKETS] = std::array::from_fn(count_of);
            let total: u64 = counts.iter().sum();
            if total == 0 {
                continue;
            }
            let name = Endpoint::name_of(index);
            let (method, route) = parts_of(&name);
            let bounds = BOUNDS.iter().map(|(_, told)| *told).chain(["+Inf"]);
            let mut so_far = 0;
            for (bound, count) in bounds.zip(counts) {
                so_far += count;
                let labels = [("route", route), ("method", method), ("le", bound)];
                out.part("_bucket", &labels, so_far);
            }
            let labels = [("route", route), ("method", method)];
            let sum = Duration::from_nanos(read(&answers.nanoseconds)).as_secs_f64();
            out.part("_sum", &labels, sum);
            out.part("_count", &labels, total);
        }
    }
}

/// Method and template of an endpoint's name; what is no route has no method
/// that would be one of a few.
fn parts_of(name: &str) -> (&str, &str) {
    name.split_once(' ').unwrap_or(("other", name))
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(traffic: &Traffic) -> String {
        let mut out = Exposition::default();
        traffic.write(&mut out);
        out.into_text()
    }

    #[test]
    fn answers_are_told_by_route_class_and_time() {
        let traffic = Traffic::new();
        let endpoint = Endpoint::named("GET /counted/{id}");
        for (status, microseconds) in [(200, 100), (204, 101), (404, 40_000_000), (999, 1)] {
            traffic.count_answer(endpoint, status, Duration::from_micros(microseconds));
        }
        traffic.count_answer(Endpoint::OTHER, 404, Duration::ZERO);
        traffic.count_abandoned(endpoint);
        let told = told(&traffic);
        for line in [
            "iocd_http_requests_total{route=\"/counted/{id}\",method=\"GET\",status=\"2xx\"} 2\n",
            "iocd_http_requests_total{route=\"/counted/{id}\",method=\"GET\",status=\"5xx\"} 1\n",
            "iocd_http_requests_total{route=\"/counted/{id}\",method=\"GET\",status=\"abandoned\"} 1\n",
            "iocd_http_requests_total{route=\"other\",method=\"other\",status=\"4xx\"} 1\n",
            "_bucket{route=\"/counted/{id}\",method=\"GET\",le=\"0.0001\"} 2\n",
            "_bucket{route=\"/counted/{id}\",method=\"GET\",le=\"0.00025\"} 3\n",
            "_bucket{route=\"/counted/{id}\",method=\"GET\",le=\"30\"} 3\n",
            "_bucket{route=\"/counted/{id}\",method=\"GET\",le=\"+Inf\"} 4\n",
            "_sum{route=\"/counted/{id}\",method=\"GET\"} 40.000202\n",
            "_count{route=\"/counted/{id}\",method=\"GET\"} 4\n",
        ] {
            assert!(told.contains(line), "{line}{told}");
        }
    }

    #[test]
    fn what_goes_up_and_down_is_a_difference() {
        let traffic = Traffic::new();
        for _ in 0..3 {
            traffic.open();
            traffic.begin();
        }
        traffic.close();
        traffic.end();
        traffic.count_not_taken(NotTaken::AddressFull);
        traffic.count_error(Code::RateLimitExceeded);
        let told = told(&traffic);
        for line in [
            "iocd_connections_open 2\n",
            "iocd_connections_total 3\n",
            "iocd_connections_refused_total{reason=\"address_full\"} 1\n",
            "iocd_http_requests_running 2\n",
            "iocd_http_errors_total{code=\"rate_limit_exceeded\"} 1\n",
        ] {
            assert!(told.contains(line), "{line}{told}");
        }
    }
}
