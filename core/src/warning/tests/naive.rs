//! Random lists against a slow and obviously right matcher.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use regex::bytes::Regex;

use super::read;
use crate::matching::network::{parse_v4, parse_v6, unmapped};
use crate::value::{Kind, Value, ValueRef, hash};
use crate::warning::rule::{Cover, Reach, Rule};
use crate::warning::{Judgement, LOW_ENTROPY_HASH, WarningList, WarningSet};

/// Whether one rule of a list covers a value that is no network.
fn covers_one(rule: &Rule, value: ValueRef<'_>) -> bool {
    let address = |text: &str| {
        let (v4, v6) = (parse_v4(text), parse_v6(text));
        let inner = v6.and_then(|(address, length)| unmapped(address, length));
        (v4.or(inner).map(|v4| v4.0), v6.map(|v6| v6.0))
    };
    let host = value.host();
    rule.kinds.contains(value.kind)
        && match &rule.cover {
            Cover::Text(text) => value.text == &**text,
            Cover::Host(name, reach) => host.is_some_and(|host| {
                let is_name = host == &**name;
                let is_below =
                    host.ends_with(&format!(".{name}")) && host.parse::<Ipv4Addr>().is_err();
                match reach {
                    Reach::Itself => is_name,
                    Reach::Below => is_below,
                    Reach::Subtree => is_name || is_below,
                }
            }),
            Cover::RangeV4(first, last) => host
                .and_then(|host| address(host).0)
                .is_some_and(|address| (first..=last).contains(&&address)),
            Cover::RangeV6(first, last) => host
                .and_then(|host| address(host).1)
                .is_some_and(|address| (first..=last).contains(&&address)),
            Cover::Part(part) => value.text.to_ascii_lowercase().contains(&**part),
            Cover::Expression(text) => Regex::new(text).unwrap().is_match(value.text.as_bytes()),
        }
}

/// All addresses of a small network.
fn addresses(network: &str) -> Vec<String> {
    if let Some((address, length)) = parse_v4(network) {
        return (0..1 << (32 - length))
            .map(|offset: u32| Ipv4Addr::from(u32::from(address) + offset).to_string())
            .collect();
    }
    let (address, length) = parse_v6(network).unwrap();
    (0..1 << (128 - length))
        .map(|offset: u128| Ipv6Addr::from(u128::from(address) + offset).to_string())
        .collect()
}

/// Whether a list covers a value: of a network, each address, or the text.
fn covers(list: &WarningList, value: ValueRef<'_>) -> bool {
    let by_rule = |value: ValueRef<'_>| list.rules.iter().any(|rule| covers_one(rule, value));
    let is_range = |rule: &&Rule| matches!(rule.cover, Cover::RangeV4(..) | Cover::RangeV6(..));
    let ranges: Vec<&Rule> = list.rules.iter().filter(is_range).collect();
    let every_address = || {
        addresses(value.text).iter().all(|text| {
            let kind = value.kind;
            let one = ValueRef { kind, text };
            ranges.iter().any(|rule| covers_one(rule, one))
        })
    };
    by_rule(value) || value.is_network() && every_address()
}

fn entry() -> impl Strategy<Value = String> {
    prop_oneof![
        "(\\*?\\.)?([ab]\\.){0,3}(com|b)",
        "203\\.0\\.113\\.(0|4|8|9)(/(27|28|29|30|31))?",
        "2001:db8::[0-3](/(126|127))?",
        "::ffff:203.0.113.[0-9]",
        "https?://[ab]\\.com/[aB]?",
        "[ab]@[ab]\\.com",
        "[ab/.@]{1,4}",
        "[ab]{32}",
    ]
}

fn value() -> impl Strategy<Value = Option<Value>> {
    let text = prop_oneof![
        entry(),
        "203\\.0\\.113\\.[0-9]",
        "https?://(([ab]\\.){1,4}com|203\\.0\\.113\\.[0-9]|\\[2001:db8::[0-3]\\])/[aAbB]?",
        "([ab]\\.){1,4}(com|example)",
    ];
    (text, prop::sample::select(Kind::ALL.to_vec())).prop_map(|(text, asked)| {
        let mut kinds = vec![asked];
        kinds.extend(Kind::ALL);
        kinds
            .iter()
            .find_map(|&kind| Value::parse(kind, &text).ok())
    })
}

fn list() -> impl Strategy<Value = (bool, &'static str, Vec<&'static str>, Vec<String>)> {
    let forms = ["string", "hostname", "substring", "cidr", "regex"];
    let attributes = [
        "ip-src",
        "domain|ip",
        "domain",
        "url",
        "email-src",
        "md5",
        "x",
    ];
    (
        any::<bool>(),
        prop::sample::select(forms.to_vec()),
        prop::collection::vec(prop::sample::select(attributes.to_vec()), 1..4),
        prop::collection::vec(entry(), 0..12),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_set_says_what_each_list_says(
        lists in prop::collection::vec(list(), 0..5),
        values in prop::collection::vec(value(), 1..20),
    ) {
        let lists: Vec<WarningList> = lists
            .into_iter()
            .enumerate()
            .map(|(number, (withholds, form, attributes, entries))| {
                let (mut list, _) =
                    read(&number.to_string(), form, &attributes.join(" "), &entries.join(" "));
                list.withholds = withholds;
                list
            })
            .collect();
        let set = WarningSet::new(lists.clone());
        for value in values.iter().flatten() {
            let value = value.as_ref();
            let mut expected = Vec::new();
            let is_hash = matches!(value.kind, Kind::Md5);
            if is_hash && hash::is_low_entropy(value.text) {
                expected.push((LOW_ENTROPY_HASH, true));
            }
            expected.extend(
                lists
                    .iter()
                    .filter(|list| covers(list, value))
                    .map(|list| (&*list.name, list.withholds)),
            );
            let mut found = Vec::new();
            set.visit(value, &mut |warning| found.push((warning.name, warning.withholds)));
            prop_assert_eq!(&found, &expected, "{:?}", value);
            let judgement = expected
                .iter()
                .map(|&(_, withholds)| if withholds { Judgement::Withheld } else { Judgement::Labelled })
                .max()
                .unwrap_or_default();
            prop_assert_eq!(set.judge(value), judgement);
        }
    }
}
