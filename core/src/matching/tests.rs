//! Which keys answer which question.

use super::*;
use crate::value::Value;

fn keys(kind: Kind, text: &str, shape: &Shape) -> Vec<String> {
    reached(kind, text, shape, Reach::Scope)
}

fn reached(kind: Kind, text: &str, shape: &Shape, reach: Reach) -> Vec<String> {
    let value = Value::parse(kind, text).unwrap();
    let mut keys = Vec::new();
    probes(value.as_ref(), shape, reach, &mut |probe| {
        let Match { kind, distance } = probe.matched;
        let only = if probe.subtree_only { " subtree" } else { "" };
        keys.push(format!(
            "{} {} {distance}{only}",
            probe.key.text,
            kind.as_str()
        ));
    });
    keys
}

fn shape(stored: &[(Kind, &str, bool)]) -> Shape {
    let mut shape = Shape::default();
    for &(kind, text, subtree) in stored {
        shape.add(ValueRef { kind, text }, subtree);
    }
    shape
}

#[test]
fn an_empty_store_is_asked_for_the_value_only() {
    let empty = Shape::default();
    assert_eq!(keys(Kind::Ipv4, "192.0.2.1", &empty), ["192.0.2.1 exact 0"]);
    assert_eq!(
        keys(Kind::Domain, "a.b.example.com", &empty),
        ["a.b.example.com exact 0"]
    );
}

#[test]
fn networks_that_enclose() {
    let shape = shape(&[
        (Kind::Ipv4, "198.51.100.0/24", false),
        (Kind::Ipv4, "198.51.96.0/20", false),
        (Kind::Ipv6, "2001:db8::/32", false),
        (Kind::Ipv6, "2001:db8::/127", false),
    ]);
    assert_eq!(
        keys(Kind::Ipv4, "192.0.2.77", &shape),
        [
            "192.0.2.77 exact 0",
            "192.0.2.0/24 network 8",
            "192.0.0.0/20 network 12"
        ]
    );
    assert_eq!(
        keys(Kind::Ipv4, "192.0.2.0/24", &shape),
        ["192.0.2.0/24 exact 0", "192.0.0.0/20 network 4"]
    );
    assert_eq!(
        keys(Kind::Ipv6, "2001:db8::3", &shape),
        [
            "2001:db8::3 exact 0",
            "2001:db8::2/127 network 1",
            "2001:db8::/32 network 96"
        ]
    );
}

#[test]
fn the_address_inside() {
    let shape = shape(&[(Kind::Ipv4, "198.51.100.0/24", false)]);
    assert_eq!(
        keys(Kind::Ipv6, "::ffff:192.0.2.77", &shape),
        [
            "::ffff:192.0.2.77 exact 0",
            "192.0.2.77 mapped_ipv4 0",
            "192.0.2.0/24 mapped_ipv4 8"
        ]
    );
    assert_eq!(
        keys(Kind::Ipv6, "::ffff:192.0.2.0/124", &shape),
        [
            "::ffff:192.0.2.0/124 exact 0",
            "192.0.2.0/28 mapped_ipv4 0",
            "192.0.2.0/24 mapped_ipv4 4"
        ]
    );
}

#[test]
fn parents_stop_below_the_public_suffix() {
    let shape = shape(&[(Kind::Domain, "example.org", true)]);
    assert_eq!(
        keys(Kind::Domain, "a.b.example.co.uk", &shape),
        [
            "a.b.example.co.uk exact 0",
            "b.example.co.uk parent_domain 1 subtree",
            "example.co.uk parent_domain 2 subtree"
        ]
    );
    assert_eq!(
        keys(Kind::Domain, "notexample.org", &shape),
        ["notexample.org exact 0"]
    );
    assert_eq!(keys(Kind::Domain, "co.uk", &shape), ["co.uk exact 0"]);
    assert_eq!(
        keys(Kind::Domain, "me.github.io", &shape),
        ["me.github.io exact 0"]
    );
    assert_eq!(
        keys(Kind::Url, "http://a.example.org/", &shape),
        ["http://a.example.org/ exact 0"]
    );
}

#[test]
fn a_cascade_asks_for_every_parent() {
    let asked = |kind, text| reached(kind, text, &Shape::default(), Reach::Cascade);
    assert_eq!(
        asked(Kind::Domain, "a.b.example.co.uk"),
        [
            "a.b.example.co.uk exact 0",
            "b.example.co.uk parent_domain 1",
            "example.co.uk parent_domain 2"
        ]
    );
    assert_eq!(asked(Kind::Domain, "github.io"), ["github.io exact 0"]);
}

#[test]
fn a_cascade_climbs_from_a_url() {
    let networks = shape(&[(Kind::Ipv4, "192.0.2.0/24", false)]);
    let asked = |text| reached(Kind::Url, text, &networks, Reach::Cascade);
    assert_eq!(
        asked("http://a.example.com/x/?y"),
        [
            "http://a.example.com/x/?y exact 0",
            "https://a.example.com/x/?y url_scheme 1",
            "http://a.example.com/x/ url_prefix 1",
            "http://a.example.com/x url_prefix 1",
            "http://a.example.com/ url_prefix 2",
            "http://a.example.com url_prefix 2",
            "a.example.com url_host 3",
            "example.com parent_domain 4"
        ]
    );
    assert_eq!(
        asked("ftp://192.0.2.77:2121/"),
        [
            "ftp://192.0.2.77:2121/ exact 0",
            "ftp://192.0.2.77:2121 url_prefix 1",
            "192.0.2.77 url_host 1",
            "192.0.2.0/24 network 9"
        ]
    );
    assert_eq!(
        asked("ftp://[::ffff:192.0.2.77]/")[2..],
        [
            "::ffff:192.0.2.77 url_host 1",
            "192.0.2.77 mapped_ipv4 1",
            "192.0.2.0/24 mapped_ipv4 9"
        ]
    );
}
