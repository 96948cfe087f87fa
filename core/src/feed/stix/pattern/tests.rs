use proptest::prelude::*;

use super::*;

fn named(text: &str) -> Named {
    let pattern: Pattern = text
        .parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    pattern.named()
}

/// The groups of values as text: `host a b :80`.
fn told(text: &str) -> String {
    let groups = named(text).into_groups().into_iter().map(|group| {
        let ports = group.ports.iter().map(|port| format!(" :{port}"));
        let ports: String = ports.collect();
        format!("{} {}{ports}", group.kind, group.values.join(" "))
    });
    groups.collect::<Vec<_>>().join("; ")
}

const MD5: &str = "0a0b0a0b0a0b0a0b0a0b0a0b0a0b0a0b";

#[test]
fn equal_values_are_named() {
    for (text, expected) in [
        ("[ipv4-addr:value = '203.0.113.7']", "host 203.0.113.7"),
        ("[ipv4-addr:value='203.0.113.0/24']", "host 203.0.113.0/24"),
        (
            "[ipv6-addr:value IN ('2001:db8::1', '2001:db8::2')]",
            "host 2001:db8::1 2001:db8::2",
        ),
        ("[domain-name:value == \"bad.example\"]", "host bad.example"),
        (
            "[domain-name:value NOT != 'bad.example']",
            "host bad.example",
        ),
        (
            "[domain-name:resolves_to_refs[*].value = '203.0.113.7']",
            "host 203.0.113.7",
        ),
        (
            "[network-traffic:dst_ref.value ISSUBSET '2001:db8::/64']",
            "host 2001:db8::/64",
        ),
        (
            "[url:value = 'http://a.example/it\\'s\\\\x']",
            "url http://a.example/it's\\x",
        ),
        ("[url:value = 'a.example']", "host a.example"),
        (
            "[email-message:from_ref.value = 'a@bad.example']",
            "email a@bad.example",
        ),
        ("[file:hashes.MD5 = 'M']", "hash M"),
        ("[file:hashes.'MD5' = 'M' AND file:name = 'x']", "hash M"),
        ("[file:hashes.md5 = h'M']", "hash M"),
        ("[process:binary_ref.hashes.SHA-256 = 'M']", "hash M"),
        (
            "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:src_port = 1024 \
             AND network-traffic:dst_ref.value = '203.0.113.7' \
             AND network-traffic:dst_port IN (80, 443)]",
            "host 203.0.113.7 :80 :443",
        ),
        (
            "([domain-name:value = 'a.example'] AND [url:value = 'http://b.example/']) \
             FOLLOWEDBY [ipv4-addr:value = '203.0.113.7'] WITHIN 300 SECONDS REPEATS 5 TIMES",
            "host a.example 203.0.113.7; url http://b.example/",
        ),
        (
            "[(file:name = 'x' OR domain-name:value = 'a.example') AND file:size > 1.5] \
             START t'2026-01-02T03:04:05Z' STOP t'2026-02-02T03:04:05Z'",
            "host a.example",
        ),
        (
            "/* C2 */ [domain-name:value = 'a.example' // first\n OR domain-name:value = 'b.example']",
            "host a.example b.example",
        ),
    ] {
        let text = text.replace("'M'", &format!("'{MD5}'"));
        assert_eq!(told(&text), expected.replace('M', MD5), "{text}");
    }
}

#[test]
fn what_is_not_equal_is_not_named() {
    for text in [
        "[domain-name:value != 'good.example']",
        "[domain-name:value NOT = 'good.example']",
        "[domain-name:value NOT IN ('good.example')]",
        "[ipv4-addr:value NOT ISSUBSET '203.0.113.0/24']",
        "[ipv4-addr:value ISSUPERSET '203.0.113.7']",
        "[domain-name:value LIKE '%bad.example']",
        "[domain-name:value MATCHES '^bad']",
        "[url:value ISSUBSET 'http://a.example/']",
        "[NOT EXISTS domain-name:value]",
        "[email-message:to_refs[*].value = 'victim@good.example']",
        "[file:hashes.'SHA3-256' = '0a0b']",
        "[x509-certificate:hashes.MD5 = '0a0b']",
        "[file:extensions.'windows-pebinary-ext'.sections[*].hashes.MD5 = '0a0b']",
        "[x-custom:flag = true AND x-custom:other = -3]",
        "[network-traffic:dst_port = 80]",
    ] {
        assert_eq!(told(text), "", "{text}");
    }
}

#[test]
fn what_names_no_value_is_told() {
    let named = named("[file:name = 'x' AND domain-name:value NOT LIKE 'a%' AND EXISTS file:size]");
    assert_eq!(
        named.others,
        [
            "file:name =",
            "domain-name:value NOT LIKE",
            "EXISTS file:size"
        ]
    );
}

