//! Files that are not as they were written.

use super::*;

/// The crash of a process that was writing: the file ends anywhere. What was
/// acknowledged is there, what was not is wholly absent.
#[test]
fn cut_anywhere_the_log_gives_whole_batches() {
    let dir = tempfile::tempdir().unwrap();
    let sizes = three_batches(dir.path());
    let bytes = fs::read(segment(dir.path())).unwrap();
    for length in 0..=bytes.len() {
        let copy = tempfile::tempdir().unwrap();
        fs::write(segment(copy.path()), &bytes[..length]).unwrap();
        let index = Index::open(copy.path()).unwrap();
        let whole = sizes.iter().filter(|&&size| size <= length as u64).count();
        assert_eq!(list(&index), expected(whole), "cut at {length}");
        // And it goes on from there.
        index
            .record(&source("feed"), vec![claim("z.example.com")], at(9))
            .unwrap();
        drop(index);
        assert_eq!(
            list(&Index::open(copy.path()).unwrap()).len(),
            expected(whole).len() + 1
        );
    }
}

/// A flipped bit is never served. In all but the last batch it is named as
/// damage; the last batch of a store that was not closed in order may have
/// been torn by a crash, so there it may be dropped, but as a whole.
#[test]
fn a_flipped_bit_is_never_served() {
    let dir = tempfile::tempdir().unwrap();
    let sizes = three_batches(dir.path());
    let bytes = fs::read(segment(dir.path())).unwrap();
    for position in 0..bytes.len() {
        let copy = tempfile::tempdir().unwrap();
        let mut flipped = bytes.clone();
        flipped[position] ^= 1 << (position % 8);
        fs::write(segment(copy.path()), &flipped).unwrap();
        match Index::open(copy.path()) {
            Ok(index) => {
                assert!(
                    position as u64 >= sizes[1],
                    "byte {position} was not noticed"
                );
                assert_eq!(list(&index), expected(2));
            }
            Err(
                IndexError::Damaged { .. }
                | IndexError::NotASegment { .. }
                | IndexError::Version { .. },
            ) => {}
            Err(other) => panic!("byte {position}: {other}"),
        }
    }
}

#[test]
fn a_flipped_bit_in_a_store_closed_in_order_is_damage_everywhere() {
    let dir = tempfile::tempdir().unwrap();
    three_batches(dir.path());
    Index::open(dir.path()).unwrap().close().unwrap();
    let bytes = fs::read(segment(dir.path())).unwrap();
    let clean = fs::read(dir.path().join("clean")).unwrap();
    for position in 0..bytes.len() {
        let copy = tempfile::tempdir().unwrap();
        let mut flipped = bytes.clone();
        flipped[position] ^= 0x10;
        fs::write(segment(copy.path()), &flipped).unwrap();
        fs::write(copy.path().join("clean"), &clean).unwrap();
        assert!(
            Index::open(copy.path()).is_err(),
            "byte {position} was not noticed"
        );
    }
}

#[test]
fn damage_under_a_running_store_is_noticed_when_read() {
    use std::os::unix::fs::FileExt as _;
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    index
        .record(&source("feed"), vec![claim("a.example.com")], at(0))
        .unwrap();
    let bytes = fs::read(segment(dir.path())).unwrap();
    let place = bytes
        .windows(13)
        .rposition(|window| window == b"a.example.com")
        .unwrap();
    let file = fs::OpenOptions::new()
        .write(true)
        .open(segment(dir.path()))
        .unwrap();
    file.write_all_at(b"b", place as u64).unwrap();
    assert!(matches!(
        find(&index, "a.example.com"),
        Err(IndexError::Damaged { segment: 0, .. })
    ));
}

#[test]
fn another_versions_log_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    three_batches(dir.path());
    let mut bytes = fs::read(segment(dir.path())).unwrap();
    bytes[8] = 99;
    fs::write(segment(dir.path()), bytes).unwrap();
    assert!(matches!(
        Index::open(dir.path()),
        Err(IndexError::Version {
            found: 99,
            supported: 2,
            ..
        })
    ));
}

