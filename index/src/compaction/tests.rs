mod together;

use std::fs;
use std::path::Path;

use iocd_core::claim::{Category, Claim, ClaimId, ClaimIdSet, Extent, Source, Status};
use iocd_core::query::{
    ChangeSink, Entry, EntrySink, Filter, Following, Gone, Listing, Page, Question, Reach,
    StatusFilter,
};
use iocd_core::value::{Kind, Value};

use super::*;
use crate::log::LogSettings;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn since(second: i64) -> Retention {
    Retention { since: at(second) }
}

fn source() -> Source {
    Source::new("feed", "Feed", Category::Community)
}

fn value(name: &str) -> Value {
    Value::parse(Kind::Domain, &format!("{name}.example.com")).unwrap()
}

fn claim(name: &str, confidence: u8) -> Claim {
    Claim::new(value(name), confidence)
}

/// Small segments, so that there are several.
fn open(dir: &Path) -> Index {
    let settings = LogSettings {
        segment_size: 600,
        ..LogSettings::default()
    };
    Index::open_with(dir, &settings).unwrap()
}

fn say(index: &Index, second: i64, said: &[(&str, u8)]) {
    let claims = said
        .iter()
        .map(|&(name, confidence)| claim(name, confidence));
    index
        .record(&source(), claims.collect(), at(second))
        .unwrap();
}

fn end(index: &Index, second: i64, name: &str) {
    index
        .remove(&source(), &[value(name)], Status::Removed, at(second))
        .unwrap();
}

fn compact(index: &Index, second: i64) -> Compacted {
    index.compact(&since(second), &mut || true).unwrap()
}

#[derive(Default, Debug, PartialEq, Eq)]
struct Told(Vec<String>);

impl EntrySink for Told {
    fn total(&mut self, total: u64) {
        self.0.push(total.to_string());
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        let Entry {
            value,
            confidence,
            status,
            updated_at,
            ..
        } = entry;
        let status = status.as_str();
        self.0.push(format!(
            "{value} {confidence} {status} {}",
            updated_at.as_second()
        ));
    }
}

impl ChangeSink for Told {
    fn total(&mut self, total: u64) {
        EntrySink::total(self, total);
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        EntrySink::entry(self, entry);
    }

    fn gone(&mut self, gone: &Gone<'_>) {
        self.0.push(format!("{} is gone", gone.value));
    }
}

const ALL: Page = Page {
    offset: 0,
    limit: 1000,
};

fn find(index: &Index, name: &str, as_of: Option<i64>) -> Result<Told, IndexError> {
    let mut told = Told::default();
    let question = Question {
        readings: &[value(name)],
        reach: Reach::Scope,
        status: StatusFilter::Any,
        page: ALL,
        now: at(as_of.unwrap_or(10_000)),
        as_of: as_of.is_some(),
    };
    index.find(&question, &mut told).map(|()| told)
}

fn list(index: &Index, revision: Option<u64>) -> Result<Told, IndexError> {
    let mut told = Told::default();
    let listing = Listing {
        filter: &Filter::default(),
        page: ALL,
        now: at(10_000),
        revision,
    };
    index.list(&listing, &mut told).map(|_| told)
}

fn follow(index: &Index, after: u64) -> Result<(u64, Told), IndexError> {
    let mut told = Told::default();
    let following = Following {
        filter: &Filter::default(),
        after,
        limit: 1000,
        include_removed: true,
        now: at(10_000),
    };
    let reached = index.follow(&following, &mut told)?;
    Ok((reached, told))
}

fn check(dir: &Path) -> crate::Checked {
    crate::check(dir, &mut |problem| panic!("{problem}")).unwrap()
}

