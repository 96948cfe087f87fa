//! What lists cover.

use super::*;

mod naive;
mod pattern;
mod reading;

fn read(name: &str, form: &str, attributes: &str, entries: &str) -> (WarningList, Refused) {
    let attributes: Vec<&str> = attributes.split(' ').collect();
    let entries: Vec<&str> = entries.split(' ').collect();
    let document = serde_json::json!({
        "name": "A list", "type": form, "matching_attributes": attributes, "list": entries,
    });
    WarningList::read_misp(name, document.to_string().as_bytes()).unwrap()
}

fn names<'s>(set: &'s WarningSet, kind: Kind, text: &str) -> Vec<&'s str> {
    let value = Value::parse(kind, text).unwrap();
    let mut names = Vec::new();
    set.visit(value.as_ref(), &mut |warning| names.push(warning.name));
    names
}

/// Type, attributes and entries of a list; what it covers, and what it does not.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(Kind, &'static str)],
    &'static [(Kind, &'static str)],
);

const CASES: [Case; 9] = [
    (
        "string",
        "domain url",
        "Example.COM http://h.example/A b\u{fc}cher.example",
        &[
            (Kind::Domain, "example.com"),
            (Kind::Url, "http://example.com/x?y"),
            (Kind::Url, "http://u:p@example.com:8080/"),
            (Kind::Url, "http://h.example/A"),
            (Kind::Domain, "xn--bcher-kva.example"),
        ],
        &[
            (Kind::Domain, "www.example.com"),
            (Kind::Url, "http://www.example.com/"),
            (Kind::Url, "http://h.example/a"),
            (Kind::Domain, "h.example"),
            (Kind::Email, "a@example.com"),
        ],
    ),
    (
        "string",
        "domain",
        "example.com .sub.example *.wild.example .zip",
        &[
            (Kind::Domain, "example.com"),
            (Kind::Domain, "sub.example"),
            (Kind::Domain, "a.b.sub.example"),
            (Kind::Domain, "a.wild.example"),
            (Kind::Domain, "a.zip"),
        ],
        &[
            (Kind::Url, "http://example.com/"),
            (Kind::Domain, "wild.example"),
            (Kind::Domain, "notsub.example"),
            (Kind::Domain, "zip.example"),
        ],
    ),
    (
        "hostname",
        "hostname url",
        ".example.com other.example 192.0.2.7",
        &[
            (Kind::Domain, "example.com"),
            (Kind::Domain, "a.other.example"),
            (Kind::Url, "https://a.b.other.example/x"),
            (Kind::Url, "https://192.0.2.7/x"),
        ],
        &[
            (Kind::Domain, "another.example"),
            (Kind::Email, "a@example.com"),
            (Kind::Url, "https://x.example/other.example"),
            (Kind::Ipv4, "192.0.2.7"),
        ],
    ),
    (
        "hostname",
        "email-src",
        "example.com",
        &[(Kind::Email, "a@x.example.com")],
        &[(Kind::Domain, "example.com")],
    ),
    (
        "substring",
        "email-src|x target-email url",
        "Temp. .example/",
        &[
            (Kind::Email, "a@temp.example.com"),
            (Kind::Url, "http://TEMPO.example/x"),
            (Kind::Url, "http://h.example/TEMP.php"),
        ],
        &[
            (Kind::Email, "temp@h.example"),
            (Kind::Domain, "temp.example.com"),
        ],
    ),
    (
        "cidr",
        "ip-dst|port url",
        "192.0.2.0/25 192.0.2.128/26 198.51.100.7 2001:DB8::/32 10.0.0.0/8",
        &[
            (Kind::Ipv4, "192.0.2.0/25"),
            (Kind::Ipv4, "192.0.2.96/27"),
            (Kind::Ipv4, "192.0.2.120"),
            (Kind::Ipv4, "198.51.100.7"),
            (Kind::Ipv4, "10.0.0.0/9"),
            (Kind::Ipv6, "2001:db8:1::/48"),
            (Kind::Ipv6, "::ffff:198.51.100.7"),
            (Kind::Url, "http://192.0.2.130/x"),
            (Kind::Url, "http://[2001:db8::1]:8080/x"),
        ],
        &[
            (Kind::Ipv4, "192.0.2.0/24"),
            (Kind::Ipv4, "192.0.2.192"),
            (Kind::Ipv4, "198.51.100.6/31"),
            (Kind::Ipv6, "2001:db9::1"),
            (Kind::Url, "http://h.example/192.0.2.1"),
        ],
    ),
    (
        "cidr",
        "ip-dst",
        "192.0.2.0/24",
        &[(Kind::Ipv4, "192.0.2.9")],
        &[(Kind::Url, "http://192.0.2.9/")],
    ),
    (
        "string",
        "filename|md5 vulnerability",
        "00112233445566778899AABBCCDDEEFF cve-2021-44228",
        &[
            (Kind::Md5, "00112233445566778899aabbccddeeff"),
            (Kind::Cve, "CVE-2021-44228"),
        ],
        &[
            (Kind::Sha1, "00112233445566778899aabbccddeeff00112233"),
            (Kind::Cve, "CVE-2021-4422"),
        ],
    ),
    (
        "regex",
        "email-dst domain",
        "/^(abuse|noc)\\@/i #^x{2}\\.#",
        &[
            (Kind::Email, "abuse@h.example"),
            (Kind::Domain, "xx.example.com"),
        ],
        &[
            (Kind::Email, "a.noc@h.example"),
            (Kind::Url, "http://xx.example.com/"),
        ],
    ),
];

