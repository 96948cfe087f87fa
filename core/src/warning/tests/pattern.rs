//! An operator's own patterns.

use super::names;
use crate::value::{Kind, Reason};
use crate::warning::{Pattern, WarningList, WarningSet};

#[test]
fn an_operators_patterns() {
    let read = |text: &str| {
        let [pattern] = &Pattern::read(text, None).unwrap()[..] else {
            panic!("one reading of {text}")
        };
        pattern.clone()
    };
    for (text, written, covered, not_covered) in [
        (
            "GitHub[.]com",
            "github.com",
            vec![(Kind::Domain, "github.com")],
            vec![
                (Kind::Url, "https://github.com/"),
                (Kind::Domain, "a.github.com"),
            ],
        ),
        (
            "*.example.com",
            "*.example.com",
            vec![
                (Kind::Domain, "a.b.example.com"),
                (Kind::Url, "http://a.example.com/x"),
                (Kind::Email, "x@a.example.com"),
            ],
            vec![
                (Kind::Domain, "example.com"),
                (Kind::Url, "http://example.com/"),
            ],
        ),
        (
            "198.51.100.7/24",
            "198.51.100.0/24",
            vec![
                (Kind::Ipv4, "198.51.100.0/24"),
                (Kind::Ipv4, "198.51.100.8"),
                (Kind::Url, "http://198.51.100.8/"),
            ],
            vec![(Kind::Ipv4, "198.51.100.0/23")],
        ),
        (
            "198.51.100.7",
            "198.51.100.7",
            vec![(Kind::Ipv4, "198.51.100.7")],
            vec![(Kind::Url, "http://198.51.100.7/")],
        ),
    ] {
        let pattern = read(text);
        assert_eq!(pattern.to_string(), written);
        assert_eq!(read(written), pattern);
        let parsed = Pattern::parse(pattern.value().kind(), written);
        assert_eq!(parsed.as_ref(), Ok(&pattern));
        let list = WarningList::from_patterns("allowed", "", &[pattern]).unwrap();
        let set = WarningSet::new(vec![list]);
        for (kind, text) in covered {
            assert_eq!(names(&set, kind, text), ["allowed"], "{written}: {text}");
        }
        for (kind, text) in not_covered {
            assert_eq!(names(&set, kind, text), [""; 0], "{written}: {text}");
        }
    }
}

#[test]
fn a_network_that_is_too_wide_is_no_url() {
    for text in ["10.0.0.0/8", " 2001::/8"] {
        assert_eq!(
            Pattern::read(text, None).unwrap_err().reason,
            Reason::TooWide
        );
    }
    let none = Pattern::read("no value", None).unwrap_err();
    assert_eq!(none.reason, Reason::NoReading);
}