/// Versions of each kind: replaced and ended before second 100 and after it.
fn fill(index: &Index) {
    say(index, 10, &[("a", 1), ("b", 1), ("c", 1), ("d", 1)]);
    say(index, 20, &[("a", 2), ("b", 2)]);
    say(index, 30, &[("a", 3)]);
    end(index, 40, "c");
    end(index, 40, "d");
    say(index, 50, &[("d", 9)]);
    say(index, 110, &[("a", 4), ("e", 1)]);
    end(index, 120, "b");
    say(index, 130, &[("c", 7)]);
    say(index, 140, &[("a", 5)]);
}

#[test]
fn what_was_before_goes_and_all_else_stays() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    fill(&index);
    let (active, retained, revision) = index.counts();
    let names = ["a", "b", "c", "d", "e"];
    let asked: Vec<(&str, Option<i64>)> = names
        .into_iter()
        .flat_map(|name| {
            [None, Some(100), Some(115), Some(125), Some(135), Some(200)].map(|as_of| (name, as_of))
        })
        .collect();
    let answer = |index: &Index| -> Vec<Told> {
        let found = asked.iter().map(|&(name, as_of)| find(index, name, as_of));
        let lists = (10..=revision).map(|revision| list(index, Some(revision)));
        let changes = (10..=revision).map(|after| follow(index, after).map(|(_, told)| told));
        found
            .chain(lists)
            .chain(changes)
            .map(Result::unwrap)
            .collect()
    };
    let before = answer(&index);
    let size = index.size();

    let compacted = compact(&index, 100);
    // Of a 1 and 2, of b 1, of d the first version and its end.
    assert_eq!(
        (compacted.versions_before, compacted.versions_after),
        (15, 10)
    );
    assert_eq!(compacted.since, Some(at(100)));
    assert_eq!(compacted.bytes_before, size.disk);
    assert_eq!(compacted.bytes_after, index.size().disk);
    assert!(compacted.bytes_after < compacted.bytes_before);
    assert_eq!(index.counts(), (active, retained, revision));
    assert_eq!(answer(&index), before);

    let error = find(&index, "a", Some(99)).unwrap_err();
    assert!(
        matches!(error, IndexError::HistoryCompacted { since } if since == at(100)),
        "{error}"
    );
    let error = list(&index, Some(9)).unwrap_err();
    assert!(
        matches!(
            error,
            IndexError::RevisionCompacted {
                given: 9,
                since: 10
            }
        ),
        "{error}"
    );
    follow(&index, 9).unwrap_err();
    let error = follow(&index, revision + 1).unwrap_err();
    assert!(
        matches!(error, IndexError::UnknownRevision { .. }),
        "{error}"
    );

    // It goes on, is opened by its checkpoint, and without it.
    say(&index, 150, &[("f", 1)]);
    let (reached, told) = follow(&index, revision).unwrap();
    assert_eq!((reached, told.0.len()), (revision + 1, 2));
    assert_eq!(check(dir.path()).revision, revision + 1);
    drop(index);
    let index = open(dir.path());
    assert_eq!(index.recovery().ignored_checkpoint, None);
    assert!(index.recovery().replayed_bytes < 200);
    assert_eq!(answer(&index)[..asked.len()], before[..asked.len()]);
    drop(index);
    fs::remove_file(dir.path().join("checkpoint")).unwrap();
    let index = open(dir.path());
    assert_eq!(answer(&index)[..asked.len()], before[..asked.len()]);
    assert_eq!(index.counts(), (active + 1, retained + 1, revision + 1));
    find(&index, "a", Some(99)).unwrap_err();
    assert_eq!(check(dir.path()).retained, retained + 1);
}

