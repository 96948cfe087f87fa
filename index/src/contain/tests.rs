use std::cmp::Reverse;

use iocd_core::claim::{Category, Claim, Confidence, Source};
use iocd_core::query::{Entry, Filter, Listing, Page, StatusFilter};
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::log::LogSettings;

/// What is compared of entries, in the order of an answer: label, update, id;
/// and the value.
#[derive(Default)]
struct Seen {
    total: u64,
    entries: Vec<(Reverse<Confidence>, Reverse<Timestamp>, String, String)>,
}

impl EntrySink for Seen {
    fn total(&mut self, total: u64) {
        self.total = total;
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.entries.push((
            Reverse(Confidence::from_score(entry.confidence)),
            Reverse(entry.updated_at),
            entry.id.to_string(),
            entry.value.to_owned(),
        ));
    }
}

const EVERYTHING: Page = Page {
    offset: 0,
    limit: 10_000,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

/// All entries, in the order of an answer.
fn list(index: &Index) -> Seen {
    let listing = Listing {
        filter: &Filter::default(),
        page: EVERYTHING,
        now: at(100),
        revision: None,
    };
    let mut seen = Seen::default();
    index.list(&listing, &mut seen).unwrap();
    seen.entries.sort();
    seen
}

fn find(index: &Index, part: &Part, page: Page) -> Seen {
    let question = Containing {
        part,
        kind: None,
        status: StatusFilter::Active,
        page,
        now: at(100),
        as_of: false,
    };
    let mut seen = Seen::default();
    index.find_containing(&question, &mut seen).unwrap();
    seen
}

fn claim(name: &str, confidence: u8, context: usize) -> Claim {
    let value = Value::parse(Kind::Url, &format!("http://example.com/{name}")).unwrap();
    Claim {
        // The text is there, too, but not in the value.
        context: (context > 0).then(|| "aba.Ab".repeat(context)),
        ..Claim::new(value, confidence)
    }
}

/// Names, how sure the source is, how much context, which source.
fn batch() -> impl Strategy<Value = (Vec<(String, u8)>, usize, usize)> {
    let names = proptest::collection::vec(("[abAB.]{1,7}", 0..100_u8), 1..120);
    (names, prop_oneof![Just(0), Just(2), Just(120)], 0..2_usize)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Over one segment and many, over records that are about values in turn
    /// and such that tell more of the same ones.
    #[test]
    fn what_contains_a_text_is_what_a_list_has_of_it(
        batches in proptest::collection::vec(batch(), 1..6),
        text in "[abAB.]{3,5}",
        segment_size in prop_oneof![Just(1_u32 << 14), Just(1 << 28)],
        offset in 0..40_u64, limit in 0..40_u32,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let settings = LogSettings { segment_size, ..LogSettings::default() };
        let index = Index::open_with(dir.path(), &settings).unwrap();
        let sources = ["one", "two"].map(|name| Source::new(name, name, Category::Vendor));
        for (second, (names, context, source)) in (0..).zip(batches) {
            let claims = names.iter().map(|(name, confidence)| claim(name, *confidence, context));
            index.record(&sources[source], claims.collect(), at(second)).unwrap();
        }
        let part = Part::read(&text).unwrap();
        let mut expected = list(&index).entries;
        expected.retain(|(.., value)| value.to_ascii_lowercase().contains(&text.to_ascii_lowercase()));
        let total = expected.len() as u64;

        let all = find(&index, &part, EVERYTHING);
        prop_assert_eq!((all.total, &all.entries), (total, &expected));
        let page = find(&index, &part, Page { offset, limit });
        let skip = usize::try_from(offset).unwrap();
        let expected: Vec<_> = expected.into_iter().skip(skip).take(limit as usize).collect();
        prop_assert_eq!((page.total, page.entries), (total, expected));
    }
}

#[test]
fn a_damaged_record_that_answers_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let settings = LogSettings {
        checkpoint_at_close: 0,
        ..LogSettings::default()
    };
    let index = Index::open_with(dir.path(), &settings).unwrap();
    let source = Source::new("one", "one", Category::Vendor);
    let claims = (0..100).map(|n| claim(&format!("needle{n}"), 50, 0));
    index.record(&source, claims.collect(), at(0)).unwrap();
    // The last batch is verified at opening.
    let last = vec![claim("last", 50, 0)];
    index.record(&source, last, at(1)).unwrap();
    drop(index);
    let path = dir.path().join("claims-000000.log");
    let mut bytes = std::fs::read(&path).unwrap();
    let place = bytes.windows(8).position(|window| window == b"needle73");
    // Behind the text: what is told is verified.
    bytes[place.unwrap() + 6] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    // The checkpoint spares it from being read now.
    let index = Index::open_with(dir.path(), &settings).unwrap();
    let mut seen = Seen::default();
    let question = Containing {
        part: &Part::read("needle").unwrap(),
        kind: None,
        status: StatusFilter::Seen,
        page: EVERYTHING,
        now: at(100),
        as_of: false,
    };
    let answered = index.find_containing(&question, &mut seen);
    assert!(matches!(answered, Err(IndexError::Damaged { .. })));
}
