//! How fast values are pulled out of prose, on one core.
//!
//! `cargo bench -p iocd-core --bench extract -- [DIR]`: on the concatenated
//! text of the files under DIR (default `../shared/data/reports`), or on
//! synthetic prose where there are none. Prints MB/s, and the ratio of the
//! times of 1 MB and 50 KB of texts that are hard on a careless reader: 20
//! where time is linear.

#![allow(clippy::disallowed_methods)] // the crate does no I/O and no timing; its benches do

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use iocd_core::extract::{Options, extract};

/// Bytes of text that a measurement goes over.
const ENOUGH: usize = 64 << 20;

/// A paragraph of a report: how much of it is values is about what it is in
/// those of vendors.
const PROSE: &str = "The operators behind this activity relied on a small loader, delivered as \
report.zip inside an archive, that checks the version of the host (10.0.19041) and then asks \
hxxps://cdn.example[.]org/update/check.php?id=42 for its next stage. In our telemetry the first \
beacon to 203.0.113[.]24:8443 was seen on 2024-05-10, two hours after the phishing mail from \
billing@example.com. System.Net.WebClient does the rest. The payload \
(SHA-256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdee) abuses CVE-2021-44228, \
which maps to T1190. We thank everyone who helped us to understand how it all fits together.\n\n";

fn main() {
    let directory = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"))
        .map_or_else(
            || {
                PathBuf::from(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/../../shared/data/reports"
                ))
            },
            PathBuf::from,
        );
    let mut reports = String::new();
    read_into(&directory, &mut reports);
    if reports.is_empty() {
        println!(
            "no reports in {}: synthetic prose only",
            directory.display()
        );
    } else {
        figure("reports", &reports);
    }
    figure("synthetic prose", PROSE);
    for (name, piece) in [
        ("dotted labels", "a."),
        ("numbers", "1.2.3.4."),
        ("colons", "a:"),
        ("at signs", "a@b."),
        ("bracketed dots", "a [.] "),
        ("open brackets", "("),
        ("URLs in URLs", "http://a.com/("),
        ("escapes", "&#46;"),
        ("hexadecimal", "0123456789abcdef"),
        ("letters", "a"),
    ] {
        println!(
            "{name}: 1 MB takes {:.1} times as long as 50 KB",
            growth(piece)
        );
    }
}

/// Appends every text below a directory.
fn read_into(directory: &Path, text: &mut String) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_into(&path, text);
        } else if let Ok(file) = fs::read_to_string(&path) {
            text.push_str(&file);
        }
    }
}

fn figure(name: &str, text: &str) {
    let mut found = 0;
    let mut rounds = ENOUGH / text.len();
    let piece = if text.len() < 1 << 20 {
        let copies = (1 << 20) / text.len();
        rounds /= copies;
        text.repeat(copies)
    } else {
        text.to_owned()
    };
    let start = Instant::now();
    for _ in 0..rounds {
        extract(black_box(&piece), &Options::default(), &mut |mention| {
            black_box(mention);
            found += 1;
        });
    }
    let seconds = start.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss)] // figures for people
    let (bytes, found) = ((piece.len() * rounds) as f64, f64::from(found));
    println!(
        "{name}: {:.1} MB/s, {:.0} values a MB",
        bytes / seconds / 1e6,
        found / bytes * 1e6
    );
}

fn growth(piece: &str) -> f64 {
    let time = |size: usize| {
        let text = piece.repeat(size / piece.len());
        (0..31)
            .map(|_| {
                let start = Instant::now();
                extract(black_box(&text), &Options::default(), &mut |mention| {
                    black_box(mention);
                });
                start.elapsed()
            })
            .min()
            .unwrap_or(Duration::MAX)
            .as_secs_f64()
    };
    time(1_000_000) / time(50_000)
}
