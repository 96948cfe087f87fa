//! Values with a text in them, in process.

use std::time::{Duration, Instant};

use iocd_core::matching::Part;
use iocd_core::query::{Containing, Page, StatusFilter};
use iocd_core::value::{Kind, Value};
use iocd_index::{Index, IndexError};

use super::BenchError;
use super::figure::{Figure, Samples, milliseconds};
use super::lookup::Reader;
use super::stage::{Subject, now};

/// What is looked for.
#[derive(Clone, Copy)]
enum Texts {
    /// 12 characters out of the middle of any value: few values have them.
    Rare,
    /// 4 characters near the beginning of a name, a URL's too, or a hash: many
    /// values have them.
    Common,
}

impl Texts {
    fn of(self, value: &Value) -> Option<Part> {
        use Kind::{Domain, Md5, Sha1, Sha256, Sha512, Url};
        let text = value.as_str();
        let part = match (self, value.kind()) {
            (Texts::Rare, _) => {
                let start = text.len().saturating_sub(12) / 2;
                text.get(start..start + 12)
            }
            (Texts::Common, Url) => text.split_once("://")?.1.get(1..5),
            (Texts::Common, Domain | Md5 | Sha1 | Sha256 | Sha512) => text.get(1..5),
            (Texts::Common, _) => None,
        };
        part.and_then(Part::read)
    }
}

pub(super) fn measure(index: &Index, subject: &Subject) -> Result<Vec<Figure>, BenchError> {
    let (mut rare, _) = time_parts(index, subject, Texts::Rare, 50)?;
    let (mut page, mut hits) = time_parts(index, subject, Texts::Common, 50)?;
    let (mut total, _) = time_parts(index, subject, Texts::Common, 0)?;
    let mut figures = vec![
        Figure::new(
            "contains.rare.p99",
            rare.p99(),
            "ms",
            "First 50 entries and exact total for texts of 12 characters out of the middle of stored values; 99 of 100 take at most this.",
        ),
        Figure::new(
            "contains.page.p99",
            page.p99(),
            "ms",
            "The same for texts of 4 characters from the beginnings of stored names, of URLs too, and hashes.",
        ),
        Figure::new(
            "contains.total.p99",
            total.p99(),
            "ms",
            "Only the exact total for those.",
        ),
        Figure::new(
            "contains.page.hits",
            hits.median(),
            "entries",
            "How many entries half of those texts find at most.",
        ),
    ];
    // A store of an operator's own may have no such values.
    figures.retain(|figure| !figure.value.is_nan());
    Ok(figures)
}

/// Times of searches for parts of stored values, and how much they found.
fn time_parts(
    index: &Index,
    subject: &Subject,
    texts: Texts,
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
    for value in &subject.hits {
        let Some(part) = texts.of(value) else {
            continue;
        };
        let question = Containing {
            part: &part,
            kind: None,
            status: StatusFilter::Seen,
            page: Page { offset: 0, limit },
            now: now(),
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
