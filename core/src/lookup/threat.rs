//! What kind of threat tags tell of.

use crate::value::Kind;

/// Something of a malware family.
pub(super) const MALWARE: &str = "malware";

/// Kinds of threat with the tags that feeds have for them, what is worst first.
const THREATS: [(&str, &[&str]); 11] = [
    ("ransomware", &["ransomware"]),
    (
        "command-and-control",
        &["c2", "c&c", "cc", "botnet_cc", "botnet", "dga"],
    ),
    (
        "malware-delivery",
        &["malware-download", "malware_download", "payload_delivery"],
    ),
    (MALWARE, &["malware-sample", "payload", "malware"]),
    ("phishing", &["phishing"]),
    ("skimming", &["cc_skimming"]),
    ("exploited-vulnerability", &["known-exploited"]),
    ("hijacked-network", &["hijacked-network"]),
    ("compromised-host", &["compromised"]),
    ("attack", &["bruteforce", "scanner", "honeypot"]),
    ("anonymizer", &["tor", "proxy", "vpn"]),
];

/// The worst kind of threat that one of the tags names; ASCII letter case does
/// not matter.
pub(super) fn of_tags(tags: &[&str]) -> Option<&'static str> {
    let names = |words: &[&str]| {
        let is_word = |tag: &&str| words.iter().any(|word| word.eq_ignore_ascii_case(tag));
        tags.iter().any(is_word)
    };
    let threat = THREATS.iter().find(|(_, words)| names(words));
    threat.map(|(threat, _)| *threat)
}

/// What a type of value is by itself.
pub(super) fn of_kind(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Cve => Some("vulnerability"),
        Kind::MitreAttack => Some("technique"),
        _ => None,
    }
}
