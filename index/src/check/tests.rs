use std::path::Path;

use iocd_core::claim::{Category, Claim, Extent, Source, Status};
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;

use super::*;
use crate::Index;
use crate::record::Record;

fn look(dir: &Path) -> (Checked, Vec<Problem>) {
    let mut problems = Vec::new();
    let checked = check(dir, &mut |problem| problems.push(problem)).unwrap();
    (checked, problems)
}

fn value(name: &str) -> Value {
    Value::parse(Kind::Domain, name).unwrap()
}

/// A store with four batches that was closed in order, and where each ends.
fn write_store(dir: &Path) -> Vec<u64> {
    let feed = Source {
        extent: Extent::Snapshot,
        ..Source::new("feed", "Feed", Category::Community)
    };
    let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
    let index = Index::open(dir).unwrap();
    let mut ends = Vec::new();
    for (second, name) in [
        (0, "a.example.com"),
        (1, "b.example.com"),
        (2, "c.example.com"),
    ] {
        let claim = Claim {
            tags: vec!["tag".into()],
            ..Claim::new(value(name), 80)
        };
        index.record(&feed, vec![claim], at(second)).unwrap();
        ends.push(index.size().disk);
    }
    let gone = [value("a.example.com")];
    index.remove(&feed, &gone, Status::Removed, at(3)).unwrap();
    ends.push(index.size().disk);
    index
        .retain_present(&feed, &iocd_core::claim::ClaimIdSet::default(), at(4))
        .unwrap();
    ends.push(index.size().disk);
    ends
}

#[test]
fn a_whole_store_has_no_problems_and_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let ends = write_store(dir.path());
    let (checked, problems) = look(dir.path());
    assert_eq!(problems, []);
    let expected = Checked {
        segments: 1,
        bytes: *ends.last().unwrap(),
        batches: 5,
        versions: 3,
        tombstones: 3,
        touches: 0,
        active: 0,
        retained: 3,
        strings: 1,
        sources: 1,
        fetches: 1,
        revision: 6,
        is_closed: true,
        unfinished_bytes: 0,
    };
    assert_eq!(checked, expected);
    let index = Index::open(dir.path()).unwrap();
    let (beside, problems) = look(dir.path());
    assert_eq!(problems, [], "a store may be looked at while it is open");
    assert_eq!(
        beside,
        Checked {
            is_closed: false,
            ..expected
        }
    );
    assert_eq!(index.counts(), (0, 3, 6));
}

/// Wherever a bit flips, a problem is told; in a record, that record's; and
/// the batches after it are still verified.
#[test]
fn a_flipped_bit_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let ends = write_store(dir.path());
    for name in ["claims-000000.log", fetches::FILE, "epoch"] {
        let path = dir.path().join(name);
        let whole = fs::read(&path).unwrap();
        for byte in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[byte] ^= 1 << (byte % 8);
            fs::write(&path, flipped).unwrap();
            let (checked, problems) = look(dir.path());
            assert!(!problems.is_empty(), "{name}, byte {byte}");
            let first = &problems[0];
            assert_eq!(first.file, name);
            if let (Some(offset), 36..) = (first.offset, byte) {
                let before = ends.iter().filter(|&&end| end <= byte as u64).max();
                let from = before.copied().unwrap_or(36);
                assert!(
                    (from..=byte as u64).contains(&offset),
                    "byte {byte}: {first}"
                );
                assert!(checked.batches >= 3, "byte {byte}: {checked:?}");
            }
        }
        fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn an_unfinished_end_is_no_problem_unless_the_store_was_closed() {
    let dir = tempfile::tempdir().unwrap();
    let ends = write_store(dir.path());
    let path = dir.path().join("claims-000000.log");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let (_, problems) = look(dir.path());
    assert!(!problems.is_empty());
    fs::remove_file(dir.path().join(CLEAN)).unwrap();
    let (checked, problems) = look(dir.path());
    assert_eq!(problems, []);
    assert_eq!(checked.unfinished_bytes, ends[4] - ends[3] - 1);
    assert_eq!(checked.batches, 4);
}

#[test]
fn a_segment_that_was_only_begun_is_no_problem() {
    let dir = tempfile::tempdir().unwrap();
    write_store(dir.path());
    fs::remove_file(dir.path().join(CLEAN)).unwrap();
    let next = dir.path().join("claims-000001.log");
    for length in [0, 20, 36] {
        fs::write(&next, vec![0; length]).unwrap();
        let (checked, problems) = look(dir.path());
        assert_eq!(problems, []);
        assert_eq!(checked.unfinished_bytes, length as u64);
        drop(Index::open(dir.path()).unwrap());
        assert!(!next.exists(), "opening removes it");
        fs::remove_file(dir.path().join(CLEAN)).unwrap();
    }
}

/// Records with good checksums that do not fit what came before.
#[test]
fn what_refers_to_nothing_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let ends = write_store(dir.path());
    fs::remove_file(dir.path().join(CLEAN)).unwrap();
    let path = dir.path().join("claims-000000.log");
    let whole = fs::read(&path).unwrap();
    let end = *ends.last().unwrap();
    let commit = |start, revision, time| {
        Record::Commit(crate::record::Commit {
            start,
            revision,
            time,
        })
    };
    let ended = Record::Tombstone(crate::record::Tombstone {
        id: iocd_core::claim::ClaimId::new(Kind::Domain, "b.example.com", "feed"),
        kind: Kind::Domain,
        value: "b.example.com",
        source: 0,
        status: 1,
    });
    let touch = Record::Touch {
        revision: 99,
        last_seen: 5,
    };
    for (record, commit, expected) in [
        (
            ended,
            commit(end, 7, u32::MAX),
            "ends a claim that does not hold",
        ),
        (touch, commit(end, 6, u32::MAX), "touches revision 99"),
        (
            Record::String("x"),
            commit(end, 9, u32::MAX),
            "says revision 9, and 6",
        ),
        (
            Record::String("x"),
            commit(end, 6, 1),
            "its time 1 is before",
        ),
        (
            Record::String("x"),
            commit(7, 6, u32::MAX),
            "belongs to another place",
        ),
    ] {
        let mut bytes = whole.clone();
        record.encode(&mut bytes);
        commit.encode(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let (_, problems) = look(dir.path());
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].to_string().contains(expected), "{problems:?}");
    }
}
