use std::fs;
use std::path::Path;

use iocd_core::claim::held::Outcome;
use iocd_core::claim::{Category, Claim, ClaimId, ClaimIdSet, Extent, Source, Status};
use iocd_core::query::{
    Brief, BriefSink, Entry, EntrySink, Filter, Listing, ManyOptions, Page, Question, Reach,
    StatusFilter,
};
use iocd_core::questions::Questions;
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;

use super::*;

fn source(name: &str) -> Source {
    Source {
        extent: Extent::Snapshot,
        ..Source::new(name, &name.to_uppercase(), Category::Community)
    }
}

fn domain(name: &str) -> Value {
    Value::parse(Kind::Domain, name).unwrap()
}

fn claim(name: &str) -> Claim {
    let mut claim = Claim::new(domain(name), 80);
    claim.tags = vec!["phishing".into(), name.into()];
    claim
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

const ALL: Page = Page {
    offset: 0,
    limit: 1000,
};

#[derive(Default)]
struct Values {
    total: u64,
    values: Vec<String>,
}

impl EntrySink for Values {
    fn total(&mut self, total: u64) {
        self.total = total;
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        self.values
            .push(format!("{} {}", entry.value, entry.status.as_str()));
    }
}

struct LastSeen(Option<Timestamp>);
impl EntrySink for LastSeen {
    fn total(&mut self, _: u64) {}
    fn entry(&mut self, entry: &Entry<'_>) {
        self.0 = entry.last_seen;
    }
}

fn list(index: &Index) -> Vec<String> {
    let mut values = Values::default();
    index
        .list(
            &Listing {
                filter: &Filter::default(),
                page: ALL,
                now: at(0),
                revision: None,
            },
            &mut values,
        )
        .unwrap();
    assert_eq!(values.total, values.values.len() as u64);
    values.values.sort();
    values.values
}

fn find(index: &Index, name: &str) -> Result<Vec<String>, IndexError> {
    let mut values = Values::default();
    let question = Question {
        readings: &[domain(name)],
        reach: Reach::Scope,
        status: StatusFilter::Any,
        page: ALL,
        now: at(0),
        as_of: false,
    };
    index.find(&question, &mut values)?;
    Ok(values.values)
}

fn segment(dir: &Path) -> std::path::PathBuf {
    dir.join("claims-000000.log")
}

/// A store with three batches, and the size of the log after each.
fn three_batches(dir: &Path) -> Vec<u64> {
    let index = Index::open(dir).unwrap();
    let feed = source("feed");
    let mut sizes = Vec::new();
    for (second, names) in [
        (0, ["a.example.com", "b.example.com"]),
        (1, ["c.example.com", "d.example.com"]),
    ] {
        index
            .record(&feed, names.map(claim).into(), at(second))
            .unwrap();
        sizes.push(fs::metadata(segment(dir)).unwrap().len());
    }
    index
        .remove(&feed, &[domain("a.example.com")], Status::Removed, at(2))
        .unwrap();
    sizes.push(fs::metadata(segment(dir)).unwrap().len());
    sizes
}

/// What is listed after so many of the three batches.
fn expected(batches: usize) -> Vec<&'static str> {
    match batches {
        0 => vec![],
        1 => vec!["a.example.com active", "b.example.com active"],
        2 => vec![
            "a.example.com active",
            "b.example.com active",
            "c.example.com active",
            "d.example.com active",
        ],
        _ => vec![
            "b.example.com active",
            "c.example.com active",
            "d.example.com active",
        ],
    }
}

#[test]
fn a_store_is_the_same_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    three_batches(dir.path());
    let index = Index::open(dir.path()).unwrap();
    let recovery = index.recovery();
    assert!(recovery.was_clean);
    assert_eq!(recovery.dropped_bytes, 0);
    assert_eq!(list(&index), expected(3));
    assert_eq!(
        find(&index, "a.example.com").unwrap(),
        ["a.example.com removed"]
    );
    assert_eq!(index.counts(), (3, 4, 5));
    index.close().unwrap();
    drop(index);
    let index = Index::open(dir.path()).unwrap();
    assert!(index.recovery().was_clean);
    assert_eq!(list(&index), expected(3));
}

#[test]
fn one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let _index = Index::open(dir.path()).unwrap();
    assert!(matches!(
        Index::open(dir.path()),
        Err(IndexError::InUse { .. })
    ));
}

#[test]
fn saying_it_again_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let feed = source("feed");
    let claims = || {
        vec![
            claim("a.example.com"),
            claim("b.example.com"),
            claim("a.example.com"),
        ]
    };
    let first = index.record(&feed, claims(), at(0)).unwrap().outcomes;
    assert_eq!(first, [Outcome::Added, Outcome::Added, Outcome::Unchanged]);
    let size = index.size();
    let again = index.record(&feed, claims(), at(100_000)).unwrap().outcomes;
    assert_eq!(again, [Outcome::Unchanged; 3]);
    assert_eq!(index.size(), size);
}

