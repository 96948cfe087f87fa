//! First figures of the embedded store and of the search route:
//!
//! ```sh
//! cargo bench --bench figures -- 1000000 10000000
//! ```
//!
//! For each number of entries: load rate, lookups a second in one thread,
//! cascades and searches for a part of values, search requests a second beside
//! a fixed reply from the same process, memory, disk, time to open. The corpus is synthetic and the same every time. What is
//! measured is stated beside each figure; ratios within one run mean more than
//! absolute numbers.

#![allow(clippy::cast_precision_loss)] // figures are rounded anyway

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use iocd::clock::Clock;
use iocd::config::Settings;
use iocd::control::{Control, KeyRequest};
use iocd::http::{App, router};
use iocd::store::embedded::Embedded;
use iocd_core::matching::Part;
use iocd_core::query::{Containing, Entry, EntrySink, Page, Question, Reach, StatusFilter};
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

mod corpus;

use corpus::{for_each_size, load, scatter, value};

const LOOKUPS: usize = 500_000;
const CONNECTIONS: usize = 32;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(1_500);

fn main() {
    for_each_size(measure);
}

fn measure(entries: u64) {
    let report = |figure: &str, value: String| println!("| {entries} | {figure} | {value} |");
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = Embedded::open(&dir.path().join("claims")).expect("a fresh store opens");

    let before = resident();
    let (loading, busy) = load(&store, entries);
    report(
        "load, claims to durable and searchable, a second",
        per_second(entries, loading),
    );
    report(
        "the same, a second of processor time",
        per_second(entries, busy),
    );
    let size = store.index().size();
    report(
        "log bytes an entry",
        format!("{:.0}", size.disk as f64 / entries as f64),
    );
    report(
        "value bytes an entry",
        format!(
            "{:.0}",
            (0..10_000)
                .map(|n| value(n).as_str().len() as u64)
                .sum::<u64>() as f64
                / 10_000.0
        ),
    );
    report(
        "index bytes an entry, as the index counts",
        format!("{:.0}", size.memory as f64 / entries as f64),
    );
    let after = resident();
    report(
        "anonymous memory bytes an entry, as the system counts",
        format!(
            "{:.0}",
            after.0.saturating_sub(before.0) as f64 / entries as f64
        ),
    );
    report(
        "resident MiB, mapped log pages included",
        format!("{}", after.1 >> 20),
    );

    let hits: Vec<Value> = (0..LOOKUPS)
        .map(|n| value(scatter(n as u64) % entries))
        .collect();
    report(
        "lookups that hit, a second, one thread",
        lookups(&store, &hits, true),
    );
    let misses: Vec<Value> = (0..LOOKUPS)
        .map(|n| value(entries + scatter(n as u64) % entries))
        .collect();
    report(
        "lookups that miss, a second, one thread",
        lookups(&store, &misses, false),
    );

    for (figure, value) in walks(&store, entries) {
        report(&figure, value);
    }

    store.close().expect("the store closes");
    drop(store);
    let opening = Instant::now();
    let store = Embedded::open(&dir.path().join("claims")).expect("the store opens again");
    report(
        "opening, seconds",
        format!("{:.2}", opening.elapsed().as_secs_f64()),
    );

    for (figure, value) in http(store, dir.path(), &hits, &misses) {
        report(figure, value);
    }
}

/// Reads what it is told, as a renderer would, and keeps nothing.
struct Reader(u64);

impl EntrySink for Reader {
    fn total(&mut self, total: u64) {
        self.0 += total;
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        black_box((entry.value.len(), entry.tags.len()));
    }
}

fn lookups(store: &Embedded, values: &[Value], found: bool) -> String {
    let now = Timestamp::from_second(1_750_000_000).expect("in range");
    let run = || {
        let mut reader = Reader(0);
        let started = Instant::now();
        for value in values {
            let question = Question {
                readings: std::slice::from_ref(value),
                reach: Reach::Scope,
                status: StatusFilter::Seen,
                page: Page {
                    offset: 0,
                    limit: 100,
                },
                now,
                as_of: false,
            };
            store
                .index()
                .find(&question, &mut reader)
                .expect("the store answers");
        }
        assert_eq!(
            reader.0,
            if found { values.len() as u64 } else { 0 },
            "the corpus has each value once"
        );
        started.elapsed()
    };
    run();
    per_second(values.len() as u64, run())
}

/// Answers that walk through many values: what is below a popular name, and
/// values with a text in them.
fn walks(store: &Embedded, entries: u64) -> Vec<(String, String)> {
    let now = Timestamp::from_second(1_750_000_000).expect("in range");
    let page = Page {
        offset: 0,
        limit: 50,
    };
    let status = StatusFilter::Seen;
    let mut figures = Vec::new();
    let mut report = |what: String, run: &dyn Fn(&mut Reader)| {
        let mut times = Vec::new();
        let mut total = 0;
        // Eleven times, or as often as a few seconds allow.
        let end = Instant::now() + Duration::from_secs(3);
        while times.is_empty() || (times.len() < 11 && Instant::now() < end) {
            let mut reader = Reader(0);
            let started = Instant::now();
            run(&mut reader);
            times.push(started.elapsed());
            total = reader.0;
        }
        times.sort_unstable();
        let rounds = times.len();
        let figure = format!("{what}, {total} entries: median, slowest of {rounds}, ms");
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let (median, slowest) = (ms(times[rounds / 2]), ms(times[rounds - 1]));
        figures.push((figure, format!("{median:.2}, {slowest:.2}")));
    };
    // A hit by an exact key, a name with thousands of subdomains, one with
    // nearly half of all values below it.
    for name in [
        value(0).to_string(),
        "d40.example.com".to_owned(),
        "example.com".to_owned(),
    ] {
        let readings = [Value::parse(Kind::Domain, &name).expect("a name")];
        report(format!("cascade from {name}"), &|reader| {
            let question = Question {
                readings: &readings,
                reach: Reach::Cascade,
                status,
                page,
                now,
                as_of: false,
            };
            store
                .index()
                .find(&question, reader)
                .expect("the store answers");
        });
    }
    let last = value(entries - entries % 100);
    for text in [
        &last.as_str()[..12],
        "d4242.example",
        ".php?id=42",
        "beef",
        "nothing-has-this",
        "example.com",
    ] {
        let part = Part::read(text).expect("long enough");
        report(format!("contains {text}"), &|reader| {
            let question = Containing {
                part: &part,
                kind: None,
                status,
                page,
                now,
                as_of: false,
            };
            store
                .index()
                .find_containing(&question, reader)
                .expect("the store answers");
        });
    }
    figures
}

