//! Any bytes as a warning list, asked about any value: no panic; what is read
//! compiles; the judgement agrees with the names; a list is named once.
#![no_main]

use iocd_core::interpret::interpret;
use iocd_core::warning::{Judgement, Pattern, WarningList, WarningSet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (text, list) = match data.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (&b"www.example.com"[..], data),
    };
    let text = String::from_utf8_lossy(text);
    let mut lists = Vec::new();
    if let Ok((list, refused)) = WarningList::read_misp("fuzzed", list) {
        assert!(refused.first.len() as u64 <= refused.count);
        lists.push(list);
    }
    let patterns = Pattern::read(&text, None).unwrap_or_default();
    for pattern in &patterns {
        let kind = pattern.value().kind();
        assert_eq!(Pattern::parse(kind, &pattern.to_string()).as_ref(), Ok(pattern));
    }
    lists.extend(WarningList::from_patterns("own", "", &patterns));
    let set = WarningSet::new(lists);
    for reading in interpret(&text, None).readings {
        let value = reading.value.as_ref();
        let (mut names, mut expected) = (Vec::new(), Judgement::Clear);
        set.visit(value, &mut |warning| {
            assert!(!names.contains(&warning.name));
            names.push(warning.name);
            let judgement = if warning.withholds { Judgement::Withheld } else { Judgement::Labelled };
            expected = expected.max(judgement);
        });
        assert_eq!(set.judge(value), expected);
    }
});
