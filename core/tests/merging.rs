//! What repeated statements add up to.

// A test that cannot go on has failed: that is what `unwrap` says.
#![allow(clippy::unwrap_used)]

use iocd_core::claim::held::{Decision, Held, Standing, Times};
use iocd_core::claim::kept::{Figures, Kept, hear_again};
use iocd_core::claim::{Category, Claim, Extent, MAX_REFERENCES, Scope, Source, Status, Tlp};
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;
use proptest::option;
use proptest::prelude::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

fn source() -> Source {
    Source::new("feed", "Feed", Category::Research)
}

prop_compose! {
    /// Few different words and times, so that statements agree and differ in
    /// every combination.
    fn statement()(
        confidence in prop::sample::select(vec![10u8, 50, 90]),
        first_seen in option::of(0i64..3),
        last_seen in option::of(prop::sample::select(vec![0i64, 1, 3_600, 100_000, 200_000])),
        expires_at in option::of(prop::sample::select(vec![500_000i64, 600_000])),
        context in option::of("[ab]"),
        malware in option::of("[xy]"),
        tags in prop::collection::vec("[a-e]", 0..4),
        ports in prop::collection::vec(prop::sample::select(vec![80u16, 443, 8080]), 0..3),
        references in prop::collection::vec("[a-z]", 0..6),
        subtree: bool,
        tlp in option::of(prop::sample::select(vec![Tlp::Green, Tlp::Amber])),
    ) -> Claim {
        let mut claim = Claim::new(Value::parse(Kind::Domain, "bad.example.com").unwrap(), confidence);
        claim.first_seen = first_seen.map(at);
        claim.last_seen = last_seen.map(at);
        claim.expires_at = expires_at.map(at);
        claim.context = context;
        claim.malware = malware;
        claim.tags = tags;
        claim.ports = ports;
        claim.references = references;
        claim.scope = if subtree { Scope::Subtree } else { Scope::Exact };
        claim.tlp = tlp;
        claim.tidy();
        claim
    }
}

/// What a store has of one claim.
#[derive(Clone, Default)]
struct Stored {
    held: Option<Held>,
    touched: Option<Timestamp>,
}

impl Stored {
    fn standing(&self) -> Standing {
        Standing {
            status: Status::Active,
            touched: self.touched,
            listed_at: None,
        }
    }

    /// What is decided about what was heard before; `None` for the first.
    fn hear(&mut self, claim: Claim) -> Option<Decision> {
        let Some(held) = self.held.clone() else {
            self.held = Some(Held::new(claim, at(1_000_000)));
            return None;
        };
        let decision = held.hear(self.standing(), &claim, &source(), at(1_000_000));
        match &decision {
            Decision::Write(held) => {
                *self = Stored {
                    held: Some(held.clone()),
                    touched: None,
                }
            }
            Decision::Touch(seen) => self.touched = Some(*seen),
            Decision::Keep => {}
        }
        Some(decision)
    }
}

/// A version as if it lay in some store.
struct Lying<'a>(&'a Held);

impl Kept for Lying<'_> {
    fn figures(&self) -> Figures {
        let claim = &self.0.claim;
        Figures {
            confidence: claim.confidence,
            scope: claim.scope,
            tlp: claim.tlp,
            first_seen: claim.first_seen,
            times: Times {
                last_seen: claim.last_seen,
                expires_at: claim.expires_at,
                heard_at: self.0.heard_at,
            },
        }
    }

    fn texts(&self) -> [Option<&str>; 3] {
        let claim = &self.0.claim;
        [&claim.context, &claim.malware, &claim.raw].map(|text| text.as_deref())
    }

    fn names(&self) -> [impl Iterator<Item = &str>; 3] {
        let claim = &self.0.claim;
        [&claim.tags, &claim.techniques, &claim.sectors]
            .map(|names| names.iter().map(|name| &**name))
    }

    fn ports(&self) -> impl Iterator<Item = u16> {
        self.0.claim.ports.iter().copied()
    }

    fn references(&self) -> impl Iterator<Item = &str> {
        self.0.claim.references.iter().map(|reference| &**reference)
    }
}

