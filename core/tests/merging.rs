//! What repeated statements add up to.

// A test that cannot go on has failed: that is what `unwrap` says.
#![allow(clippy::unwrap_used)]

use iocd_core::claim::held::{Decision, Held, Known, Outcome};
use iocd_core::claim::{Category, Claim, MAX_REFERENCES, Scope, Source, Status, Tlp};
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

/// What a store keeps of one claim.
#[derive(Default)]
struct Kept {
    held: Option<Held>,
    touched: Option<Timestamp>,
}

impl Kept {
    fn hear(&mut self, claim: Claim) -> Decision {
        let known = self.held.as_ref().map(|held| Known {
            held,
            status: Status::Active,
            touched: self.touched,
            listed_at: None,
        });
        let decision = Held::hear(known, claim, &source(), at(1_000_000));
        match &decision {
            Decision::Write(held, _) => {
                *self = Kept {
                    held: Some(held.clone()),
                    touched: None,
                }
            }
            Decision::Touch(seen) => self.touched = Some(*seen),
            Decision::Keep => {}
        }
        decision
    }
}

proptest! {
    /// A feed read again changes nothing, however its rows contradict each other.
    #[test]
    fn hearing_it_all_again_changes_nothing(statements in prop::collection::vec(statement(), 1..12)) {
        let mut kept = Kept::default();
        for (position, claim) in statements.iter().enumerate() {
            let decision = kept.hear(claim.clone());
            let first = matches!(&decision, Decision::Write(_, Outcome::Added));
            prop_assert_eq!(first, position == 0);
        }
        for claim in statements {
            prop_assert_eq!(kept.hear(claim), Decision::Keep);
        }
    }

    #[test]
    fn merging_is_as_the_contract_says(a in statement(), b in statement()) {
        let mut whole = a.clone();
        whole.merge(&b);
        prop_assert_eq!(whole.confidence, a.confidence.max(b.confidence));
        prop_assert_eq!(whole.first_seen, a.first_seen.into_iter().chain(b.first_seen).min());
        prop_assert_eq!(whole.last_seen, a.last_seen.max(b.last_seen));
        prop_assert!(a.tags.iter().chain(&b.tags).all(|tag| whole.tags.contains(tag)));
        prop_assert!(whole.tags.is_sorted() && whole.ports.is_sorted());
        prop_assert!(whole.references.starts_with(&a.references));
        prop_assert!(whole.references.len() <= MAX_REFERENCES);
        let mut again = whole.clone();
        again.merge(&b);
        again.merge(&a);
        prop_assert_eq!(again, whole);
    }
}

#[test]
fn a_sighting_moves_beside_the_claim_and_makes_a_version_after_a_day() {
    let mut kept = Kept::default();
    let seen = |second: i64| {
        let mut claim = Claim::new(Value::parse(Kind::Domain, "bad.example.com").unwrap(), 50);
        claim.last_seen = Some(at(second));
        claim
    };
    kept.hear(seen(0));
    assert_eq!(kept.hear(seen(3_600)), Decision::Touch(at(3_600)));
    assert_eq!(kept.hear(seen(3_600)), Decision::Keep);
    assert_eq!(
        kept.hear(seen(10)),
        Decision::Keep,
        "an older sighting is no news"
    );
    assert!(matches!(
        kept.hear(seen(86_400)),
        Decision::Write(_, Outcome::Merged)
    ));
}
