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

use iocd_core::claim::Origin;
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

/// The name of a file must say more than a word that any list may have.
#[test]
fn names_and_contents_tell_the_feed() {
    let feeds = shipped();
    let addresses = "203.0.113.7\n203.0.113.8\n";
    let names = "bad.example.com\nworse.example.com\n";
    let networks = "{\"cidr\":\"203.0.113.0/24\"}\n";
    let firehol = |name: &str| {
        format!("#\n# {name}\n#\n# Maintainer URL  : http://iplists.firehol.org/\n#\n203.0.113.7\n")
    };
    let answer = "{\"query_status\":\"ok\",\"data\":[{\"ioc\":\"203.0.113.7:80\",\"ioc_type\":\"ip:port\"}]}";
    let feodo =
        "[{\"ip_address\":\"203.0.113.7\",\"port\":443,\"as_name\":null,\"last_online\":null}]";
    let fields = "\"2026-01-02 03:04:05\",\"1\",\"203.0.113.7:80\",\"ip:port\",\"c2\",\"x\",\"x\",\"X\",\
                  \"\",\"75\",\"False\",\"\",\"\",\"0\",\"rep\"\n";
    for (path, text, expected) in [
        ("x/dropbox_ips.txt", addresses, None),
        ("x/dropped_packets.txt", addresses, None),
        ("x/dropzone.csv", addresses, None),
        ("x/drop_v4.txt", addresses, Some("spamhaus-drop")),
        ("x/drop.txt", addresses, Some("spamhaus-drop")),
        ("x/networks.json", networks, None),
        ("spamhaus/networks.json", networks, Some("spamhaus-drop")),
        ("x/blocklist.txt", addresses, None),
        ("x/blocked_ips.txt", addresses, None),
        ("x/block_office_hosts.txt", addresses, None),
        ("x/block.txt", addresses, Some("dshield")),
        ("x/et_home.txt", addresses, None),
        ("x/et_all.csv", addresses, None),
        ("x/et_block.netset", addresses, Some("emerging-threats")),
        ("x/reputation_allow.txt", addresses, None),
        ("x/suspicious_names.txt", names, None),
        (
            "x/suspicious_low_native.txt",
            names,
            Some("dshield-domains"),
        ),
        ("dshield/any.txt", names, None),
        (
            "x/blocklist_net_ua.ipset",
            &firehol("blocklist_net_ua"),
            Some("firehol"),
        ),
        (
            "x/dshield_30d.netset",
            &firehol("dshield_30d"),
            Some("firehol"),
        ),
        ("x/list.netset", &firehol("dshield"), Some("dshield")),
        ("x/answer.json", answer, Some("threatfox")),
        ("x/list.json", feodo, Some("feodo")),
        ("x/full.csv", fields, None),
        (
            "x/threatfox_full.csv.zip/full.csv",
            fields,
            Some("threatfox"),
        ),
        (
            "x/threatfox.zip/2026/01/full.csv",
            fields,
            Some("threatfox"),
        ),
        ("threatfox/full.zip/full.csv", fields, Some("threatfox")),
        (
            "x/vulnerabilities.json",
            "{\"vulnerabilities\":[{\"cveID\":\"CVE-20",
            Some("cisa-kev"),
        ),
    ] {
        let found = recognise(&feeds, path, text.as_bytes()).map(|(feed, _)| &*feed.name);
        assert_eq!(found, expected, "{path}");
    }
}

