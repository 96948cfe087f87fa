use proptest::prelude::*;

use self::tokens::{elastic, kusto, sigma, splunk};
use super::*;
use crate::value::Value;

mod tokens;

fn hunt(kind: Kind, text: &str) -> Hunt {
    Hunt::new(ValueRef { kind, text }, Some(RiskLevel::High), &["T1059"])
}

fn real(kind: Kind, text: &str) -> Hunt {
    let value = Value::parse(kind, text).unwrap();
    assert_eq!(value.as_str(), text, "canonical");
    Hunt::new(value.as_ref(), None, &[])
}

/// What means the same to the forms of the queries and is harmless.
fn harmless(text: &str) -> String {
    let mut harmless = "a".to_owned();
    harmless.extend(text.chars().filter(|c| matches!(c, '/' | '*')));
    harmless
}

const HOSTILE: [Kind; 10] = [
    Kind::Ipv4,
    Kind::Ipv6,
    Kind::Domain,
    Kind::Url,
    Kind::Md5,
    Kind::Sha1,
    Kind::Sha256,
    Kind::Sha512,
    Kind::Cve,
    Kind::Email,
];

/// The query has the value in each of its literals, and beside them what it has
/// around a harmless value.
fn check(
    read: impl Fn(&str) -> (Vec<String>, String),
    query: Option<String>,
    value: &str,
    plain: Option<String>,
    plain_value: &str,
) {
    let (query, plain) = (query.unwrap(), plain.unwrap());
    let (literals, around) = read(&query);
    assert!(!literals.is_empty(), "{query}");
    for literal in literals {
        assert_eq!(literal, value, "{query}");
    }
    let (plain_literals, plain_around) = read(&plain);
    assert!(plain_literals.iter().all(|literal| literal == plain_value));
    assert_eq!(around, plain_around, "{query}");
}

fn check_all(kind: Kind, text: &str) {
    let plain_text = harmless(text);
    let (hunt, plain) = (hunt(kind, text), hunt(kind, &plain_text));
    check(splunk, hunt.splunk, text, plain.splunk, &plain_text);
    check(kusto, hunt.kusto, text, plain.kusto, &plain_text);
    check(elastic, hunt.elastic, text, plain.elastic, &plain_text);
    let (value, around) = sigma(&hunt.sigma.unwrap());
    assert_eq!(value, text);
    assert_eq!(around, sigma(&plain.sigma.unwrap()).1);
}

