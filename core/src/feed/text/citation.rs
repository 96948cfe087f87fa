//! Addresses that lead to what others wrote.

use crate::extract::{Mention, Options, mentions};
use crate::value::{Kind, domain};

/// What a mention in a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Citation {
    /// An indicator.
    No,
    /// An address written so that it can be followed: an indicator where a text
    /// writes them so.
    Plain,
    /// An address that somebody is to follow.
    Link,
    /// The text names what it draws on.
    Source,
    /// An illustration, or a piece of a path.
    Part,
}

/// What a heading says of the lines below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Other,
    /// They are what others wrote.
    Sources,
    /// What they name does no harm.
    Harmless,
}

impl Section {
    /// The section that a heading begins.
    pub(super) fn of(heading: &str) -> Section {
        let lower = heading.to_ascii_lowercase();
        let words = || lower.split(|char: char| !char.is_alphanumeric());
        let has = |any: &[&str]| words().any(|word| any.contains(&word));
        if is_about_sources(heading) || has(&HEADS) {
            Section::Sources
        } else if has(&["legitimate", "benign", "harmless"])
            && !has(&[
                "compromised",
                "abused",
                "abusing",
                "impersonating",
                "malicious",
            ])
        {
            Section::Harmless
        } else {
            Section::Other
        }
    }
}

/// Where analyses, catalogues and talk about malware are; by registrable name.
const CITED: [&str; 24] = [
    "abuse.ch",
    "alienvault.com",
    "any.run",
    "attackerkb.com",
    "bsky.app",
    "fraunhofer.de",
    "hybrid-analysis.com",
    "infosec.exchange",
    "joesandbox.com",
    "linkedin.com",
    "medium.com",
    "misp-project.org",
    "mitre.org",
    "nist.gov",
    "shodan.io",
    "tria.ge",
    "twitter.com",
    "unicode.org",
    "urlscan.io",
    "virustotal.com",
    "w3.org",
    "wikipedia.org",
    "x.com",
    "youtube.com",
];

/// Words that stand before a source, or head a list of them.
const WORDS: [&str; 14] = [
    "reference",
    "references",
    "ref",
    "refs",
    "reporting",
    "source",
    "sources",
    "report",
    "blog",
    "url_ref",
    "further reading",
    "read more",
    "related links",
    "credits",
];

/// Words of headings of such lists.
const HEADS: [&str; 5] = [
    "references",
    "refrences",
    "reporting",
    "bibliography",
    "sources",
];

/// Whether a text is a word for sources.
fn is_about_sources(text: &str) -> bool {
    let name = text.trim_matches(|char: char| !char.is_alphanumeric());
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(name))
}

/// Tells what a mention is. `line` is the one that it stands on, without
/// blanks around it.
pub(super) fn judge(mention: &Mention, text: &str, line: &str, section: Section) -> Citation {
    let written = mention.written(text);
    let before = &text[..mention.span.start];
    let before = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    // Snort's and Suricata's rules name what they draw on.
    if before.ends_with("reference:url,") {
        return Citation::Link;
    }
    match mention.reading.value.kind() {
        Kind::Url if is_plain(written) => {}
        Kind::Domain if !written.contains(['[', '(', '{', '\\']) => {
            return if is_in_path(before) {
                Citation::Part
            } else if is_cited(mention) {
                Citation::Link
            } else {
                Citation::No
            };
        }
        _ => return Citation::No,
    }
    if let Some(label) = before.strip_suffix("](") {
        let picture = label
            .rfind('[')
            .is_some_and(|open| label[..open].ends_with('!'));
        return if picture {
            Citation::Part
        } else {
            Citation::Link
        };
    }
    if before.ends_with("src=\"") {
        return Citation::Part;
    }
    if section == Section::Sources || line.starts_with('#') || begins_with_source(line) {
        return Citation::Source;
    }
    if before.ends_with("href=\"") || is_cited(mention) {
        return Citation::Link;
    }
    Citation::Plain
}

/// Whether what follows is a piece of a path: `/load.php?l=`.
fn is_in_path(before: &str) -> bool {
    let start = before.rfind([' ', '\t', '"']).map_or(0, |at| at + 1);
    before[start..].starts_with('/') && before.ends_with(['=', '/'])
}

/// Whether an address can be followed as it is written.
fn is_plain(written: &str) -> bool {
    let Some((scheme, rest)) = written.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    matches!(scheme, "http" | "https") && !host.contains(['[', '(', '{', '\\'])
}

/// `Reference: …`, `source = "…"`.
fn begins_with_source(line: &str) -> bool {
    let Some((start, _)) = line.split_once([':', '=']) else {
        return false;
    };
    is_about_sources(start)
}

/// Whether a text is nothing but the address of what others wrote.
pub(in crate::feed) fn is_cited_address(text: &str) -> bool {
    is_plain(text)
        && mentions(text, &Options::default())
            .first()
            .is_some_and(is_cited)
}

fn is_cited(mention: &Mention) -> bool {
    let host = mention.reading.value.as_ref().host().unwrap_or_default();
    let name = domain::registrable(host).unwrap_or(host);
    CITED.contains(&name)
}
