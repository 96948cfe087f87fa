//! Every shipped feed against its fixtures, and against the real files where
//! they are at hand.
// Tests read files, and a helper that fails is a test that fails.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

#[path = "feeds/fixture.rs"]
mod fixture;
#[path = "feeds/real.rs"]
mod real;

use std::fmt::Write as _;
use std::fs;

use iocd_core::feed::{Feed, FeedError, HEAD, read_feed, recognise};

use self::fixture::{Fixture, fixtures, read, shipped};

#[test]
fn every_feed_has_a_fixture_folder() {
    for feed in shipped() {
        let folder = fixture::root().join("core/tests/feeds").join(&feed.name);
        let fixtures = fixtures(&feed);
        assert!(!fixtures.is_empty(), "{} holds no input", folder.display());
        for format in 0..feed.formats.len() {
            assert!(
                fixtures
                    .iter()
                    .any(|fixture| read(&feed, None, &fixture.bytes).format() == Some(format)),
                "{}: no fixture is read as {}",
                feed.name,
                feed.formats[format].name
            );
        }
    }
}

#[test]
fn titles_are_unique() {
    let mut titles: Vec<String> = shipped().into_iter().map(|feed| feed.title).collect();
    let count = titles.len();
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), count, "two feeds with one title");
}

#[test]
fn fixtures_are_recognised() {
    let feeds = shipped();
    for feed in &feeds {
        for Fixture { name, bytes } in fixtures(feed) {
            let path = format!("{}/{name}", feed.name);
            let found = recognise(&feeds, &path, head(&bytes)).map(|(feed, _)| &*feed.name);
            assert_eq!(found, Some(&*feed.name), "{path}");
        }
    }
}

#[test]
fn fixtures_give_the_expected_claims() {
    for feed in shipped() {
        let mut text = String::new();
        for fixture in fixtures(&feed) {
            let reading = read(&feed, None, &fixture.bytes);
            writeln!(text, "{}", reading.heading(&feed, &fixture.name)).unwrap();
            for row in &reading.rows {
                for line in fixture::lines(row) {
                    writeln!(text, "{line}").unwrap();
                }
            }
        }
        let golden = fixture::folder(&feed).join("expected.jsonl");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &text).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        for (line, (got, want)) in text.lines().zip(expected.lines()).enumerate() {
            assert_eq!(got, want, "{}:{}", golden.display(), line + 1);
        }
        assert_eq!(
            text.lines().count(),
            expected.lines().count(),
            "{}",
            golden.display()
        );
    }
}

#[test]
fn reading_twice_gives_the_same() {
    for feed in shipped() {
        for fixture in fixtures(&feed) {
            let once = read(&feed, None, &fixture.bytes);
            let again = read(&feed, None, &fixture.bytes);
            assert_eq!(once.rows, again.rows, "{}/{}", feed.name, fixture.name);
        }
    }
}

#[test]
fn line_ends_marks_and_chunks_do_not_matter() {
    for feed in shipped() {
        for Fixture { name, bytes } in fixtures(&feed) {
            let Ok(text) = std::str::from_utf8(&bytes) else {
                continue;
            };
            let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
            let plain = read(&feed, None, text.as_bytes());
            let wide = |unit: fn(u16) -> [u8; 2]| {
                std::iter::once(0xfeff)
                    .chain(text.encode_utf16())
                    .flat_map(unit)
                    .collect::<Vec<u8>>()
            };
            for (how, bytes) in [
                ("CRLF", text.replace('\n', "\r\n").into_bytes()),
                ("byte-order mark", format!("\u{feff}{text}").into_bytes()),
                ("no last line end", text.trim_end().as_bytes().to_vec()),
                ("UTF-16LE", wide(u16::to_le_bytes)),
                ("UTF-16BE", wide(u16::to_be_bytes)),
            ] {
                let other = read(&feed, None, &bytes);
                assert_eq!(
                    plain.claims(),
                    other.claims(),
                    "{}/{name}: {how}",
                    feed.name
                );
            }
            let format = plain.format();
            let mut rows = Vec::new();
            let mut small = std::io::BufReader::with_capacity(7, text.as_bytes());
            drop(read_feed(
                &feed,
                format,
                &mut small,
                fixture::now(),
                &mut |row| rows.push(row),
            ));
            assert_eq!(plain.rows, rows, "{}/{name}: small chunks", feed.name);
        }
    }
}

#[test]
fn cut_input_never_panics() {
    for feed in shipped() {
        for fixture in fixtures(&feed) {
            for end in 0..fixture.bytes.len() {
                let reading = read(&feed, None, &fixture.bytes[..end]);
                if let Ok(summary) = &reading.result {
                    assert_eq!(summary.rows, reading.rows.len() as u64);
                }
            }
        }
    }
}

