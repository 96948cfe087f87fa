//! Techniques of ATT&CK that a text names, by id or by name.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::word::is_word_at;
use crate::attack;

/// Names that other things have, too, though they are written with capitals.
const AMBIGUOUS: [&str; 9] = [
    "Command and Control",
    "Initial Access",
    "Resource Development",
    "Threat Intel Vendors",
    "Search Engines",
    "Social Media",
    "Cloud Services",
    "Domain Accounts",
    "Local Accounts",
];

struct Named {
    ids: Vec<&'static str>,
    finder: AhoCorasick,
}

/// Names of techniques of two words or more that only one has.
static NAMED: LazyLock<Named> = LazyLock::new(|| {
    let mut names = BTreeMap::<&str, Option<&str>>::new();
    for technique in attack::techniques() {
        if technique.id.starts_with("TA") || !technique.name.contains(' ') {
            continue;
        }
        names
            .entry(technique.name)
            .and_modify(|id| *id = None)
            .or_insert(Some(technique.id));
    }
    let kept = names
        .into_iter()
        .filter(|(name, _)| !AMBIGUOUS.contains(name));
    let (names, ids): (Vec<_>, Vec<_>) = kept.filter_map(|(name, id)| Some((name, id?))).unzip();
    let finder = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(names)
        .expect("the names of ATT&CK make an automaton");
    Named { ids, finder }
});

/// Ids of the techniques that a text names as ATT&CK writes them, with capitals.
pub(super) fn find_techniques(text: &str) -> BTreeSet<&'static str> {
    let named = &*NAMED;
    named
        .finder
        .find_iter(text)
        .filter(|hit| is_word_at(text, &Range::from(hit.span())))
        .map(|hit| named.ids[hit.pattern().as_usize()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_capitals_are_techniques() {
        let text = "It uses Process Injection, process hollowing and Scheduled Tasks of Command and Control.";
        let found = find_techniques(text);
        assert!(found.contains("T1055"), "{found:?}");
        assert!(!found.contains("T1055.012"));
        assert!(find_techniques("a Process Injectionist").is_empty());
    }
}
