//! The embedded store, through the same suite as the model.

use iocd::exchange::{Exporter, import};
use iocd::store::embedded::Embedded;
use iocd::store::{ClaimStore as _, StoreError};
use iocd_core::matching::Part;
use iocd_core::query::{Containing, Entry, EntrySink, Page, Question, Reach, StatusFilter};
use iocd_index::{Compacted, Retention};
use jiff::Timestamp;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::histories::{
    agree, block_on, compare, compare_from, compare_since, histories, last_warnings, live_on,
    sources,
};
use crate::model::Model;
use crate::values::{at, claim, record, source, value};

/// A fresh store, and the directory that goes with it.
pub(crate) fn open() -> (Embedded, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (Embedded::open(directory.path()).unwrap(), directory)
}

/// Keeps what happened since a second.
pub(crate) fn compact(embedded: &Embedded, second: i64) -> Compacted {
    let retention = Retention::since(at(second));
    let compacted = embedded.index().compact(&retention, &mut || true);
    compacted.unwrap()
}

/// The second from which on history is kept.
pub(crate) fn begin(compacted: &Compacted) -> i64 {
    let since = compacted.since.map(|since| since.duration_since(at(0)));
    since.map_or(0, |since| since.as_secs())
}

#[test]
fn a_closed_store_says_that_it_takes_no_writes() {
    let (embedded, _directory) = open();
    assert_eq!(embedded.refusal(), None);
    embedded.close().unwrap();
    assert_eq!(embedded.refusal().as_deref(), Some("the store was closed"));
}

/// Nobody waits for what is told here.
struct Gone;

impl EntrySink for Gone {
    fn total(&mut self, _: u64) {
        panic!("it was given up before");
    }

    fn entry(&mut self, _: &Entry<'_>) {
        panic!("it was given up before");
    }