#[test]
fn damage_is_reported_every_time_until_it_is_mended() {
    let dir = tempfile::tempdir().unwrap();
    three_batches(dir.path());
    let mut bytes = fs::read(segment(dir.path())).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(segment(dir.path()), &bytes).unwrap();
    for _ in 0..3 {
        assert!(matches!(
            Index::open(dir.path()),
            Err(IndexError::Damaged { .. })
        ));
    }
    bytes[last] ^= 1;
    fs::write(segment(dir.path()), &bytes).unwrap();
    assert_eq!(list(&Index::open(dir.path()).unwrap()), expected(3));
}

#[test]
fn only_a_torn_last_fetch_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    for second in 0..3 {
        index
            .retain_present(&source("feed"), &ClaimIdSet::default(), at(second))
            .unwrap();
    }
    drop(index);
    let path = dir.path().join("fetches.log");
    let whole = fs::read(&path).unwrap();
    assert_eq!(whole.len(), 64);
    fs::write(&path, &whole[..56]).unwrap();
    assert!(
        Index::open(dir.path()).is_err(),
        "a store closed in order has no torn entry"
    );
    fs::remove_file(dir.path().join("clean")).unwrap();
    drop(Index::open(dir.path()).unwrap());
    assert_eq!(fs::read(&path).unwrap(), whole[..48]);
    for (byte, damaged) in [(0, 0), (12, 0), (20, 1), (36, 2)] {
        let mut flipped = whole.clone();
        flipped[byte] ^= 1;
        fs::write(&path, flipped).unwrap();
        assert!(matches!(
            Index::open(dir.path()),
            Err(IndexError::DamagedFetches { entry, .. }) if entry == damaged
        ));
    }
    let mut newer = whole.clone();
    newer[8] = 2;
    fs::write(&path, newer).unwrap();
    assert!(matches!(
        Index::open(dir.path()),
        Err(IndexError::Version { found: 2, .. })
    ));
}

#[test]
fn the_epoch_is_made_with_the_store_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let epoch = Index::open(dir.path()).unwrap().epoch();
    assert_eq!(Index::open(dir.path()).unwrap().epoch(), epoch);
    let path = dir.path().join("epoch");
    let whole = fs::read(&path).unwrap();
    for byte in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[byte] ^= 1;
        fs::write(&path, flipped).unwrap();
        let refused = Index::open(dir.path()).err().unwrap();
        assert!(
            matches!(
                refused,
                IndexError::DamagedEpoch { .. } | IndexError::Version { .. }
            ),
            "byte {byte}: {refused}"
        );
    }
    fs::write(&path, whole).unwrap();
    let next = begin_epoch(dir.path()).unwrap();
    assert_ne!(next, epoch);
    assert_eq!(Index::open(dir.path()).unwrap().epoch(), next);
}

/// What a commit record looks like in the middle of something else is none.
#[test]
fn what_only_begins_like_a_later_batch_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    three_batches(dir.path());
    fs::remove_file(dir.path().join("clean")).unwrap();
    let whole = fs::read(segment(dir.path())).unwrap();
    let end = whole.len() as u64;
    let mut commit = Vec::new();
    let later = record::Record::Commit(record::Commit {
        start: end + 1,
        revision: 6,
        time: 2_000_000_000,
    });
    later.encode(&mut commit);
    let mut longer = commit[record::HEADER..].to_vec();
    longer.push(0);
    let mut torn = u32::try_from(longer.len()).unwrap().to_le_bytes().to_vec();
    torn.extend(crc32c::crc32c(&longer).to_le_bytes());
    torn.extend(longer);
    let with = |rest: &[u8]| {
        fs::write(segment(dir.path()), [&whole[..], &[0; 9], rest].concat()).unwrap();
        let index = Index::open(dir.path())?;
        let dropped = index.recovery().dropped_bytes;
        drop(index);
        fs::remove_file(dir.path().join("clean")).unwrap();
        Ok::<_, IndexError>(dropped)
    };
    assert_eq!(with(&torn).unwrap(), 9 + torn.len() as u64);
    assert!(matches!(with(&commit), Err(IndexError::Damaged { .. })));
}

#[test]
fn a_missing_segment_is_named() {
    let dir = tempfile::tempdir().unwrap();
    three_batches(dir.path());
    fs::rename(segment(dir.path()), dir.path().join("claims-000001.log")).unwrap();
    let refused = Index::open(dir.path()).err().unwrap().to_string();
    assert!(
        refused.contains("claims-000000.log: it is missing"),
        "{refused}"
    );
}
