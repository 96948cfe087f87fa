use std::collections::BTreeSet;
use std::path::Path;

use iocd_core::claim::mirrored::COMPARE_AFTER;
use iocd_core::claim::{Category, Claim, ClaimId, Extent};
use iocd_core::query::{Entry, EntrySink, Filter, Listing, Page};
use iocd_core::value::{Kind, Value};
use proptest::prelude::*;

use super::*;
use crate::compaction::Retention;

const HOUR: i64 = 3600;
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
const SOURCES: [(&str, Extent); 3] = [
    ("list", Extent::Snapshot),
    ("events", Extent::Events),
    ("window", Extent::Window),
];

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    /// A source says something of some values, seen so many hours ago.
    Say(usize, Vec<usize>, u8, Option<u8>),
    /// The list was fetched, and has these.
    List(Vec<usize>),
    /// The list was fetched, and is the same.
    Same,
    TakeBack(usize, usize, bool),
    /// A source's rule changes: hours that its claims hold.
    Rule(usize, Option<u8>),
    Hours(u8),
    /// The other server ends what is over.
    Sweep,
    SweepReplica,
    Compact,
    /// The replica asks for news, so many claims at a time.
    Follow(usize),
    /// It has lost its place.
    Forget,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = || 0..SOURCES.len();
    let some = || proptest::collection::vec(0..NAMES.len(), 0..4);
    let step = prop_oneof![
        5 => (which(), some(), 1..100_u8, proptest::option::of(0..60_u8))
            .prop_map(|(source, names, sure, seen)| Step::Say(source, names, sure, seen)),
        3 => some().prop_map(Step::List),
        2 => Just(Step::Same),
        2 => (which(), 0..NAMES.len(), any::<bool>())
            .prop_map(|(source, name, wrong)| Step::TakeBack(source, name, wrong)),
        1 => (which(), proptest::option::of(1..90_u8)).prop_map(|(source, hours)| Step::Rule(source, hours)),
        5 => (1..40_u8).prop_map(Step::Hours),
        3 => Just(Step::Sweep),
        3 => Just(Step::SweepReplica),
        1 => Just(Step::Compact),
        5 => (1..5_usize).prop_map(Step::Follow),
        1 => Just(Step::Forget),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..60)
}

/// Two servers.
struct Pair<'a> {
    dir: &'a Path,
    upstream: Index,
    replica: Index,
    sources: Vec<Source>,
    now: Timestamp,
    /// Where the replica is, and since when.
    place: Option<(Progress, Timestamp)>,
}

fn value(name: usize) -> Value {
    Value::parse(Kind::Domain, &format!("{}.example.net", NAMES[name])).unwrap()
}

