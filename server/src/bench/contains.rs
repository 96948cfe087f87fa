//! Values with a text in them, in process.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use iocd_core::matching::Part;
use iocd_core::query::{Containing, Page, StatusFilter};
use iocd_core::value::{Kind, Value};
use iocd_index::{Index, IndexError};

use super::BenchError;
use super::figure::{Figure, Samples, milliseconds};
use super::lookup::Reader;
use super::stage::{Subject, now};

/// Characters of the texts that are asked for in turn: what few values have
/// is long, what thousands have is short.
const LENGTHS: RangeInclusive<usize> = 4..=12;
/// One text of so many is of a value that is not stored.
const UNKNOWN: usize = 4;

/// Characters from near the beginning of a name, a URL's too, or a hash: what
/// comes later is often the same in many.
fn part_of(value: &Value, length: usize) -> Option<Part> {
    use Kind::{Domain, Md5, Sha1, Sha256, Sha512, Url};
    let text = match value.kind() {
        Url => value.as_str().split_once("://")?.1,
        Domain | Md5 | Sha1 | Sha256 | Sha512 => value.as_str(),
        _ => return None,
    };
    text.get(1..=length).and_then(Part::read)
}

/// Texts of these lengths in turn.
fn parts(subject: &Subject, lengths: RangeInclusive<usize>) -> impl Iterator<Item = Part> {
    let values = subject.hits.iter().zip(&subject.misses).enumerate();
    let values = values.map(|(at, (hit, miss))| if at % UNKNOWN == 0 { miss } else { hit });
    values
        .zip(lengths.cycle())
        .filter_map(|(value, length)| part_of(value, length))
}

pub(super) fn measure(index: &Index, subject: &Subject) -> Result<Vec<Figure>, BenchError> {
    let all = || parts(subject, LENGTHS);
    let short = parts(subject, *LENGTHS.start()..=*LENGTHS.start());
    let (mut page, _) = time_parts(index, subject, all(), 50)?;
    let (mut total, _) = time_parts(index, subject, all(), 0)?;
    let (mut short, mut hits) = time_parts(index, subject, short, 0)?;
    let mut figures = vec![
        Figure::new(
            "contains.page.p50",
            page.median(),
            "ms",
            "First 50 entries and exact total for texts of 4 to 12 characters from the beginnings of names, of URLs too, and hashes, one in four of values that are not stored; half of them take at most this.",
        ),
        Figure::new(
            "contains.page.p99",
            page.p99(),
            "ms",
            "The same, 99 of 100 take at most this.",
        ),
        Figure::new(
            "contains.total.p99",
            total.p99(),
            "ms",
            "Only the exact total for those.",
        ),
        Figure::new(
            "contains.short.p99",
            short.p99(),
            "ms",
            "Only the exact total, for texts of 4 characters.",
        ),
        Figure::new(
            "contains.short.hits",
            hits.median(),
            "entries",
            "How many entries half of the texts of 4 characters find at most.",
        ),
    ];
    // A store of an operator's own may have no such values.
    figures.retain(|figure| !figure.value.is_nan());
    Ok(figures)
}

/// Times of searches for some texts, and how much they found.
fn time_parts(
    index: &Index,
    subject: &Subject,
    parts: impl Iterator<Item = Part>,
    limit: u32,
) -> Result<(Samples, Samples), IndexError> {
    let (mut times, mut hits) = (Samples::default(), Samples::default());
    // Many, or as many as some seconds allow.
    let (most, end) = if subject.quick {
        (20, Duration::from_secs(1))
    } else {
        (500, Duration::from_secs(5))
    };
    let end = Instant::now() + end;
    for part in parts {
        let question = Containing {
            part: &part,
            kind: None,
            status: StatusFilter::Seen,
            page: Page { offset: 0, limit },
            now: now(),
            as_of: false,
        };
        let mut reader = Reader::default();
        let started = Instant::now();
        index.find_containing(&question, &mut reader)?;
        times.push(milliseconds(started.elapsed()));
        hits.push(reader.total as f64);
        if times.len() == most || Instant::now() > end {
            break;
        }
    }
    Ok((times, hits))
}
