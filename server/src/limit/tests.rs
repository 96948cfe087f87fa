use std::sync::Arc;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

const FREE: Limits = Limits {
    per_minute: Some(10),
    per_day: Some(1_000),
};

#[test]
fn the_limit_is_the_limit() {
    let meter = Meter::default();
    for used in 1..=10 {
        let standing = meter.charge(FREE, at(100_000)).unwrap();
        assert_eq!(
            standing,
            Standing {
                limit: 10,
                remaining: 10 - used,
                reset: 100_061
            }
        );
    }
    let refused = meter.charge(FREE, at(100_030)).unwrap_err();
    assert_eq!(refused.standing.remaining, 0);
    assert_eq!(refused.retry_after, 31);
    assert!(meter.charge(FREE, at(100_060)).is_err());
    assert!(meter.charge(FREE, at(100_061)).is_ok());
}

#[test]
fn no_stretch_of_a_window_admits_more() {
    let meter = Meter::default();
    let mut admitted: Vec<i64> = Vec::new();
    // A steady stream with bursts, one unit a step of 0-6 seconds.
    let mut second = 5_000_000;
    for step in 0..60_000_i64 {
        second += (step * step + 3) % 7;
        if meter.charge(FREE, at(second)).is_ok() {
            admitted.push(second);
        }
    }
    for (position, start) in admitted.iter().enumerate() {
        let within = |span: i64| {
            admitted[position..]
                .iter()
                .take_while(|s| **s - start <= span)
                .count()
        };
        assert!(within(60) <= 10);
        assert!(within(86_400) <= 1_000);
    }
    assert!(admitted.len() > 1_000);
}

#[test]
fn the_day_counts_too() {
    let meter = Meter::default();
    let limits = Limits {
        per_minute: None,
        per_day: Some(3),
    };
    for _ in 0..3 {
        meter.charge(limits, at(600_000)).unwrap();
    }
    let refused = meter.charge(limits, at(600_001)).unwrap_err();
    assert!(refused.retry_after > 86_000);
    assert_eq!(refused.standing.limit, 3);
    assert!(meter.charge(limits, at(600_000 + 86_460)).is_ok());
}

#[test]
fn a_clock_that_steps_back_opens_nothing_and_one_set_right_locks_nobody_out() {
    let meter = Meter::default();
    for _ in 0..10 {
        meter.charge(FREE, at(700_000)).unwrap();
    }
    assert!(meter.charge(FREE, at(699_950)).is_err());
    assert!(meter.charge(FREE, at(600_000)).is_ok());
}

#[test]
fn looking_costs_nothing() {
    let meter = Meter::default();
    assert_eq!(meter.standing(FREE, at(9)).remaining, 10);
    assert_eq!(meter.standing(FREE, at(9)).remaining, 10);
}

#[test]
fn threads_share_the_limit_exactly() {
    let meter = Arc::new(Meter::default());
    let limits = Limits {
        per_minute: Some(1_000),
        per_day: None,
    };
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let meter = Arc::clone(&meter);
            std::thread::spawn(move || {
                (0..500)
                    .filter(|_| meter.charge(limits, at(1_000)).is_ok())
                    .count()
            })
        })
        .collect();
    let admitted: usize = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .sum();
    assert_eq!(admitted, 1_000);
}

mod history;
