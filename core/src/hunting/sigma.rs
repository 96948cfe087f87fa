//! Sigma rules (specification 2), as YAML.

use std::fmt::Write as _;

use super::literal::quote;
use super::{AttackObject, is_hash};
use crate::attack;
use crate::score::RiskLevel;
use crate::uuid;
use crate::value::{Kind, ValueRef};

/// How a type of value is looked for.
struct Form {
    title: &'static str,
    /// Lines below `logsource`.
    source: &'static str,
    /// The field, with the modifier.
    field: &'static str,
    /// Before the value in the field.
    prefix: &'static str,
}

/// A rule for a value of a type that logs show.
pub(super) fn rule(
    value: ValueRef<'_>,
    level: Option<RiskLevel>,
    techniques: &[&str],
) -> Option<String> {
    let Form {
        title,
        source,
        field,
        prefix,
    } = form(value)?;
    let mut rule = format!("title: {title}\nid: ");
    let id = uuid::of_names(["sigma", value.kind.as_str(), value.text]);
    uuid::write(&id, &mut rule).expect("writing to a String cannot fail");
    rule.push_str("\nstatus: experimental\ndescription: Finds one value that was looked up.\n");
    push_tags(&mut rule, techniques);
    let literal = literal(&format!("{prefix}{}", escape(value.text)));
    let level = level.map_or("informational", RiskLevel::as_str);
    write!(
        rule,
        "logsource:\n    {source}\ndetection:\n    selection:\n        {field}: {literal}\n    \
         condition: selection\nfalsepositives:\n    - Who investigates the value leaves the same \
         traces\nlevel: {level}\n"
    )
    .expect("writing to a String cannot fail");
    Some(rule)
}

/// Only techniques that are known: feeds write anything.
fn push_tags(rule: &mut String, techniques: &[&str]) {
    let mut heading = "tags:\n";
    for id in techniques.iter().filter(|id| attack::name(id).is_some()) {
        rule.push_str(heading);
        heading = "";
        writeln!(rule, "    - attack.{}", id.to_ascii_lowercase())
            .expect("writing to a String cannot fail");
    }
}

/// Takes from wildcards, and from the backslashes that could escape them, what
/// they mean in a Sigma value.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '*' | '?') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A double-quoted scalar of YAML; beyond printable ASCII, in escapes.
fn literal(text: &str) -> String {
    quote(text, |c, literal| {
        let written = match c {
            '"' | '\\' => write!(literal, "\\{c}"),
            ' '..='~' => write!(literal, "{c}"),
            c if u32::from(c) > 0xffff => write!(literal, "\\U{:08x}", u32::from(c)),
            c => write!(literal, "\\u{:04x}", u32::from(c)),
        };
        written.expect("writing to a String cannot fail");
    })
}

fn form(value: ValueRef<'_>) -> Option<Form> {
    let form = |title, source, field| Form {
        title,
        source,
        field,
        prefix: "",
    };
    Some(match value.kind {
        Kind::Ipv4 | Kind::Ipv6 => form(
            "Connection to a watched address",
            "category: network_connection",
            if value.is_network() {
                "DestinationIp|cidr"
            } else {
                "DestinationIp"
            },
        ),
        Kind::Domain => form("DNS query for a watched name", "category: dns", "query"),
        Kind::Url => form("Request for a watched URL", "category: proxy", "c-uri"),
        kind if is_hash(kind) => form(
            "Start of a program with a watched hash",
            "category: process_creation",
            "Hashes|contains",
        ),
        Kind::Cve => form(
            "Antivirus finds the exploit of a watched vulnerability",
            "category: antivirus",
            "Signature|contains",
        ),
        Kind::Email => form(
            "Mail from a watched address",
            "category: email",
            "sender_address",
        ),
        // Common configurations of Sysmon name the technique of each event so.
        _ if AttackObject::of(value.text).is_technique() => Form {
            prefix: "technique_id=",
            ..form(
                "Sysmon event of a watched technique",
                "product: windows\n    service: sysmon",
                "RuleName|contains",
            )
        },
        _ => return None,
    })
}