/// Nothing may be concluded from what is absent in such inputs.
#[test]
fn an_input_that_says_nothing_is_no_empty_list() {
    let feeds = shipped();
    let feed = |name: &str| feeds.iter().find(|feed| feed.name == name).unwrap();
    let told = |name: &str, bytes: &[u8]| match read(feed(name), None, bytes).result {
        Ok(summary) => format!("read {}", summary.rows),
        Err(FeedError::Empty) => "empty".to_owned(),
        Err(FeedError::Truncated { .. }) => "truncated".to_owned(),
        Err(FeedError::Malformed { .. }) => "malformed".to_owned(),
        Err(error) => panic!("{name}: {error}"),
    };
    let firehol = b"# firehol_level2\n# Generated by FireHOL's update-ipsets.sh\n";
    for (name, bytes, expected) in [
        // comments are no header
        (
            "sslbl",
            &b"# The service is down for maintenance.\n"[..],
            "empty",
        ),
        ("phishtank", b"# try again later\r\n\r\n", "empty"),
        ("sslbl", b"# Listingdate,SHA1,Listingreason\n", "read 0"),
        ("phishtank", b"phish_id,url,phish_detail_url\n", "read 0"),
        ("feodo", b"# END 0 entries\n", "read 0"),
        ("feodo", b"# END 1 entries\n", "empty"),
        // neither are they a list without its own banner
        ("firehol-level2", firehol, "read 0"),
        ("firehol-level2", b"# nothing here\n", "empty"),
        ("tor-exits", b"# nothing here\n", "empty"),
        // a byte-order mark is no content
        ("phishtank", b"\xef\xbb\xbf", "empty"),
        ("cisa-kev", b"\xef\xbb\xbf \r\n", "empty"),
        ("tor-exits", b"\xff\xfe", "empty"),
        // cut before the first whole row
        (
            "cisa-kev",
            b"{\"title\":\"x\",\"vulnerabilities\":[{\"cveID\":\"CVE-2025-0",
            "truncated",
        ),
        ("cisa-kev", b"{\"title\":\"x\",\"coun", "truncated"),
        ("cisa-kev", b"{", "truncated"),
        ("threatfox", b"{\"1\":[{\"ioc_value\":\"a.exam", "truncated"),
        // something behind the end
        (
            "feodo",
            b"[{\"ip_address\":\"203.0.113.7\"}]\n<!-- cached -->",
            "malformed",
        ),
        (
            "feodo",
            b"[{\"ip_address\":\"203.0.113.7\"}]\n[{\"ip_address\":\"203.0.113.8\"}]",
            "read 2",
        ),
        (
            "feodo",
            b"[{\"ip_address\":\"203.0.113.7\"}]\n \r\n",
            "read 1",
        ),
    ] {
        assert_eq!(
            told(name, bytes),
            expected,
            "{name}: {:?}",
            String::from_utf8_lossy(bytes)
        );
    }
}

/// Where a layout is not known, cells would get into the wrong columns.
#[test]
fn cells_without_a_header_are_counted() {
    let feeds = shipped();
    for (name, row) in [
        (
            "urlhaus",
            "\"1\",\"2026-01-05 03:04:05\",\"http://203.0.113.7/\",\"online\",\"malware_download\",\"elf\"",
        ),
        (
            "malwarebazaar",
            "\"2026-01-05 03:04:05\",\"0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b\",\"x\",\"y\"",
        ),
    ] {
        let feed = feeds.iter().find(|feed| feed.name == name).unwrap();
        let format = feed.formats.iter().position(|format| format.name == "csv");
        let reading = read(feed, format, row.as_bytes());
        let error = reading.result.unwrap_err().to_string();
        assert!(error.contains("cells, and no header"), "{error}");
    }
}

#[test]
fn fixtures_give_the_expected_claims() {
    for feed in shipped() {
        if fixture::is_of_articles(&feed) && !fixture::folder(&feed).exists() {
            continue;
        }
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
fn announcements_give_articles_and_claims() {
    let feeds = shipped();
    let of_articles: Vec<&Feed> = feeds
        .iter()
        .filter(|feed| fixture::is_of_articles(feed))
        .collect();
    assert!(of_articles.len() >= 30);
    for feed in of_articles {
        assert_eq!(feed.origin, Origin::Article, "{}", feed.name);
        assert!(
            feed.interval.is_some() && feed.terms.is_some(),
            "{}",
            feed.name
        );
        let reading = read(feed, None, &fixtures(feed)[0].bytes);
        let claims = reading.claims();
        let values: Vec<&str> = claims.iter().map(|claim| claim.value.as_str()).collect();
        let expected = ["CVE-2026-0001", "bad.example.com", "203.0.113.7"];
        assert_eq!(values, expected, "{}", feed.name);
        for claim in claims {
            let article = claim.article.as_ref().unwrap();
            assert!(article.url.ends_with("gateway"), "{}", article.url);
            assert_eq!(claim.malware.as_deref(), Some("Emotet"));
            assert_eq!(claim.confidence, feed.confidence);
        }
        let summary = reading.result.unwrap();
        assert_eq!((summary.articles, summary.claims), (2, 3), "{}", feed.name);
        assert_eq!(summary.warnings, [], "{}", feed.name);
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
                ("CR", text.replace('\n', "\r").into_bytes()),
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
    let mut articles = false;
    for feed in shipped() {
        // All feeds of articles are read alike: one is enough.
        if fixture::is_of_articles(&feed) && std::mem::replace(&mut articles, true) {
            continue;
        }
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
            if fixture::is_of_articles(feed) && page.starts_with(b"<?xml") {
                continue;
            }
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
            &["xml", "lines, csv, json, misp"],
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
