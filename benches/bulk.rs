//! Many values at a time, over HTTP:
//!
//! ```sh
//! cargo bench --bench bulk -- 1000000 10000000
//! ```
//!
//! For each number of entries: 100,000 mixed values in one request (half of
//! them stored and written canonically, a quarter stored and defanged, a
//! quarter not stored), in each form of a body. The server has one core, the
//! client the other. Beside the values a second that the client sees stand
//! those that the processor time of the server's thread would allow: what a
//! busy machine adds is in the first figure only. Medians of the rounds.

#![allow(clippy::cast_precision_loss)] // figures are rounded anyway

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use iocd::clock::Clock;
use iocd::config::Settings;
use iocd::control::{Control, KeyRequest};
use iocd::http::{App, serve};
use iocd::store::embedded::Embedded;
use iocd_core::query::{
    Brief, BriefSink, Entry, EntrySink, ManyOptions, Page, Question, Reach, StatusFilter,
};
use iocd_core::questions::Questions;
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;
use rustix::thread::{CpuSet, Pid, gettid, sched_setaffinity};
use tokio::net::TcpListener;

mod corpus;

use corpus::{for_each_size, load, scatter, value};

/// Values in a request.
const VALUES: u64 = 100_000;
const ROUNDS: usize = 11;

fn main() {
    for_each_size(measure);
}

fn measure(entries: u64) {
    let report = |figure: &str, value: f64| println!("| {entries} | {figure} | {value:.0} |");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = Embedded::open(&dir.path().join("claims")).expect("a fresh store opens");
    load(&store, entries);
    let inputs: Vec<String> = (0..VALUES).map(|n| input(n, entries)).collect();

    pin(0);
    let (alone, together) = lookups(&store, &inputs);
    report("lookups in process, one by one, a second", alone);
    report("lookups in process, in groups of 100, a second", together);

    let server = Server::start(store, dir.path());
    pin(1);
    let text = inputs.join("\n") + "\n";
    let array = serde_json::to_string(&inputs).expect("strings are JSON");
    let ndjson: String = inputs
        .iter()
        .map(|input| serde_json::to_string(input).expect("a string is JSON") + "\n")
        .collect();
    for (figure, path, media_type, body) in [
        ("search, text", "iocs/search", "text/plain", &text),
        (
            "search, NDJSON",
            "iocs/search",
            "application/x-ndjson",
            &ndjson,
        ),
        (
            "search, JSON array",
            "iocs/search",
            "application/json",
            &array,
        ),
        (
            "search, text, limit=0",
            "iocs/search?limit=0",
            "text/plain",
            &text,
        ),
        ("normalize, text", "normalize", "text/plain", &text),
    ] {
        let (seen, possible) = server.rate(path, media_type, body);
        report(
            &format!("{figure}: values a second, as the client sees it"),
            seen,
        );
        report(
            &format!("{figure}: values a second of the server's processor time"),
            possible,
        );
    }
}

/// The n-th value of a request.
fn input(n: u64, entries: u64) -> String {
    let stored = value(scatter(n) % entries);
    match n % 4 {
        0 => defang(&stored),
        1 => value(entries + scatter(n) % entries).as_str().to_owned(),
        _ => stored.as_str().to_owned(),
    }
}

/// As reports print values.
fn defang(value: &Value) -> String {
    let text = value.as_str();
    match value.kind() {
        Kind::Url => {
            let (scheme, rest) = text.split_once("://").expect("a URL has a scheme");
            let (host, path) = rest.split_once('/').expect("a URL has a path");
            let scheme = scheme.replace('t', "x");
            format!("{scheme}://{}/{path}", host.replace('.', "[.]"))
        }
        Kind::Email => text.replace('@', "[@]").replace('.', "[.]"),
        Kind::Domain | Kind::Ipv4 => text.replace('.', "[.]"),
        _ => text.to_uppercase(),
    }
}

/// Keeps this thread on one core, and those that it starts.
fn pin(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    // A machine with one core measures all the same.
    if let Err(error) = sched_setaffinity(None, &cores) {
        eprintln!("not pinned to core {core}: {error}");
    }
}

/// Reads what it is told, and keeps nothing.
#[derive(Default)]
struct Reader(u64);

impl EntrySink for Reader {
    fn total(&mut self, total: u64) {
        self.0 += total;
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        black_box(entry.value.len());
    }
}

impl BriefSink for Reader {
    fn question(&mut self, total: u64) {
        self.0 += total;
    }

    fn entry(&mut self, entry: &Brief<'_>) {
        black_box(entry.value.len());
    }
}

