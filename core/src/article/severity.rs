//! How severe what an article reports is: rules, not a model's guess.

use std::sync::LazyLock;

use regex::Regex;

use super::word::has_words;

/// `severity_label` of an article, by its score in the bands of CVSS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // the names say it
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// Every one, lowest first.
    pub const ALL: [Severity; 4] = [
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];

    /// From 90 on critical, from 70 on high, from 40 on medium.
    pub const fn from_score(score: u8) -> Severity {
        match score {
            90.. => Severity::Critical,
            70..=89 => Severity::High,
            40..=69 => Severity::Medium,
            _ => Severity::Low,
        }
    }

    /// The smallest score of this label.
    pub const fn least(self) -> u8 {
        match self {
            Severity::Critical => 90,
            Severity::High => 70,
            Severity::Medium => 40,
            Severity::Low => 0,
        }
    }

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Severity> {
        Severity::ALL
            .into_iter()
            .find(|label| label.as_str() == name)
    }
}

/// What makes an article severe: the score that it has at least, and by which
/// words.
const SIGNS: [(u8, &[&str]); 10] = [
    (
        88,
        &[
            "exploited in the wild",
            "actively exploited",
            "active exploitation",
            "known exploited vulnerabilities",
            "exploited vulnerability",
            "under active attack",
            "exploitation in the wild",
            "being exploited",
        ],
    ),
    (82, &["zero-day", "zero day", "zero-days", "0-day"]),
    (
        78,
        &[
            "supply chain attack",
            "supply-chain attack",
            "supply chain compromise",
            "wiper",
            "critical infrastructure attack",
        ],
    ),
    (
        75,
        &[
            "ransomware",
            "critical vulnerability",
            "critical flaw",
            "critical severity",
            "critical security",
            "authentication bypass",
        ],
    ),
    (
        70,
        &[
            "remote code execution",
            "unauthenticated",
            "backdoor",
            "state-sponsored",
            "nation-state",
            "rootkit",
        ],
    ),
    (
        60,
        &[
            "data breach",
            "espionage",
            "apt",
            "infostealer",
            "trojan",
            "botnet",
            "privilege escalation",
            "high-severity",
        ],
    ),
    (
        50,
        &[
            "malware",
            "stealer",
            "phishing",
            "exploit",
            "leaked",
            "breach",
            "threat actor",
            "threat actors",
        ],
    ),
    (40, &["vulnerability", "vulnerabilities", "flaw", "scam"]),
    (25, &["patch", "patches", "security update", "advisory"]),
    (10, &[""]),
];

/// What each further sign, and having indicators, adds; together at most this.
const BONUS: u8 = 3;
const MAX_BONUS: u8 = 9;

static CVSS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"cvss(?:\s*v?[234](?:\.[0-9])?)?[^.\n]{0,40}?\b(10(?:\.0)?|[0-9]\.[0-9])\b")
        .expect("the expression is valid")
});

/// The score of a text in lower case, 0-100: the highest of its signs, or of
/// the CVSS scores that it tells times ten, and a little for each further sign.
pub(super) fn find_severity(lower: &str, has_indicators: bool) -> u8 {
    let found: Vec<u8> = SIGNS
        .iter()
        .filter(|(_, words)| {
            words
                .iter()
                .any(|word| word.is_empty() || has_words(lower, word))
        })
        .map(|(score, _)| *score)
        .collect();
    // The last sign is everywhere.
    let further = found.len().saturating_sub(2) + usize::from(has_indicators);
    let bonus = u8::try_from(further)
        .unwrap_or(MAX_BONUS)
        .saturating_mul(BONUS)
        .min(MAX_BONUS);
    let by_words = found.first().copied().unwrap_or_default();
    (by_words.max(cvss(lower)) + bonus).min(100)
}

/// The highest score of CVSS, times ten.
fn cvss(lower: &str) -> u8 {
    let scores = CVSS.captures_iter(lower).take(1_000);
    let tenths = scores.filter_map(|found| {
        let (whole, tenth) = found[1].split_once('.').unwrap_or((&found[1], "0"));
        Some(whole.parse::<u8>().ok()? * 10 + tenth.parse::<u8>().ok()?)
    });
    tenths.max().unwrap_or_default().min(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_follow_the_rules() {
        for (text, expected) in [
            ("a podcast", 10),
            ("a patch", 25),
            ("a flaw with cvss score of 9.8", 98),
            ("cvss: 10.0", 100),
            ("cvss v3.1 base 5.3", 53),
            ("ransomware", 75),
            ("a zero-day that is exploited in the wild", 91),
        ] {
            assert_eq!(find_severity(text, false), expected, "{text}");
        }
        assert_eq!(find_severity("a podcast", true), 13);
        // However many signs there are.
        assert_eq!(
            find_severity("ransomware malware flaw patch phishing apt wiper", false),
            87
        );
    }

    #[test]
    fn labels_are_bands() {
        for label in Severity::ALL {
            assert_eq!(Severity::from_score(label.least()), label);
            assert_eq!(Severity::from_name(label.as_str()), Some(label));
        }
        assert_eq!(Severity::from_score(69), Severity::Medium);
    }
}
