//! Any bytes as any shipped feed: no panic; each row is told once.
#![no_main]

use std::sync::LazyLock;

use iocd::feeds::Feeds;
use iocd_core::feed::{Row, read_feed, recognise};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

static FEEDS: LazyLock<Feeds> = LazyLock::new(|| Feeds::load(None).expect("shipped feeds are valid"));

fuzz_target!(|data: &[u8]| {
    let Some((&first, mut rest)) = data.split_first() else { return };
    let feeds = FEEDS.all();
    let feed = &feeds[usize::from(first) % feeds.len()];
    let _ = recognise(feeds, "list.txt", rest);
    let mut rows = 0;
    let read = read_feed(feed, None, &mut rest, Timestamp::UNIX_EPOCH, &mut |row| {
        rows += 1;
        if let Row::Claims { claims, .. } = row {
            assert!(!claims.is_empty());
        }
    });
    if let Ok(summary) = read {
        assert_eq!(summary.rows, rows);
    }
});
