//! What a heading says about what stands below it.

/// What a part of an article is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// Anything.
    #[default]
    Other,
    /// Indicators of compromise.
    Indicators,
    /// Where to read on, who writes: what is named there is named for reading.
    References,
}

/// Words of a heading above indicators.
const INDICATORS: [&str; 31] = [
    "indicator",
    "indicators",
    "ioc",
    "iocs",
    "observables",
    "hashes",
    "hash",
    "sha256",
    "sha-256",
    "sha1",
    "sha-1",
    "md5",
    "domain",
    "domains",
    "urls",
    "url",
    "ips",
    "addresses",
    "samples",
    "network",
    "infrastructure",
    "c2",
    "c2s",
    "c&c",
    "c&cs",
    "servers",
    "hostnames",
    "netblocks",
    "artifacts",
    "artefacts",
    "subdomains",
];

/// Words of a heading above what is only for reading.
const REFERENCES: [&str; 16] = [
    "reference",
    "references",
    "related",
    "sources",
    "source",
    "bibliography",
    "footnotes",
    "credits",
    "acknowledgements",
    "acknowledgments",
    "about",
    "contact",
    "reading",
    "resources",
    "links",
    "subscribe",
];

/// Longest heading that says anything, in bytes.
const MAX_HEADING: usize = 120;

/// What stands below a heading.
pub(super) fn section_of(heading: &str) -> Section {
    if heading.len() > MAX_HEADING {
        return Section::Other;
    }
    let lower = heading.to_lowercase();
    let is_end = |char: char| !(char.is_alphanumeric() || matches!(char, '&' | '-'));
    let mut words = lower.split(is_end).filter(|word| !word.is_empty());
    let mut section = Section::Other;
    for word in words.by_ref() {
        if REFERENCES.contains(&word) {
            section = Section::References;
        }
        if INDICATORS.contains(&word) {
            return Section::Indicators;
        }
    }
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings() {
        for (heading, section) in [
            ("Indicators of Compromise (IOCs)", Section::Indicators),
            ("IOC", Section::Indicators),
            ("Seedworm domains/URLs:", Section::Indicators),
            ("C&C servers", Section::Indicators),
            ("SHA-256 hashes", Section::Indicators),
            ("References", Section::References),
            ("Related reading", Section::References),
            ("About the author", Section::References),
            ("Sociology", Section::Other),
            ("Analysis of the loader", Section::Other),
            ("", Section::Other),
        ] {
            assert_eq!(section_of(heading), section, "{heading}");
        }
    }
}
