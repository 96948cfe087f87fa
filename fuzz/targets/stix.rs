//! Any bytes as STIX: no panic; each row is told once.
#![no_main]

use std::sync::LazyLock;

use iocd_core::feed::{Feed, read_feed};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

static FEED: LazyLock<Feed> = LazyLock::new(|| {
    "name = \"fuzz\"\ntitle = \"Fuzz\"\npublisher = \"Fuzz\"\ncategory = \"research\"\nconfidence = 50\n\
     extent = \"events\"\n[[format]]\nname = \"stix\"\nconnector = \"stix\"\n"
        .parse()
        .expect("the feed is valid")
});

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    let mut rows = 0;
    let read = read_feed(
        &FEED,
        Some(0),
        &mut rest,
        Timestamp::UNIX_EPOCH,
        &mut |_| rows += 1,
    );
    if let Ok(summary) = read {
        assert_eq!(summary.rows, rows);
    }
});
