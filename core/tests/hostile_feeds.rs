//! Lists written by somebody who means harm: bounded, without panic, and with
//! every row accounted for.
#![allow(clippy::unwrap_used)] // a helper that fails is a test that fails

use std::io::{BufReader, Read};

use iocd_core::feed::{Feed, FeedError, Row, Summary, read_feed};
use jiff::Timestamp;
use proptest::prelude::*;

/// A feed with one format.
fn feed(format: &str) -> Feed {
    format!(
        "name = \"test\"\ntitle = \"Test\"\npublisher = \"Test\"\ncategory = \"research\"\n\
         confidence = 50\nextent = \"window\"\n[[format]]\nname = \"f\"\nmax_refused = 100\n{format}"
    )
    .parse()
    .unwrap()
}

fn csv() -> Feed {
    feed(
        "connector = \"csv\"\nvalue = [{ column = \"host\", type = \"host\" }]\ncontext = \"[{note}]\"",
    )
}

fn json(settings: &str) -> Feed {
    feed(&format!(
        "connector = \"json\"\nsettings = {settings}\nvalue = [{{ column = \"host\", type = \"host\" }}]"
    ))
}

fn lines() -> Feed {
    feed("connector = \"lines\"\nvalue = [{ column = \"value\" }]")
}

fn read(feed: &Feed, input: impl Read) -> (Vec<Row>, Result<Summary, FeedError>) {
    let mut rows = Vec::new();
    let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    let result = read_feed(feed, Some(0), &mut BufReader::new(input), now, &mut |row| {
        rows.push(row);
    });
    if let Ok(summary) = &result {
        assert_eq!(summary.rows, rows.len() as u64);
    }
    (rows, result)
}

/// The values of a row, or the reason of its refusal.
fn told(rows: &[Row]) -> Vec<String> {
    rows.iter()
        .map(|row| match row {
            Row::Claims { claims, .. } => claims[0].value.as_str().to_owned(),
            Row::Article { article, .. } => article.title.clone(),
            Row::Withdrawn { values, .. } => format!("not {}", values[0].as_str()),
            Row::Refused { line, reason, .. } => format!("{line}: {reason}"),
        })
        .collect()
}

#[test]
fn an_unclosed_quote_costs_one_row() {
    let text = "host,note\na.example.com,\"never closed\nb.example.com,x\nc.example.com,y\n";
    let (rows, result) = read(&csv(), text.as_bytes());
    result.unwrap();
    assert_eq!(
        told(&rows),
        ["2: a quote is not closed", "b.example.com", "c.example.com"]
    );
}

#[test]
fn a_long_line_inside_an_open_quote_is_a_row_of_its_own() {
    let long = "x".repeat(70_000);
    let text =
        format!("host,note\na.example.com,\"open\nb.example.com,x\n{long}\nc.example.com,y\n");
    let (rows, result) = read(&csv(), text.as_bytes());
    result.unwrap();
    let told = told(&rows);
    assert_eq!(told.len(), 4);
    for expected in [
        "4: the line is longer than 64 KiB",
        "b.example.com",
        "c.example.com",
    ] {
        assert!(
            told.iter().any(|row| row == expected),
            "{expected} in {told:?}"
        );
    }
}

#[test]
fn a_closed_quote_may_span_lines() {
    let text = "host,note\na.example.com,\"two\n\nlines, \"\"quoted\"\"\"\nb.example.com,x\n";
    let (rows, result) = read(&csv(), text.as_bytes());
    result.unwrap();
    assert_eq!(told(&rows), ["a.example.com", "b.example.com"]);
    let Row::Claims { claims, .. } = &rows[0] else {
        panic!("{:?}", rows[0])
    };
    assert_eq!(claims[0].context.as_deref(), Some("two lines, \"quoted\""));
}

#[test]
fn long_lines_are_refused_and_not_kept() {
    let long = "x".repeat(70_000);
    let text = format!("host,note\n{long}\na.example.com,x\n");
    let (rows, result) = read(&csv(), text.as_bytes());
    result.unwrap();
    assert_eq!(
        told(&rows),
        ["2: the line is longer than 64 KiB", "a.example.com"]
    );
    let Row::Refused { text, .. } = &rows[0] else {
        panic!("{:?}", rows[0])
    };
    assert!(text.chars().count() <= 200, "{}", text.len());
    // 64 MB without one line end.
    let (rows, _) = read(&lines(), std::io::repeat(b'a').take(64 << 20));
    assert_eq!(rows.len(), 1);
}

#[test]
fn long_and_broken_documents_rows_are_refused() {
    let long = "y".repeat((1 << 20) + 1);
    let text = format!(
        "[{{\"host\":\"a.example.com\"}},{{\"host\":\"{long}\"}},{{\"host\": nope}},7,{{\"host\":null}},\
         {{\"host\":\"b.example.com\"}}]"
    );
    let (rows, result) = read(&json("{ shape = \"array\" }"), text.as_bytes());
    result.unwrap();
    let told = told(&rows);
    assert_eq!(told.len(), 6);
    assert_eq!((&*told[0], &*told[5]), ("a.example.com", "b.example.com"));
    assert!(told[1].contains("longer than a row"), "{}", told[1]);
    assert!(told[2].contains("no valid JSON"), "{}", told[2]);
    assert!(told[3].contains("no JSON object"), "{}", told[3]);
    assert!(told[4].contains("no value"), "{}", told[4]);
}

