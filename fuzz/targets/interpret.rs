//! Any question: no panic; distinct readings; the fast path agrees.
#![no_main]

use iocd_core::interpret::{canonical, interpret};
use iocd_core::matching::{Shape, probes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let readings = interpret(text, None).readings;
    let shape = Shape { ipv4_lengths: u64::MAX, ipv6_lengths: [u64::MAX; 3], subtree: true };
    for (position, reading) in readings.iter().enumerate() {
        assert!(readings[..position].iter().all(|earlier| earlier.value != reading.value));
        let mut keys = 0;
        probes(reading.value.as_ref(), &shape, &mut |_| keys += 1);
        assert!((1..=400).contains(&keys));
    }
    if let Some(value) = canonical(text) {
        let [only] = readings.as_slice() else { panic!("{} readings", readings.len()) };
        assert_eq!(only.value.as_ref(), value);
        assert!(only.changes.is_empty() && only.warnings.is_empty());
    }
});