#[test]
fn it_can_be_done_again_and_only_where_there_is_something_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    let nothing = compact(&index, 100);
    assert_eq!((nothing.versions_before, nothing.since), (0, None));
    assert!(!dir.path().join("generation").exists());
    fill(&index);
    assert_eq!(compact(&index, 15).since, None);
    for second in [25, 100, 125] {
        let before = index.size();
        let done = compact(&index, second);
        assert!(done.versions_after < done.versions_before, "{second}");
        assert_eq!(done.since, Some(at(second)));
        assert_eq!(
            (index.size().active, index.size().retained),
            (before.active, before.retained)
        );
        check(dir.path());
    }
    // Further back it cannot be asked for.
    let again = compact(&index, 50);
    assert_eq!(
        (again.versions_before, again.since),
        (again.versions_after, Some(at(125)))
    );
    let list_before = list(&index, None).unwrap();
    let of_log = |name: &str| name.starts_with("claims-") && !name.ends_with("-3.log");
    let names = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(
        names.filter(|name| of_log(name)).count(),
        1,
        "one is written to"
    );
    drop(index);
    let index = open(dir.path());
    assert_eq!(list(&index, None).unwrap(), list_before);
}

#[test]
fn a_compaction_that_is_given_up_leaves_the_store_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    fill(&index);
    let before = list(&index, None).unwrap();
    let mut calls = 0;
    let whole = {
        let copy = tempfile::tempdir().unwrap();
        let other = open(copy.path());
        fill(&other);
        let mut calls = 0;
        other
            .compact(&since(100), &mut || {
                calls += 1;
                true
            })
            .unwrap();
        calls
    };
    for last in 1..=whole {
        calls = 0;
        let given_up = index.compact(&since(100), &mut || {
            calls += 1;
            calls < last
        });
        assert!(matches!(given_up, Err(IndexError::NotCompacted { .. })));
        assert_eq!(list(&index, None).unwrap(), before);
        find(&index, "a", Some(50)).unwrap();
    }
    assert_eq!(calls, whole);
    let names = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.ends_with("-1.log")).count(), 0);
    compact(&index, 100);
    assert_eq!(list(&index, None).unwrap(), before);
}

#[test]
fn a_walk_goes_on_through_a_compaction_or_says_that_it_cannot() {
    let walk_all = |index: &Index, mut walk: crate::Walk| -> Result<Vec<String>, IndexError> {
        let mut told = Vec::new();
        while let Some(some) = index.walk_on(&mut walk)? {
            told.extend(some.into_iter().map(|transfer| format!("{transfer:?}")));
        }
        Ok(told)
    };
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    fill(&index);
    let (walk, before) = (index.walk(), walk_all(&index, index.walk()).unwrap());
    say(&index, 200, &[("a", 80), ("g", 1)]);
    compact(&index, 200);
    assert_eq!(walk_all(&index, walk.clone()).unwrap(), before);
    say(&index, 210, &[("a", 90)]);
    compact(&index, 210);
    let error = walk_all(&index, walk).unwrap_err();
    assert!(
        matches!(error, IndexError::RevisionCompacted { .. }),
        "{error}"
    );
    assert_eq!(walk_all(&index, index.walk()).unwrap().len(), 6);
}

#[test]
fn a_backup_of_a_compacted_store_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    fill(&index);
    compact(&index, 100);
    for round in 0..2 {
        let copy = tempfile::tempdir().unwrap();
        for mut file in index.snapshot().unwrap().files {
            let mut bytes = Vec::new();
            file.content.read_to_end(&mut bytes).unwrap();
            fs::write(copy.path().join(file.name), bytes).unwrap();
        }
        check(copy.path());
        let restored = open(copy.path());
        assert!(restored.recovery().was_clean);
        assert_eq!(list(&restored, None).unwrap(), list(&index, None).unwrap());
        find(&restored, "a", Some(99)).unwrap_err();
        // Closed before anything is written, and after.
        drop(restored);
        let restored = open(copy.path());
        assert!(restored.recovery().was_clean);
        say(&restored, 300, &[("z", 1)]);
        drop(restored);
        assert_eq!(check(copy.path()).retained, index.counts().1 + 1);
        say(&index, 200 + round, &[("y", u8::try_from(round).unwrap())]);
    }
}