fn per_second(count: u64, time: Duration) -> String {
    format!("{:.0}", count as f64 / time.as_secs_f64())
}

/// Anonymous and whole resident memory of this process in bytes.
fn resident() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let field = |name: &str| {
        let line = status
            .lines()
            .find(|line| line.starts_with(name))
            .expect("Linux says so");
        line.split_whitespace()
            .nth(1)
            .and_then(|kib| kib.parse::<u64>().ok())
            .expect("a number")
            * 1024
    };
    (field("RssAnon:"), field("VmRSS:"))
}

/// Requests a second: a fixed reply, a hit and a miss in turn, the median of
/// the rounds. The server has one thread, the load generator another.
fn http(
    store: Embedded,
    dir: &Path,
    hits: &[Value],
    misses: &[Value],
) -> Vec<(&'static str, String)> {
    let settings = Settings::default();
    let control = Control::open(dir, settings.tiers.clone(), Clock::System).expect("control data");
    let (_, secret) = control
        .create_key(&KeyRequest::named("bench"))
        .expect("a key");
    let app = Arc::new(App::new(
        Arc::new(store),
        Arc::new(control),
        settings,
        Clock::System,
    ));
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    };

    let (address_out, address_in) = std::sync::mpsc::channel();
    // A reply of the size of an answer, without identity, limits or log.
    let fixed = "x".repeat(700);
    std::thread::spawn(move || {
        runtime().block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            address_out
                .send(listener.local_addr().expect("bound"))
                .expect("somebody waits");
            let router = router(app).route(
                "/fixed",
                axum::routing::get(move || std::future::ready(fixed.clone())),
            );
            axum::serve(listener, router).await.expect("it serves");
        });
    });
    let address = address_in.recv().expect("the server starts");
    let request = |path: String| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\n\r\n",
            secret.reveal()
        )
        .into_bytes()
    };
    let search = |value: &Value| {
        let encoded: String = value
            .as_str()
            .bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() || b".-".contains(&byte) {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect();
        request(format!("/api/v1/iocs/search?q={encoded}"))
    };
    let loads: [Vec<Vec<u8>>; 3] = [
        vec![request("/fixed".to_owned())],
        hits.iter().take(50_000).map(search).collect(),
        misses.iter().take(50_000).map(search).collect(),
    ];
    let mut rates: [Vec<f64>; 3] = Default::default();
    let client = runtime();
    for _ in 0..ROUNDS {
        for (load, rates) in loads.iter().zip(&mut rates) {
            let answered = client.block_on(drive(address, load));
            rates.push(answered as f64 / ROUND.as_secs_f64());
        }
    }
    let [fixed, hit, miss] = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[ROUNDS / 2]
    });
    vec![
        (
            "HTTP fixed reply, requests a second (c=32)",
            format!("{fixed:.0}"),
        ),
        (
            "HTTP search hit, requests a second (c=32)",
            format!("{hit:.0}"),
        ),
        (
            "HTTP search miss, requests a second (c=32)",
            format!("{miss:.0}"),
        ),
        (
            "HTTP search hit / fixed reply",
            format!("{:.2}", hit / fixed),
        ),
        (
            "HTTP search miss / fixed reply",
            format!("{:.2}", miss / fixed),
        ),
    ]
}

/// How many requests are answered in a round.
async fn drive(address: std::net::SocketAddr, requests: &[Vec<u8>]) -> u64 {
    let end = Instant::now() + ROUND;
    let connections = (0..CONNECTIONS).map(|first| async move {
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.set_nodelay(true).expect("a socket option");
        let mut answered = 0;
        let mut buffer = Vec::with_capacity(16 << 10);
        for request in requests.iter().cycle().skip(first * 1009 % requests.len()) {
            if Instant::now() >= end {
                break;
            }
            stream.write_all(request).await.expect("it reads");
            read_answer(&mut stream, &mut buffer).await;
            answered += 1;
        }
        answered
    });
    futures_util::future::join_all(connections)
        .await
        .into_iter()
        .sum()
}

/// Reads one answer; it must be a 200.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    buffer.clear();
    loop {
        assert!(
            stream.read_buf(buffer).await.expect("it answers") > 0,
            "the server hung up"
        );
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(&buffer[..head]).expect("headers are ASCII");
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        let length = text
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")
                    .and_then(|n| n.parse::<usize>().ok())
            })
            .expect("answers have a length");
        if buffer.len() >= head + 4 + length {
            return;
        }
    }
}