impl Pair<'_> {
    fn begin(dir: &Path) -> Pair<'_> {
        let source = |(name, extent)| Source {
            extent,
            expires_after: Some(30 * 3600),
            ..Source::new(name, name, Category::Vendor)
        };
        Pair {
            dir,
            upstream: Index::open(&dir.join("upstream")).unwrap(),
            replica: Index::open(&dir.join("replica")).unwrap(),
            sources: SOURCES.into_iter().map(source).collect(),
            now: Timestamp::from_second(1_700_000_000).unwrap(),
            place: None,
        }
    }

    fn take(&mut self, step: Step) {
        let (upstream, now) = (&self.upstream, self.now);
        match step {
            Step::Say(source, names, sure, seen) => {
                let hours = |seen| now.as_second() - i64::from(seen) * HOUR;
                let last_seen = seen.map(|seen| Timestamp::from_second(hours(seen)).unwrap());
                let claim = |name| Claim {
                    last_seen,
                    ..Claim::new(value(name), sure)
                };
                let claims = names.into_iter().map(claim).collect();
                upstream.record(&self.sources[source], claims, now).unwrap();
            }
            Step::List(names) => {
                let list = &self.sources[0];
                let claims = names.iter().map(|&name| Claim::new(value(name), 50));
                let recorded = upstream.record(list, claims.collect(), now).unwrap();
                let present = recorded.ids.into_iter().collect();
                upstream.retain_present(list, &present, now).unwrap();
            }
            Step::Same => upstream.retain_all(&self.sources[0], now).unwrap(),
            Step::TakeBack(source, name, is_wrong) => {
                let status = if is_wrong {
                    Status::FalsePositive
                } else {
                    Status::Removed
                };
                let source = &self.sources[source];
                upstream
                    .remove(source, &[value(name)], status, now)
                    .unwrap();
            }
            Step::Rule(source, hours) => {
                let after = hours.map(|hours| u32::from(hours) * 3600);
                self.sources[source].expires_after = after;
                upstream
                    .record(&self.sources[source], Vec::new(), now)
                    .unwrap();
            }
            Step::Hours(hours) => {
                let later = now.as_second() + i64::from(hours) * HOUR;
                self.now = Timestamp::from_second(later).unwrap();
            }
            Step::Sweep => drop(upstream.expire_due(now).unwrap()),
            Step::SweepReplica => drop(self.replica.expire_due(now).unwrap()),
            Step::Compact => {
                let retention = Retention {
                    since: now,
                    ended_since: Some(now),
                };
                upstream.compact(&retention, &mut || true).unwrap();
            }
            Step::Follow(most) => self.follow(most),
            Step::Forget => self.place = None,
            Step::Reopen => {
                let path = self.dir.join("replica");
                let aside = Index::open(&self.dir.join("aside")).unwrap();
                drop(std::mem::replace(&mut self.replica, aside));
                self.replica = Index::open(&path).unwrap();
            }
        }
    }

    /// Mirrors what is new; all of it where the replica has been away.
    fn follow(&mut self, most: usize) {
        // Whoever is asked has ended what is over.
        self.upstream.expire_due(self.now).unwrap();
        let known = self
            .place
            .filter(|(_, since)| self.now.duration_since(*since) < COMPARE_AFTER);
        let until = self.upstream.counts().2;
        for (source, listed_at) in self.upstream.listed_sources() {
            let mirrored = Source {
                mirrored_by: Some("upstream".into()),
                ..source
            };
            let described = self.replica.mirror_source(&mirrored, listed_at, self.now);
            described.unwrap();
        }
        let progress = known.and_then(|(progress, _)| self.take_changes(progress, most).ok());
        let progress = progress.map(|(progress, _)| progress);
        let progress = progress.unwrap_or_else(|| {
            let (progress, told) = self
                .take_changes(Progress::beginning(until), most)
                .expect("the beginning is always known");
            for source in self.replica.sources() {
                let kept = self.replica.retain_mirrored(&source.name, &told, self.now);
                kept.unwrap();
            }
            progress
        });
        self.place = Some((progress, self.now));
    }

    /// Mirrors what changed; gives what that was of.
    fn take_changes(
        &self,
        mut progress: Progress,
        most: usize,
    ) -> Result<(Progress, ClaimIdSet), IndexError> {
        let until = self.upstream.counts().2;
        let mut told = ClaimIdSet::default();
        while progress.reached < until {
            let changes = self.upstream.changes(progress, until, most)?;
            assert!(changes.reached > progress.reached && changes.claims.len() <= most);
            progress.reached = changes.reached;
            for Transfer { source, claim } in &changes.claims {
                let value = claim.held.claim.value.as_ref();
                told.insert(ClaimId::new(value.kind, value.text, source));
            }
            self.replica.mirror(changes.claims, self.now).unwrap();
        }
        Ok((progress, told))
    }

    /// What a store lists, with or without what has expired.
    fn answers(&self, index: &Index, include_expired: bool) -> BTreeSet<String> {
        let mut all = All::default();
        let filter = Filter {
            include_expired,
            ..Filter::default()
        };
        let page = Page {
            offset: 0,
            limit: 1000,
        };
        let now = self.now;
        let listing = Listing {
            filter: &filter,
            page,
            now,
            revision: None,
        };
        index.list(&listing, &mut all).unwrap();
        all.0
    }
}

/// Entries, but for when they last changed, and for sightings of less than a
/// day: both are a store's own.
#[derive(Default)]
struct All(BTreeSet<String>);

impl EntrySink for All {
    fn total(&mut self, _: u64) {}

    fn entry(&mut self, entry: &Entry<'_>) {
        let told = format!(
            "{} {} {} {:?} {:?} {:?}",
            entry.value,
            entry.source.name,
            entry.confidence,
            entry.status,
            entry.first_seen,
            entry.expires_at,
        );
        assert!(self.0.insert(told));
    }
}

