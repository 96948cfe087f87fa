//! Any text as any type: no panic; reading twice equals reading once.
#![no_main]

use iocd_core::normalize::{Lenience, read, registrable};
use iocd_core::value::{Kind, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let kind = Kind::ALL[usize::from(first) % Kind::ALL.len()];
    for lenience in [
        Lenience::Question,
        Lenience::Feed { defanged: true },
        Lenience::Feed { defanged: false },
        Lenience::Prose,
    ] {
        let Ok(reading) = read(kind, text, lenience) else { continue };
        let value = reading.value;
        assert_eq!(Value::parse(kind, value.as_str()).as_ref(), Ok(&value));
        let again = read(kind, value.as_str(), lenience).expect("a canonical value is read");
        assert_eq!(again.value, value);
        let _ = registrable(&value);
    }
});
