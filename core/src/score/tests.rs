use proptest::prelude::*;

use super::*;

const NOW: &str = "2026-05-01T00:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn sources() -> Vec<Source> {
    let source = |name: &str, publisher: &str, weight, half_life| Source {
        publisher: publisher.to_owned(),
        weight,
        half_life,
        ..Source::new(name, name, Category::Community)
    };
    vec![
        source("a1", "A", Some(90), None),
        source("a2", "A", Some(60), Some(86_400)),
        source("b", "", None, None),
        source("c", "C", Some(0), None),
    ]
}

fn evidence(source: &Source, confidence: u8, days: i64) -> Evidence<'_> {
    Evidence {
        source,
        confidence,
        status: Status::Active,
        last_seen: now() - jiff::SignedDuration::from_hours(24 * days),
    }
}

fn score(kind: Kind, evidence: &[Evidence<'_>], caution: Caution) -> u8 {
    let mut tally = Tally::new(kind, now());
    for one in evidence {
        tally.add(*one);
    }
    tally.score(caution)
}

#[test]
fn a_half_life_halves() {
    let sources = sources();
    let at = |days| {
        score(
            Kind::Ipv4,
            &[evidence(&sources[0], 100, days)],
            Caution::None,
        )
    };
    assert_eq!([at(0), at(30), at(60), at(90)], [90, 45, 22, 11]);
    assert_eq!(at(30 * 40), 0);
    // A clock that runs behind makes nothing fresher than fresh.
    assert_eq!(at(-7), 90);
    let of_a_day = [evidence(&sources[1], 100, 1)];
    assert_eq!(score(Kind::Ipv4, &of_a_day, Caution::None), 30);
    let lasting = [evidence(&sources[0], 100, 4000)];
    assert_eq!(score(Kind::Cve, &lasting, Caution::None), 90);
}

#[test]
fn only_independent_sources_corroborate() {
    let sources = sources();
    let strong = evidence(&sources[0], 80, 0);
    let same_publisher = evidence(&sources[1], 80, 0);
    let another = evidence(&sources[2], 80, 0);
    assert_eq!(score(Kind::Domain, &[strong], Caution::None), 72);
    assert_eq!(
        score(Kind::Domain, &[strong, same_publisher], Caution::None),
        72
    );
    // 1 - 0.28 × (1 - 0.8 × 0.7)
    assert_eq!(score(Kind::Domain, &[strong, another], Caution::None), 88);
}

#[test]
fn what_is_over_counts_little_and_what_was_wrong_nothing() {
    let sources = sources();
    let of = |status| {
        let one = Evidence {
            status,
            ..evidence(&sources[0], 100, 0)
        };
        score(Kind::Domain, &[one], Caution::None)
    };
    assert_eq!(of(Status::Active), 90);
    assert_eq!(of(Status::Expired), 22);
    assert_eq!(of(Status::Removed), 22);
    assert_eq!(of(Status::FalsePositive), 0);
}

#[test]
fn warnings_lower_it() {
    let sources = sources();
    let one = [evidence(&sources[0], 100, 0)];
    assert_eq!(score(Kind::Domain, &one, Caution::Withheld), 22);
    assert_eq!(score(Kind::Domain, &one, Caution::Allowed), 0);
}

#[test]
fn nothing_said_is_nothing() {
    assert_eq!(score(Kind::Domain, &[], Caution::None), 0);
}

/// The table of powers against the definition.
#[test]
fn steps_are_powers_of_a_half() {
    for step in 0..=32 * 64_u32 {
        let share = Share::halved(u64::from(step), 64).to_permille();
        let expected = 1000.0 * 0.5_f64.powf(f64::from(step) / 64.0);
        assert!(
            (f64::from(share) - expected).abs() <= 0.5001,
            "{step}: {share} {expected}"
        );
    }
}

prop_compose! {
    fn cases()(
        kind in proptest::sample::select(Kind::ALL.to_vec()),
        claims in proptest::collection::vec((0..4_usize, 0..=100_u8, 0..4_u8, -100..5000_i64), 0..8),
        caution in proptest::sample::select(vec![Caution::None, Caution::Withheld, Caution::Allowed]),
    ) -> (Kind, Vec<(usize, u8, u8, i64)>, Caution) {
        (kind, claims, caution)
    }
}

proptest! {
    /// The explanation is of the score, the order of claims does not matter,
    /// and more evidence never lowers it.
    #[test]
    fn explanations_agree((kind, claims, caution) in cases()) {
        let sources = sources();
        let mut all: Vec<Evidence<'_>> = claims.iter().map(|&(source, confidence, status, days)| Evidence {
            status: [Status::Active, Status::Expired, Status::Removed, Status::FalsePositive][usize::from(status)],
            ..evidence(&sources[source], confidence, days)
        }).collect();
        let whole = score(kind, &all, caution);
        prop_assert!(whole <= 100);
        let explanation = Explanation::new(kind, all.iter().copied(), caution, now());
        prop_assert_eq!(explanation.score, whole);
        prop_assert_eq!(explanation.terms.len(), all.len());
        all.reverse();
        prop_assert_eq!(score(kind, &all, caution), whole);
        all.pop();
        prop_assert!(score(kind, &all, caution) <= whole);
    }
}
