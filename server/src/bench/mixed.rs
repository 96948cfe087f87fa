//! Searches at a steady pace while a feed is read.

use std::fs;
use std::path::PathBuf;
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
/// In a quick run: also where machine and build are slow, the feed is read.
const QUICK_PACE: f64 = 500.0;
const CONNECTIONS: usize = 32;
/// Documents that are read meanwhile, or as many as `LONGEST` allows.
const DOCUMENTS: u64 = 10;
const LONGEST: Duration = Duration::from_secs(20);

pub(super) fn measure(server: &mut Server, stage: &Stage) -> Result<Vec<Figure>, BenchError> {
    let documents = write_documents(stage)?;
    let requests = searches(server, stage.stored(50_000).map(|n| stage.corpus.value(n)));
    let mut load = Load::connect(server.ready.address, CONNECTIONS)?;
    let (pace, quiet_time) = if stage.quick {
        (QUICK_PACE, Duration::from_millis(200))
    } else {
        (PACE, Duration::from_secs(4))
    };
    let end = Instant::now() + quiet_time;
    let mut quiet = load.run(&requests, Pace::Steady(pace), || Instant::now() < end)?;

    let reading = AtomicBool::new(true);
    let (mut busy, rows, elapsed) = thread::scope(|scope| {
        let hearing = scope.spawn(|| {
            let started = Instant::now();
            let rows = read_documents(server, &documents);
            reading.store(false, Ordering::Release);
            (rows, started.elapsed())
        });
        let busy = load.run(&requests, Pace::Steady(pace), || {
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
            "The same while the server reads documents of entries that it does not have, at most 1 M, in one thread of the lowest priority on the same core; some 20 s at most.",
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
            "Rows of those documents that became entries meanwhile.",
        ),
    ])
}

/// Documents of entries that the server does not have.
fn write_documents(stage: &Stage) -> Result<Vec<PathBuf>, BenchError> {
    // Behind those that opening after a kill added.
    let first = stage.corpus.entries + stage.later();
    let size = stage.later() / DOCUMENTS;
    (0..DOCUMENTS)
        .map(|number| {
            let first = first + number * size;
            let text = write_document(&stage.corpus, first..first + size, Told::First);
            let path = stage.file(&format!("mixed-{number}.csv"));
            fs::write(&path, text).map_err(BenchError::io("writing a feed"))?;
            Ok(path)
        })
        .collect()
}

/// Has the server read documents, one after the other, and gives their rows.
fn read_documents(server: &mut Server, documents: &[PathBuf]) -> Result<u64, BenchError> {
    let end = Instant::now() + LONGEST;
    let mut rows = 0;
    for document in documents {
        server.read_file(document)?;
        rows += server.hear_read()?;
        if Instant::now() > end {
            break;
        }
    }
    Ok(rows)
}
