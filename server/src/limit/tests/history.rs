//! Random histories of a meter, beside a list of all that it admitted.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Where windows are written down.
#[derive(Clone, Debug, Default)]
struct Disk(BTreeMap<(u64, u64), u32>);

impl Disk {
    fn save(&mut self, meter: &Meter) {
        for changed in meter.take_changed() {
            let Changed {
                width,
                oldest,
                newest,
                ..
            } = changed;
            self.0
                .retain(|(w, bucket), _| *w != width || (oldest..=newest).contains(bucket));
            let counts = changed.counts.into_iter();
            self.0
                .extend(counts.map(|(bucket, count)| ((width, bucket), count)));
        }
    }

    fn load(&self) -> Meter {
        let meter = Meter::default();
        for ((width, bucket), count) in &self.0 {
            meter.restore(*width, *bucket, *count);
        }
        meter
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// So many seconds pass.
    Wait(i64),
    /// So many requests come.
    Ask(u8),
    /// What was counted is written down.
    Save,
    /// A stop in order, and a start.
    Restart,
    /// A start after a crash.
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_i64..4).prop_map(Step::Wait),
        2 => (0_i64..70).prop_map(Step::Wait),
        1 => (0_i64..90_000).prop_map(Step::Wait),
        6 => (1_u8..12).prop_map(Step::Ask),
        1 => Just(Step::Save),
        1 => Just(Step::Restart),
        1 => Just(Step::Crash),
    ]
}

/// What was admitted, and is not forgotten.
struct Model {
    limits: Limits,
    admitted: Vec<i64>,
    saved: usize,
}

impl Model {
    fn since(&self, second: i64) -> u32 {
        let count = self.admitted.iter().filter(|at| **at >= second).count();
        u32::try_from(count).unwrap()
    }

    /// Never more than the limit in any stretch that ends now.
    fn check_bounds(&self, now: i64) -> Result<(), TestCaseError> {
        prop_assert!(
            self.limits
                .per_minute
                .is_none_or(|most| self.since(now - 60) <= most)
        );
        prop_assert!(
            self.limits
                .per_day
                .is_none_or(|most| self.since(now - 86_400) <= most)
        );
        Ok(())
    }

    /// Refused only where a window, its running bucket on top, is full.
    fn check_refusal(&self, now: i64) -> Result<(), TestCaseError> {
        let day = now.div_euclid(60) * 60 - 86_400;
        prop_assert!(
            self.limits
                .per_minute
                .is_some_and(|most| self.since(now - 60) >= most)
                || self
                    .limits
                    .per_day
                    .is_some_and(|most| self.since(day) >= most)
        );
        Ok(())
    }
}

proptest! {
    #[test]
    fn the_limit_holds_through_restarts_and_refuses_no_more_than_it_has_to(
        per_minute in prop::option::of(1_u32..9),
        per_day in prop::option::of(1_u32..40),
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let limits = Limits { per_minute, per_day };
        let mut model = Model { limits, admitted: Vec::new(), saved: 0 };
        let (mut meter, mut disk) = (Meter::default(), Disk::default());
        let mut now = 1_760_000_000;
        for step in steps {
            match step {
                Step::Wait(seconds) => now += seconds,
                Step::Ask(times) => {
                    for _ in 0..times {
                        match meter.charge(limits, at(now)) {
                            Ok(_) => {
                                model.admitted.push(now);
                                model.check_bounds(now)?;
                            }
                            Err(refused) => {
                                model.check_refusal(now)?;
                                // Who waits as long as is said gets in, and no sooner.
                                disk.save(&meter);
                                model.saved = model.admitted.len();
                                let then = now + refused.retry_after;
                                prop_assert!(disk.load().charge(limits, at(then - 1)).is_err());
                                prop_assert!(disk.load().charge(limits, at(then)).is_ok());
                            }
                        }
                    }
                }
                Step::Save | Step::Restart => {
                    disk.save(&meter);
                    model.saved = model.admitted.len();
                    if matches!(step, Step::Restart) {
                        let before = meter.standing(limits, at(now));
                        meter = disk.load();
                        prop_assert_eq!(meter.standing(limits, at(now)), before);
                    }
                }
                Step::Crash => {
                    meter = disk.load();
                    model.admitted.truncate(model.saved);
                }
            }
        }
    }
}
