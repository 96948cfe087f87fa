//! What can be read of a list, and what cannot.

use regex::bytes::Regex;

use super::{names, read};
use crate::value::Kind;
use crate::warning::expression::check_expression;
use crate::warning::{WarningList, WarningSet};

#[test]
fn entries_that_cannot_be_read_are_told() {
    for (form, attributes, entries, reason) in [
        (
            "string",
            "md5",
            "3::",
            "a hash is made of hexadecimal digits only",
        ),
        (
            "string",
            "md5 sha1",
            "3::",
            "it is none of what the list is for: md5, sha1",
        ),
        (
            "cidr",
            "ip-src",
            "192.0.2.0/33",
            "it is no address or network",
        ),
        (
            "cidr",
            "domain",
            "192.0.2.0/24",
            "such an entry is for ipv4, ipv6, url, the list is for domain",
        ),
        (
            "hostname",
            "domain",
            "a..b",
            "there is an empty label between two dots",
        ),
        ("string", "domain", " ", "it is empty"),
        (
            "string",
            "phone-number",
            "555",
            "the list is for no type of value known here, but for phone-number",
        ),
        (
            "regex",
            "domain",
            "/a",
            "the expression begins with / and does not end with /",
        ),
        ("regex", "domain", "/a/q", "'q' is no flag of an expression"),
        (
            "regex",
            "domain",
            "/(?<=a)b/",
            "look-around, including look-ahead and look-behind, is not supported",
        ),
        ("regex", "domain", "/a)(b/", "unopened group"),
        (
            "regex",
            "domain",
            "/(x{500}){500}/",
            "the compiled expression is too large",
        ),
    ] {
        let entries = if entries == " " { "" } else { entries };
        let (list, refused) = read("a", form, attributes, entries);
        assert_eq!((list.entries(), refused.count), (0, 1), "{entries}");
        let found = &refused.first[0];
        assert_eq!((&*found.entry, &*found.reason), (entries, reason));
    }
    let text = br#"{"list": [1, {"a": ["b"]}, null, true, 1.5, -1, ["c"], "192.0.2.1"]}"#;
    let (list, refused) = WarningList::read_misp("a", text).unwrap();
    assert_eq!(
        (list.entries(), refused.count, refused.first.len()),
        (1, 7, 5)
    );
}

#[test]
fn files_that_are_no_lists() {
    let why = |name: &str, text: &str| {
        WarningList::read_misp(name, text.as_bytes())
            .unwrap_err()
            .to_string()
    };
    let list = r#"{"list": []}"#;
    assert!(why("a b", list).contains("\"a b\""));
    assert!(why(&"a".repeat(65), list).contains("up to 64"));
    assert!(why("a", "{}").contains("missing field `list`"));
    assert!(why("a", r#"{"list": "x"}"#).contains("an array of texts"));
    assert!(why("a", r#"{"type": "glob", "list": []}"#).contains("\"glob\""));
    assert!(why("a", &"[".repeat(10_000)).contains("line 1"));
}

#[test]
fn expressions_of_php() {
    for (written, matching, other) in [
        ("/^A\\.b$/i", "a.B", "a-b"),
        ("{^a{2}/}", "aa/", "a/"),
        ("(a|b)+\\.c", "ab.c", "abc"),
        ("/a b # c\n/x", "ab", "a b"),
        ("~^.$~u", "\u{e4}", "ab"),
        ("/^..$/", "\u{e4}", "a"),
        ("^a", "ab", "ba"),
    ] {
        let expression = check_expression(written).unwrap();
        let regex = Regex::new(&expression).unwrap();
        assert!(regex.is_match(matching.as_bytes()), "{written}");
        assert!(!regex.is_match(other.as_bytes()), "{written}");
    }
}

#[test]
fn many_expressions_are_split() {
    let entries: Vec<String> = (0..300).map(|n| format!("/^[a-z]{{1,20}}{n}x/")).collect();
    let (list, _) = read("a", "regex", "domain", &entries.join(" "));
    let set = WarningSet::new(vec![list]);
    assert_eq!(names(&set, Kind::Domain, "ab299x.example"), ["a"]);
    assert_eq!(names(&set, Kind::Domain, "ab300x.example"), [""; 0]);
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let document = "\u{feff}{\"name\": \"a\", \"list\": [\"example.com\"]}";
    let (list, refused) = WarningList::read_misp("a", document.as_bytes()).unwrap();
    assert_eq!((list.entries(), refused.count), (1, 0));
}

#[test]
fn what_is_no_object_is_told_in_plain_words() {
    let error = WarningList::read_misp("a", b"null").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("expected an object with name, type"),
        "{error}"
    );
}
