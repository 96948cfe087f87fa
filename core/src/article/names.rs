//! Names of groups and of malware, and where a text has them.
//!
//! The lists are in `names/`, with whose they are and how they are refreshed.
//! A name that is a common word, too (`Play`, `Reaper`), counts only with a
//! capital and beside a word that says what it names (`the Play ransomware`).

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::word::{is_word_at, next_word, word_before};

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Named {
    /// A group or person behind attacks.
    Actor,
    /// Malware, or a tool of attackers.
    Malware,
}

struct Name {
    text: &'static str,
    /// The name that all names of the same thing are told under.
    chief: &'static str,
    named: Named,
    is_common: bool,
}

/// All names, and what finds them.
struct Names {
    names: Vec<Name>,
    finder: AhoCorasick,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Vec::new();
    read_list(include_str!("names/actors.tsv"), Named::Actor, &mut names);
    read_list(
        include_str!("names/malware.tsv"),
        Named::Malware,
        &mut names,
    );
    let finder = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .build(names.iter().map(|name| name.text))
        .expect("the shipped names make an automaton");
    Names { names, finder }
});

fn read_list(list: &'static str, named: Named, all: &mut Vec<Name>) {
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let chief = columns.next().unwrap_or_default();
        let others = columns.next().unwrap_or_default();
        let common: Vec<&str> = columns.next().unwrap_or_default().split(',').collect();
        let texts = std::iter::once(chief).chain(others.split(','));
        for text in texts.filter(|text| !text.is_empty()) {
            all.push(Name {
                text,
                chief,
                named,
                is_common: common.contains(&text),
            });
        }
    }
}

/// Words beside a common word that show what it names.
const ACTOR_WORDS: [&str; 19] = [
    "apt",
    "group",
    "gang",
    "actor",
    "actors",
    "hackers",
    "hacking",
    "operators",
    "affiliates",
    "affiliate",
    "espionage",
    "crew",
    "collective",
    "threat",
    "campaign",
    "state-sponsored",
    "spies",
    "adversary",
    "cyberespionage",
];
const MALWARE_WORDS: [&str; 24] = [
    "ransomware",
    "malware",
    "trojan",
    "stealer",
    "infostealer",
    "botnet",
    "loader",
    "backdoor",
    "rat",
    "spyware",
    "wiper",
    "worm",
    "keylogger",
    "banker",
    "dropper",
    "downloader",
    "rootkit",
    "implant",
    "beacon",
    "framework",
    "payload",
    "gang",
    "variant",
    "c2",
];

/// What a text names: the chief names, in order of the alphabet.
pub fn find_names(text: &str) -> BTreeSet<(Named, &'static str)> {
    let all = &*NAMES;
    let mut found = BTreeSet::new();
    for hit in all.finder.find_iter(text) {
        let name = &all.names[hit.pattern().as_usize()];
        let written = &text[hit.range()];
        if is_word_at(text, &hit.range()) && is_meant(name, written, text, hit.start(), hit.end()) {
            found.insert((name.named, name.chief));
        }
    }
    found
}

fn is_meant(name: &Name, written: &str, text: &str, start: usize, end: usize) -> bool {
    if !name.is_common {
        // Short names are words of other languages in another letter case.
        return written == name.text || name.text.len() >= 6;
    }
    if !written.starts_with(|char: char| char.is_uppercase()) {
        return false;
    }
    let words: &[&str] = match name.named {
        Named::Actor => &ACTOR_WORDS,
        Named::Malware => &MALWARE_WORDS,
    };
    let around = [
        next_word(text, end),
        word_before(text, start),
        next_word(text, end).and_then(|(_, behind)| next_word(text, behind)),
    ];
    around.into_iter().flatten().any(|(word, _)| {
        let word = word.to_ascii_lowercase();
        words.contains(&&*word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&'static str> {
        find_names(text).into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn the_lists_are_large_and_in_order() {
        for (list, least) in [
            (include_str!("names/actors.tsv"), 150),
            (include_str!("names/malware.tsv"), 300),
        ] {
            let names: Vec<String> = list
                .lines()
                .skip(1)
                .map(|line| line.split('\t').next().unwrap().to_lowercase())
                .collect();
            assert!(names.len() >= least, "{}", names.len());
            assert!(names.is_sorted());
        }
    }

    #[test]
    fn a_name_is_told_under_its_chief_name() {
        assert_eq!(
            found("Fancy Bear and midnight blizzard used Heodo."),
            ["APT28", "APT29", "Emotet"]
        );
        assert_eq!(found("the EMOTET botnet"), ["Emotet"]);
    }

    #[test]
    fn parts_of_words_are_no_names() {
        for text in ["emoteted", "a fancy bearing", "xAPT28", "apt28-like", ""] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn common_words_need_a_capital_and_company() {
        assert_eq!(found("the Play ransomware gang"), ["Play Ransomware"]);
        assert_eq!(found("ransomware group Hive"), Vec::<&str>::new());
        assert_eq!(found("operators of ransomware Hive"), ["Hive Ransomware"]);
        for text in [
            "Play a game",
            "play it",
            "Snake in the grass",
            "a Royal visit",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }
}