/// All that is retained, as it is held.
fn held(index: &Index) -> BTreeSet<String> {
    let end = index.counts().2;
    let mut reached = 0;
    let mut all = BTreeSet::new();
    while reached < end {
        let progress = Progress {
            reached,
            begun: end,
        };
        let changes = index.changes(progress, end, 100).unwrap();
        reached = changes.reached;
        for told in changes.claims {
            let claim = told.claim;
            all.insert(format!(
                "{} {:?} {:?}",
                told.source, claim.held, claim.status
            ));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever happens, and however the replica follows it, it answers as
    /// the other server does.
    #[test]
    fn a_replica_answers_as_its_upstream(steps in steps()) {
        let dir = tempfile::tempdir().unwrap();
        let mut pair = Pair::begin(dir.path());
        for step in steps {
            let is_followed = matches!(step, Step::Follow(_));
            pair.take(step);
            if is_followed {
                let listed = |index| pair.answers(index, false);
                prop_assert_eq!(listed(&pair.replica), listed(&pair.upstream));
                // What the other server has dropped of what ended is kept here.
                let listed = |index| pair.answers(index, true);
                prop_assert!(listed(&pair.replica).is_superset(&listed(&pair.upstream)));
            }
        }
        pair.place = None;
        pair.follow(3);
        let (mut here, there) = (held(&pair.replica), held(&pair.upstream));
        here.retain(|line| line.ends_with("Active") || there.contains(line));
        prop_assert_eq!(here, there);
        let before = pair.replica.counts().2;
        pair.place = None;
        pair.follow(2);
        prop_assert_eq!(pair.replica.counts().2, before, "the same again is no news");
        drop(pair);
        let replica = &dir.path().join("replica");
        crate::check(replica, &mut |problem| panic!("{problem}")).unwrap();
    }
}

#[test]
fn what_is_the_stores_own_is_not_mirrored() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::begin(dir.path());
    pair.take(Step::Say(1, vec![0], 50, None));
    let own = &pair.sources[1];
    pair.replica.record(own, Vec::new(), pair.now).unwrap();
    let changes = pair
        .upstream
        .changes(Progress::beginning(1), 1, 10)
        .unwrap();
    let refused = pair.replica.mirror(changes.claims, pair.now).unwrap_err();
    assert!(refused.to_string().contains("\"events\""), "{refused}");
    let none = ClaimIdSet::default();
    let refused = pair.replica.retain_mirrored("events", &none, pair.now);
    assert!(refused.is_err());
    assert_eq!(pair.replica.counts(), (0, 0, 0));
}

#[test]
fn what_the_other_server_may_prolong_is_left_to_it_for_a_day() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::begin(dir.path());
    pair.take(Step::List(vec![0, 1]));
    pair.take(Step::Follow(9));
    for (hours, swept) in [(31, 0), (22, 0), (2, 2)] {
        pair.take(Step::Hours(hours));
        assert_eq!(pair.replica.expire_due(pair.now).unwrap(), swept);
    }
    // It was there all along: the upstream's list was seen every day.
    pair.take(Step::Hours(1));
    pair.take(Step::Follow(9));
    let listed = |index| pair.answers(index, true);
    assert_eq!(listed(&pair.replica), listed(&pair.upstream));
}

#[test]
fn what_the_other_server_has_lost_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::begin(dir.path());
    pair.take(Step::List(vec![0, 1, 2]));
    pair.take(Step::Follow(9));
    let kept = ClaimId::new(Kind::Domain, value(1).as_str(), "list");
    let present = [kept].into_iter().collect();
    let removed = pair.replica.retain_mirrored("list", &present, pair.now);
    assert_eq!(removed.unwrap(), 2);
    assert_eq!(pair.replica.counts().0, 1);
}

#[test]
fn a_place_that_the_store_never_had_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let pair = Pair::begin(dir.path());
    let refused = pair
        .upstream
        .changes(Progress::beginning(1), 9, 10)
        .unwrap_err();
    assert!(matches!(
        refused,
        IndexError::UnknownRevision { given: 1, .. }
    ));
}

#[test]
fn a_place_before_what_was_dropped_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut pair = Pair::begin(dir.path());
    pair.take(Step::Say(2, vec![0, 1], 50, None));
    let first = Progress::beginning(2);
    let told = pair.upstream.changes(first, 2, 1).unwrap();
    let place = Progress {
        reached: told.reached,
        ..first
    };
    pair.take(Step::TakeBack(2, 0, false));
    pair.take(Step::Hours(1));
    assert_eq!(pair.upstream.changes(place, 3, 9).unwrap().claims.len(), 2);
    pair.take(Step::Compact);
    let refused = pair.upstream.changes(place, 3, 9).unwrap_err();
    assert!(matches!(refused, IndexError::RevisionCompacted { .. }));
    let anew = pair.upstream.changes(Progress::beginning(3), 3, 9).unwrap();
    assert_eq!(anew.claims.len(), 1);
}
