//! Articles: any bytes as one of their documents, and the real documents where
//! they are at hand.
// Tests read files, and a helper that fails is a test that fails.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use iocd_core::article::{main_text, read_html, read_plain};
use iocd_core::feed::{Feed, FeedError, FeedWarning, Row, Summary, read_feed};
use jiff::Timestamp;
use proptest::prelude::*;

fn feed() -> Feed {
    "name = \"news\"\ntitle = \"News\"\npublisher = \"News\"\ncategory = \"news\"\nconfidence = 50\n\
     extent = \"events\"\norigin = \"article\"\n[[format]]\nname = \"rss\"\nconnector = \"rss\"\n"
        .parse()
        .unwrap()
}

fn read(bytes: &[u8]) -> (Vec<Row>, Result<Summary, FeedError>) {
    let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    let mut rows = Vec::new();
    let result = read_feed(&feed(), None, &mut &*bytes, now, &mut |row| rows.push(row));
    (rows, result)
}

/// Pieces of documents, so that random ones get far.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("<rss><channel>".to_owned()),
        Just("<feed>".to_owned()),
        Just("<item>".to_owned()),
        Just("</item>".to_owned()),
        Just("<entry>".to_owned()),
        Just("<title>".to_owned()),
        Just("</title>".to_owned()),
        Just("<description><![CDATA[<table><tr><td>".to_owned()),
        Just("]]>".to_owned()),
        Just("<link href='https://example.com/a'/>".to_owned()),
        Just("&amp;&nbsp;&x;& ".to_owned()),
        Just("bad[.]example[.]org CVE-2026-0001".to_owned()),
        Just("<pre>".to_owned()),
        Just("<a href=\"".to_owned()),
        "\\PC{0,12}",
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }

    #[test]
    fn any_document_tells_each_row_once(pieces in prop::collection::vec(piece(), 0..40)) {
        let text = pieces.concat();
        let (rows, result) = read(text.as_bytes());
        if let Ok(summary) = result {
            prop_assert_eq!(summary.rows, rows.len() as u64);
        }
        for row in rows {
            if let Row::Article { article, claims, .. } = row {
                prop_assert!(!article.title.is_empty());
                prop_assert_eq!(claims.len(), article.indicators.len() + article.cves.len());
            }
        }
    }

    #[test]
    fn any_page_gives_text_with_places(pieces in prop::collection::vec(piece(), 0..40)) {
        let html = pieces.concat();
        for prose in [read_html(&html), main_text(&html), read_plain(&html)] {
            let mut end = 0;
            for block in &prose.blocks {
                prop_assert!(block.span.start >= end && block.span.end <= prose.text.len());
                prop_assert!(!prose.text[block.span.clone()].is_empty());
                end = block.span.end;
            }
            for link in &prose.links {
                prop_assert!(!prose.text[link.span.clone()].is_empty());
            }
        }
    }
}

#[test]
fn reading_twice_gives_the_same_and_an_item_told_twice_is_one() {
    let document = "<rss><channel><title>c</title>\
        <item><title>A</title><guid>1</guid><link>https://example.com/a?utm_source=x</link></item>\
        <item><title>A again</title><guid>2</guid><link>https://example.com/a#x</link></item>\
        <item/>\
        <item><title>B</title><guid>1</guid></item>\
        <item><title>C</title></item></channel></rss>";
    let (rows, result) = read(document.as_bytes());
    let summary = result.unwrap();
    assert_eq!((summary.rows, summary.articles, summary.refused), (2, 2, 0));
    assert_eq!(read(document.as_bytes()).0, rows);
}

#[test]
fn what_is_no_feed_is_refused() {
    for text in [
        "<html><body>Log in</body></html>",
        "{\"items\": []}",
        "<xml/>",
        "plain text",
        "",
    ] {
        assert!(read(text.as_bytes()).1.is_err(), "{text}");
    }
}

#[test]
fn an_entity_that_multiplies_is_left_alone() {
    let bomb = "<!DOCTYPE r [<!ENTITY a \"xxxxxxxxxx\"><!ENTITY b \"&a;&a;&a;\">]>\
                <rss><channel><item><title>&b;</title></item></channel></rss>";
    let (rows, _) = read(bomb.as_bytes());
    let Row::Article { article, .. } = &rows[0] else {
        panic!("{rows:?}")
    };
    assert_eq!(article.title, "&b;");
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn real_documents_are_read_or_refused_with_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/rss");
    if !folder.is_dir() {
        eprintln!("skipped: there are no documents in {}", folder.display());
        return;
    }
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    paths.sort();
    let mut refused = Vec::new();
    for path in &paths {
        let (rows, result) = read(&fs::read(path).unwrap());
        let name = path.strip_prefix(&folder).unwrap().display();
        match result {
            Err(error) => refused.push(format!("{name}: {error}")),
            Ok(summary) => {
                let damaged = summary.warnings.iter().find_map(|warning| match warning {
                    FeedWarning::NotWellFormed { .. } => Some(warning.to_string()),
                    _ => None,
                });
                let refused = rows.iter().find_map(|row| match row {
                    Row::Refused { reason, .. } => Some(reason.as_str()),
                    _ => None,
                });
                println!(
                    "{name}\t{} articles\t{} claims\t{} refused\t{}\t{}",
                    summary.articles,
                    summary.claims,
                    summary.refused,
                    damaged.unwrap_or_default(),
                    refused.unwrap_or_default(),
                );
            }
        }
    }
    for line in &refused {
        println!("REFUSED {line}");
    }
    assert!(refused.len() * 20 <= paths.len(), "{refused:#?}");
}
