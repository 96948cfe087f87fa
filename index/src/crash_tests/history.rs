//! A history that does everything that writes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use iocd_core::claim::{Category, Claim, ClaimId, ClaimIdSet, Extent, Source, Status};
use iocd_core::query::{Entry, EntrySink, Filter, Listing, Page, Question, Reach, StatusFilter};
use iocd_core::value::{Kind, Value};
use iocd_core::warning::{WarningList, WarningSet};
use jiff::Timestamp;

use crate::files::faulty::Faulty;
use crate::log::LogSettings;
use crate::{Index, IndexError, Retention};

/// One thing that is done, by a source.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// It says so of these values, with these confidences.
    Say(&'static str, &'static [(&'static str, u8)]),
    /// Its complete list shows these.
    Show(&'static str, &'static [&'static str]),
    /// It takes these back.
    Withdraw(&'static str, &'static [&'static str], Status),
    /// Claims whose time is over end.
    Expire,
    /// A warning list comes into force that labels values and withholds none.
    Assess,
    /// What is in memory is written down.
    Checkpoint,
    /// What was replaced or ended before this second is dropped, and claims
    /// wholly that ended before the other.
    Compact(i64, Option<i64>),
    /// The store is closed in order, which does so too, and opened.
    Reopen,
}

use Step::{Assess, Checkpoint, Compact, Expire, Reopen, Say, Show, Withdraw};

/// With the second at which it is done.
pub(super) const HISTORY: [(i64, Step); 30] = [
    (10, Say("events", &[("a", 80), ("b", 50)])),
    (
        20,
        Say("list", &[("a", 60), ("c", 60), ("d", 60), ("e", 60)]),
    ),
    (20, Show("list", &["a", "c", "d", "e"])),
    (30, Say("plain", &[("a", 10), ("f", 10), ("g", 10)])),
    (40, Say("events", &[("b", 70)])),
    (50, Withdraw("plain", &["f"], Status::FalsePositive)),
    (60, Show("list", &["a", "c", "h"])),
    (70, Reopen),
    (
        80,
        Say("list", &[("i", 40), ("j", 40), ("k", 40), ("l", 40)]),
    ),
    (90, Say("events", &[("m", 1), ("n", 2), ("o", 3), ("p", 4)])),
    (95, Checkpoint),
    (600, Expire),
    (605, Assess),
    (610, Say("events", &[("a", 80), ("q", 5)])),
    (620, Show("list", &["a", "i", "j", "k", "l"])),
    (630, Withdraw("list", &["i"], Status::Removed)),
    (635, Compact(625, None)),
    (640, Reopen),
    (650, Reopen),
    (660, Say("plain", &[("f", 90), ("g", 90), ("r", 90)])),
    (1300, Show("list", &["a", "j"])),
    (1305, Checkpoint),
    (1310, Expire),
    (1315, Compact(1312, None)),
    (
        1320,
        Say("list", &[("c", 60), ("i", 99), ("s", 9), ("t", 9)]),
    ),
    (1320, Show("list", &["c", "i", "s", "t"])),
    (
        1330,
        Say("events", &[("u", 7), ("v", 7), ("w", 7), ("x", 7)]),
    ),
    (1335, Compact(1325, Some(1315))),
    (1340, Say("events", &[("b", 5)])),
    (1345, Reopen),
];

pub(super) fn source(name: &str) -> Source {
    let (extent, expires_after) = match name {
        "events" => (Extent::Events, Some(500)),
        "list" => (Extent::Snapshot, Some(1000)),
        _ => (Extent::Window, None),
    };
    Source {
        extent,
        expires_after,
        ..Source::new(name, name, Category::Community)
    }
}

fn value(name: &str) -> Value {
    Value::parse(Kind::Domain, &format!("{name}.example.com")).unwrap()
}

/// Values that hold, and one that has expired.
fn labels() -> Arc<WarningSet> {
    let hosts = br#"{"type": "hostname", "matching_attributes": ["domain"],
                     "list": ["a.example.com", "b.example.com", "g.example.com"]}"#;
    let (mut list, _) = WarningList::read_misp("hosts", hosts).unwrap();
    list.withholds = false;
    Arc::new(WarningSet::new(vec![list]))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A store of small segments on a faulty disk.
pub(super) fn open(dir: &Path, disk: &Faulty) -> Result<Index, IndexError> {
    let settings = LogSettings {
        files: Arc::new(disk.clone()),
        segment_size: 1200,
        most_versions: u32::MAX,
        checkpoint_every: u64::MAX,
        checkpoint_at_close: 1,
    };
    Index::open_with(dir, &settings)
}

/// Does a step. A store that could not be opened is opened first.
pub(super) fn perform(
    index: &mut Option<Index>,
    dir: &Path,
    disk: &Faulty,
    (second, step): (i64, Step),
) -> Result<(), IndexError> {
    if matches!(step, Reopen) {
        drop(index.take());
    }
    let index = match index {
        Some(index) => index,
        None => index.insert(open(dir, disk)?),
    };
    match step {
        Say(name, said) => {
            let claims = said
                .iter()
                .map(|&(name, confidence)| Claim {
                    tags: vec![format!("tag-{name}")],
                    ..Claim::new(value(name), confidence)
                })
                .collect();
            index.record(&source(name), claims, at(second)).map(drop)
        }
        Show(name, shown) => {
            let id = |shown: &&str| ClaimId::new(Kind::Domain, value(shown).as_str(), name);
            let present: ClaimIdSet = shown.iter().map(id).collect();
            index
                .retain_present(&source(name), &present, at(second))
                .map(drop)
        }
        Withdraw(name, values, status) => {
            let values: Vec<Value> = values.iter().map(|name| value(name)).collect();
            index
                .remove(&source(name), &values, status, at(second))
                .map(drop)
        }
        Expire => index.expire_due(at(second)).map(drop),
        Assess => index.assess(labels(), at(second)).map(drop),
        Checkpoint => index.checkpoint(),
        Compact(second, ended_since) => {
            let retention = Retention {
                since: at(second),
                ended_since: ended_since.map(at),
            };
            index.compact(&retention, &mut || true).map(drop)
        }
        Reopen => Ok(()),
    }
}

/// What a client sees of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) status: Status,
    pub(super) confidence: u8,
    pub(super) expires_at: Option<i64>,
}

/// Everything that a client sees, by source and value.
pub(super) type Sight = BTreeMap<(String, String), Shown>;

#[derive(Default)]
struct Looking {
    total: u64,
    sight: Sight,
}

impl EntrySink for Looking {
    fn total(&mut self, total: u64) {
        self.total += total;
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        let name = entry.value.strip_suffix(".example.com").unwrap().to_owned();
        assert_eq!(entry.tags, [format!("tag-{name}")]);
        let shown = Shown {
            status: entry.status,
            confidence: entry.confidence,
            expires_at: entry.expires_at.map(Timestamp::as_second),
        };
        let key = (entry.source.name.clone(), name);
        assert!(self.sight.insert(key, shown).is_none());
    }
}

/// Looks at everything in a store: by search, by list, by totals, which must
/// agree.
pub(super) fn look(index: &Index) -> Sight {
    let page = Page {
        offset: 0,
        limit: 1000,
    };
    let now = at(1);
    let mut found = Looking::default();
    for name in 'a'..='z' {
        let question = Question {
            readings: &[value(&name.to_string())],
            reach: Reach::Scope,
            status: StatusFilter::Any,
            page,
            now,
            as_of: false,
        };
        index.find(&question, &mut found).unwrap();
    }
    assert_eq!(found.total, found.sight.len() as u64);
    let mut listed = Looking::default();
    index
        .list(
            &Listing {
                filter: &Filter::default(),
                page,
                now,
                revision: None,
            },
            &mut listed,
        )
        .unwrap();
    assert_eq!(listed.total, listed.sight.len() as u64);
    let mut active = found.sight.clone();
    active.retain(|_, shown| shown.status == Status::Active);
    assert_eq!(active, listed.sight);
    let (active, retained, _) = index.counts();
    assert_eq!((active, retained), (listed.total, found.total));
    found.sight
}
