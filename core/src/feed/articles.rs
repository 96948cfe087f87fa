//! The `rss` connector: articles as RSS, Atom or JSON Feed.

use std::collections::HashSet;

use super::connector::{Connector, Sink, Skipped, no_settings};
use super::input::Input;
use super::outcome::{FeedError, FeedWarning};
use crate::article::syndication::{
    Document, MAX_DOCUMENT, MAX_ITEMS, NoFeed, canonical_link, decode, read_document,
};
use crate::observation::Columns;

#[derive(Debug)]
struct Articles;

/// It has no settings.
pub(super) fn configure(
    settings: toml::Table,
    _: &mut Columns,
) -> Result<Box<dyn Connector>, String> {
    no_settings(settings)?;
    Ok(Box::new(Articles))
}

impl Connector for Articles {
    fn read(
        &self,
        _: &Columns,
        input: &mut Input<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), FeedError> {
        let bytes = input.ahead(MAX_DOCUMENT as u64 + 1)?;
        if bytes.len() > MAX_DOCUMENT {
            return Err(FeedError::Malformed {
                line: 1,
                what: format!("the document is larger than {} MiB", MAX_DOCUMENT >> 20).into(),
            });
        }
        let text = decode(&bytes);
        if text.trim().is_empty() {
            return Err(FeedError::Empty);
        }
        let document = read_document(&text).map_err(|error| match error {
            NoFeed::Other(found) => FeedError::NotThisFormat {
                expected: "RSS, Atom or JSON Feed".to_owned(),
                found,
            },
            NoFeed::Cut { line } => FeedError::Truncated { line, rows: 0 },
        })?;
        give(document, sink);
        Ok(())
    }
}

/// Gives each article once: what has the guid or the address of an earlier
/// item is that one again.
fn give(document: Document, sink: &mut dyn Sink) {
    sink.skipped(Skipped::Envelope);
    let (mut guids, mut links) = (HashSet::new(), HashSet::new());
    for mut item in document.items {
        if item.is_empty() {
            sink.skipped(Skipped::Blank);
            continue;
        }
        item.link = canonical_link(&item.link, &document.home).unwrap_or_default();
        let guid = item.guid.trim().to_owned();
        let is_known = !guid.is_empty() && !guids.insert(guid.clone());
        let has_known_link = !item.link.is_empty() && !links.insert(item.link.clone());
        // One address with two guids is one article; two addresses are two.
        if is_known || has_known_link {
            sink.skipped(Skipped::Comment);
            continue;
        }
        sink.article(&item);
    }
    if document.is_cut {
        let what = format!("of more than {MAX_ITEMS} items only the first were read");
        sink.warn(FeedWarning::LeftOut(what));
    }
    if let Some((line, what)) = document.damage {
        sink.warn(FeedWarning::NotWellFormed { line, what });
    }
}