#[test]
fn a_complete_fetch_removes_what_is_absent() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let feed = source("feed");
    index
        .record(
            &feed,
            vec![claim("a.example.com"), claim("b.example.com")],
            at(0),
        )
        .unwrap();
    let present = ClaimIdSet::from_iter([ClaimId::new(Kind::Domain, "b.example.com", "feed")]);
    assert_eq!(index.retain_present(&feed, &present, at(50)).unwrap(), 1);
    assert_eq!(list(&index), ["b.example.com active"]);
    assert_eq!(index.retain_present(&feed, &present, at(60)).unwrap(), 0);
    drop(index);
    let index = Index::open(dir.path()).unwrap();
    assert_eq!(list(&index), ["b.example.com active"]);
    let mut last_seen = LastSeen(None);
    index
        .list(
            &Listing {
                filter: &Filter::default(),
                page: ALL,
                now: at(0),
                revision: None,
            },
            &mut last_seen,
        )
        .unwrap();
    assert_eq!(
        last_seen.0,
        Some(at(60)),
        "still listed is seen, without a word in the log"
    );
}

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
fn a_claim_about_a_private_address_is_found_but_not_listed() {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let private = Value::parse(Kind::Ipv4, "10.1.2.3").unwrap();
    let mut feed = source("feed");
    index
        .record(&feed, vec![Claim::new(private.clone(), 50)], at(0))
        .unwrap();
    assert!(list(&index).is_empty());
    let mut found = Values::default();
    let question = Question {
        readings: &[private],
        reach: Reach::Scope,
        status: StatusFilter::Seen,
        page: ALL,
        now: at(0),
        as_of: false,
    };
    index.find(&question, &mut found).unwrap();
    assert_eq!(found.values, ["10.1.2.3 active"]);
    // Unless its source says so, also afterwards.
    feed.list_non_global = true;
    index.record(&feed, Vec::new(), at(1)).unwrap();
    assert_eq!(list(&index), ["10.1.2.3 active"]);
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

/// Many questions are looked up in groups, with their memory asked for ahead.
#[test]
fn many_questions_are_answered_in_order() {
    #[derive(Default)]
    struct Answers(Vec<(u64, Vec<String>)>);

    impl BriefSink for Answers {
        fn question(&mut self, total: u64) {
            self.0.push((total, Vec::new()));
        }

        fn entry(&mut self, entry: &Brief<'_>) {
            let (_, values) = self.0.last_mut().unwrap();
            values.push(entry.value.to_owned());
        }
    }

    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let names: Vec<String> = (0..200).map(|n| format!("h{n}.example.com")).collect();
    let claims = names.iter().map(|name| claim(name)).collect();
    index.record(&source("feed"), claims, at(0)).unwrap();
    let mut questions = Questions::default();
    for name in &names {
        questions.ask(name, None);
        questions.ask(&format!("not-{name}"), None);
    }
    let options = ManyOptions {
        status: StatusFilter::Seen,
        limit: 10,
        now: at(0),
    };
    let mut answers = Answers::default();
    index.find_many(&questions, options, &mut answers).unwrap();
    let expected: Vec<(u64, Vec<String>)> = names
        .iter()
        .flat_map(|name| [(1, vec![name.clone()]), (0, Vec::new())])
        .collect();
    assert_eq!(answers.0, expected);
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

/// The number of versions is bounded by that of slots: what would go beyond is
/// refused before anything is written.
#[test]
fn a_full_store_takes_no_more_and_has_room_again_once_compacted() {
    let dir = tempfile::tempdir().unwrap();
    let settings = log::LogSettings {
        most_versions: 4,
        ..log::LogSettings::default()
    };
    let index = Index::open_with(dir.path(), &settings).unwrap();
    let feed = source("feed");
    let says = |confidence, second| {
        let claim = Claim::new(domain("a.example.com"), confidence);
        index.record(&feed, vec![claim], at(second)).map(drop)
    };
    for number in 1..=4 {
        says(number, i64::from(number)).unwrap();
    }
    let size = index.size();
    let full = |refused: Result<(), IndexError>| {
        assert!(matches!(refused, Err(IndexError::TooLarge { .. })));
        assert_eq!(index.size(), size);
        assert_eq!(list(&index), ["a.example.com active"]);
    };
    full(says(5, 5));
    let gone = [domain("a.example.com")];
    full(index.remove(&feed, &gone, Status::Removed, at(5)).map(drop));
    full(
        index
            .retain_present(&feed, &ClaimIdSet::default(), at(5))
            .map(drop),
    );
    assert_eq!(index.refusal(), None);
    let retention = Retention { since: at(4) };
    index.compact(&retention, &mut || true).unwrap();
    says(5, 6).unwrap();
    assert_eq!(index.counts(), (1, 1, 5));
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
