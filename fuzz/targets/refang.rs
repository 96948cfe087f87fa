//! Any text in any leniency: no panic; what is printed defanged is read back.
#![no_main]

use iocd_core::defang::defang;
use iocd_core::normalize::{Lenience, read, read_any, read_range};
use iocd_core::value::MAX_VALUE;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for lenience in [Lenience::Question, Lenience::Feed { defanged: true }, Lenience::Prose] {
        let Ok(reading) = read_any(text, lenience) else { continue };
        let value = reading.value;
        // Listed exception: URLs that hold what defanging puts around dots.
        if value.as_str().contains(['[', ']', '(', ')', '{', '}', '\\']) {
            continue;
        }
        let printed = defang(&value);
        // What is put around the dots may make it longer than a question may be.
        if printed.len() > MAX_VALUE {
            continue;
        }
        let again = read(value.kind(), &printed, Lenience::Question);
        assert_eq!(again.map(|reading| reading.value), Ok(value), "printed as {printed:?}");
    }
    let _ = read_range(text);
});