#[test]
fn faults_have_a_place() {
    for (text, at, what) in [
        ("", 0, "expected '[' or '('"),
        ("domain-name:value = 'a'", 0, "expected '[' or '('"),
        ("[domain-name:value = 'a'", 24, "expected ']'"),
        ("[domain-name:value = 'a", 21, "a quote is not closed"),
        ("[domain-name:value 'a']", 19, "expected an operator"),
        ("[domain-name = 'a']", 13, "expected ':'"),
        ("[a:b = c]", 7, "expected a value"),
        ("[a:b = 1] WITHIN 5 MINUTES", 19, "expected SECONDS"),
        ("[a:b = 1] rubbish", 10, "expected the end"),
        ("[a:b = 1] AND", 13, "expected '[' or '('"),
        ("[a:b[x] = 1]", 5, "expected a place in a list"),
        ("[a:b = 99999999999999999999]", 7, "the number is too large"),
        ("[NOT a:b = 1]", 5, "NOT stands before"),
        ("[a:b ! 1]", 5, "'!' stands only"),
        ("[a:b = 1] /* open", 10, "a comment is not closed"),
        ("[a:b = 1 ; c]", 9, "';' has no meaning here"),
    ] {
        let error = text.parse::<Pattern>().unwrap_err();
        assert!(error.what.starts_with(what), "{text}: {error}");
        assert_eq!(error.at, at, "{text}: {error}");
    }
}

#[test]
fn nesting_and_length_are_bounded() {
    let nested = |depth| format!("[{}a:b = 1{}]", "(".repeat(depth), ")".repeat(depth));
    assert!(nested(32).parse::<Pattern>().is_ok());
    assert!(nested(33).parse::<Pattern>().is_err());
    assert!(nested(100_000).parse::<Pattern>().is_err());
    let long = format!("[a:b = '{}']", "x".repeat(MAX_PATTERN));
    assert!(long.parse::<Pattern>().is_err());
    let wide = format!("[a:b = 1]{}", " OR [a:b = 1]".repeat(20_000));
    let pattern: Pattern = wide.parse().unwrap();
    assert_eq!(pattern.to_string(), wide);
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        "\\PC{0,8}".prop_map(Literal::Text),
        any::<i64>().prop_map(Literal::Integer),
        (-1_000_000..1_000_000_i32).prop_map(|number| Literal::Float(f64::from(number) / 64.0)),
        any::<bool>().prop_map(Literal::Boolean),
        "[0-9a-f]{0,8}".prop_map(Literal::Hex),
        "[A-Za-z0-9+/=]{0,8}".prop_map(Literal::Binary),
        Just(Literal::Timestamp("2026-01-02T03:04:05Z".to_owned())),
    ]
}

fn path() -> impl Strategy<Value = Path> {
    let step = prop_oneof![
        "[a-zA-Z0-9_' .-]{1,6}".prop_map(Step::Key),
        any::<Option<u32>>().prop_map(Step::Index)
    ];
    let first = "[a-z_]{1,6}".prop_map(Step::Key);
    ("[a-z][a-z-]{0,8}", first, prop::collection::vec(step, 0..3)).prop_map(
        |(object, first, mut steps)| {
            steps.insert(0, first);
            Path { object, steps }
        },
    )
}

fn comparison() -> impl Strategy<Value = Comparison> {
    let operator = prop::sample::select(vec![
        Operator::Equal,
        Operator::NotEqual,
        Operator::GreaterOrEqual,
        Operator::Like,
        Operator::IsSuperset,
    ]);
    let test =
        (path(), any::<bool>(), operator, literal()).prop_map(|(path, negated, operator, one)| {
            Comparison::Test(Test {
                path,
                negated,
                operator,
                literals: vec![one],
            })
        });
    let set = (
        path(),
        any::<bool>(),
        prop::collection::vec(literal(), 0..3),
    )
        .prop_map(|(path, negated, literals)| {
            Comparison::Test(Test {
                path,
                negated,
                operator: Operator::In,
                literals,
            })
        });
    let exists =
        (path(), any::<bool>()).prop_map(|(path, negated)| Comparison::Exists { path, negated });
    let junction = prop::sample::select(vec![Junction::And, Junction::Or]);
    prop_oneof![test, set, exists].prop_recursive(3, 12, 3, move |inner| {
        (junction.clone(), prop::collection::vec(inner, 2..4))
            .prop_map(|(junction, parts)| Comparison::Joined(junction, parts))
    })
}

fn observed() -> impl Strategy<Value = Observed> {
    let qualifier = prop_oneof![
        any::<i64>().prop_map(Qualifier::Repeats),
        any::<i64>().prop_map(|time| Qualifier::Within(Literal::Integer(time))),
        Just(Qualifier::StartStop(
            Literal::Timestamp("a".into()),
            Literal::Text("b".into())
        )),
    ];
    let qualifiers = prop::collection::vec(qualifier, 0..2);
    let junction = prop::sample::select(vec![Junction::And, Junction::Or, Junction::FollowedBy]);
    let plain = (comparison(), qualifiers.clone()).prop_map(|(comparison, qualifiers)| Observed {
        form: Form::Test(comparison),
        qualifiers,
    });
    plain.prop_recursive(3, 8, 3, move |inner| {
        (
            junction.clone(),
            prop::collection::vec(inner, 2..4),
            qualifiers.clone(),
        )
            .prop_map(|(junction, parts, qualifiers)| Observed {
                form: Form::Joined(junction, parts),
                qualifiers,
            })
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_the_same(root in observed()) {
        let pattern = Pattern { root };
        let text = pattern.to_string();
        let read = text.parse::<Pattern>();
        prop_assert_eq!(read.as_ref(), Ok(&pattern), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(\\[|\\]|\\(|\\)|'|:| |a|AND|OR|=|\\.|1|NOT|WITHIN|\\PC){0,24}") {
        if let Ok(pattern) = text.parse::<Pattern>() {
            prop_assert_eq!(pattern.to_string().parse::<Pattern>(), Ok(pattern));
        }
    }
}
