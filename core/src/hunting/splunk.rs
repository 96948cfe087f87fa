//! SPL: the `search` command over fields of the Common Information Model.

use super::literal::{push_any, quote};
use super::{AttackObject, is_hash};
use crate::value::{Kind, ValueRef};

/// A search in all indexes. In `search` an asterisk is a wildcard, in quotes
/// too, and cannot be escaped; where the value has one, `where`, which has no
/// wildcards, leaves only the value itself. Both take no notice of letter case,
/// and `search` reads a network as all addresses in it.
pub(super) fn query(value: ValueRef<'_>) -> Option<String> {
    let fields = fields(value)?;
    let literal = literal(value.text);
    let mut query = "search index=* (".to_owned();
    push_any(&mut query, fields, "=", &literal, " OR ");
    query.push(')');
    if value.text.contains('*') {
        query.push_str("\n| where ");
        let names: Vec<_> = fields
            .iter()
            .map(|name| format!("lower('{name}')"))
            .collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let lower = format!("lower({literal})");
        push_any(&mut query, &names, "==", &lower, " OR ");
    }
    Some(query)
}

/// In quotes only the quote and the backslash mean something else: neither
/// macros nor pipes nor subsearches are looked for there.
fn literal(text: &str) -> String {
    quote(text, |c, literal| {
        if matches!(c, '"' | '\\') {
            literal.push('\\');
        }
        literal.push(c);
    })
}

fn fields(value: ValueRef<'_>) -> Option<&'static [&'static str]> {
    Some(match value.kind {
        Kind::Ipv4 | Kind::Ipv6 => &["dest_ip", "dest", "src_ip", "src"],
        Kind::Domain => &["query", "url_domain", "dest"],
        Kind::Url => &["url"],
        kind if is_hash(kind) => &["file_hash", "process_hash"],
        Kind::Cve => &["cve"],
        Kind::Email => &["src_user", "return_addr", "recipient"],
        _ => match AttackObject::of(value.text) {
            AttackObject::Technique | AttackObject::SubTechnique => &[
                "annotations.mitre_attack",
                "annotations.mitre_attack.mitre_technique_id",
            ],
            AttackObject::Tactic => &["annotations.mitre_attack.mitre_tactic_id"],
            AttackObject::Group | AttackObject::Software | AttackObject::Mitigation => return None,
        },
    })
}
