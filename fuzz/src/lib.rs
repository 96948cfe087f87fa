//! What several targets do.

use iocd_core::feed::{Feed, read_feed};
use jiff::Timestamp;

/// A feed whose documents this connector reads, without settings.
pub fn feed(connector: &str) -> Feed {
    format!(
        "name = \"fuzz\"\ntitle = \"Fuzz\"\npublisher = \"Fuzz\"\ncategory = \"research\"\nconfidence = 50\n\
         extent = \"events\"\n[[format]]\nname = \"fuzz\"\nconnector = \"{connector}\"\n"
    )
    .parse()
    .expect("the feed is valid")
}

/// Reads a document of the feed's first format: each row is told once.
pub fn read_document(feed: &Feed, mut data: &[u8]) {
    let mut rows = 0;
    let read = read_feed(feed, Some(0), &mut data, Timestamp::UNIX_EPOCH, &mut |_| rows += 1);
    if let Ok(summary) = read {
        assert_eq!(summary.rows, rows);
    }
}