/// Lookups a second of values that have been read already.
fn lookups(store: &Embedded, inputs: &[String]) -> (f64, f64) {
    let now = Timestamp::from_second(1_750_000_000).expect("in range");
    let status = StatusFilter::Seen;
    let groups: Vec<Questions> = inputs
        .chunks(100)
        .map(|inputs| {
            let mut questions = Questions::default();
            for input in inputs {
                questions.ask(input, None);
            }
            questions
        })
        .collect();
    let values: Vec<Vec<Value>> = groups
        .iter()
        .flat_map(Questions::iter)
        .map(|question| question.readings().map(|r| r.value.to_value()).collect())
        .collect();
    let mut one_by_one = || {
        let mut reader = Reader::default();
        for readings in &values {
            let page = Page {
                offset: 0,
                limit: 10,
            };
            let question = Question {
                readings,
                reach: Reach::Scope,
                status,
                page,
                now,
                as_of: false,
            };
            let found = store.index().find(&question, &mut reader);
            found.expect("the store answers");
        }
        reader.0
    };
    let mut in_groups = || {
        let mut reader = Reader::default();
        let options = ManyOptions {
            status,
            limit: 10,
            now,
        };
        for questions in &groups {
            let found = store.index().find_many(questions, options, &mut reader);
            found.expect("the store answers");
        }
        reader.0
    };
    (rate(&mut one_by_one), rate(&mut in_groups))
}

fn rate(run: &mut dyn FnMut() -> u64) -> f64 {
    let rates = (0..ROUNDS).map(|_| {
        let started = Instant::now();
        assert!(
            black_box(run()) >= VALUES * 3 / 4,
            "three of four are stored"
        );
        VALUES as f64 / started.elapsed().as_secs_f64()
    });
    median(rates.collect())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// A server with one thread.
struct Server {
    address: SocketAddr,
    thread: Pid,
    secret: String,
}

impl Server {
    fn start(store: Embedded, dir: &Path) -> Server {
        let settings = Settings::default();
        let control = Control::open(dir, settings.tiers.clone(), Clock::System).expect("control");
        let (_, secret) = control
            .create_key(&KeyRequest::named("bench"))
            .expect("a key");
        let app = App::new(Arc::new(store), Arc::new(control), settings, Clock::System);
        let (out, started) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                let address = listener.local_addr().expect("bound");
                out.send((address, gettid())).expect("somebody waits");
                serve(Arc::new(app), listener, std::future::pending()).await;
            });
        });
        let (address, thread) = started.recv().expect("the server starts");
        Server {
            address,
            thread,
            secret: secret.reveal().to_owned(),
        }
    }

    /// Processor time of the server's thread in seconds.
    fn processor_time(&self) -> f64 {
        let path = format!("/proc/self/task/{}/schedstat", self.thread.as_raw_nonzero());
        let text = std::fs::read_to_string(path).expect("Linux");
        let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
        nanoseconds.unwrap_or(0.0) / 1e9
    }

    /// Values a second: by the clock, and by the server's processor time.
    fn rate(&self, path: &str, media_type: &str, body: &str) -> (f64, f64) {
        let (mut seen, mut possible) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (started, used) = (Instant::now(), self.processor_time());
            let lines = self.ask(path, media_type, body);
            seen.push(VALUES as f64 / started.elapsed().as_secs_f64());
            possible.push(VALUES as f64 / (self.processor_time() - used));
            assert_eq!(lines, VALUES, "a line for each value");
        }
        (median(seen), median(possible))
    }

    /// Sends a body while the answer is read, and counts its lines.
    fn ask(&self, path: &str, media_type: &str, body: &str) -> u64 {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let head = format!(
            "POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\n\
             Content-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.secret,
            body.len()
        );
        let mut reader = stream.try_clone().expect("one handle more");
        std::thread::scope(|scope| {
            scope.spawn(move || {
                stream.write_all(head.as_bytes()).expect("it reads");
                stream.write_all(body.as_bytes()).expect("it reads");
            });
            let mut buffer = vec![0; 256 << 10];
            let (mut lines, mut last) = (0, 0);
            loop {
                let read = reader.read(&mut buffer).expect("it answers");
                if read == 0 {
                    return lines;
                }
                // Every line of the answer, and nothing else, has this end.
                lines += memchr::memchr_iter(b'\n', &buffer[..read])
                    .filter(|&at| at.checked_sub(1).map_or(last, |at| buffer[at]) == b'}')
                    .count() as u64;
                last = buffer[read - 1];
            }
        })
    }
}
