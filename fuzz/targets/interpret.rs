//! Any question: no panic; distinct readings; the fast path agrees.
#![no_main]

use iocd_core::interpret::{canonical, interpret};
use iocd_core::matching::{Part, Shape, order_key, probes, ranges};
use iocd_core::query::Reach;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let readings = interpret(text, None).readings;
    let shape = Shape { ipv4_lengths: u64::MAX, ipv6_lengths: [u64::MAX; 3], subtree: true };
    for (position, reading) in readings.iter().enumerate() {
        assert!(readings[..position].iter().all(|earlier| earlier.value != reading.value));
        let value = reading.value.as_ref();
        for reach in [Reach::Scope, Reach::Cascade] {
            let mut keys = 0;
            probes(value, &shape, reach, &mut |_| keys += 1);
            assert!((1..=400).contains(&keys));
        }
        for range in ranges(value) {
            assert_eq!(range.matches(value), None, "nothing is below itself");
        }
        order_key(value);
        assert!(Part::read(value.text).is_none_or(|part| part.is_in(value)));
    }
    if let Some(value) = canonical(text) {
        let [only] = readings.as_slice() else { panic!("{} readings", readings.len()) };
        assert_eq!(only.value.as_ref(), value);
        assert!(only.changes.is_empty() && only.warnings.is_empty());
    }
});
