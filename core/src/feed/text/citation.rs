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
    /// An illustration.
    Picture,
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

/// Whether a heading is one of sources.
pub(super) fn is_about_sources(line: &str) -> bool {
    let name = line.trim_matches(|char: char| !char.is_alphanumeric());
    let known = |word: &&str| word.eq_ignore_ascii_case(name);
    WORDS.iter().any(|word| known(&word))
}

/// Tells what a mention is. `line` is the one that it stands on, without
/// blanks around it.
pub(super) fn judge(mention: &Mention, text: &str, line: &str, about_sources: bool) -> Citation {
    let written = mention.written(text);
    if mention.reading.value.kind() != Kind::Url || !is_plain(written) {
        return Citation::No;
    }
    let before = &text[..mention.span.start];
    let before = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    if let Some(label) = before.strip_suffix("](") {
        let picture = label
            .rfind('[')
            .is_some_and(|open| label[..open].ends_with('!'));
        return if picture {
            Citation::Picture
        } else {
            Citation::Link
        };
    }
    if before.ends_with("src=\"") {
        return Citation::Picture;
    }
    if about_sources || line.starts_with('#') || begins_with_source(line) {
        return Citation::Source;
    }
    if before.ends_with("href=\"") || is_cited(mention) {
        return Citation::Link;
    }
    Citation::Plain
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
