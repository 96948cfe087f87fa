//! One writer, and readers that never wait for it to finish: whatever they see
//! between two slices of a batch is whole.

// A test that cannot go on has failed: that is what `unwrap` says.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use iocd_core::claim::{Category, Claim, ClaimId, Source, Status};
use iocd_core::query::{
    ChangeSink, Entry, EntrySink, Filter, Following, Gone, Listing, Page, Question, Reach,
    StatusFilter,
};
use iocd_core::value::{Kind, Value};
use iocd_index::Index;
use jiff::Timestamp;

/// Enough that a batch is taken in by many slices.
const BATCH: u64 = 3_000;
const ROUNDS: u64 = 12;
const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

fn source() -> Source {
    Source::new("feed", "Feed", Category::Community)
}

fn value(number: u64) -> Value {
    Value::parse(Kind::Domain, &format!("n{number}.example.com")).unwrap()
}

/// What an answer told.
#[derive(Default)]
struct Told {
    total: u64,
    ids: Vec<ClaimId>,
}

impl EntrySink for Told {
    fn total(&mut self, total: u64) {
        self.total = total;
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        assert!(entry.value.ends_with(".example.com"), "{}", entry.value);
        self.ids.push(entry.id);
    }
}

/// A client's copy of the list.
#[derive(Default)]
struct Copy(HashSet<ClaimId>);

impl ChangeSink for Copy {
    fn total(&mut self, _: u64) {}

    fn entry(&mut self, entry: &Entry<'_>) {
        self.0.insert(entry.id);
    }

    fn gone(&mut self, gone: &Gone<'_>) {
        self.0.remove(&gone.id);
    }
}

fn list(index: &Index, offset: u64, limit: u32, revision: Option<u64>) -> Told {
    let mut told = Told::default();
    let listing = Listing {
        filter: &Filter::default(),
        page: Page { offset, limit },
        now: NOW,
        revision,
    };
    index.list(&listing, &mut told).unwrap();
    told
}

/// Follows on from a revision; gives the one that it came to.
fn follow(index: &Index, after: u64, copy: &mut Copy) -> u64 {
    let following = Following {
        filter: &Filter::default(),
        after,
        include_removed: true,
        limit: 1_000,
        now: NOW,
    };
    index.follow(&following, copy).unwrap()
}

/// New values, changed values, and values that end.
fn write(index: &Index, acknowledged: &AtomicU64) {
    for round in 0..ROUNDS {
        let first = round * BATCH;
        let fresh = (first..first + BATCH).map(|n| Claim::new(value(n), 50));
        let changed = (0..first).step_by(5).map(|n| {
            let confidence = 10 + u8::try_from(round).unwrap();
            Claim::new(value(n), confidence)
        });
        let claims = fresh.chain(changed).collect();
        index.record(&source(), claims, NOW).unwrap();
        acknowledged.store(first + BATCH, Ordering::SeqCst);
        let ended: Vec<Value> = (first..first + BATCH).step_by(7).map(value).collect();
        index
            .remove(&source(), &ended, Status::Removed, NOW)
            .unwrap();
        if round % 4 == 3 {
            index.checkpoint().unwrap();
        }
    }
}

/// What was acknowledged is found, once, whatever is written meanwhile.
fn search(index: &Index, acknowledged: &AtomicU64, stop: &AtomicBool) {
    let mut number = 0_u64;
    while !stop.load(Ordering::SeqCst) {
        let known = acknowledged.load(Ordering::SeqCst);
        if known == 0 {
            thread::yield_now();
            continue;
        }
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let asked = value(number % known);
        let mut told = Told::default();
        let question = Question {
            readings: &[asked],
            reach: Reach::Scope,
            status: StatusFilter::Any,
            page: Page {
                offset: 0,
                limit: 10,
            },
            now: NOW,
            as_of: false,
        };
        index.find(&question, &mut told).unwrap();
        assert_eq!((told.total, told.ids.len()), (1, 1));
    }
}

/// A walk over pages pinned to a revision has each entry once, and as many as
/// its first page said.
fn walk(index: &Index, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        let (_, _, revision) = index.counts();
        let total = list(index, 0, 0, Some(revision)).total;
        let mut seen = HashSet::new();
        for offset in (0..total).step_by(500) {
            let page = list(index, offset, 500, Some(revision));
            assert_eq!(page.total, total);
            for id in page.ids {
                assert!(seen.insert(id), "twice in one walk");
            }
        }
        assert_eq!(seen.len() as u64, total);
    }
}

#[test]
fn readers_see_whole_answers_between_the_slices_of_a_batch() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let (acknowledged, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let searching = scope.spawn(|| search(&index, &acknowledged, &stop));
        let walking = scope.spawn(|| walk(&index, &stop));
        let following = scope.spawn(|| {
            let (mut copy, mut after) = (Copy::default(), 0);
            loop {
                let is_last = stop.load(Ordering::SeqCst);
                let next = follow(&index, after, &mut copy);
                if is_last && next == after {
                    break;
                }
                after = next;
            }
            let total = list(&index, 0, 0, None).total;
            let listed = list(&index, 0, u32::MAX, None).ids;
            assert_eq!(listed.len() as u64, total);
            assert_eq!(copy.0, listed.into_iter().collect());
        });
        write(&index, &acknowledged);
        stop.store(true, Ordering::SeqCst);
        for thread in [searching, walking, following] {
            thread.join().unwrap();
        }
    });
}
