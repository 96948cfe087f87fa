//! Tags that say what they are: `namespace:predicate="value"`, as MISP and
//! what is exported from it have them.

use super::claims::read_tlp;
use super::industry::cisa_sector;
use crate::claim::Tlp;
use crate::value::AttackId;

/// What a tag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag<'t> {
    /// `tlp:amber`
    Tlp(Tlp),
    /// An ATT&CK technique by its id.
    Technique(&'t str),
    /// A family or tool by its name.
    Malware(&'t str),
    /// A sector of CISA.
    Sector(&'static str),
    /// How sure the source is, 0-100.
    Confidence(u8),
    /// Anything else that is worth keeping.
    Plain(&'t str),
    /// Bookkeeping of the source's own.
    Nothing,
}

/// Galaxies of malware and tools besides those whose names end in `-malware`
/// or `-tool`.
const FAMILIES: [&str; 14] = [
    "android",
    "backdoor",
    "banker",
    "botnet",
    "cryptominers",
    "exploit-kit",
    "malpedia",
    "mitre-malware",
    "mitre-tool",
    "ransomware",
    "rat",
    "stealer",
    "stalkerware",
    "tool",
];

impl<'t> Tag<'t> {
    pub(super) fn read(text: &'t str) -> Tag<'t> {
        let text = text.trim();
        if let Some(id) = technique(text) {
            return Tag::Technique(id);
        }
        let Some((namespace, rest)) = text.split_once(':') else {
            return Tag::Plain(text);
        };
        let (predicate, value) = match rest.split_once('=') {
            Some((predicate, value)) => (predicate, value.trim().trim_matches('"').trim()),
            None => (rest, ""),
        };
        match &*namespace.to_ascii_lowercase() {
            "tlp" => read_tlp(text).map_or(Tag::Plain(text), Tag::Tlp),
            "misp-galaxy" if !value.is_empty() => Tag::of_galaxy(predicate, value, text),
            "osint" if predicate == "certainty" => match value.parse() {
                Ok(percent @ 0..=100) => Tag::Confidence(percent),
                _ => Tag::Nothing,
            },
            "misp" => match value {
                "completely-confident" => Tag::Confidence(100),
                "usually-confident" => Tag::Confidence(75),
                "fairly-confident" => Tag::Confidence(50),
                "rarely-confident" => Tag::Confidence(25),
                "unconfident" => Tag::Confidence(0),
                _ => Tag::Nothing,
            },
            "workflow" => Tag::Nothing,
            _ => Tag::Plain(text),
        }
    }

    fn of_galaxy(galaxy: &str, value: &'t str, text: &'t str) -> Tag<'t> {
        // `PowerShell - T1059.001`, `Cobalt Strike - S0154`
        let (name, id) = match value.rsplit_once(" - ") {
            Some((name, id)) if id.parse::<AttackId>().is_ok() => (name.trim(), id),
            _ => (value, ""),
        };
        if let Some(id) = technique(id) {
            return Tag::Technique(id);
        }
        let is_family =
            FAMILIES.contains(&galaxy) || galaxy.ends_with("-malware") || galaxy.ends_with("-tool");
        match galaxy {
            _ if is_family => Tag::Malware(name),
            "sector" => cisa_sector(value).map_or(Tag::Plain(text), Tag::Sector),
            "threat-actor" | "microsoft-activity-group" => Tag::Plain(name),
            _ if galaxy.ends_with("intrusion-set") => Tag::Plain(name),
            _ => Tag::Plain(text),
        }
    }
}

/// The text, if it is the id of a technique.
pub(super) fn technique(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    let is_technique = chars.next() == Some('T')
        && chars.next().is_some_and(|char| char.is_ascii_digit())
        && text.parse::<AttackId>().is_ok();
    is_technique.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_say_what_they_are() {
        for (text, tag) in [
            ("tlp:white", Tag::Tlp(Tlp::Clear)),
            ("TLP:AMBER+STRICT", Tag::Tlp(Tlp::AmberStrict)),
            ("tlp:unclear", Tag::Plain("tlp:unclear")),
            ("T1059.001", Tag::Technique("T1059.001")),
            ("TA0001", Tag::Plain("TA0001")),
            ("Trojan", Tag::Plain("Trojan")),
            (
                "misp-galaxy:mitre-attack-pattern=\"PowerShell - T1059.001\"",
                Tag::Technique("T1059.001"),
            ),
            (
                "misp-galaxy:mitre-tool=\"Mimikatz - S0002\"",
                Tag::Malware("Mimikatz"),
            ),
            (
                "misp-galaxy:ransomware=\"LockBit\"",
                Tag::Malware("LockBit"),
            ),
            (
                "misp-galaxy:mitre-enterprise-attack-malware=\"X-Agent\"",
                Tag::Malware("X-Agent"),
            ),
            (
                "misp-galaxy:threat-actor=\"Turla Group\"",
                Tag::Plain("Turla Group"),
            ),
            (
                "misp-galaxy:mitre-intrusion-set=\"APT28 - G0007\"",
                Tag::Plain("APT28"),
            ),
            ("misp-galaxy:sector=\"Energy\"", Tag::Sector("energy")),
            (
                "misp-galaxy:sector=\"Education\"",
                Tag::Plain("misp-galaxy:sector=\"Education\""),
            ),
            ("osint:certainty=\"93\"", Tag::Confidence(93)),
            ("osint:certainty=\"930\"", Tag::Nothing),
            (
                "osint:source-type=\"blog-post\"",
                Tag::Plain("osint:source-type=\"blog-post\""),
            ),
            (
                "misp:confidence-level=\"usually-confident\"",
                Tag::Confidence(75),
            ),
            ("misp:to_ids=\"True\"", Tag::Nothing),
            ("workflow:state=\"incomplete\"", Tag::Nothing),
            ("misp-galaxy:", Tag::Plain("misp-galaxy:")),
        ] {
            assert_eq!(Tag::read(text), tag, "{text}");
        }
    }
}
