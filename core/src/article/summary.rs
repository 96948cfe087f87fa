//! The sentences of an article that tell most.

use std::collections::HashSet;

use super::names::find_names;
use super::prose::Prose;
use crate::extract::sentence;

/// Sentences of a summary, and its length in characters.
const SENTENCES: usize = 3;
const MAX_SUMMARY: usize = 700;
/// Sentences that are weighed.
const WEIGHED: usize = 120;
/// Lengths of sentences that tell something, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 40..=400;

/// Words that telling sentences have.
const TELLING: [&str; 16] = [
    "exploit",
    "attack",
    "vulnerab",
    "malware",
    "ransomware",
    "phishing",
    "target",
    "discover",
    "researchers",
    "campaign",
    "patch",
    "breach",
    "steal",
    "deliver",
    "compromis",
    "disclos",
];

/// A summary: the sentences that share most with the title, name CVEs, groups
/// and malware, and stand early, in the order of the text. The same text has
/// the same summary everywhere.
pub(super) fn summarise(title: &str, prose: &Prose) -> String {
    let about = significant(title);
    let mut weighed: Vec<(usize, usize, &str)> = sentences(prose)
        .take(WEIGHED)
        .enumerate()
        .map(|(place, text)| (weight(text, place, &about), place, text))
        .collect();
    weighed.sort_by_key(|(weight, place, _)| (std::cmp::Reverse(*weight), *place));
    weighed.truncate(SENTENCES);
    weighed.sort_by_key(|(_, place, _)| *place);
    let mut summary = String::new();
    for (_, _, text) in weighed {
        if !summary.is_empty() {
            summary.push(' ');
        }
        summary.extend(text.split_whitespace().flat_map(|word| [word, " "]));
        summary.truncate(summary.trim_end().len());
    }
    shorten(&summary)
}

/// At most so many characters, cut at a word.
fn shorten(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(MAX_SUMMARY) else {
        return text.to_owned();
    };
    let cut = text[..end].rfind(' ').unwrap_or(end);
    format!("{}…", &text[..cut])
}

/// Sentences of paragraphs; where there are none, whatever lines there are.
fn sentences(prose: &Prose) -> impl Iterator<Item = &str> {
    prose
        .paragraphs()
        .flat_map(split)
        .filter(|text| LENGTHS.contains(&text.len()))
}

fn split(paragraph: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < paragraph.len() {
            let step = paragraph[at..].chars().next().map_or(1, char::len_utf8);
            let found = sentence(paragraph, &(at..at + step));
            let end = found.end.max(at + step);
            let text = paragraph[at..end].trim();
            at = end;
            if !text.is_empty() {
                return Some(text);
            }
        }
        None
    })
}

fn weight(text: &str, place: usize, about: &HashSet<String>) -> usize {
    let lower = text.to_lowercase();
    let shared = significant(text).intersection(about).count();
    let telling = TELLING.iter().filter(|word| lower.contains(**word)).count();
    let named = find_names(text).len() + lower.matches("cve-").count();
    let early = 12_usize.saturating_sub(2 * place);
    3 * shared.min(5) + 2 * telling.min(4) + 3 * named.min(4) + early
}

/// Its words of some length, in lower case.
fn significant(text: &str) -> HashSet<String> {
    text.split(|char: char| !char.is_alphanumeric() && char != '-')
        .filter(|word| word.len() > 3)
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::read_html;
    use super::*;

    #[test]
    fn telling_sentences_are_taken_in_order() {
        let html = "<p>Welcome to another issue of our letter about all kinds of things. \
             Researchers found that Emotet is delivered by a phishing campaign that targets banks. \
             We like coffee very much and so does everybody who works here with us. \
             It exploits CVE-2026-0001 in the Example gateway, for which there is a patch.</p>";
        let summary = summarise("Emotet exploits Example gateway", &read_html(html));
        let first = summary.find("Emotet is delivered").unwrap();
        let second = summary.find("CVE-2026-0001").unwrap();
        assert!(first < second && !summary.contains("coffee"), "{summary}");
        assert_eq!(summarise("x", &read_html("")), "");
    }

    #[test]
    fn summaries_are_short() {
        let html = format!(
            "<p>{}.</p>",
            "Attackers exploit a vulnerability in it again ".repeat(8)
        )
        .repeat(5);
        let summary = summarise("", &read_html(&html));
        assert!(summary.chars().count() <= MAX_SUMMARY + 1, "{summary}");
    }
}
