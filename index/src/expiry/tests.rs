use std::collections::{BTreeMap, BTreeSet};

use iocd_core::claim::{Category, Claim, ClaimId, ClaimIdSet, Extent, Source};
use iocd_core::query::{EntrySink, Filter, Listing, Page};
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::Index;

/// Files everything of hours that have begun anew.
fn refile_all(expiries: &mut Expiries, now: u32, ends: &BTreeMap<u32, u32>) {
    let mut next = Some(Refiled::default());
    while let Some(refiled) = next {
        next = expiries.refile(refiled, now, |slot| ends.get(&slot).copied());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Ends are set and moved to and fro, what is due ends, and hours pass.
    #[test]
    fn what_is_due_is_found(
        steps in prop::collection::vec((0u32..12, 0u32..8, 0u32..3), 1..200),
        pace in 200u32..4000,
    ) {
        let mut expiries = Expiries::default();
        let mut ends = BTreeMap::new();
        let mut now = 100 * HOUR;
        for (slot, hours, step) in steps {
            if step > 0 {
                let end = if hours == 7 { NO_TIME } else { now + 60 + hours * HOUR };
                let before = ends.insert(slot, end).unwrap_or(NO_TIME);
                expiries.change(slot, before, end);
                ends.retain(|_, end| *end != NO_TIME);
            } else {
                now += pace;
            }
            let is_due = |slot: &u32| ends.get(slot).is_some_and(|&end| end <= now);
            let found: BTreeSet<u32> = expiries.up_to(now).filter(is_due).collect();
            let due: BTreeSet<u32> = ends.keys().copied().filter(is_due).collect();
            prop_assert_eq!(&found, &due);
            if step == 0 {
                ends.retain(|slot, _| !due.contains(slot));
                refile_all(&mut expiries, now, &ends);
                let early = expiries.hours.range(..=now / HOUR).flat_map(|(_, slots)| slots);
                prop_assert!(early.copied().all(|slot| ends[&slot] / HOUR == now / HOUR));
            }
        }
    }
}

#[test]
fn filing_anew_goes_on_where_it_stopped() {
    let slots = 3 * u32::try_from(SLICE).unwrap() + 5;
    let mut expiries = Expiries::default();
    let mut ends = BTreeMap::new();
    for slot in 0..slots {
        expiries.insert(slot, HOUR);
        // A third stays, a third moves on, a third has died.
        if slot % 3 < 2 {
            ends.insert(slot, HOUR * (1 + slot % 3));
        }
    }
    refile_all(&mut expiries, HOUR, &ends);
    let count = |hour| expiries.hours.get(&hour).map_or(0, Vec::len);
    let of = |rest| ends.keys().filter(|&slot| slot % 3 == rest).count();
    assert_eq!((count(1), count(2)), (of(0), of(1)));
}

struct Total(u64);

impl EntrySink for Total {
    fn total(&mut self, total: u64) {
        self.0 = total;
    }

    fn entry(&mut self, _: &iocd_core::query::Entry<'_>) {}
}

/// A list that is fetched every few minutes for as long as its entries hold.
#[test]
fn fetching_a_list_again_takes_no_memory() {
    const COUNT: u64 = 500;
    const HOURS: i64 = 24 * 10;
    let at = |hour: i64| Timestamp::from_second(1_700_000_000 + 3600 * hour).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(dir.path()).unwrap();
    let list = Source {
        extent: Extent::Snapshot,
        expires_after: Some(86_400 * 7),
        ..Source::new("list", "List", Category::Community)
    };
    let names = (0..COUNT).map(|number| format!("h{number}.example.com"));
    let values = names.map(|name| Value::parse(Kind::Domain, &name).unwrap());
    let claims: Vec<Claim> = values.map(|value| Claim::new(value, 50)).collect();
    let id = |claim: &Claim| ClaimId::new(Kind::Domain, claim.value.as_str(), "list");
    let present: ClaimIdSet = claims.iter().map(id).collect();
    index.record(&list, claims, at(0)).unwrap();
    let total = |hour| {
        let mut total = Total(0);
        let listing = Listing {
            filter: &Filter::default(),
            page: Page {
                offset: 0,
                limit: 0,
            },
            now: at(hour),
            revision: None,
        };
        index.list(&listing, &mut total).unwrap();
        total.0
    };
    let first = index.size().memory;
    for hour in 1..=HOURS {
        assert_eq!(index.retain_present(&list, &present, at(hour)).unwrap(), 0);
        assert_eq!(index.expire_due(at(hour)).unwrap(), 0);
        assert_eq!(total(hour), COUNT);
    }
    let grown = index.size().memory.saturating_sub(first);
    assert!(grown < COUNT * 16, "{grown} bytes");
    // Then it is fetched no more.
    let end = HOURS + 24 * 7;
    assert_eq!(total(end - 1), COUNT);
    assert_eq!(index.expire_due(at(end - 1)).unwrap(), 0);
    assert_eq!(total(end), 0, "not swept yet");
    assert_eq!(index.expire_due(at(end)).unwrap(), COUNT);
    assert_eq!(index.state.read().expiries.up_to(u32::MAX).count(), 0);
}
