//! The corpus as feeds write it: descriptions, and documents of rows.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use iocd_core::claim::Category;
use jiff::Timestamp;

use super::corpus::{Corpus, SOURCES, skew};

/// The name of the list that is read again and again: complete each time.
pub(super) const LIST: &str = "bench-list";
const COLUMNS: &str = "type,value,confidence,first_seen,last_seen,tags,malware,reference\n";

/// The feed of a source of the corpus.
pub(super) fn feed_name(source: u64) -> String {
    format!("bench-{source}")
}

/// Writes the descriptions of all feeds of the corpus.
pub(super) fn write_feeds(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let categories = Category::ALL.map(Category::as_str);
    for (source, category) in (0..SOURCES).zip(categories.into_iter().cycle()) {
        write_feed(directory, &feed_name(source), category, "events")?;
    }
    write_feed(directory, LIST, "community", "snapshot")
}

fn write_feed(directory: &Path, name: &str, category: &str, extent: &str) -> io::Result<()> {
    let text = format!(
        r#"name = "{name}"
title = "{name}"
publisher = "iocd bench"
category = "{category}"
confidence = 60
extent = "{extent}"
list_non_global = true

[[format]]
name = "csv"
connector = "csv"
value = [{{ column = "value" }}]
type = {{ column = "type" }}
first_seen = "first_seen"
last_seen = "last_seen"
tags = "tags"
tag_separators = " "
malware = "malware"
references = ["{{reference}}"]
confidence = {{ column = "confidence" }}
"#
    );
    fs::write(directory.join(name).with_extension("toml"), text)
}

/// What the rows of a document say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The entries as they come first.
    First,
    /// The same a day later, with a tag more.
    Again,
}

/// A document with the rows of these entries.
pub(super) fn write_document(
    corpus: &Corpus,
    entries: impl IntoIterator<Item = u64>,
    told: Told,
) -> String {
    let mut out = COLUMNS.to_owned();
    for n in entries {
        write_row(corpus, n, told, &mut out);
    }
    out
}

fn write_row(corpus: &Corpus, n: u64, told: Told, out: &mut String) {
    let r = corpus.scatter(!n);
    let (kind, value) = corpus.value(n);
    let first = 1_735_000_000 + (r % 10_000_000).cast_signed();
    let days = 1 + ((r >> 24) % 30).cast_signed() + i64::from(told == Told::Again);
    let time = |seconds| Timestamp::from_second(seconds).expect("of this century");
    let (first, last) = (time(first), time(first + days * 86_400));
    let mut row = || {
        write!(out, "{},{value},{},", kind.as_str(), 40 + r % 60)?;
        write!(out, "{first},{last},t{}", skew(r, 10))?;
        if r & 1 << 40 != 0 {
            write!(out, " t{}", skew(r >> 32, 6))?;
        }
        if told == Told::Again {
            out.push_str(" again");
        }
        out.push(',');
        if r.is_multiple_of(3) {
            write!(out, "family-{}", skew(r >> 16, 8))?;
        }
        out.push(',');
        if r & 1 << 41 != 0 {
            write!(out, "https://feeds.example.com/entry/{n}/")?;
        }
        out.push('\n');
        std::fmt::Result::Ok(())
    };
    row().expect("a string takes all");
}
