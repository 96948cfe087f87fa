use std::fs;
use std::path::Path;
use std::sync::Arc;

use iocd_core::claim::{Category, Claim, Source};
use iocd_core::query::{Entry, EntrySink, Filter, Listing, Page};
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;

use super::*;
use crate::files::Disk;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn source() -> Source {
    Source {
        expires_after: Some(86_400),
        ..Source::new("feed", "Feed", Category::Community)
    }
}

/// Claims that have something in every part of the state.
fn claims(from: u32, to: u32) -> Vec<Claim> {
    let claim = |n| {
        let (kind, text) = match n % 4 {
            0 => (Kind::Ipv4, format!("203.0.{}.0/24", n % 256)),
            1 => (Kind::Url, format!("http://h{n}.example.com/{n}")),
            _ => (Kind::Domain, format!("h{n}.example.net")),
        };
        Claim {
            tags: vec![format!("tag-{}", n % 7)],
            malware: Some(format!("family-{}", n % 3)),
            ..Claim::new(Value::parse(kind, &text).unwrap(), 50)
        }
    };
    (from..to).map(claim).collect()
}

#[derive(Default)]
struct Listed(Vec<String>);

impl EntrySink for Listed {
    fn total(&mut self, total: u64) {
        self.0.push(total.to_string());
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        let Entry { value, tags, .. } = entry;
        self.0.push(format!("{value} {tags:?}"));
    }
}

fn list(index: &Index) -> Vec<String> {
    let listing = Listing {
        filter: &Filter::default(),
        page: Page {
            offset: 0,
            limit: 1000,
        },
        now: at(10),
        revision: None,
    };
    let mut listed = Listed::default();
    index.list(&listing, &mut listed).unwrap();
    listed.0
}

fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
    }
    to
}

/// A store of 200 claims with a checkpoint, and 100 that came after it.
fn store() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    index.record(&source(), claims(0, 200), at(1)).unwrap();
    index.checkpoint().unwrap();
    index.record(&source(), claims(150, 300), at(2)).unwrap();
    dir
}

fn ignored(dir: &Path) -> Option<&'static str> {
    Index::open(dir).unwrap().recovery().ignored_checkpoint
}

#[test]
fn what_follows_the_checkpoint_is_all_that_is_read() {
    let dir = store();
    let index = Index::open(dir.path()).unwrap();
    let recovery = index.recovery();
    assert_eq!(recovery.ignored_checkpoint, None);
    let read = recovery.replayed_bytes;
    let all = index.size().disk;
    assert!(0 < read && read < all / 2, "{read} of {all}");

    let without = copy(dir.path());
    fs::remove_file(without.path().join(FILE)).unwrap();
    let whole = Index::open(without.path()).unwrap();
    assert!(whole.recovery().replayed_bytes > all / 2);
    assert_eq!(whole.recovery().ignored_checkpoint, None);
    assert_eq!(list(&whole), list(&index));
    assert_eq!(whole.counts(), index.counts());

    // To the byte: what is in memory is the same.
    whole.checkpoint().unwrap();
    index.checkpoint().unwrap();
    let sections = |dir: &Path| fs::read(dir.join(FILE)).unwrap()[header::HEADER..].to_vec();
    assert!(sections(without.path()) == sections(dir.path()));
    drop(index);
    let index = Index::open(dir.path()).unwrap();
    assert_eq!(index.recovery().replayed_bytes, 0);
    assert_eq!(list(&index), list(&whole));
}

#[test]
fn a_checkpoint_that_is_damaged_anywhere_is_not_used() {
    let dir = store();
    let index = Index::open(dir.path()).unwrap();
    let (listed, counts) = (list(&index), index.counts());
    drop(index);
    let path = dir.path().join(FILE);
    let whole = fs::read(&path).unwrap();
    let load = |dir: &Path| Saved::open(dir)?.unwrap().load(Arc::default());
    assert!(load(dir.path()).is_ok());
    let lengths = (0..whole.len()).step_by(whole.len() / 200);
    for length in lengths.chain(whole.len() - 40..whole.len()) {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(load(dir.path()).is_err(), "{length} bytes");
    }
    let beginning = 0..header::HEADER + 100;
    for at in beginning.chain((header::HEADER..whole.len()).step_by(41)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, &bytes).unwrap();
        assert!(load(dir.path()).is_err(), "byte {at}");
        let mut problems = Vec::new();
        let tell = &mut |problem| problems.push(problem);
        if at % 50 == 0 && !(8..12).contains(&at) {
            crate::check(dir.path(), tell).unwrap();
            assert!(matches!(&*problems, [problem] if problem.file == FILE));
            let copy = copy(dir.path());
            let index = Index::open(copy.path()).unwrap();
            assert!(index.recovery().ignored_checkpoint.is_some(), "byte {at}");
            assert_eq!((list(&index), index.counts()), (listed.clone(), counts));
        }
    }
}

