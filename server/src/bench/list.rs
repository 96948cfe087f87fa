//! Filtered lists and their exact totals, in process.

use std::time::Instant;

use iocd_core::claim::{Category, Confidence};
use iocd_core::query::{Filter, Listing, Page};
use iocd_core::value::Kind;
use iocd_index::{Index, IndexError};

use super::BenchError;
use super::figure::{Figure, Samples, milliseconds};
use super::lookup::Reader;
use super::stage::{Subject, now};

pub(super) fn measure(index: &Index, subject: &Subject) -> Result<Vec<Figure>, BenchError> {
    let rounds = if subject.quick { 2 } else { 20 };
    let (mut totals, mut pages) = (Samples::default(), Samples::default());
    for _ in 0..rounds {
        for filter in filters() {
            let page = Page {
                offset: 0,
                limit: 0,
            };
            totals.push(time(index, &filter, page)?);
            let filter = Filter {
                category: None,
                ..filter
            };
            let page = Page {
                offset: 10_000,
                limit: 100,
            };
            pages.push(time(index, &filter, page)?);
        }
    }
    Ok(vec![
        Figure::new(
            "list.total.p99",
            totals.p99(),
            "ms",
            "Exact total of a list narrowed by type, confidence and category, no entries read; 42 combinations in turn, 99 of 100 take at most this.",
        ),
        Figure::new(
            "list.page.p99",
            pages.p99(),
            "ms",
            "Page of 100 entries at offset 10,000, and the exact total, of a list narrowed by type and confidence; 99 of 100 take at most this.",
        ),
    ])
}

/// The types that are frequent, each label, each category.
fn filters() -> impl Iterator<Item = Filter> {
    let kinds = [Kind::Domain, Kind::Url];
    kinds.into_iter().flat_map(|kind| {
        Confidence::ALL.into_iter().flat_map(move |confidence| {
            Category::ALL.into_iter().map(move |category| Filter {
                kind: Some(kind),
                confidence: Some(confidence),
                category: Some(category),
                ..Filter::default()
            })
        })
    })
}

fn time(index: &Index, filter: &Filter, page: Page) -> Result<f64, IndexError> {
    let mut reader = Reader::default();
    let started = Instant::now();
    let listing = Listing {
        filter,
        page,
        now: now(),
        revision: None,
    };
    index.list(&listing, &mut reader)?;
    Ok(milliseconds(started.elapsed()))
}
