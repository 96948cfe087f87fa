//! Claims that ended long ago, and go wholly.

use super::*;

/// Keeps what happened since second 100, and what ended since another.
fn forgetting(second: i64) -> Retention {
    Retention {
        ended_since: Some(at(second)),
        ..since(100)
    }
}

fn nothing() -> Told {
    Told(vec!["0".to_owned()])
}

fn told(lines: &[&str]) -> Told {
    Told(lines.iter().map(|&line| line.to_owned()).collect())
}

#[test]
fn what_ended_long_ago_goes_and_comes_back_as_new() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path());
    fill(&index);
    end(&index, 150, "c");
    index
        .record(&source(), vec![claim("f", 90)], at(160))
        .unwrap();
    // "b" ended in second 120 and "c" in second 150: that is within the history.
    let before = list(&index, None).unwrap();
    let compacted = index.compact(&forgetting(1000), &mut || true).unwrap();
    assert_eq!(compacted.claims_gone, 0);
    say(&index, 1200, &[("g", 1)]);
    let retention = Retention {
        since: at(1100),
        ended_since: Some(at(140)),
    };
    let compacted = index.compact(&retention, &mut || true).unwrap();
    assert_eq!(compacted.claims_gone, 1);
    check(dir.path());
    assert_eq!(find(&index, "b", None).unwrap(), nothing());
    let c = told(&["1", "c.example.com 7 removed 150"]);
    assert_eq!(find(&index, "c", None).unwrap(), c);
    let (active, retained, revision) = index.counts();
    assert_eq!((active, retained), (5, 6));
    assert_eq!(list(&index, None).unwrap().0.len(), before.0.len() + 1);

    // Nothing of what "b" was is left.
    say(&index, 1300, &[("b", 1)]);
    let b = told(&["1", "b.example.com 1 active 1300"]);
    assert_eq!(find(&index, "b", None).unwrap(), b);
    let (_, followed) = follow(&index, revision).unwrap();
    assert_eq!(followed, b);
    index.close().unwrap();
    drop(index);
    let index = open(dir.path());
    assert_eq!(find(&index, "b", None).unwrap(), b);
    assert_eq!(find(&index, "c", None).unwrap(), c);
    assert_eq!(index.counts(), (6, 7, revision + 1));
}

/// Compacts, keeping what happened or ended since second 1100, and has something
/// else done at the moment of this number at which others may go on. Says whether
/// there was that moment.
fn compact_beside(index: &Index, moment: usize, other: &dyn Fn()) -> (Compacted, bool) {
    let retention = Retention {
        since: at(1100),
        ended_since: Some(at(1100)),
    };
    let mut asked = 0;
    let compacted = index.compact(&retention, &mut || {
        if asked == moment {
            other();
        }
        asked += 1;
        true
    });
    assert!(asked > 0, "nobody was asked");
    (compacted.unwrap(), asked > moment)
}

/// At each moment at which compaction lets others go on.
#[test]
fn what_begins_anew_meanwhile_is_there() {
    for moment in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let index = open(dir.path());
        fill(&index);
        end(&index, 150, "c");
        say(&index, 1200, &[("g", 1)]);
        let (compacted, goes_on) = compact_beside(&index, moment, &|| {
            say(&index, 1300, &[("b", 1)]);
            end(&index, 1310, "b");
            say(&index, 1320, &[("c", 2)]);
        });
        assert_eq!(compacted.claims_gone, 2);
        check(dir.path());
        if !goes_on {
            break;
        }
        let mut b = find(&index, "b", None).unwrap();
        assert_eq!(b.0.pop().unwrap().split(' ').next_back(), Some("1310"));
        let mut c = find(&index, "c", None).unwrap();
        assert_eq!(c.0.pop().unwrap().split(' ').next_back(), Some("1320"));
        let (active, retained, _) = index.counts();
        assert_eq!((active, retained), (5, 6));
        let listed = list(&index, None).unwrap();
        assert_eq!(listed.0[0], active.to_string());
    }
}

/// What is over and is seen once more is over still, and its end may go.
#[test]
fn what_is_seen_again_meanwhile_is_no_damage() {
    for moment in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let index = open(dir.path());
        let seen = |second| {
            let mut claim = claim("a", 50);
            claim.last_seen = Some(at(second));
            claim.expires_at = Some(at(40));
            vec![claim]
        };
        index.record(&source(), seen(10), at(10)).unwrap();
        index.expire_due(at(50)).unwrap();
        say(&index, 1200, &[("g", 1)]);
        let (compacted, goes_on) = compact_beside(&index, moment, &|| {
            index.record(&source(), seen(30), at(1300)).unwrap();
        });
        assert_eq!(compacted.claims_gone, 1);
        check(dir.path());
        index.close().unwrap();
        drop(index);
        fs::remove_file(dir.path().join("checkpoint")).unwrap();
        let index = open(dir.path());
        assert_eq!(find(&index, "a", None).unwrap(), nothing());
        assert_eq!(index.counts().0, 1);
        if !goes_on {
            break;
        }
    }
}

#[test]
fn ends_count_for_whether_it_is_due() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let list = Source {
        extent: Extent::Snapshot,
        ..source()
    };
    let count = u32::try_from(MIN_DROPPED).unwrap();
    let claims = (0..count).map(|number| claim(&format!("h{number}"), 1));
    index.record(&list, claims.collect(), at(10)).unwrap();
    index
        .retain_present(&list, &ClaimIdSet::default(), at(30))
        .unwrap();
    assert!(!index.compaction_is_due(&since(100)));
    assert!(!index.compaction_is_due(&forgetting(20)));
    assert!(index.compaction_is_due(&forgetting(100)));
    let compacted = index.compact(&forgetting(100), &mut || true).unwrap();
    assert_eq!(compacted.claims_gone, MIN_DROPPED);
    assert_eq!(compacted.versions_after, 0);
    assert!(!index.compaction_is_due(&forgetting(100)));
}
