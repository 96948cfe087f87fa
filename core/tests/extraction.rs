//! Values out of prose: the cases of the shared collection where it is
//! checked out beside the repository, and laws on generated texts.

#![allow(clippy::unwrap_used)] // tests

use std::cell::Cell;

use iocd_core::extract::{Candidate, Mention, Options, Taker, candidates, mentions, sentence};
use iocd_core::normalize::{Lenience, read};
use proptest::prelude::*;

#[path = "shared/cases.rs"]
mod cases;

#[test]
fn shared_cases() {
    let Some(cases) = cases::shared_cases() else {
        return;
    };
    let options = Options {
        unique: true,
        ..Options::default()
    };
    let mut seen = 0;
    for line in cases.lines() {
        let mut fields = line.split('\t');
        if fields.next() != Some("text") {
            continue;
        }
        let text = fields.next().unwrap().replace("\\u001D", "\u{1d}");
        let found: Vec<String> = mentions(&text, &options)
            .iter()
            .map(|mention| format!("{}={}", mention.reading.value.kind(), mention.reading.value))
            .collect();
        let found = match found.as_slice() {
            [] => "NONE".to_owned(),
            found => found.join(" "),
        };
        assert_eq!(found, fields.next().unwrap(), "{text:?}");
        seen += 1;
    }
    assert!(seen > 10);
}

/// Texts of values, nearly values, what stands around them, and anything.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z0-9]{1,8}",
        "\\PC{1,3}",
        "[-.:/@%?#&=,|_~+*\\\\^\\[\\](){}<>\"' \t\n]{1,3}",
        "[ \n.,;()]",
        Just("[.]".to_owned()),
        Just(" [dot] ".to_owned()),
        Just("(at)".to_owned()),
        Just("[:]//".to_owned()),
        Just("hxxps".to_owned()),
        Just("http://".to_owned()),
        Just("https://example.com/a/very/long/path/that/goes/on/for/a/while/".to_owned()),
        Just("\n  x/y?z=1\n".to_owned()),
        Just("example.com".to_owned()),
        Just("203.0.113.".to_owned()),
        Just("7:443".to_owned()),
        Just("/24".to_owned()),
        Just("2001:db8::".to_owned()),
        Just("CVE-2021-".to_owned()),
        Just("44228".to_owned()),
        Just("T1059.001".to_owned()),
        Just("0123456789abcdef0123456789abcdef".to_owned()),
        Just("&amp;".to_owned()),
        Just("&#46;".to_owned()),
        Just("&lt;".to_owned()),
        Just("version ".to_owned()),
        Just("\u{3002}".to_owned()),
        Just("\u{200b}".to_owned()),
        Just("m\u{fc}ller.example.org".to_owned()),
        Just("*.".to_owned()),
    ];
    prop_oneof![
        5 => prop::collection::vec(piece, 1..24).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn spans_are_where_the_values_are_written(text in text()) {
        let all = mentions(&text, &Options::default());
        let mut end = 0;
        for mention in &all {
            // slicing panics unless the span is one
            let written = mention.written(&text);
            prop_assert!(mention.span.start >= end, "spans overlap: {all:?}");
            end = mention.span.end;
            let around = sentence(&text, &mention.span);
            prop_assert!(around.start <= mention.span.start && mention.span.end <= around.end);
            prop_assert!(text.is_char_boundary(around.start) && text.is_char_boundary(around.end));
            // escapes and broken lines are undone before reading
            if written.contains(['&', '\n']) {
                continue;
            }
            let again = read(mention.reading.value.kind(), written, Lenience::Prose);
            prop_assert_eq!(again.as_ref(), Ok(&mention.reading));
        }
        for mention in mentions(&text, &Options { unique: true, hosts: true }) {
            prop_assert!(!mention.written(&text).is_empty());
        }
    }

    #[test]
    fn canonical_values_are_found_in_prose(value in canonical()) {
        for (before, behind) in [("see ", " now"), ("(", ")"), ("\"", "\","), ("| ", " |"), ("", ".")] {
            let text = format!("{before}{value}{behind}");
            let found: Vec<String> = mentions(&text, &Options::default())
                .iter()
                .map(|mention: &Mention| mention.reading.value.to_string())
                .collect();
            prop_assert_eq!(&found, std::slice::from_ref(&value), "{}", text);
        }
    }

    #[test]
    fn defanged_values_are_found_in_prose(value in canonical()) {
        let kind = mentions(&value, &Options::default())[0].reading.value.clone();
        let text = format!("It was {} that we saw.", iocd_core::defang::defang(&kind));
        let found = mentions(&text, &Options::default());
        prop_assert_eq!(found.len(), 1, "{}", text);
        prop_assert_eq!(&found[0].reading.value, &kind, "{}", text);
    }
}

fn canonical() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{2}[a-z0-9]{0,8}\\.[a-z]{3,8}\\.(com|net|co\\.uk|ru)",
        "https?://[a-z]{3,8}\\.(com|org)(/[a-z0-9]{1,6}){1,3}(\\?[a-z]{1,3}=[a-z0-9]{1,9})?",
        "(198\\.51\\.100|203\\.0\\.113)\\.[1-9][0-9]?",
        "2001:db8::[1-9a-f]{1,4}:[1-9]{1,4}",
        "[0-9a-f]{31}[0-9]|[0-9a-f]{39}[0-9]|[0-9a-f]{63}[0-9]|[0-9a-f]{127}[0-9]",
        "CVE-20[0-4][0-9]-[1-9][0-9]{3,5}",
        "T1[0-9]{3}(\\.00[1-9])?",
        "[a-z]{3,8}@[a-z]{4,8}\\.(com|org)",
    ]
}

/// Counts the bytes that are offered to be read.
struct Count<'a>(&'a Cell<usize>);

impl Taker for Count<'_> {
    fn take(&mut self, candidate: &Candidate<'_>) -> bool {
        self.0.set(self.0.get() + candidate.text.len());
        false
    }
}

/// Where nothing is taken, most is tried: even then no more is read than a few
/// times the text, however long it is.
#[test]
fn what_is_tried_is_bounded_by_the_text() {
    for piece in [
        "a.",
        "1.",
        "1.2.3.4.",
        "a:",
        "::",
        "f:",
        "a@",
        "a@b.",
        "[.]",
        " [.] ",
        "(",
        "http://",
        "http://a.b/(",
        "hxxp[:]//a[.]com/",
        "a.com/",
        "x.com:80/",
        "CVE-2021-",
        "T1059.",
        "0123456789abcdef",
        "&#46;",
        "a\u{3002}",
        "\u{fc}.",
        "/a.b",
        "a.b.zip ",
        "http://a.com/\n  b/",
        "<a href='",
        "a.com\n",
        "www.",
        "%3a%2f%2f",
    ] {
        for size in [50_000, 200_000] {
            let text = piece.repeat(size / piece.len());
            let tried = Cell::new(0);
            candidates(&text, &mut Count(&tried));
            assert!(
                tried.get() <= 6 * text.len(),
                "{piece:?}: {} of {}",
                tried.get(),
                text.len()
            );
        }
    }
}
