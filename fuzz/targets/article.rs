//! Any bytes as a document of articles, as a page, as notes: no panic; spans
//! are within the text.
#![no_main]

use iocd_core::article::syndication::{decode, decode_page, read_document};
use iocd_core::article::{
    Publication, check_page, main_text, read_article, read_html, read_plain, wants_page,
};
use iocd_core::claim::Scope;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = decode(data);
    let publication = Publication {
        source: "fuzz",
        home: "https://example.com/",
        confidence: 50,
        scope: Scope::Exact,
        tags: &[],
        now: Timestamp::UNIX_EPOCH,
    };
    if let Ok(document) = read_document(&text) {
        for item in document.items.iter().take(100) {
            let _ = read_article(item, Some(&text), &publication);
            let _ = (wants_page(item), check_page(item, &text));
        }
    }
    let _ = decode_page(data, &text);
    for prose in [read_html(&text), main_text(&text), read_plain(&text)] {
        for block in &prose.blocks {
            assert!(!prose.text[block.span.clone()].is_empty());
        }
    }
});