/// One that was written while the store was compacted knows slots and
/// addresses of before, though the batch with which it ends is still there.
#[test]
fn a_checkpoint_of_before_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    fill(&index);
    let path = dir.path().join("checkpoint");
    let mut of_before = Vec::new();
    let mut calls = 0;
    index
        .compact(&since(100), &mut || {
            calls += 1;
            if calls == 2 {
                say(&index, 150, &[("f", 1)]);
                index.checkpoint().unwrap();
                of_before = fs::read(&path).unwrap();
            }
            true
        })
        .unwrap();
    let listed = list(&index, None).unwrap();
    drop(index);
    assert!(
        !of_before.is_empty(),
        "it is asked after the log has rolled over"
    );
    fs::write(&path, of_before).unwrap();
    let index = open(dir.path());
    let why = index.recovery().ignored_checkpoint;
    assert_eq!(why, Some("the log has been compacted since"));
    assert_eq!(list(&index, None).unwrap(), listed);
}

#[test]
fn a_lost_note_of_the_generation_is_no_empty_store() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    fill(&index);
    compact(&index, 100);
    drop(index);
    let path = dir.path().join("generation");
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(Index::open(dir.path()).is_err());
    fs::write(&path, &bytes[1..]).unwrap();
    let error = Index::open(dir.path()).err().unwrap();
    assert!(
        matches!(error, IndexError::DamagedGeneration { .. }),
        "{error}"
    );
    let mut problems = Vec::new();
    crate::check(dir.path(), &mut |problem| {
        problems.push(problem.to_string());
    })
    .unwrap();
    assert!(problems[0].contains("generation"), "{problems:?}");
    fs::write(&path, &bytes).unwrap();
    assert_eq!(open(dir.path()).counts().1, 5);
}

/// Until when a version held that a fetch had seen before it was replaced is
/// not in the log.
#[test]
fn lists_of_before_know_of_fetches() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    say(&index, 5, &[("b", 1)]);
    say(&index, 6, &[("b", 2)]);
    let list = Source {
        extent: Extent::Snapshot,
        expires_after: Some(100),
        ..Source::new("list", "List", Category::Community)
    };
    let listed = |confidence| vec![claim("a", confidence)];
    index.record(&list, listed(1), at(10)).unwrap();
    let present = ClaimIdSet::from_iter([ClaimId::new(Kind::Domain, "a.example.com", "list")]);
    index.retain_present(&list, &present, at(100)).unwrap();
    let revision = index.counts().2;
    index.record(&list, listed(2), at(120)).unwrap();
    let of_then = |index: &Index| {
        let mut told = Told::default();
        let listing = Listing {
            filter: &Filter::default(),
            page: ALL,
            now: at(150),
            revision: Some(revision),
        };
        index.list(&listing, &mut told).unwrap();
        told
    };
    let before = of_then(&index);
    assert!(
        before
            .0
            .iter()
            .any(|told| told.starts_with("a.example.com 1 "))
    );
    let compacted = compact(&index, 110);
    assert!(compacted.versions_after < compacted.versions_before);
    assert_eq!(of_then(&index), before);
}

#[test]
fn it_is_due_when_a_third_would_go() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let count = u32::try_from(MIN_DROPPED).unwrap();
    let list = Source {
        extent: Extent::Snapshot,
        ..source()
    };
    let say_all = |second: i64, confidence| {
        let named = |number| claim(&format!("h{number}"), confidence);
        index
            .record(&list, (0..count).map(named).collect(), at(second))
            .unwrap();
    };
    say_all(10, 1);
    assert!(!index.compaction_is_due(&since(100)));
    say_all(20, 2);
    assert!(index.compaction_is_due(&since(100)));
    assert!(!index.compaction_is_due(&since(20)), "it is still kept");
    compact(&index, 100);
    assert!(!index.compaction_is_due(&since(100)));
    // Ends stay, with what they end.
    index
        .retain_present(&list, &ClaimIdSet::default(), at(30))
        .unwrap();
    assert!(!index.compaction_is_due(&since(100)));
}
