use std::io::Cursor;

use iocd_core::claim::held::Held;
use iocd_core::claim::retained::Retained;
use iocd_core::claim::{Category, Claim, Status};
use iocd_core::value::{Kind, Value};
use proptest::prelude::*;

use super::*;

fn now() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

fn source(name: &str) -> Source {
    Source::new(name, "Feed", Category::Community)
}

fn claim(source: &str, value: &str) -> Transfer {
    let value = Value::parse(Kind::Domain, value).unwrap();
    Transfer {
        source: source.to_owned(),
        claim: Retained {
            held: Held {
                claim: Claim::new(value, 80),
                first_heard_at: now(),
                heard_at: now(),
            },
            status: Status::Removed,
            updated_at: now(),
        },
    }
}

fn end() -> End {
    End {
        cursor: "here".into(),
        more: true,
    }
}

/// A document of two sources and two claims.
fn document() -> Vec<u8> {
    let mut out = Vec::new();
    let mirrored = Source {
        mirrored_by: Some("other".into()),
        ..source("a")
    };
    write_source(&mut out, mirrored, Some(now()));
    write_source(&mut out, source("b"), None);
    write_claim(&mut out, claim("a", "bad.example.com"));
    write_claim(&mut out, claim("b", "worse.example.com"));
    write_end(&mut out, &end());
    out
}

fn read(text: &[u8]) -> Result<Vec<Told>, NoChanges> {
    let mut reader = Reader::new(text, now());
    let mut all = Vec::new();
    while let Some(told) = reader.read_next()? {
        assert!(reader.end().is_none() && reader.length() > 0);
        all.push(told);
    }
    assert!(reader.end().is_some());
    Ok(all)
}

#[test]
fn what_is_written_is_read() {
    let document = document();
    let all = read(&document).unwrap();
    let [Told::Source(first, listed_at), _, Told::Claim(told), _] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!((first, *listed_at), (&source("a"), Some(now())));
    assert_eq!(*told, claim("a", "bad.example.com"));
    assert_eq!(read_end(&mut Cursor::new(&document)), Ok(end()));
}

#[test]
fn what_is_cut_off_is_noticed() {
    let document = document();
    for length in 0..document.len() {
        // But for the end of the last line, nothing may be missing.
        assert!(read_end(&mut Cursor::new(&document[..length])).is_err());
        if length < document.len() - 1 {
            assert!(read(&document[..length]).is_err(), "{length}");
        }
    }
}

#[test]
fn what_is_no_such_document_is_refused_by_line() {
    let document = String::from_utf8(document()).unwrap();
    let lines: Vec<&str> = document.lines().collect();
    let [a, b, first, second, end] = lines[..] else {
        panic!("{document}");
    };
    let long = a.replace("Feed", &"x".repeat(MAX_SHORT));
    let nameless = a.replace("\"name\":\"a\"", "\"name\":\"\"");
    let loud = a.replace("\"name\":\"a\"", "\"name\":\"A\"");
    let untitled = a.replace("Feed", " ");
    let ringing = a.replace("Feed", "\\u0007");
    let windy = a.replace("Feed", &"x".repeat(MAX_TITLE + 1));
    let heavy = a.replace("\"name\"", "\"weight\":101,\"name\"");
    let other = first.replace("bad.example.com", "good.example.com");
    let unknown = first.replace("\"source\"", "\"colour\":1,\"source\"");
    for (lines, expected) in [
        (&["<html>"][..], "line 1: it is no line of what an iocd"),
        (&[a, first], "line 3: it was cut off"),
        (&[a, first, end, second], "line 4: something follows"),
        (&[a, first, end, end], "line 4: something follows"),
        (&[a, end], "line 2: it has more, and told not one entry"),
        (&[first, end], "line 1: source \"a\" is not described"),
        (
            &[a, first, b, end],
            "line 3: source \"b\" is described after",
        ),
        (&[a, a, end], "line 2: source \"a\" is described twice"),
        (&[&long, end], "line 1: a source is described in more"),
        (&[&nameless, end], "line 1: a source is called \"\""),
        (&[&loud, end], "line 1: a source is called \"A\""),
        (&[&untitled, end], "line 1: title \" \" or publisher"),
        (&[&ringing, end], "line 1: title \"\\u{7}\" or publisher"),
        (&[&windy, end], "line 1: title "),
        (&[&heavy, end], "line 1: weight 101 of source \"a\""),
        (&[a, &other, end], "line 2: id "),
        (&[a, &unknown, end], "unknown field `colour`"),
        (
            &[a, "{\"cursor\":\"\",\"more\":false}"],
            "line 2: its cursor",
        ),
    ] {
        let error = read(lines.join("\n").as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let endless = "x".repeat(MAX_LINE + 9);
    let error = read(endless.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("longer than"), "{error}");
    let mut many = Vec::new();
    for number in 0..=MAX_SOURCES {
        write_source(&mut many, source(&number.to_string()), None);
    }
    let error = read(&many).unwrap_err().to_string();
    assert!(error.contains("more than 4096 sources"), "{error}");
}

#[test]
fn a_clock_that_is_ahead_is_not_believed() {
    let mut document = Vec::new();
    let later = now() + SignedDuration::from_hours(9);
    write_source(&mut document, source("a"), Some(later));
    let last = End {
        more: false,
        ..end()
    };
    write_end(&mut document, &last);
    let all = read(&document).unwrap();
    let [Told::Source(_, listed_at)] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!(*listed_at, Some(now() + SKEW));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = read(&bytes);
        let _ = read_end(&mut Cursor::new(&bytes));
    }

    #[test]
    fn a_changed_document_is_read_or_refused(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = document();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = read(&bytes);
    }
}
