//! The corpus and the questions as files, for other programs.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use clap::ValueEnum;
use iocd_core::value::Kind;

use super::BenchError;
use super::corpus::Corpus;

/// How a line of a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// Type, tab, value
    Tsv,
    /// The value
    Txt,
}

impl Shape {
    fn ending(self) -> &'static str {
        match self {
            Shape::Tsv => "tsv",
            Shape::Txt => "txt",
        }
    }
}

/// Questions in a file at most.
const QUESTIONS: u64 = 500_000;

/// Writes `corpus`, each value once, and `hits` and `misses`, questions in no
/// order, into a directory.
pub(crate) fn write_corpus(
    directory: &Path,
    entries: u64,
    seed: u64,
    shape: Shape,
) -> Result<(), BenchError> {
    let corpus = Corpus { entries, seed };
    let what = format!("writing into {}", directory.display());
    let questions = entries.min(QUESTIONS);
    let write = || {
        fs::create_dir_all(directory)?;
        let path = |name| directory.join(name).with_extension(shape.ending());
        let distinct = (0..entries).filter(|n| corpus.repeated(*n).is_none());
        write_values(&path("corpus"), shape, distinct.map(|n| corpus.value(n)))?;
        let hits = (0..questions).map(|n| corpus.value(corpus.scatter(n) % entries));
        write_values(&path("hits"), shape, hits)?;
        let misses = (0..questions).map(|n| corpus.value(entries + corpus.scatter(!n) % entries));
        write_values(&path("misses"), shape, misses)
    };
    write().map_err(BenchError::io(what))
}

fn write_values(
    path: &Path,
    shape: Shape,
    values: impl Iterator<Item = (Kind, String)>,
) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for (kind, value) in values {
        match shape {
            Shape::Tsv => writeln!(out, "{}\t{value}", kind.as_str())?,
            Shape::Txt => writeln!(out, "{value}")?,
        }
    }
    out.flush()
}
