//! Readers, a follower and a writer, while the store is compacted again and
//! again under them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use iocd_core::matching::Part;
use iocd_core::query::Containing;

use super::*;

/// Names, so many that each kind of question gives way to writers.
const NAMES: u8 = 200;
/// How often each is said, surer each time.
const ROUNDS: u8 = 60;

/// What goes on.
struct Scene {
    index: Index,
    /// The last round that was acknowledged.
    said: AtomicU8,
    is_over: AtomicBool,
}

fn name(number: u8) -> String {
    format!("h{number}")
}

/// The confidences of entries by value.
#[derive(Default)]
struct Sure {
    total: u64,
    by_value: BTreeMap<String, u8>,
}

impl EntrySink for Sure {
    fn total(&mut self, total: u64) {
        self.total = total;
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.by_value
            .insert(entry.value.to_owned(), entry.confidence);
    }
}

impl ChangeSink for Sure {
    fn total(&mut self, _: u64) {}

    fn entry(&mut self, entry: &Entry<'_>) {
        EntrySink::entry(self, entry);
    }

    fn gone(&mut self, gone: &Gone<'_>) {
        self.by_value.remove(gone.value);
    }
}

impl Scene {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    fn said(&self) -> u8 {
        self.said.load(Ordering::SeqCst)
    }

    fn write(&self) {
        for round in 1..=ROUNDS {
            let claims = (0..NAMES).map(|number| claim(&name(number), round));
            let second = at(i64::from(round) * 10);
            self.index
                .record(&source(), claims.collect(), second)
                .unwrap();
            self.said.store(round, Ordering::SeqCst);
            // One ends, and begins again in the next round.
            end(&self.index, i64::from(round) * 10 + 1, "h0");
        }
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// What was acknowledged is found, by name and by part.
    fn search(&self) {
        while !self.is_over() {
            let said = self.said();
            if said == 0 {
                continue;
            }
            let one = find(&self.index, "h7", None).unwrap();
            let sure: u8 = one.0[1].split(' ').nth(1).unwrap().parse().unwrap();
            assert!(sure >= said && one.0[0] == "1", "{one:?}");
            let mut all = Sure::default();
            let question = Containing {
                part: &Part::read("example").unwrap(),
                kind: None,
                status: StatusFilter::Any,
                page: ALL,
                now: at(10_000),
                as_of: false,
            };
            self.index.find_containing(&question, &mut all).unwrap();
            let found = (all.total, all.by_value.len());
            assert_eq!(found, (u64::from(NAMES), usize::from(NAMES)));
            assert!(all.by_value.values().all(|&sure| sure >= said));
        }
    }

    /// A list is walked as it was when the walk began, or it is said that it
    /// cannot be.
    fn list(&self) {
        while !self.is_over() {
            let revision = self.index.counts().2;
            let mut walked = Sure::default();
            for offset in (0..u64::from(NAMES)).step_by(30) {
                let listing = Listing {
                    filter: &Filter::default(),
                    page: Page { offset, limit: 30 },
                    now: at(10_000),
                    revision: Some(revision),
                };
                match self.index.list(&listing, &mut walked) {
                    Ok(_) => {}
                    Err(IndexError::RevisionCompacted { .. }) => break,
                    Err(error) => panic!("{error}"),
                }
                if offset + 30 >= u64::from(NAMES) {
                    assert_eq!(walked.by_value.len() as u64, walked.total);
                }
            }
        }
    }

    fn follow(&self) {
        let mut copy = Sure::default();
        let mut after = 0;
        loop {
            let is_last = self.is_over();
            let following = Following {
                filter: &Filter::default(),
                after,
                limit: 70,
                include_removed: true,
                now: at(10_000),
            };
            match self.index.follow(&following, &mut copy) {
                Ok(reached) => {
                    assert!(reached >= after);
                    let is_all = reached == after;
                    after = reached;
                    if is_last && is_all {
                        break;
                    }
                }
                Err(IndexError::RevisionCompacted { .. }) => {
                    // It starts anew: what is told twice is the same.
                    after = self.index.counts().2;
                    copy = self.everything();
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(copy.by_value, self.everything().by_value);
    }

    fn everything(&self) -> Sure {
        let mut all = Sure::default();
        let listing = Listing {
            filter: &Filter::default(),
            page: ALL,
            now: at(10_000),
            revision: None,
        };
        self.index.list(&listing, &mut all).unwrap();
        all
    }

    fn compact(&self) -> u32 {
        let mut times = 0;
        while !self.is_over() {
            let done = compact(&self.index, i64::from(self.said()) * 10);
            times += u32::from(done.versions_after < done.versions_before);
        }
        times
    }
}

#[test]
fn nobody_notices() {
    let dir = tempfile::tempdir().unwrap();
    let settings = LogSettings {
        segment_size: 64 << 10,
        ..LogSettings::default()
    };
    let scene = Scene {
        index: Index::open_with(dir.path(), &settings).unwrap(),
        said: AtomicU8::new(0),
        is_over: AtomicBool::new(false),
    };
    let times = std::thread::scope(|scope| {
        let others = [
            scope.spawn(|| scene.write()),
            scope.spawn(|| scene.search()),
            scope.spawn(|| scene.list()),
            scope.spawn(|| scene.follow()),
        ];
        let times = scope.spawn(|| scene.compact()).join().unwrap();
        for thread in others {
            thread.join().unwrap();
        }
        times
    });
    assert!(times > 1, "it was compacted {times} times");
    let before = scene.everything().by_value;
    assert_eq!(before.len(), usize::from(NAMES) - 1);
    drop(scene);
    check(dir.path());
    let scene = Scene {
        index: open(dir.path()),
        said: AtomicU8::new(0),
        is_over: AtomicBool::new(true),
    };
    assert_eq!(scene.everything().by_value, before);
}