#[test]
fn depth_is_bounded() {
    let deep = "[".repeat(300_000);
    let (_, result) = read(&json("{ shape = \"array\" }"), deep.as_bytes());
    assert!(
        matches!(result, Err(FeedError::Truncated { .. })),
        "{result:?}"
    );
    let nested = format!(
        "[{{\"host\":{}{}}}]",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let (rows, _) = read(&json("{ shape = \"array\" }"), nested.as_bytes());
    assert!(
        told(&rows)[0].contains("recursion limit"),
        "{:?}",
        told(&rows)
    );
}

#[test]
fn missing_columns_are_named() {
    let by_position = feed(
        "connector = \"csv\"\nsettings = { columns = [\"id\", \"host\"] }\n\
         value = [{ column = \"host\" }]",
    );
    for (feed, text) in [
        (by_position, "ip,port\n203.0.113.7,1\n"),
        (csv(), "ip,port\n203.0.113.7,1\n"),
        (
            json("{ shape = \"array\" }"),
            "[{\"ip\":\"203.0.113.7\",\"port\":1}]",
        ),
        (
            json("{ shape = \"lines\" }"),
            "{\"ip\":\"203.0.113.7\",\"port\":1}\n",
        ),
    ] {
        let (_, result) = read(&feed, text.as_bytes());
        let error = result.unwrap_err().to_string();
        for word in ["host", "ip, port"] {
            assert!(error.contains(word), "{word} in {error}");
        }
    }
}

#[test]
fn most_rows_refused_is_another_format() {
    let feed = feed("connector = \"lines\"\nvalue = [{ column = \"value\", type = \"ip\" }]");
    // `max_refused` is 100 there: nothing is too much.
    read(&feed, b"a\nb\n".as_slice()).1.unwrap();
    let feed: Feed = "name = \"test\"\ntitle = \"T\"\npublisher = \"T\"\ncategory = \"news\"\n\
        confidence = 1\nextent = \"window\"\n[[format]]\nname = \"f\"\nconnector = \"lines\"\n\
        value = [{ column = \"value\", type = \"ip\" }]"
        .parse()
        .unwrap();
    for text in ["sorry\n", "203.0.113.7\na\nb\nc\nd\ne\nf\ng\n"] {
        let (_, result) = read(&feed, text.as_bytes());
        assert!(
            matches!(result, Err(FeedError::TooManyRefused { .. })),
            "{text:?}: {result:?}"
        );
    }
}

#[test]
fn a_reader_that_fails_is_told_with_its_cause() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let (_, result) = read(&csv(), b"host,note\n".chain(Broken));
    let error = result.unwrap_err();
    assert_eq!(error.to_string(), "reading failed: the disk is gone");
    // What prints causes too would say it twice.
    assert!(std::error::Error::source(&error).is_none());
}

#[test]
fn ports_out_of_range_are_named() {
    let feed = feed(
        "connector = \"lines\"\nvalue = [{ column = \"value\", type = [\"ip\", \"domain\"] }]",
    );
    let (rows, _) = read(
        &feed,
        b"203.0.113.7:500081\n203.0.113.7:70000\nbad:70000\n".as_slice(),
    );
    let told = told(&rows);
    for row in &told[..2] {
        assert!(
            row.contains("port must be a number from 0 to 65535"),
            "{row}"
        );
    }
    assert!(!told[2].contains("port"), "{}", told[2]);
}

#[test]
fn costly_looking_input_is_cheap() {
    let mut quotes = "host,note\n".to_owned();
    let mut commas = quotes.clone();
    let mut comments = String::new();
    for _ in 0..40_000 {
        quotes.push_str("\"\"\",\"\n");
        commas.push_str("\"a,\",,,,,,,,,\"\n");
        comments.push_str("# host,note,\"\n");
    }
    for text in [quotes, commas, comments] {
        let _ = read(&csv(), text.as_bytes());
    }
    let braces = format!("[{}", "{\"a\":[{},{}],".repeat(100_000));
    let _ = read(&json("{ shape = \"array\" }"), braces.as_bytes());
    let hashes = "# ".repeat(20_000);
    let feed = feed(
        "connector = \"lines\"\nvalue = [{ column = \"value\" }]\n\
         settings = { inline_comment = \"#\", comment = [] }",
    );
    let _ = read(&feed, hashes.repeat(20).as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for feed in [csv(), lines(), json("{ shape = \"array\" }"), json("{ shape = \"keyed\" }")] {
            let _ = read(&feed, &bytes[..]);
        }
    }

    #[test]
    fn no_delimiters_panic(text in "[\\[\\]{}\",:\\\\ \n#a0.*|/-]{0,200}") {
        for feed in [
            csv(),
            lines(),
            json("{ shape = \"array\" }"),
            json("{ shape = \"keyed\" }"),
            json("{ shape = \"lines\" }"),
            json("{ shape = \"document\", path = \"a\" }"),
            json("{ shape = \"array\", each = \"a\" }"),
        ] {
            let _ = read(&feed, text.as_bytes());
            let _ = read(&feed, format!("host,note\n{text}").as_bytes());
        }
    }
}
