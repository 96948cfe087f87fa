//! Laws of reading values, on generated texts.

use iocd_core::defang::defang;
use iocd_core::interpret::interpret;
use iocd_core::normalize::{Lenience, read, read_any, read_range, registrable};
use iocd_core::value::{Kind, Value};
use proptest::prelude::*;

const LENIENCES: [Lenience; 4] = [
    Lenience::Question,
    Lenience::Feed { defanged: true },
    Lenience::Feed { defanged: false },
    Lenience::Prose,
];

/// Texts that are values, nearly values, and anything at all.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z0-9]{1,8}",
        "[A-Z]{1,4}",
        "\\PC{1,3}",
        "[-.:/@%?#&=,|_~+*\\\\^\\[\\](){}<>\"' \t]{1,3}",
        Just("[.]".to_owned()),
        Just("[dot]".to_owned()),
        Just("(at)".to_owned()),
        Just("[:]//".to_owned()),
        Just("hxxps".to_owned()),
        Just("http://".to_owned()),
        Just("example.com".to_owned()),
        Just("192.0.2.".to_owned()),
        Just("xn--".to_owned()),
        Just("%2e%".to_owned()),
        Just("%41".to_owned()),
        Just("/../".to_owned()),
        Just(" AT ".to_owned()),
        Just("\u{200d}".to_owned()),
        Just("\u{3002}".to_owned()),
        Just("2001:db8::".to_owned()),
        Just("CVE-2021-".to_owned()),
        Just("0123456789abcdef0123456789abcdef".to_owned()),
    ];
    prop_oneof![
        4 => prop::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
        2 => url(),
        1 => "[a-zA-Z0-9_-]{1,9}(\\.[a-zA-Z0-9_-]{1,9}){1,4}",
        1 => "[0-9]{1,3}(\\.[0-9]{1,3}){3}([:/][0-9]{1,5})?",
        1 => "[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}(/[0-9]{1,3})?",
        1 => "[A-Za-z0-9.+{}'-]{1,10}@[a-z0-9-]{1,8}\\.(com|co\\.uk|example)",
        1 => "\"[ -~]{1,10}\"@example\\.com",
    ]
}

