//! Any bytes as a document of no known feed: no panic, what is drafted reads,
//! and each row is told once.
#![no_main]

use iocd_core::feed::connector::CONNECTORS;
use iocd_core::feed::{Feed, HEAD, Row, draft_feed, read_feed};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&first, mut rest)) = data.split_first() else { return };
    // Most go by the content.
    let connector = CONNECTORS.get(usize::from(first % 64)).map(|entry| entry.name);
    let head = &rest[..rest.len().min(HEAD)];
    let Ok(draft) = draft_feed("draft", head, connector) else { return };
    assert!(draft.toml.parse::<Feed>().is_ok());
    let mut rows = 0;
    let read = read_feed(&draft.feed, Some(0), &mut rest, Timestamp::UNIX_EPOCH, &mut |row| {
        rows += 1;
        if let Row::Claims { claims, .. } = row {
            assert!(!claims.is_empty());
        }
    });
    if let Ok(summary) = read {
        assert_eq!(summary.rows, rows);
    }
});