#[test]
fn a_checkpoint_of_something_else_is_not_used() {
    let (dir, other) = (store(), store());
    let stray = fs::read(other.path().join(FILE)).unwrap();
    let with = |bytes: &[u8]| {
        let dir = copy(dir.path());
        fs::write(dir.path().join(FILE), bytes).unwrap();
        ignored(dir.path())
    };
    assert_eq!(with(&stray), Some("it is of another store"));

    let renewed = copy(dir.path());
    crate::begin_epoch(renewed.path()).unwrap();
    assert_eq!(ignored(renewed.path()), Some("it is of another epoch"));

    // Another process, with an older checkpoint put back into the log's future.
    let later = Index::open(dir.path()).unwrap();
    let earlier = copy(dir.path());
    later.record(&source(), claims(300, 310), at(3)).unwrap();
    later.checkpoint().unwrap();
    drop(later);
    fs::copy(dir.path().join(FILE), earlier.path().join(FILE)).unwrap();
    let problem = "the log does not have the batch that it ends with";
    assert_eq!(ignored(earlier.path()), Some(problem));
    let other = Index::open(earlier.path()).unwrap();
    other.record(&source(), claims(400, 410), at(3)).unwrap();
    drop(other);
    assert_eq!(ignored(earlier.path()), Some(problem));
    let mut problems = Vec::new();
    crate::check(earlier.path(), &mut |problem| problems.push(problem)).unwrap();
    assert!(problems[0].what.starts_with(problem), "{problems:?}");

    let mut other_version = fs::read(dir.path().join(FILE)).unwrap();
    other_version[8] += 1;
    assert_eq!(
        with(&other_version),
        Some("it has another version of the format")
    );
}

#[test]
fn one_is_written_when_enough_was() {
    let dir = tempfile::tempdir().unwrap();
    let settings = LogSettings {
        files: Arc::new(Disk),
        segment_size: 1 << 20,
        most_versions: u32::MAX,
        checkpoint_every: 4000,
        checkpoint_at_close: 2000,
    };
    let path = dir.path().join(FILE);
    let index = Index::open_with(dir.path(), &settings).unwrap();
    assert!(!index.checkpoint_if_due().unwrap());
    index.checkpoint().unwrap();
    assert!(!path.exists(), "there is nothing to write down");
    let mut from = 0;
    let mut record = |index: &Index, bytes: u64| {
        let enough = index.size().disk + bytes;
        while index.size().disk < enough {
            index
                .record(&source(), claims(from, from + 5), at(1))
                .unwrap();
            from += 5;
        }
    };
    record(&index, 1000);
    assert!(!index.checkpoint_if_due().unwrap());
    record(&index, 3000);
    assert!(index.checkpoint_if_due().unwrap());
    assert!(!index.checkpoint_if_due().unwrap());
    let first = fs::read(&path).unwrap();
    record(&index, 500);
    drop(index);
    assert_eq!(fs::read(&path).unwrap(), first, "little was written since");
    let index = Index::open_with(dir.path(), &settings).unwrap();
    record(&index, 1500);
    index.close().unwrap();
    assert_ne!(fs::read(&path).unwrap(), first);
    assert!(!index.checkpoint_if_due().unwrap());
    assert!(index.checkpoint().is_err(), "it takes no writes");
    drop(index);
    let index = Index::open_with(dir.path(), &settings).unwrap();
    assert_eq!(index.recovery().replayed_bytes, 0);
}

/// Programs of one version must agree on every bit of it: what is loaded is
/// not derived again.
#[test]
fn what_a_checkpoint_holds_has_a_version() {
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format");
    let dir = tempfile::tempdir().unwrap();
    for name in ["claims-000000.log", "fetches.log", "epoch", "clean"] {
        fs::copy(stored.join(name), dir.path().join(name)).unwrap();
    }
    let index = Index::open(dir.path()).unwrap();
    index.checkpoint().unwrap();
    let bytes = fs::read(dir.path().join(FILE)).unwrap();
    assert_eq!(
        (header::VERSION, crc32c::crc32c(&bytes)),
        (4, 0x0a1f_6e2c),
        "the parts say another thing, or in another way: raise the version"
    );
}