#[test]
fn what_would_end_a_literal_or_begin_something() {
    for text in [
        "\"",
        "\\",
        "\\\"",
        "\\\\\" OR 1=1",
        "a\\",
        "a\\*",
        "*\\?",
        "x\" | delete",
        "x\"\n| where 1==1 //",
        "x') or ('1'=='1",
        "```comment``` `macro(1)` $token$ %2a",
        "[search index=*]",
        "// comment\r\n/* comment */ # comment",
        "\\u0022 \\n \\t \\x22",
        "- a: b\n  c: {d: [e]} &f !g",
        "\u{85}\u{2028}\u{2029}\u{feff}\u{0}\u{7f}\u{1f600}\u{e9}",
        "' or \u{201d}",
    ] {
        for kind in HOSTILE {
            check_all(kind, text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_value_is_one_literal_whatever_is_in_it(
        at in 0..HOSTILE.len(),
        text in prop_oneof![
            "\\PC{1,40}",
            any::<String>(),
            "[\"'\\\\*?|`$%\n\r\t/#\\[\\](){}:=u0-9nx -]{1,40}",
        ],
    ) {
        check_all(HOSTILE[at], &text);
    }
}

#[test]
fn fields_are_of_the_schemas() {
    let address = real(Kind::Ipv4, "203.0.113.7");
    assert_eq!(
        address.splunk.unwrap(),
        r#"search index=* (dest_ip="203.0.113.7" OR dest="203.0.113.7" OR src_ip="203.0.113.7" OR src="203.0.113.7")"#
    );
    assert_eq!(
        address.elastic.unwrap(),
        r#"destination.ip: "203.0.113.7" or source.ip: "203.0.113.7" or dns.resolved_ip: "203.0.113.7""#
    );
    let kusto = address.kusto.unwrap();
    assert!(kusto.starts_with(
        "let ioc = \"203.0.113.7\";\nunion isfuzzy=true\n    (DeviceNetworkEvents | where RemoteIP =~ ioc or LocalIP =~ ioc),\n"
    ));
    let network = real(Kind::Ipv6, "2001:db8::/32");
    assert!(
        network
            .kusto
            .unwrap()
            .contains("ipv6_is_in_range(RemoteIP, ioc)")
    );
    assert!(
        network
            .sigma
            .unwrap()
            .contains("DestinationIp|cidr: \"2001:db8::/32\"\n")
    );
    let hash = real(Kind::Sha1, &"0a".repeat(20));
    assert!(
        hash.kusto
            .unwrap()
            .contains("(DeviceFileEvents | where SHA1 =~ ioc)")
    );
    assert!(hash.elastic.unwrap().starts_with("file.hash.sha1: \"0a0a"));
    let long = real(Kind::Sha512, &"0a".repeat(64)).kusto.unwrap();
    assert!(!long.contains("Device"), "{long}");
    let mail = real(Kind::Email, "a*b@example.com").splunk.unwrap();
    assert!(
        mail.ends_with("OR lower('recipient')==lower(\"a*b@example.com\")"),
        "{mail}"
    );
}

#[test]
fn what_leaves_no_trace_is_not_hunted() {
    let which = |id| {
        let hunt = real(Kind::MitreAttack, id);
        let Hunt {
            splunk,
            kusto,
            elastic,
            sigma,
            ..
        } = hunt;
        [splunk, kusto, elastic, sigma].map(|query| query.is_some())
    };
    assert_eq!(which("T1059"), [true; 4]);
    assert_eq!(which("T1059.001"), [true; 4]);
    assert_eq!(which("TA0001"), [true, false, true, false]);
    assert_eq!(which("G0007"), [false, false, true, false]);
    assert_eq!(which("S0154"), [false, false, true, false]);
    assert_eq!(which("M1036"), [false; 4]);
    let technique = real(Kind::MitreAttack, "T1059.001");
    assert!(
        technique
            .sigma
            .unwrap()
            .contains("RuleName|contains: \"technique_id=T1059.001\"\n")
    );
    assert_eq!(
        technique.elastic.unwrap(),
        "threat.technique.subtechnique.id: \"T1059.001\""
    );
}

#[test]
fn a_rule_is_the_same_everywhere() {
    let value = Value::parse(Kind::Domain, "bad.example.com").unwrap();
    let techniques = ["T1071.001", "T9999", "x: y"];
    let hunt = Hunt::new(value.as_ref(), Some(RiskLevel::Critical), &techniques);
    assert_eq!(
        hunt.sigma.unwrap(),
        "title: DNS query for a watched name\n\
         id: 0e139546-57c3-83e6-8ec4-dbca5a418dc1\n\
         status: experimental\n\
         description: Finds one value that was looked up.\n\
         tags:\n    - attack.t1071.001\n\
         logsource:\n    category: dns\n\
         detection:\n    selection:\n        query: \"bad.example.com\"\n    condition: selection\n\
         falsepositives:\n    - Who investigates the value leaves the same traces\n\
         level: critical\n"
    );
    let other = real(Kind::Domain, "bad.example.org").sigma.unwrap();
    assert!(other.contains("level: informational\n") && !other.contains("tags:"));
    assert_ne!(
        other.lines().nth(1),
        real(Kind::Domain, "bad.example.com")
            .sigma
            .unwrap()
            .lines()
            .nth(1)
    );
}