proptest! {
    /// A feed read again changes nothing, however its rows contradict each other.
    #[test]
    fn hearing_it_all_again_changes_nothing(statements in prop::collection::vec(statement(), 1..12)) {
        let mut stored = Stored::default();
        for claim in &statements {
            stored.hear(claim.clone());
        }
        for claim in statements {
            prop_assert_eq!(stored.hear(claim), Some(Decision::Keep));
        }
    }

    /// What shows without merging is what merging comes to, and what a store
    /// has word for word shows so.
    #[test]
    fn what_is_decided_at_a_glance_is_what_merging_decides(
        statements in prop::collection::vec(statement(), 1..6),
        more in statement(),
        is_more: bool,
        position: prop::sample::Index,
        status in prop::sample::select(vec![Status::Active, Status::Expired, Status::Removed]),
        extent in prop::sample::select(vec![Extent::Snapshot, Extent::Events]),
        touched in option::of(prop::sample::select(vec![3_600i64, 150_000])),
        listed_at in option::of(prop::sample::select(vec![1_000_000i64, 1_050_000])),
        expires_after in option::of(prop::sample::select(vec![3_600u32, 100_000])),
        heard_at in prop::sample::select(vec![1_000_000i64, 1_001_000, 1_090_000]),
    ) {
        let mut stored = Stored::default();
        for claim in &statements {
            stored.hear(claim.clone());
        }
        let claim = if is_more { &more } else { position.get(&statements) };
        let standing = Standing {
            status,
            touched: stored.touched.max(touched.map(at)),
            listed_at: listed_at.map(at),
        };
        let source = Source { extent, expires_after, ..source() };
        let held = stored.held.unwrap();
        let glance = hear_again(&Lying(&held), standing, claim, &source, at(heard_at));
        let whole = held.clone().hear(standing, claim, &source, at(heard_at));
        if let Some(glance) = &glance {
            prop_assert_eq!(glance, &whole);
        }
        let is_alone = statements.len() == 1 && !is_more;
        if is_alone && !matches!(whole, Decision::Write(_)) {
            prop_assert!(glance.is_some());
        }
    }

    #[test]
    fn merging_is_as_the_contract_says(a in statement(), b in statement()) {
        let mut whole = a.clone();
        let says_more = whole.merge(&b);
        prop_assert_eq!(says_more, whole != a);
        prop_assert_eq!(whole.confidence, a.confidence.max(b.confidence));
        prop_assert_eq!(whole.first_seen, a.first_seen.into_iter().chain(b.first_seen).min());
        prop_assert_eq!(whole.last_seen, a.last_seen.max(b.last_seen));
        prop_assert!(a.tags.iter().chain(&b.tags).all(|tag| whole.tags.contains(tag)));
        prop_assert!(whole.tags.is_sorted() && whole.ports.is_sorted());
        prop_assert!(whole.references.starts_with(&a.references));
        prop_assert!(whole.references.len() <= MAX_REFERENCES);
        let mut again = whole.clone();
        prop_assert!(!again.merge(&b));
        prop_assert!(!again.merge(&a));
        prop_assert_eq!(again, whole);
    }
}

#[test]
fn a_sighting_moves_beside_the_claim_and_makes_a_version_after_a_day() {
    let mut stored = Stored::default();
    let seen = |second: i64| {
        let mut claim = Claim::new(Value::parse(Kind::Domain, "bad.example.com").unwrap(), 50);
        claim.last_seen = Some(at(second));
        claim
    };
    stored.hear(seen(0));
    assert_eq!(stored.hear(seen(3_600)), Some(Decision::Touch(at(3_600))));
    assert_eq!(stored.hear(seen(3_600)), Some(Decision::Keep));
    assert_eq!(
        stored.hear(seen(10)),
        Some(Decision::Keep),
        "an older sighting is no news"
    );
    assert!(matches!(
        stored.hear(seen(86_400)),
        Some(Decision::Write(_))
    ));
}

#[test]
fn of_sets_the_first_in_order_are_kept() {
    let value = || Value::parse(Kind::Domain, "bad.example.com").unwrap();
    let mut full = Claim::new(value(), 50);
    full.ports = (100..164).collect();
    let say = |port| Claim {
        ports: vec![port],
        ..Claim::new(value(), 50)
    };
    assert!(!full.merge(&say(200)));
    assert!(full.merge(&say(80)));
    assert_eq!(
        (full.ports.len(), full.ports[0], full.ports[63]),
        (64, 80, 162)
    );
}
