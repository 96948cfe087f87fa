//! How long opening a store takes, and what the checkpoints cost that make it
//! short:
//!
//! ```sh
//! cargo bench --bench opening -- 1000000 10000000
//! ```
//!
//! For each number of entries: a process loads the corpus and dies; the store is
//! opened, closed in order, and opened again; then a checkpoint is written while
//! another thread records small batches and notes how long each took.

#![allow(clippy::cast_precision_loss)] // figures are rounded anyway

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use iocd::store::embedded::Embedded;
use iocd_core::claim::{Category, Claim, Source};
use jiff::Timestamp;

mod corpus;

use corpus::{for_each_size, load, value};

const CHILD: &str = "IOCD_BENCH_OPENING";

fn main() {
    for_each_size(|entries| match std::env::var_os(CHILD) {
        Some(dir) => die_after_loading(Path::new(&dir), entries),
        None => measure(entries),
    });
}

fn die_after_loading(dir: &Path, entries: u64) {
    let store = Embedded::open(dir).expect("a fresh store opens");
    let (loading, _) = load(&store, entries);
    eprintln!(
        "{:.0} claims a second",
        entries as f64 / loading.as_secs_f64()
    );
    std::process::abort();
}

fn measure(entries: u64) {
    let report = |figure: &str, value: String| println!("| {entries} | {figure} | {value} |");
    let timed = |figure: &str, taken: Duration| {
        report(
            &format!("{figure}, seconds"),
            format!("{:.2}", taken.as_secs_f64()),
        );
    };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let dir = directory.path().join("claims");
    let this = std::env::current_exe().expect("a program has a path");
    let mut child = Command::new(this);
    child.arg(entries.to_string()).env(CHILD, &dir);
    let died = child.stdout(std::process::Stdio::null()).status();
    assert!(!died.expect("the child runs").success());

    let (store, taken) = open(&dir);
    timed("opening after the process died", taken);
    let replayed = store.index().recovery().replayed_bytes;
    report("MiB of log read for it", format!("{}", replayed >> 20));
    let started = Instant::now();
    store.close().expect("it closes");
    timed("closing", started.elapsed());
    drop(store);

    let (store, taken) = open(&dir);
    timed("opening after a stop in order", taken);
    let size = store.index().size();
    report("MiB of log", format!("{}", size.disk >> 20));
    report("MiB of memory", format!("{}", size.memory >> 20));

    let (taken, waits) = checkpoint_beside_writes(&store, entries);
    timed("a checkpoint", taken);
    let longest = waits.iter().max().copied().unwrap_or_default();
    timed("longest write meanwhile", longest);
    let size = std::fs::metadata(dir.join("checkpoint")).map_or(0, |file| file.len());
    report("MiB of checkpoint", format!("{}", size >> 20));
}

fn open(dir: &Path) -> (Embedded, Duration) {
    let started = Instant::now();
    let store = Embedded::open(dir).expect("the store opens");
    (store, started.elapsed())
}

/// How long a checkpoint took, and each of the writes beside it.
fn checkpoint_beside_writes(store: &Embedded, entries: u64) -> (Duration, Vec<Duration>) {
    let source = Source::new("beside", "Beside", Category::Community);
    let at = Timestamp::from_second(1_750_000_000).expect("in range");
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut waits = Vec::new();
            for n in entries.. {
                let started = Instant::now();
                let claims = vec![Claim::new(value(n), 50)];
                let recorded = store.index().record(&source, claims, at);
                recorded.expect("the batch is recorded");
                waits.push(started.elapsed());
                if is_done.load(Ordering::Relaxed) {
                    break;
                }
            }
            waits
        });
        std::thread::sleep(Duration::from_millis(100));
        let started = Instant::now();
        store.index().checkpoint().expect("it is written");
        let taken = started.elapsed();
        is_done.store(true, Ordering::Relaxed);
        (taken, writing.join().expect("the writer ends"))
    })
}
