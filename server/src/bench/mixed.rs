//! Searches at a steady pace while a feed is read.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::BenchError;
use super::document::{Told, write_document};
use super::figure::Figure;
use super::http::searches;
use super::load::{Load, Pace};
use super::server::Server;
use super::stage::Stage;

/// Searches a second.
const PACE: f64 = 20_000.0;
const CONNECTIONS: usize = 32;

pub(super) fn measure(server: &mut Server, stage: &Stage) -> Result<Vec<Figure>, BenchError> {
    let entries = stage.corpus.entries;
    let text = write_document(&stage.corpus, entries..entries + stage.later(), Told::First);
    let path = stage.file("mixed.csv");
    fs::write(&path, text).map_err(BenchError::io("writing a feed"))?;
    let requests = searches(server, stage.stored(50_000).map(|n| stage.corpus.value(n)));
    let mut load = Load::connect(server.ready.address, CONNECTIONS)?;
    let quiet_time = if stage.quick {
        Duration::from_millis(200)
    } else {
        Duration::from_secs(4)
    };
    let end = Instant::now() + quiet_time;
    let mut quiet = load.run(&requests, Pace::Steady(PACE), || Instant::now() < end)?;

    server.read_file(&path)?;
    let reading = AtomicBool::new(true);
    let started = Instant::now();
    let (mut busy, rows, elapsed) = thread::scope(|scope| {
        let hearing = scope.spawn(|| {
            let rows = server.hear_read();
            reading.store(false, Ordering::Release);
            (rows, started.elapsed())
        });
        let busy = load.run(&requests, Pace::Steady(PACE), || {
            reading.load(Ordering::Acquire)
        });
        let (rows, elapsed) = hearing.join().expect("hearing does not panic");
        Ok::<_, BenchError>((busy?, rows?, elapsed))
    })?;
    let (quiet_p99, busy_p99) = (quiet.latencies.p99(), busy.latencies.p99());
    Ok(vec![
        Figure::new(
            "mixed.quiet.p99",
            quiet_p99,
            "µs",
            "99 of 100 searches that hit are answered within this, 20,000 a second over 32 connections, counted from when each was due.",
        ),
        Figure::new(
            "mixed.p99",
            busy_p99,
            "µs",
            "The same while the server reads a feed of entries that it does not have, in one thread of the lowest priority on the same core.",
        ),
        Figure::new(
            "mixed.p99_ratio",
            busy_p99 / quiet_p99,
            "ratio",
            "The latter by the former.",
        ),
        Figure::new(
            "mixed.rows_per_second",
            rows as f64 / elapsed.as_secs_f64(),
            "1/s",
            "Rows of that feed that became entries meanwhile.",
        ),
    ])
}
