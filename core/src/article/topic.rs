//! What an article is about: one of a few categories.

use super::word::has_words;

/// `category` of an article in the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the names say it
pub enum Topic {
    Ransomware,
    Vulnerabilities,
    DataBreaches,
    Phishing,
    Malware,
    ThreatIntelligence,
    CloudSecurity,
    Policy,
    #[default]
    General,
}

impl Topic {
    /// Every one.
    pub const ALL: [Topic; 9] = [
        Topic::Ransomware,
        Topic::Vulnerabilities,
        Topic::DataBreaches,
        Topic::Phishing,
        Topic::Malware,
        Topic::ThreatIntelligence,
        Topic::CloudSecurity,
        Topic::Policy,
        Topic::General,
    ];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Topic::Ransomware => "ransomware",
            Topic::Vulnerabilities => "vulnerabilities",
            Topic::DataBreaches => "data-breaches",
            Topic::Phishing => "phishing",
            Topic::Malware => "malware",
            Topic::ThreatIntelligence => "threat-intelligence",
            Topic::CloudSecurity => "cloud-security",
            Topic::Policy => "policy",
            Topic::General => "general",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Topic> {
        Topic::ALL.into_iter().find(|topic| topic.as_str() == name)
    }
}

/// What the words of each count.
const WORDS: [(Topic, &[&str]); 8] = [
    (
        Topic::Ransomware,
        &[
            "ransomware",
            "ransom",
            "extortion",
            "encrypted files",
            "leak site",
            "double extortion",
        ],
    ),
    (
        Topic::Vulnerabilities,
        &[
            "vulnerability",
            "vulnerabilities",
            "zero-day",
            "zero day",
            "0-day",
            "patch",
            "patches",
            "patch tuesday",
            "security update",
            "cvss",
            "remote code execution",
            "privilege escalation",
            "flaw",
            "flaws",
            "security advisory",
            "proof-of-concept",
            "exploit",
            "bug",
            "known exploited",
        ],
    ),
    (
        Topic::DataBreaches,
        &[
            "data breach",
            "data breaches",
            "breach",
            "leaked",
            "stolen data",
            "exposed data",
            "data leak",
            "personal information",
            "customer data",
            "breached",
        ],
    ),
    (
        Topic::Phishing,
        &[
            "phishing",
            "spear-phishing",
            "spearphishing",
            "smishing",
            "vishing",
            "business email compromise",
            "credential harvesting",
            "scam",
            "lure",
            "social engineering",
        ],
    ),
    (
        Topic::Malware,
        &[
            "malware",
            "trojan",
            "infostealer",
            "stealer",
            "botnet",
            "loader",
            "backdoor",
            "spyware",
            "wiper",
            "rootkit",
            "rat",
            "payload",
            "c2",
            "dropper",
            "malicious package",
            "cryptominer",
        ],
    ),
    (
        Topic::ThreatIntelligence,
        &[
            "apt",
            "threat actor",
            "threat actors",
            "espionage",
            "state-sponsored",
            "nation-state",
            "campaign",
            "attribution",
            "threat group",
            "intrusion set",
            "ttps",
            "cyberespionage",
            "indicators of compromise",
        ],
    ),
    (
        Topic::CloudSecurity,
        &[
            "aws",
            "azure",
            "google cloud",
            "kubernetes",
            "cloud security",
            "s3 bucket",
            "misconfiguration",
            "container escape",
            "saas",
        ],
    ),
    (
        Topic::Policy,
        &[
            "regulation",
            "legislation",
            "sanctions",
            "arrested",
            "indicted",
            "sentenced",
            "lawsuit",
            "fined",
            "gdpr",
            "policy",
            "executive order",
            "extradited",
            "law enforcement",
        ],
    ),
];

/// What a text is about, title and text in lower case. A word of the title
/// counts as four, tags as two; of equal counts the earlier topic wins.
pub(super) fn find_topic(title: &str, tags: &str, text: &str, has_cve: bool) -> Topic {
    let count = |(topic, words): &(Topic, &[&str])| {
        let points: usize = words
            .iter()
            .map(|word| {
                4 * usize::from(has_words(title, word))
                    + 2 * usize::from(has_words(tags, word))
                    + usize::from(has_words(text, word))
            })
            .sum();
        let by_cve = usize::from(has_cve && *topic == Topic::Vulnerabilities);
        (points + 2 * by_cve, *topic)
    };
    let counts = WORDS.iter().map(count);
    let best = counts.max_by_key(|(points, topic)| (*points, std::cmp::Reverse(*topic)));
    match best {
        Some((points, topic)) if points > 0 => topic,
        _ => Topic::General,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics() {
        for (title, text, topic) in [
            (
                "lockbit ransomware hits a hospital",
                "the gang wants a ransom",
                Topic::Ransomware,
            ),
            (
                "critical flaw in a gateway",
                "cvss 9.8, patch now",
                Topic::Vulnerabilities,
            ),
            (
                "retailer breached",
                "customer data was leaked",
                Topic::DataBreaches,
            ),
            ("new phishing kit", "it harvests", Topic::Phishing),
            (
                "new stealer sold",
                "the malware takes passwords",
                Topic::Malware,
            ),
            (
                "espionage campaign",
                "a state-sponsored threat actor",
                Topic::ThreatIntelligence,
            ),
            ("podcast", "we talk", Topic::General),
        ] {
            assert_eq!(find_topic(title, "", text, false), topic, "{title}");
        }
        assert_eq!(find_topic("", "", "", true), Topic::Vulnerabilities);
        for topic in Topic::ALL {
            assert_eq!(Topic::from_name(topic.as_str()), Some(topic));
        }
    }
}
