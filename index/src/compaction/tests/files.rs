//! What a compaction leaves in the directory.

use super::*;

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

/// The batch after those that went wholly tells of it, and may no longer fit
/// where it was.
#[test]
fn there_are_never_more_segments_than_there_were() {
    let padded = |name: &str, length: usize| Claim {
        context: Some("x".repeat(length)),
        ..claim(name, 50)
    };
    let batches = |index: &Index| {
        let mut sizes = Vec::new();
        for (second, batch) in (10..).step_by(10).zip([
            vec![padded("kept", 100)],
            vec![claim("a", 1)],
            vec![claim("a", 2), padded("large", 400)],
            vec![claim("small", 1)],
        ]) {
            let before = index.size().disk;
            index.record(&source(), batch, at(second)).unwrap();
            sizes.push(u32::try_from(index.size().disk - before).unwrap());
        }
        sizes
    };
    let measured = tempfile::tempdir().unwrap();
    let sizes = batches(&Index::open(measured.path()).unwrap());
    let settings = LogSettings {
        segment_size: crate::log::segment::SEGMENT_HEADER + sizes[2] + sizes[3],
        ..LogSettings::default()
    };
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open_with(dir.path(), &settings).unwrap();
    batches(&index);
    let segments = || {
        let names = fs::read_dir(dir.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("claims-")).count()
    };
    assert_eq!(segments(), 2, "both are full, but for what goes");
    let before = list(&index, None).unwrap();
    let refused = index.compact(&since(50), &mut || true).unwrap_err();
    assert!(
        matches!(refused, IndexError::NotCompacted { .. }),
        "{refused}"
    );
    assert_eq!(segments(), 3, "and the one that was begun");
    assert_eq!(list(&index, None).unwrap(), before);
    say(&index, 60, &[("later", 1)]);
    assert!(compact(&index, 70).versions_after < 6);
    say(&index, 80, &[("last", 1)]);
    let before = list(&index, None).unwrap();
    drop(index);
    check(dir.path());
    let index = Index::open_with(dir.path(), &settings).unwrap();
    assert_eq!(list(&index, None).unwrap(), before);
}