fn url() -> impl Strategy<Value = String> {
    (
        "(http|https|ftp|tcp|HTTP|hxxp|ws)://",
        "([a-z%0-9]{1,5}(:[a-z]{0,3})?@)?",
        "([a-zA-Z0-9-]{1,8}\\.){1,3}(com|example|net\\.|%63om)|192\\.0\\.2\\.[0-9]|0x7f\\.1|\\[2001:db8::[0-9a-f]\\]",
        "(:[0-9]{1,5})?",
        "([/\\\\][-A-Za-z0-9._~%\\[\\](){}|^`'\" ä]{0,6}){0,4}",
        "([?#][-A-Za-z0-9._~%\\[\\](){}|^`'\"\\\\ ,ä=&]{0,9}){0,2}",
    )
        .prop_map(|(scheme, user, host, port, path, query)| {
            format!("{scheme}{user}{host}{port}{path}{query}")
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn canonical_values_parse_to_themselves(text in text()) {
        for kind in Kind::ALL {
            for lenience in LENIENCES {
                if let Ok(reading) = read(kind, &text, lenience) {
                    let value = reading.value;
                    prop_assert_eq!(value.kind(), kind);
                    prop_assert_eq!(Value::parse(kind, value.as_str()), Ok(value));
                }
            }
        }
    }

    #[test]
    fn normalising_twice_equals_once(text in text()) {
        for kind in Kind::ALL {
            for lenience in LENIENCES {
                if let Ok(once) = read(kind, &text, lenience) {
                    let twice = read(kind, once.value.as_str(), lenience);
                    prop_assert_eq!(twice.map(|twice| twice.value), Ok(once.value));
                }
            }
        }
    }

    #[test]
    fn what_a_feed_wrote_is_found_by_asking(text in text()) {
        for defanged in [true, false] {
            let Ok(reading) = read_any(&text, Lenience::Feed { defanged }) else { continue };
            let value = reading.value;
            let found = |question: &str| {
                interpret(question, None).readings.iter().any(|reading| reading.value == value)
            };
            prop_assert!(found(value.as_str()), "{:?} by itself", value);
            prop_assert!(found(&text), "{:?} by {:?}", value, text);
        }
    }

    #[test]
    fn refanging_undoes_defanging(text in text()) {
        for kind in Kind::ALL {
            // brackets in a path or query are taken for defanging where the
            // rest of the URL is defanged
            let Ok(value) = Value::parse(kind, &text) else {
                continue;
            };
            if kind == Kind::Url && value.as_str().contains([']', ')', '}', '\\']) {
                continue;
            }
            let printed = defang(&value);
            let read = read(kind, &printed, Lenience::Question).map(|reading| reading.value);
            prop_assert_eq!(read, Ok(value), "{}", printed);
        }
    }

    #[test]
    fn nothing_panics(text in any::<String>(), tail in text()) {
        let both = format!("{text}{tail}");
        for text in [&text, &tail, &both] {
            for kind in Kind::ALL {
                let _ = interpret(text, Some(kind));
            }
            for reading in interpret(text, None).readings {
                let _ = (registrable(&reading.value), defang(&reading.value));
            }
            for lenience in LENIENCES {
                let _ = read_any(text, lenience);
            }
            let _ = read_range(text);
        }
    }

    #[test]
    fn readings_are_distinct_and_in_order(text in text()) {
        let readings = interpret(&text, None).readings;
        for pair in readings.windows(2) {
            prop_assert!(pair[0].value.kind() <= pair[1].value.kind());
            prop_assert!(pair[0].value != pair[1].value);
        }
    }
}

#[test]
fn too_long_is_refused_without_reading() {
    for filler in [
        "(", " ", "[.]", "a.", "%41", "DOT", "@", "\u{3002}", "../", "::",
    ] {
        let long = filler.repeat(1_000_000 / filler.len());
        assert!(interpret(&long, None).readings.is_empty());
        for kind in Kind::ALL {
            let refusal = read(kind, &long, Lenience::Question).unwrap_err();
            assert_eq!(refusal.code(), "too_long");
            assert!(refusal.given.chars().count() <= 128);
        }
    }
}

#[test]
fn the_longest_texts_finish() {
    let fillers = [
        "(", ")", " ", "[.]", "[[.]]", "a.", "%41", "%", "DOT", "aDOTa", "-dot-", "@", "\u{3002}",
        "../", "::", "[dot", "]", "\\", "\\/", "\u{200d}", "[dot] ", " AT ", "xn--", "(\"", "\"",
        "|", "1,", "http://", "h", "x", "a@",
    ];
    for filler in fillers {
        let run = filler.repeat(4_000 / filler.len());
        for text in [
            run.clone(),
            format!("({run}"),
            format!("http://example.com/{run}"),
            format!("http://{run}.com/"),
        ] {
            for kind in Kind::ALL {
                let _ = interpret(&text, Some(kind));
            }
            let _ = interpret(&text, None);
        }
    }
}

/// Texts that broke a law once.
#[test]
fn hard_texts() {
    for text in [
        "'@-.com",
        "}@a.com",
        "a{@example.com",
        "::a",
        "http://-.com\\.0",
        "hxxp://-.com\\.0",
        "HTTP://a.com\\(\\)",
        "tcp://-.com:0\\\\/",
        "tcp://a.com:0\\.\\/",
        "HTTP://0.net.\\. a\\/",
        "http://example.com/[/./]x",
        "http://example.com/(%2e)",
        "http://example.com/%%34%31",
        "example.comhttp://example.coma",
        "http__example.com",
        "` http__example.com",
    ] {
        for kind in Kind::ALL {
            for lenience in LENIENCES {
                let Ok(once) = read(kind, text, lenience) else {
                    continue;
                };
                let twice = read(kind, once.value.as_str(), lenience);
                assert_eq!(twice.map(|twice| twice.value), Ok(once.value), "{text}");
            }
            let Ok(value) = Value::parse(kind, text) else {
                continue;
            };
            if value.as_str().contains([']', ')', '}', '\\']) {
                continue;
            }
            let readings = interpret(&defang(&value), Some(kind)).readings;
            assert!(
                readings.iter().any(|reading| reading.value == value),
                "{text}"
            );
        }
        for defanged in [true, false] {
            let Ok(reading) = read_any(text, Lenience::Feed { defanged }) else {
                continue;
            };
            let readings = interpret(text, None).readings;
            assert!(
                readings.iter().any(|found| found.value == reading.value),
                "{text}"
            );
        }
    }
}
