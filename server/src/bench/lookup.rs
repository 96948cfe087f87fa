//! Exact lookups in process, in one thread.

use std::hint::black_box;
use std::time::Instant;

use iocd_core::query::{Entry, EntrySink, Page, Question, Reach, StatusFilter};
use iocd_core::value::Value;
use iocd_index::{Index, IndexError};

use super::BenchError;
use super::figure::{Figure, Samples};
use super::machine::Spent;
use super::stage::{Subject, now};

/// Reads what it is told, as a renderer would, and keeps nothing.
#[derive(Default)]
pub(super) struct Reader {
    /// Entries in the answers.
    pub(super) total: u64,
    /// Entries told.
    pub(super) told: u64,
}

impl EntrySink for Reader {
    fn total(&mut self, total: u64) {
        self.total += total;
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.told += 1;
        black_box((entry.value.len(), entry.tags.len()));
    }
}

pub(super) fn measure(index: &Index, subject: &Subject) -> Result<Vec<Figure>, BenchError> {
    let mut hits = Round::default();
    let mut misses = Round::default();
    for round in 0..if subject.quick { 2 } else { 6 } {
        // The first one only warms up.
        let keep = round > 0;
        hits.run(index, &subject.hits, keep)?;
        misses.run(index, &subject.misses, keep)?;
    }
    if hits.found != hits.asked || misses.found != 0 {
        return Err(BenchError::Unexpected(format!(
            "{} of {} stored values were found, and {} of those not stored",
            hits.found, hits.asked, misses.found
        )));
    }
    let mut each = time_each(index, &subject.hits)?;
    Ok(vec![
        Figure::new(
            "lookup.hit.per_second",
            hits.rates.median(),
            "1/s",
            "Exact lookups in one thread of stored values in random order, entries read, by processor time; median of five rounds.",
        ),
        Figure::new(
            "lookup.miss.per_second",
            misses.rates.median(),
            "1/s",
            "The same for values that are not stored.",
        ),
        Figure::new(
            "lookup.hit.p50",
            each.median(),
            "ns",
            "Half of the lookups that hit take at most this, each timed alone.",
        ),
        Figure::new(
            "lookup.hit.p99",
            each.p99(),
            "ns",
            "99 of 100 lookups that hit take at most this, each timed alone.",
        ),
    ])
}

#[derive(Default)]
struct Round {
    rates: Samples,
    asked: u64,
    found: u64,
}

impl Round {
    fn run(&mut self, index: &Index, values: &[Value], keep: bool) -> Result<(), IndexError> {
        let mut spent = Spent::default();
        self.found += spent.add(|| {
            values.iter().try_fold(0, |found, value| {
                Ok::<_, IndexError>(found + u64::from(look_up(index, value)? > 0))
            })
        })?;
        self.asked += values.len() as u64;
        if keep {
            self.rates
                .push(values.len() as f64 / spent.processor.as_secs_f64());
        }
        Ok(())
    }
}

fn time_each(index: &Index, values: &[Value]) -> Result<Samples, IndexError> {
    values
        .iter()
        .map(|value| {
            let started = Instant::now();
            black_box(look_up(index, value)?);
            Ok(started.elapsed().as_secs_f64() * 1e9)
        })
        .collect()
}

/// How many entries are about a value; those are read.
pub(super) fn look_up(index: &Index, value: &Value) -> Result<u64, IndexError> {
    let mut reader = Reader::default();
    let question = Question {
        readings: std::slice::from_ref(value),
        reach: Reach::Scope,
        status: StatusFilter::Seen,
        page: Page {
            offset: 0,
            limit: 100,
        },
        now: now(),
        as_of: false,
    };
    index.find(&question, &mut reader)?;
    Ok(reader.total)
}
