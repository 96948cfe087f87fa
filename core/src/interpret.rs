//! A free-form question → every sensible typed reading.

use crate::normalize::{
    self, Lenience, Reading, candidates, change, over_tls, read_as, read_range, trim,
};
use crate::value::{self, Kind, MAX_VALUE, Value, ValueRef};

/// The readings of a question, in the order of [`Kind`]'s numbers. Of a URL
/// without scheme `http` comes before `https`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interpretation {
    /// No two of the same value. Empty when the question is no indicator.
    pub readings: Vec<Reading>,
}

impl Interpretation {
    fn add(&mut self, reading: Reading) {
        if self
            .readings
            .iter()
            .all(|known| known.value != reading.value)
        {
            self.readings.push(reading);
        }
    }

    /// Adds a URL, and behind it the one of the other scheme if the scheme was
    /// inferred.
    fn add_with_tls(&mut self, reading: Reading) {
        let other = over_tls(&reading);
        self.add(reading);
        if let Some(other) = other {
            self.add(other);
        }
    }
}

/// The most networks that a range in a question is taken apart into.
const MAX_RANGE: usize = 62;

/// Reads what somebody typed or pasted, as `kind` only if that is given.
pub fn interpret(question: &str, kind: Option<Kind>) -> Interpretation {
    let mut interpretation = Interpretation::default();
    if question.len() > MAX_VALUE || memchr::memchr(0, question.as_bytes()).is_some() {
        return interpretation;
    }
    if let Some(kind) = kind {
        read_one(kind, question, true, &mut interpretation);
        return interpretation;
    }
    if let Some(value) = canonical(question) {
        interpretation
            .readings
            .push(Reading::plain(value.to_value()));
        return interpretation;
    }
    let mut buffer = String::new();
    if let Some((value, changes)) = refanged(question, &mut buffer) {
        interpretation.readings.push(Reading {
            changes: changes.to_vec(),
            ..Reading::plain(value.to_value())
        });
        return interpretation;
    }
    read_all(question, &mut interpretation);
    interpretation
}

/// Asks every type.
fn read_all(question: &str, interpretation: &mut Interpretation) {
    let text = trim(question);
    let mut kinds: Vec<Kind> = candidates(text).collect();
    kinds.sort_unstable();
    for kind in kinds {
        // what follows the slash of `192.0.2.0/24` or `192.0.2.1:443/tcp` is no
        // path, but `192.0.2.1/` is a URL, too
        let is_address = interpretation.readings.first().is_some_and(|first| {
            matches!(first.value.kind(), Kind::Ipv4 | Kind::Ipv6)
                && !first.changes.contains(&change::HOST_OF_URL)
        });
        if !(kind == Kind::Url && is_address) {
            read_one(kind, text, false, interpretation);
        }
    }
}

/// Changes to a URL that may have taken data for defanging.
const REFANGED: [&str; 4] = [
    change::DOT_REFANGED,
    change::SLASH_REFANGED,
    change::COLON_REFANGED,
    change::AT_REFANGED,
];

fn read_one(kind: Kind, text: &str, asked: bool, into: &mut Interpretation) {
    match read_as(kind, text, Lenience::Question, asked) {
        Ok(reading) => {
            // undoing what may have been data, or leaving what may have been
            // defanging
            let may_be_data = kind == Kind::Url
                && (text.contains('\\')
                    || reading
                        .changes
                        .iter()
                        .any(|change| REFANGED.contains(change)));
            into.add_with_tls(reading);
            if may_be_data {
                add_stricter(text, asked, into);
            }
        }
        Err(_) if kind == Kind::Url => add_stricter(text, asked, into),
        Err(_) if matches!(kind, Kind::Ipv4 | Kind::Ipv6) && text.contains(['-', '\u{2013}']) => {
            add_range(kind, text, into);
        }
        Err(_) => {}
    }
}

/// The URLs that a feed would have meant by the same text.
fn add_stricter(text: &str, asked: bool, into: &mut Interpretation) {
    for defanged in [true, false] {
        if let Ok(reading) = read_as(Kind::Url, text, Lenience::Feed { defanged }, asked) {
            into.add_with_tls(reading);
        }
    }
}

fn add_range(kind: Kind, text: &str, into: &mut Interpretation) {
    let Ok(networks) = read_range(text) else {
        return;
    };
    if networks.len() <= MAX_RANGE && networks.iter().all(|network| network.kind() == kind) {
        for network in networks {
            into.add(normalize::of_range(network));
        }
    }
}

/// The value that a question is, when it is written canonically already and
/// has no other reading, change or warning: told without allocating. `None`
/// says nothing; [`interpret`] has to be asked.
pub fn canonical(question: &str) -> Option<ValueRef<'_>> {
    let kind = match question.as_bytes() {
        [] => return None,
        [b'h', b't', b't', b'p', b's' | b':', ..] if value::url::is_plain(question) => Kind::Url,
        bytes => match value::hash::kind_of_length(bytes.len()) {
            Some(kind) if !bytes.contains(&b'.') && !bytes.contains(&b':') => kind,
            _ => plain_kind(bytes),
        },
    };
    let value = ValueRef {
        kind,
        text: question,
    };
    is_settled(value).then_some(value)
}

