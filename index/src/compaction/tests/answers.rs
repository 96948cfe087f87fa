//! What can be asked after a compaction, and when one is due.

use super::*;

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
