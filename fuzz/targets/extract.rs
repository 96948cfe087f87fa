//! Any text: no panic; each value is told where it is written.
#![no_main]

use iocd_core::extract::{Options, mentions, sentence};
use iocd_core::normalize::{Lenience, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut end = 0;
    for mention in mentions(text, &Options::default()) {
        // Slicing panics unless the span is one, and between characters.
        let written = mention.written(text);
        assert!(mention.span.start >= end && !written.is_empty(), "at {:?}", mention.span);
        end = mention.span.end;
        let around = sentence(text, &mention.span);
        assert!(around.start <= mention.span.start && mention.span.end <= around.end);
        assert!(text.is_char_boundary(around.start) && text.is_char_boundary(around.end));
        // Escapes and broken lines are undone before reading.
        if !written.contains(['&', '\n']) {
            let again = read(mention.reading.value.kind(), written, Lenience::Prose);
            assert_eq!(again.as_ref(), Ok(&mention.reading), "written as {written:?}");
        }
    }
    for mention in mentions(text, &Options { unique: true, hosts: true }) {
        assert!(!mention.written(text).is_empty(), "at {:?}", mention.span);
    }
});