#[test]
fn the_types_of_list() {
    for (form, attributes, entries, covered, not_covered) in CASES {
        let (list, refused) = read("a", form, attributes, entries);
        assert_eq!(refused.first, [], "{entries}");
        let set = WarningSet::new(vec![list]);
        for &(kind, text) in covered {
            assert!(names(&set, kind, text).contains(&"a"), "{entries}: {text}");
        }
        for &(kind, text) in not_covered {
            assert!(!names(&set, kind, text).contains(&"a"), "{entries}: {text}");
        }
    }
}

#[test]
fn what_the_value_tells_comes_first_and_lists_in_their_order() {
    let empty = "d41d8cd98f00b204e9800998ecf8427e";
    let (b, _) = read("b", "string", "md5", empty);
    let (mut a, _) = read("a", "substring", "md5", "d41d");
    a.withholds = false;
    let set = WarningSet::new(vec![b, a]);
    assert_eq!(names(&set, Kind::Md5, empty), [EMPTY_FILE_HASH, "b", "a"]);
    assert_eq!(names(&set, Kind::Md5, &"0".repeat(32)), [LOW_ENTROPY_HASH]);
    let judge = |text: &str| set.judge(Value::parse(Kind::Md5, text).unwrap().as_ref());
    assert_eq!(judge(empty), Judgement::Withheld);
    assert_eq!(judge(&"0".repeat(32)), Judgement::Withheld);
    assert_eq!(
        judge("00d41d02030405060708090a0b0c0d0e"),
        Judgement::Labelled
    );
    assert_eq!(judge("00d41a02030405060708090a0b0c0d0e"), Judgement::Clear);
    let listed: Vec<_> = set.lists().iter().map(|list| &*list.name).collect();
    assert_eq!(listed, [EMPTY_FILE_HASH, LOW_ENTROPY_HASH, "b", "a"]);
}

#[test]
fn fingerprints_tell_what_matters() {
    let list = |entries| read("a", "string", "domain url", entries).0;
    let of = |lists: Vec<WarningList>| WarningSet::new(lists).fingerprint();
    let other = read("b", "cidr", "ip-src", "192.0.2.0/24").0;
    let one = of(vec![list("a.example b.example"), other.clone()]);
    assert_eq!(
        one,
        of(vec![other.clone(), list("B.example a.example a.example")])
    );
    assert_ne!(one, of(vec![list("a.example"), other.clone()]));
    assert_ne!(one, of(vec![list("a.example b.example")]));
    let mut labelling = list("a.example b.example");
    labelling.withholds = false;
    assert_ne!(one, of(vec![labelling, other.clone()]));
    let narrower = read("a", "string", "domain", "a.example b.example").0;
    assert_ne!(one, of(vec![narrower, other]));
}

#[test]
fn shipped_lists() {
    for list in shipped() {
        assert_eq!(list.refused, 0, "{}", list.name);
        assert!(list.entries > 0);
    }
    let set = WarningSet::default();
    assert_eq!(names(&set, Kind::Ipv4, "8.8.8.8"), ["public_resolver"]);
    assert_eq!(names(&set, Kind::Ipv4, "1.1.1.1"), ["public_resolver"]);
    assert_eq!(names(&set, Kind::Ipv6, "2606:4700::1"), ["cloud_range"]);
    assert_eq!(
        names(&set, Kind::Domain, "www.google.com"),
        ["popular_domain"]
    );
    assert_eq!(names(&set, Kind::Domain, "sites.google.com"), [""; 0]);
    assert_eq!(names(&set, Kind::Url, "https://www.google.com/x"), [""; 0]);
    assert_eq!(
        names(&set, Kind::Md5, "44d88612fea8a8f36de82e1278abb02f"),
        ["eicar"]
    );
}

#[test]
fn future_begins_after_next_year() {
    let now: Timestamp = "2026-05-01T00:00:00Z".parse().unwrap();
    let cve = |text| Value::parse(Kind::Cve, text).unwrap();
    assert!(!is_future_cve(&cve("CVE-2027-0001"), now));
    assert!(is_future_cve(&cve("CVE-2028-0001"), now));
}