/// The value that a question is, when it is canonical but for `[.]` where its
/// host has dots and `hxxp` for `http`, and has no other reading or warning,
/// with what was changed: how most reports print values, told with one copy
/// into `buffer`. `None` says nothing; [`interpret`] has to be asked.
pub fn refanged<'a>(
    question: &str,
    buffer: &'a mut String,
) -> Option<(ValueRef<'a>, &'static [&'static str])> {
    if question.len() > MAX_VALUE {
        return None;
    }
    let tail = question.strip_prefix("hxxp");
    let is_url = tail.is_some() || question.starts_with("http");
    let host_from = match tail {
        Some(tail) if tail.starts_with("://") => 7,
        Some(tail) if tail.starts_with("s://") => 8,
        Some(_) => return None,
        None if is_url => question.find("://")? + 3,
        None => 0,
    };
    // Brackets behind the host of a URL may be data.
    let host_to = if is_url {
        let host = &question.as_bytes()[host_from..];
        memchr::memchr3(b'/', b'?', b'#', host).map_or(question.len(), |at| host_from + at)
    } else {
        question.len()
    };
    let (host, rest) = (&question[host_from..host_to], &question[host_to..]);
    if memchr::memchr2(b'[', b'\\', rest.as_bytes()).is_some() {
        return None;
    }
    buffer.clear();
    match tail {
        Some(tail) => {
            buffer.push_str("http");
            buffer.push_str(&tail[..host_from - 4]);
        }
        None => buffer.push_str(&question[..host_from]),
    }
    let mut pieces = host.split("[.]");
    buffer.push_str(pieces.next().unwrap_or_default());
    let mut has_dots = false;
    for piece in pieces {
        has_dots = true;
        buffer.push('.');
        buffer.push_str(piece);
    }
    buffer.push_str(rest);
    let changes: &[&str] = match (tail, has_dots) {
        (Some(_), true) => &[change::SCHEME_REFANGED, change::DOT_REFANGED],
        (Some(_), false) => &[change::SCHEME_REFANGED],
        (None, true) => &[change::DOT_REFANGED],
        (None, false) => return None,
    };
    canonical(buffer).map(|value| (value, changes))
}

fn plain_kind(bytes: &[u8]) -> Kind {
    match bytes {
        [b'C', b'V', b'E', b'-', ..] => Kind::Cve,
        [.., last] if last.is_ascii_digit() => Kind::Ipv4,
        _ => Kind::Domain,
    }
}

fn is_settled(value: ValueRef<'_>) -> bool {
    if value.kind != Kind::Url {
        let settled = value::canonical(value.kind, value.text);
        if !matches!(settled, Ok(text) if text == value.text) {
            return false;
        }
    }
    let known = || {
        value.host().is_some_and(|host| {
            value::url::is_address(host) || value::domain::has_known_suffix(host)
        })
    };
    let usual = match value.kind {
        // `http__bad.example` may stand for a URL
        Kind::Domain => known() && !value.text.contains("__"),
        Kind::Url => value.text.len() <= value::url::MAX_URL && known(),
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => {
            !value::hash::is_low_entropy(value.text) && !value::hash::is_empty_file(value.text)
        }
        _ => true,
    };
    usual && !value::is_non_global(&value)
}

/// The values of the readings, for a store.
impl From<Interpretation> for Vec<Value> {
    fn from(interpretation: Interpretation) -> Vec<Value> {
        interpretation
            .readings
            .into_iter()
            .map(|reading| reading.value)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(question: &str) -> Vec<String> {
        interpret(question, None)
            .readings
            .iter()
            .map(|reading| format!("{:?}", reading.value))
            .collect()
    }

    #[test]
    fn what_analysts_paste() {
        for (question, expected) in [
            ("203.0.113[.]7[:]443", vec!["ipv4:\"203.0.113.7\""]),
            ("203.0.113[.]7 port 443", vec!["ipv4:\"203.0.113.7\""]),
            ("example.com:8080", vec!["domain:\"example.com\""]),
            ("bad[.]example[.]com.", vec!["domain:\"bad.example.com\""]),
            (
                "example.com/x",
                vec![
                    "url:\"http://example.com/x\"",
                    "url:\"https://example.com/x\"",
                ],
            ),
            (
                "http://example.com/a[.]b",
                vec![
                    "url:\"http://example.com/a.b\"",
                    "url:\"http://example.com/a[.]b\"",
                ],
            ),
            (
                "fooATexample.com",
                vec!["domain:\"fooatexample.com\"", "email:\"foo@example.com\""],
            ),
            (
                "192.0.2.4-192.0.2.8",
                vec!["ipv4:\"192.0.2.4/30\"", "ipv4:\"192.0.2.8\""],
            ),
            (
                "example.com?a=b",
                vec![
                    "url:\"http://example.com/?a=b\"",
                    "url:\"https://example.com/?a=b\"",
                ],
            ),
            (
                "http__example.com",
                vec![
                    "domain:\"http__example.com\"",
                    "url:\"http://example.com/\"",
                ],
            ),
            ("example.com?", vec!["domain:\"example.com\""]),
            (
                "bad-one dot at dot example dot com",
                vec!["domain:\"bad-one.at.example.com\""],
            ),
            (
                "\u{ff23}\u{ff36}\u{ff25}\u{ff0d}2021\u{ff0d}44228",
                vec!["cve:\"CVE-2021-44228\""],
            ),
            ("\u{ff34}1059", vec!["mitre-attack:\"T1059\""]),
            (
                "\u{ff10}123456789abcdef0123456789abcde\u{ff46}",
                vec!["md5:\"0123456789abcdef0123456789abcdef\""],
            ),
            ("2001:db8::1]:443", vec!["ipv6:\"2001:db8::1\""]),
            (
                "example.com|192.0.2.1",
                vec!["ipv4:\"192.0.2.1\"", "domain:\"example.com\""],
            ),
            ("192.0.2.0/24", vec!["ipv4:\"192.0.2.0/24\""]),
            (
                "192.0.2.1/",
                vec![
                    "ipv4:\"192.0.2.1\"",
                    "url:\"http://192.0.2.1/\"",
                    "url:\"https://192.0.2.1/\"",
                ],
            ),
            ("T1059.001", vec!["mitre-attack:\"T1059.001\""]),
            ("cve 2021 44228", vec!["cve:\"CVE-2021-44228\""]),
        ] {
            assert_eq!(values(question), expected, "{question}");
        }
    }

    #[test]
    fn what_is_no_indicator_has_no_reading() {
        let long = "a".repeat(MAX_VALUE + 1);
        for question in [
            "",
            " ",
            "hello world",
            "12:30:45",
            "10/10/21",
            "2024-05-40",
            "a\0.example.com",
            "/x/y.php",
            &long,
        ] {
            assert_eq!(values(question), [""; 0], "{question}");
        }
    }

    #[test]
    fn a_kind_narrows() {
        let read = |kind| interpret("https://user@example.com:8080/x", Some(kind)).readings;
        assert_eq!(read(Kind::Domain)[0].value.as_str(), "example.com");
        assert_eq!(
            read(Kind::Url)[0].value.as_str(),
            "https://user@example.com:8080/x"
        );
        assert!(read(Kind::Ipv4).is_empty());
    }

    #[test]
    fn canonical_questions_are_told_at_once() {
        for question in [
            "example.com",
            "8.8.8.8",
            "2024.example.com",
            "CVE-2021-44228",
            "0123456789abcdef0123456789abcdef",
            "https://example.com/a?b=c",
        ] {
            assert_eq!(canonical(question).map(|value| value.text), Some(question));
        }
        for question in [
            "EXAMPLE.com",
            "example.nope",
            "192.0.2.1",
            "http://example.com",
            "a/b",
            "",
        ] {
            assert_eq!(canonical(question), None, "{question}");
        }
    }

    fn question() -> impl Strategy<Value = String> {
        let name = "[a-cA-C0-9._-]{1,12}\\.(com|co\\.uk|example|onion|zip|exe|test|xn--p1ai)";
        prop_oneof![
            "[ -~]{0,40}",
            name,
            "[0-9]{1,3}(\\.[0-9]{1,3}){2,4}(/[0-9]{1,2})?",
            "[0-9a-fA-F]{32}|[0-9a-f]{40}|[0-9a-f]{64}|a{32}",
            "(CVE|cve)-(19|20|21)[0-9]{2}-[0-9]{3,6}",
            "[TGSM]A?[0-9]{4}(\\.[0-9]{3})?",
            (
                name,
                "(https?|HTTP|hxxp)://",
                "(:[0-9]{1,5})?",
                "[-a-zA-Z0-9/._~%?=&+@\\[\\]()\\\\#]{0,20}"
            )
                .prop_map(|(name, scheme, port, path)| format!("{scheme}{name}{port}/{path}")),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_is_told_at_once_is_the_only_reading(question in question()) {
            if let Some(value) = canonical(&question) {
                let mut slow = Interpretation::default();
                read_all(&question, &mut slow);
                prop_assert_eq!(slow.readings, vec![Reading::plain(value.to_value())]);
            }
        }

        #[test]
        fn so_is_what_is_refanged_at_once(question in question(), defanged in any::<u32>()) {
            let question = question.replacen("http", "hxxp", (defanged & 1) as usize);
            let mut dots = 0;
            let question: String = question
                .split_inclusive('.')
                .map(|piece| {
                    dots += 1;
                    let keep = defanged.rotate_right(dots) & 1 == 0;
                    if keep { piece.to_owned() } else { piece.replace('.', "[.]") }
                })
                .collect();
            let mut buffer = String::new();
            if let Some((value, changes)) = refanged(&question, &mut buffer) {
                let mut slow = Interpretation::default();
                read_all(&question, &mut slow);
                let expected = Reading { changes: changes.to_vec(), ..Reading::plain(value.to_value()) };
                prop_assert_eq!(slow.readings, vec![expected], "{}", question);
            }
        }
    }
}