    fn is_abandoned(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_walk_ends_once_nobody_waits_for_it() {
    let (embedded, _directory) = open();
    let told = ["a.example.com", "b.example.com"].map(claim);
    record(&embedded, &source("a"), 10, told).await;
    let page = Page {
        offset: 0,
        limit: 10,
    };
    let containing = Containing {
        part: &Part::read("example").unwrap(),
        kind: None,
        status: StatusFilter::Seen,
        page,
        now: at(20),
        as_of: false,
    };
    let found = embedded.find_containing(&containing, &mut Gone).await;
    assert!(matches!(found, Err(StoreError::Abandoned)), "{found:?}");
    let cascade = Question {
        readings: &[value("example.com")],
        reach: Reach::Cascade,
        status: StatusFilter::Seen,
        page,
        now: at(20),
        as_of: false,
    };
    let found = embedded.find(&cascade, &mut Gone).await;
    assert!(matches!(found, Err(StoreError::Abandoned)), "{found:?}");
}

proptest! {
    #![proptest_config(crate::histories::cases(32))]

    #[test]
    fn random_histories_agree_with_the_model(history in histories(40)) {
        let (embedded, directory) = open();
        let model = Model::default();
        let now = block_on(agree(&model, &embedded, &history));
        // And once more from what is on disk.
        let counts = embedded.counts();
        drop(embedded);
        let embedded = Embedded::open(directory.path()).unwrap();
        prop_assert_eq!(embedded.counts(), counts);
        // The lists themselves are not kept; what they said is.
        let judged = block_on(embedded.assess(last_warnings(&history), at(now))).unwrap();
        prop_assert_eq!(judged, 0);
        prop_assert_eq!(embedded.counts(), counts);
        block_on(compare(&model, &embedded, now));
    }

    /// A store that is opened by its checkpoint and what came after it, goes on,
    /// and is opened so again.
    #[test]
    fn checkpoints_are_what_reading_everything_gives(
        history in histories(60),
        parts in prop::collection::vec((1usize..16, any::<bool>()), 1..10),
    ) {
        let (mut embedded, directory) = open();
        let model = Model::default();
        let (mut now, mut sources) = (0, sources());
        let mut done = 0;
        for (steps, writes_one) in parts {
            let end = history.len().min(done + steps);
            block_on(live_on(&model, &embedded, &history[done..end], &mut now, &mut sources));
            done = end;
            if writes_one {
                embedded.index().checkpoint().unwrap();
                continue;
            }
            drop(embedded);
            embedded = Embedded::open(directory.path()).unwrap();
            prop_assert_eq!(embedded.index().recovery().ignored_checkpoint, None);
            block_on(embedded.assess(last_warnings(&history[..done]), at(now))).unwrap();
            block_on(compare(&model, &embedded, now));
        }
        let disk = embedded.index().size().disk;
        let has_one = directory.path().join("checkpoint").exists();
        drop(embedded);
        let embedded = Embedded::open(directory.path()).unwrap();
        prop_assert!(!has_one || embedded.index().recovery().replayed_bytes < disk);
        block_on(embedded.assess(last_warnings(&history[..done]), at(now))).unwrap();
        block_on(compare(&model, &embedded, now));
    }

    #[test]
    fn what_was_exported_and_imported_answers_the_same(history in histories(40)) {
        let (embedded, _directory) = open();
        let model = Model::default();
        let now = block_on(agree(&model, &embedded, &history));
        let mut exported = Vec::new();
        let mut exporter = Exporter::new(embedded.index());
        while exporter.write_some(&mut exported).unwrap() {}

        let (other, directory) = open();
        block_on(other.assess(last_warnings(&history), at(now))).unwrap();
        let long_after = Timestamp::from_second(4_000_000_000).unwrap();
        import(other.index(), &mut &exported[..], long_after).unwrap();
        block_on(compare_from(&model, &other, now));
        let (counts, others) = (embedded.counts(), other.counts());
        prop_assert_eq!((counts.active, counts.retained), (others.active, others.retained));
        let again = import(embedded.index(), &mut &exported[..], long_after).unwrap();
        prop_assert_eq!(again.changed, 0);
        drop(other);
        let tell = &mut |problem: iocd_index::Problem| panic!("{problem}");
        let checked = iocd_index::check(directory.path(), tell).unwrap();
        prop_assert_eq!((checked.active, checked.retained), (counts.active, counts.retained));
    }
}

proptest! {
    #![proptest_config(crate::histories::cases(12))]

    /// Whatever is compacted when: from then on, and about what came after, all
    /// answers stay as they were.
    #[test]
    fn compaction_changes_no_answer(
        history in histories(60),
        parts in prop::collection::vec((1usize..16, 0i64..=100, any::<bool>()), 1..8),
    ) {
        let (mut embedded, directory) = open();
        let model = Model::default();
        let (mut now, mut sources) = (0, sources());
        let (mut done, mut since) = (0, 0);
        for (steps, percent, is_opened_anew) in parts {
            let end = history.len().min(done + steps);
            block_on(live_on(&model, &embedded, &history[done..end], &mut now, &mut sources));
            done = end;
            let compacted = compact(&embedded, now * percent / 100);
            since = begin(&compacted);
            let disk = embedded.index().size().disk;
            prop_assert_eq!(compacted.bytes_after, disk);
            block_on(compare_since(&model, &embedded, now, since));
            if is_opened_anew {
                drop(embedded);
                let tell = &mut |problem: iocd_index::Problem| panic!("{problem}");
                iocd_index::check(directory.path(), tell).unwrap();
                embedded = Embedded::open(directory.path()).unwrap();
                prop_assert_eq!(embedded.index().recovery().ignored_checkpoint, None);
                block_on(embedded.assess(last_warnings(&history[..done]), at(now))).unwrap();
            }
        }
        // And once more from what is in the log.
        drop(embedded);
        let _ = std::fs::remove_file(directory.path().join("checkpoint"));
        let embedded = Embedded::open(directory.path()).unwrap();
        block_on(embedded.assess(last_warnings(&history[..done]), at(now))).unwrap();
        block_on(compare_since(&model, &embedded, now, since));
    }
}
