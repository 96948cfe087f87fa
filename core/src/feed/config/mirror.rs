//! What a feed says of all its claims, unless it mirrors another server, whose
//! sources say that themselves.

use super::{FeedConfigError, RawFeed, RawFormat, check_percent, invalid};
use crate::claim::{Category, Extent};
use crate::feed::mirror;

/// What a feed says of all its claims.
pub(super) struct Stated {
    pub(super) category: Category,
    pub(super) confidence: u8,
    pub(super) extent: Extent,
}

impl RawFormat {
    /// The connector; where none is named, that of the collector's name.
    pub(super) fn connector(&self) -> Option<&str> {
        self.connector.as_deref().or(self.collector.as_deref())
    }

    fn is_mirrored(&self) -> bool {
        let names = [self.connector(), self.collector.as_deref()];
        names.contains(&Some(mirror::NAME))
    }
}

/// Checks what the feed has to say, or has to leave to others.
pub(super) fn stated(raw: &RawFeed) -> Result<Stated, FeedConfigError> {
    let Some(mirrored) = raw.format.iter().find(|format| format.is_mirrored()) else {
        let needed = |key: &str| invalid(key, "a feed needs it");
        let confidence = raw.confidence.ok_or_else(|| needed("confidence"))?;
        check_percent("confidence", confidence)?;
        return Ok(Stated {
            category: raw.category.ok_or_else(|| needed("category"))?,
            confidence,
            extent: raw.extent.ok_or_else(|| needed("extent"))?,
        });
    };
    let is_whole = mirrored.connector() == mirrored.collector.as_deref();
    if !is_whole || raw.format.len() > 1 || mirrored.url.is_none() {
        return Err(invalid(
            format!("format.{}", mirrored.name),
            "a feed that mirrors another server has one [[format]], with its url and collector = \
             \"iocd\", and without a connector",
        ));
    }
    let given = [
        ("category", raw.category.is_some()),
        ("confidence", raw.confidence.is_some()),
        ("extent", raw.extent.is_some()),
        ("expires_after", raw.expires_after.is_some()),
        ("weight", raw.weight.is_some()),
        ("half_life", raw.half_life.is_some()),
    ];
    if let Some((key, _)) = given.into_iter().find(|&(_, is_given)| is_given) {
        let message = "each source of the server that is mirrored says it itself: leave it out";
        return Err(invalid(key, message));
    }
    Ok(Stated {
        // Nothing is recorded under the feed's own name.
        category: Category::ThreatIntel,
        confidence: 0,
        extent: Extent::Events,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Feed;

    const FEED: &str = r#"
        name = "upstream"
        title = "Upstream"
        publisher = "Example"
        interval = "5m"
        KEYS
        [[format]]
        name = "changes"
        FORMAT
    "#;

    fn read(keys: &str, format: &str) -> Result<Feed, FeedConfigError> {
        let text = FEED.replace("KEYS", keys).replace("FORMAT", format);
        text.parse()
    }

    const MIRRORED: &str = "url = \"https://iocd.example.org\"\ncollector = \"iocd\"";

    #[test]
    fn a_server_is_mirrored_in_a_few_lines() {
        let feed = read("", MIRRORED).unwrap();
        assert!(feed.mirrors());
        assert_eq!(feed.formats[0].connector_name, "iocd");
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_key() {
        for (keys, format, key) in [
            ("category = \"vendor\"", MIRRORED, "category"),
            ("extent = \"snapshot\"", MIRRORED, "extent"),
            ("expires_after = \"9d\"", MIRRORED, "expires_after"),
            ("", "collector = \"iocd\"", "format.changes"),
            (
                "",
                "collector = \"iocd\"\nconnector = \"lines\"\nurl = \"https://example.org\"",
                "format.changes",
            ),
            (
                "",
                "connector = \"iocd\"\nurl = \"https://example.org\"",
                "format.changes",
            ),
            ("", "connector = \"lines\"", "confidence"),
            ("confidence = 9", "connector = \"lines\"", "category"),
            (
                "confidence = 9\ncategory = \"vendor\"",
                "connector = \"lines\"",
                "extent",
            ),
        ] {
            match read(keys, format) {
                Err(FeedConfigError::Invalid { key: found, .. }) => assert_eq!(found, key),
                other => panic!("{keys} {format}: {other:?}"),
            }
        }
    }
}
