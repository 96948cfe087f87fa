//! How single spellings are read: our own cases, and those of the shared
//! collection where it is checked out beside the repository.

#![allow(clippy::unwrap_used)] // tests

use std::collections::BTreeSet;
use std::fmt::Write;

use iocd_core::normalize::{Lenience, read, registrable};
use iocd_core::value::Kind;

#[path = "shared/cases.rs"]
mod cases;

/// `type`, input, expected canonical form or `REJECT`, note; `#` comments.
const OWN: &str = include_str!("normalization.tsv");

#[test]
fn own_cases() {
    let failures = failures(OWN);
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn every_kind_has_cases_of_both_sorts() {
    let mut seen = BTreeSet::new();
    for row in rows(OWN) {
        seen.insert((row.kind, row.expected == "REJECT"));
    }
    for kind in Kind::ALL {
        assert!(seen.contains(&(kind.as_str(), false)), "no accepted {kind}");
        assert!(seen.contains(&(kind.as_str(), true)), "no refused {kind}");
    }
}

#[test]
fn shared_cases() {
    let Some(cases) = cases::shared_cases() else {
        return;
    };
    let failures = failures(&cases);
    assert!(failures.is_empty(), "{failures}");
}

struct Row<'a> {
    line: usize,
    kind: &'a str,
    input: String,
    expected: String,
}

fn rows(cases: &str) -> impl Iterator<Item = Row<'_>> {
    cases.lines().enumerate().filter_map(|(index, line)| {
        let mut fields = line.split('\t');
        let kind = fields.next()?;
        if line.starts_with('#') || kind == "type" || line.is_empty() {
            return None;
        }
        let input = unescape(fields.next()?);
        Some(Row {
            line: index + 1,
            kind,
            input,
            expected: unescape(fields.next()?),
        })
    })
}

fn failures(cases: &str) -> String {
    let mut failures = String::new();
    for row in rows(cases) {
        let read = |kind| read(kind, &row.input, Lenience::Question);
        let got = match row.kind {
            // values in prose are another module's
            "text" => continue,
            "psl" => read(Kind::Domain)
                .ok()
                .and_then(|reading| registrable(&reading.value)),
            kind => read(kind.parse().unwrap())
                .ok()
                .map(|reading| reading.value.to_string()),
        };
        let got = got.as_deref().unwrap_or("REJECT");
        if got != row.expected {
            let Row {
                line,
                kind,
                input,
                expected,
            } = row;
            writeln!(
                failures,
                "line {line}: {kind} {input:?}: {got}, not {expected}"
            )
            .unwrap();
        }
    }
    failures
}

/// `\\ \t \n \r \uXXXX`.
fn unescape(field: &str) -> String {
    let mut text = String::new();
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('t') => text.push('\t'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                text.extend(char::from_u32(u32::from_str_radix(&digits, 16).unwrap()));
            }
            Some(other) => text.push(other),
            None => text.push('\\'),
        }
    }
    text
}