#[test]
fn cut_documents_are_told() {
    for feed in shipped() {
        for fixture in fixtures(&feed) {
            let whole = read(&feed, None, &fixture.bytes);
            let Some(format) = whole.format() else {
                continue;
            };
            if feed.formats[format].connector_name != "json" {
                continue;
            }
            let end = fixture.bytes.trim_ascii_end().len() - 1;
            let cut = read(&feed, Some(format), &fixture.bytes[..end]);
            assert!(
                matches!(cut.result, Err(FeedError::Truncated { .. })),
                "{}/{}: {:?}",
                feed.name,
                fixture.name,
                cut.result
            );
        }
    }
}

#[test]
fn pages_and_other_things_are_no_feed() {
    let feeds = shipped();
    let pages: [&[u8]; 7] = [
        b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>203.0.113.7</body></html>",
        b"\xef\xbb\xbf\n  <html>\nbad.example\n</html>",
        b"<?xml version=\"1.0\"?><rss><item><title>bad.example</title></item></rss>",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
        b"PK\x03\x04\x14\x00",
        b"\x00\x01\x02\x03binary",
        b"{\"error\": \"Too many requests\"}",
    ];
    for feed in &feeds {
        for page in pages {
            let reading = read(feed, None, page);
            assert!(
                matches!(reading.result, Err(FeedError::NotThisFormat { .. })),
                "{}: {:?} of {:?}",
                feed.name,
                reading.result,
                String::from_utf8_lossy(page)
            );
            assert!(recognise(&feeds, &format!("{}/{}.txt", feed.name, feed.name), page).is_none());
        }
        assert!(
            matches!(read(feed, None, b"").result, Err(FeedError::Empty)),
            "{}",
            feed.name
        );
        let sorry = read(feed, None, b"Access denied, please come back later\n");
        assert!(
            matches!(
                sorry.result,
                Err(FeedError::NotThisFormat { .. } | FeedError::TooManyRefused { .. })
            ) || feed.name == "maltrail",
            "{}: {:?}",
            feed.name,
            sorry.result
        );
    }
}

#[test]
fn unknown_keys_are_named() {
    for (toml, words) in [
        ("name = \"x\"\nnmae = 1", &["nmae", "publisher"][..]),
        (
            "name = \"x\"\ntitle = \"x\"\npublisher = \"x\"\ncategory = \"news\"\nconfidence = 1\nextent = \"window\"\n[[format]]\nname = \"a\"\nconnector = \"csv\"\nvalue = [{ column = \"a\" }]\nsettings = { seperator = \";\" }",
            &["format.a.settings", "seperator", "separator"],
        ),
        (
            "name = \"x\"\ntitle = \"x\"\npublisher = \"x\"\ncategory = \"news\"\nconfidence = 1\nextent = \"window\"\n[[format]]\nname = \"a\"\nconnector = \"lines\"\nvalue = [{ column = \"url\" }]",
            &["url", "value, note"],
        ),
        (
            "name = \"x\"\ntitle = \"x\"\npublisher = \"x\"\ncategory = \"news\"\nconfidence = 1\nextent = \"window\"\n[[format]]\nname = \"a\"\nconnector = \"xml\"\nvalue = [{ column = \"url\" }]",
            &["xml", "lines, csv, json"],
        ),
    ] {
        let error = toml.parse::<Feed>().unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{word:?} in {error}");
        }
    }
}

/// The parser's own list of allowed keys is what the documentation must have.
#[test]
fn every_key_is_documented() {
    let docs = fs::read_to_string(fixture::root().join("docs/feeds.md")).unwrap();
    let feed = "name = \"x\"\ntitle = \"x\"\npublisher = \"x\"\ncategory = \"news\"\n\
        confidence = 1\nextent = \"window\"\n";
    let format = format!("{feed}[[format]]\nname = \"a\"\n");
    let mut count = 0;
    for toml in [
        "nokey = 1".to_owned(),
        format!("{feed}[recognise]\nnokey = 1"),
        format!("{format}nokey = 1"),
        format!("{format}connector = \"csv\"\nvalue = [{{ nokey = 1 }}]"),
        format!("{format}connector = \"csv\"\nvalue = []\ntype = {{ nokey = 1 }}"),
        format!("{format}connector = \"csv\"\nvalue = []\nconfidence = {{ nokey = 1 }}"),
        format!(
            "{format}connector = \"csv\"\nvalue = [{{ column = \"a\" }}]\nsettings = {{ nokey = 1 }}"
        ),
        format!(
            "{format}connector = \"lines\"\nvalue = [{{ column = \"value\" }}]\nsettings = {{ nokey = 1 }}"
        ),
        format!(
            "{format}connector = \"json\"\nvalue = [{{ column = \"a\" }}]\nsettings = {{ nokey = 1 }}"
        ),
    ] {
        let error = toml.parse::<Feed>().unwrap_err().to_string();
        let (_, allowed) = error
            .split_once("unknown field `nokey`, expected")
            .unwrap_or_else(|| panic!("{error}"));
        for key in allowed.split('`').skip(1).step_by(2) {
            assert!(
                docs.contains(&format!("`{key}`")),
                "{key} is not in docs/feeds.md"
            );
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
}

fn head(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(HEAD)]
}
