//! KQL of Elastic, as Kibana reads it, over fields of the Elastic Common
//! Schema. Fields that an index does not have match nothing; in ES|QL they
//! would be an error.

use super::AttackObject;
use super::literal::{push_any, quote};
use crate::value::{Kind, ValueRef};

/// A filter. Quoted values have no wildcards; of a field of addresses a network
/// means all addresses in it.
pub(super) fn query(value: ValueRef<'_>) -> Option<String> {
    let literal = literal(value.text);
    let mut query = String::new();
    push_any(&mut query, fields(value)?, ": ", &literal, " or ");
    Some(query)
}

/// Blanks other than the space are escaped as Kibana itself does.
fn literal(text: &str) -> String {
    quote(text, |c, literal| match c {
        '"' | '\\' => {
            literal.push('\\');
            literal.push(c);
        }
        '\n' => literal.push_str("\\n"),
        '\r' => literal.push_str("\\r"),
        '\t' => literal.push_str("\\t"),
        c => literal.push(c),
    })
}

fn fields(value: ValueRef<'_>) -> Option<&'static [&'static str]> {
    Some(match value.kind {
        Kind::Ipv4 | Kind::Ipv6 => &["destination.ip", "source.ip", "dns.resolved_ip"],
        Kind::Domain => &[
            "dns.question.name",
            "destination.domain",
            "url.domain",
            "tls.client.server_name",
        ],
        Kind::Url => &["url.full", "url.original"],
        Kind::Md5 => &[
            "file.hash.md5",
            "process.hash.md5",
            "dll.hash.md5",
            "email.attachments.file.hash.md5",
        ],
        Kind::Sha1 => &[
            "file.hash.sha1",
            "process.hash.sha1",
            "dll.hash.sha1",
            "email.attachments.file.hash.sha1",
        ],
        Kind::Sha256 => &[
            "file.hash.sha256",
            "process.hash.sha256",
            "dll.hash.sha256",
            "email.attachments.file.hash.sha256",
        ],
        Kind::Sha512 => &[
            "file.hash.sha512",
            "process.hash.sha512",
            "dll.hash.sha512",
            "email.attachments.file.hash.sha512",
        ],
        Kind::Cve => &["vulnerability.id"],
        Kind::Email => &[
            "email.from.address",
            "email.sender.address",
            "email.reply_to.address",
            "email.to.address",
        ],
        Kind::MitreAttack => match AttackObject::of(value.text) {
            AttackObject::Tactic => &["threat.tactic.id"],
            AttackObject::Technique => &["threat.technique.id"],
            AttackObject::SubTechnique => &["threat.technique.subtechnique.id"],
            AttackObject::Group => &["threat.group.id"],
            AttackObject::Software => &["threat.software.id"],
            AttackObject::Mitigation => return None,
        },
    })
}
