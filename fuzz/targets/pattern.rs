//! Any text as a STIX pattern: no panic, and what is read prints as an equal
//! pattern.
#![no_main]

use iocd_core::feed::Pattern;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(pattern) = text.parse::<Pattern>() {
        let again = pattern.to_string().parse::<Pattern>();
        assert_eq!(again.as_ref(), Ok(&pattern));
    }
});
