//! Where to look and what a find means, for a person.

use super::{AttackObject, is_hash};
use crate::value::{Kind, ValueRef};

pub(super) fn of(value: ValueRef<'_>) -> &'static str {
    match value.kind {
        Kind::Ipv4 | Kind::Ipv6 => {
            "Look for connections to the address in firewall, proxy, flow and endpoint logs, and \
             for logons and mail from it. Compare their times with first_seen and last_seen: \
             addresses change hands, and many names may share one. What got through outward \
             matters more than scans that were blocked inward."
        }
        Kind::Domain => {
            "Look for DNS queries for the name, for connections whose TLS server name it is, and \
             for mail with links to it. A query that was answered is contact; find the process \
             that asked. Subdomains are other values: look at cascade."
        }
        Kind::Url => {
            "Look for the request in proxy, endpoint and mail logs. Behind TLS only the host is \
             seen: then look for the host at the same times. A status of 200 and a body mean that \
             something was delivered; find what was written to disk next."
        }
        kind if is_hash(kind) => {
            "Look for the file on disks, among started programs and loaded libraries, and in mail \
             attachments. Where it is found, find how it came, what it started and whom it \
             contacted. Logs often keep only one kind of hash: look for the others of the same \
             file, too."
        }
        Kind::Cve => {
            "Find which systems have the vulnerable version and which of them can be reached, \
             mend those first, and look there for signs of exploitation since before the mend."
        }
        Kind::Email => {
            "Look for mail from the address, in its header and its envelope, and for answers to \
             it. Who received it, who opened an attachment or followed a link? The sender's \
             address may be forged: see whether SPF, DKIM and DMARC passed."
        }
        _ => match AttackObject::of(value.text) {
            AttackObject::Technique | AttackObject::SubTechnique => {
                "A technique is a way of acting, not a trace: look for alerts that were given its \
                 id, and see whether the log sources that would show it are kept at all."
            }
            AttackObject::Tactic => {
                "A tactic is an aim: hunt for the techniques that serve it, and look for alerts \
                 that were given its id."
            }
            AttackObject::Group | AttackObject::Software => {
                "Groups and software leave no id in logs: hunt for the values and techniques that \
                 reports tie to them."
            }
            AttackObject::Mitigation => {
                "A mitigation is a measure: see whether it is in force, there is nothing to hunt."
            }
        },
    }
}
