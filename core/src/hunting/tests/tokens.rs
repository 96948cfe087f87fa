//! Each language read by its own rules: the string literals of a query, and
//! what is around them, with `_` where they stood.

use std::iter::Peekable;
use std::str::Chars;

use yaml_rust2::{Yaml, YamlLoader};

type Rest<'a> = Peekable<Chars<'a>>;

/// Reads literals in double quotes; `unescape` is what follows a backslash.
fn read(
    query: &str,
    lines_end: bool,
    unescape: impl Fn(&mut Rest<'_>, &mut String),
) -> (Vec<String>, String) {
    let (mut literals, mut around) = (Vec::new(), String::new());
    let mut rest = query.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '"' {
            around.push(c);
            continue;
        }
        around.push('_');
        let mut literal = String::new();
        loop {
            match rest.next().expect("a literal ends") {
                '"' => break,
                '\\' => unescape(&mut rest, &mut literal),
                c => {
                    let ends = matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
                    assert!(!(lines_end && ends), "a literal ends with its line");
                    literal.push(c);
                }
            }
        }
        literals.push(literal);
    }
    (literals, around)
}

/// In SPL a backslash stands for itself but before a quote or another one.
pub(super) fn splunk(query: &str) -> (Vec<String>, String) {
    read(query, false, |rest, literal| match rest.peek() {
        Some('"' | '\\') => literal.extend(rest.next()),
        _ => literal.push('\\'),
    })
}

/// In Kusto an unknown escape is an error.
pub(super) fn kusto(query: &str) -> (Vec<String>, String) {
    read(query, true, |rest, literal| match rest.next() {
        Some(c @ ('"' | '\'' | '\\')) => literal.push(c),
        Some('n') => literal.push('\n'),
        Some('r') => literal.push('\r'),
        Some('t') => literal.push('\t'),
        Some('u') => {
            let digits: String = rest.by_ref().take(4).collect();
            let code = u32::from_str_radix(&digits, 16).unwrap();
            literal.push(char::from_u32(code).unwrap());
        }
        other => panic!("no escape: {other:?}"),
    })
}

/// The rules `QuotedString`, `QuotedCharacter`, `EscapedWhitespace` and
/// `EscapedUnicodeSequence` of Kibana's grammar.
pub(super) fn elastic(query: &str) -> (Vec<String>, String) {
    read(query, false, |rest, literal| {
        let next = rest.peek().copied();
        let mut take = |c| {
            rest.next();
            c
        };
        literal.push(match next {
            Some('t') => take('\t'),
            Some('r') => take('\r'),
            Some('n') => take('\n'),
            Some(c @ ('"' | '\\')) => take(c),
            Some('u') => {
                let digits: String = rest.clone().skip(1).take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok();
                match code.filter(|_| digits.len() == 4).and_then(char::from_u32) {
                    Some(c) => {
                        rest.nth(4);
                        c
                    }
                    None => '\\',
                }
            }
            _ => '\\',
        });
    })
}

/// The one value that a rule selects, and the rest of the rule.
pub(super) fn sigma(rule: &str) -> (String, String) {
    let mut documents = YamlLoader::load_from_str(rule).unwrap_or_else(|e| panic!("{e}: {rule}"));
    assert_eq!(documents.len(), 1);
    let Yaml::Hash(mut rule) = documents.remove(0) else {
        panic!("a rule is a map: {rule}");
    };
    let key = |name: &str| Yaml::String(name.to_owned());
    let id = rule.remove(&key("id")).unwrap();
    assert_eq!(id.as_str().unwrap().len(), 36);
    let Some(Yaml::Hash(detection)) = rule.get_mut(&key("detection")) else {
        panic!("a rule has a detection");
    };
    let Some(Yaml::Hash(selection)) = detection.get_mut(&key("selection")) else {
        panic!("a detection has a selection");
    };
    assert_eq!(selection.len(), 1);
    let value = selection.values_mut().next().unwrap();
    let text = without_wildcards(value.as_str().unwrap());
    *value = Yaml::Null;
    (text, format!("{rule:?}"))
}

/// The text that a value of a rule stands for, by the specification: wildcards
/// are `*` and `?`; a backslash takes that meaning, and its own, from what
/// follows, and stands for itself before anything else.
fn without_wildcards(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('\\', Some('\\' | '*' | '?')) => text.extend(rest.next()),
            ('*' | '?', _) => panic!("a wildcard in {value}"),
            _ => text.push(c),
        }
    }
    text
}
