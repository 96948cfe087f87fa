//! What a list is narrowed to.

use jiff::Timestamp;

use crate::claim::{Category, Confidence};
use crate::value::Kind;

/// What a list is narrowed to. Lists give active, listable entries only where
/// nothing else is asked for, newest update first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this type.
    pub kind: Option<Kind>,
    /// Only this label.
    pub confidence: Option<Confidence>,
    /// Only sources of this category.
    pub category: Option<Category>,
    /// Only the sources of these short names; of any if there are none.
    pub sources: Vec<String>,
    /// Only entries with this tag, in any case.
    pub tag: Option<String>,
    /// Only entries with this ATT&CK technique or one below it, see
    /// [`covers_technique`].
    pub technique: Option<String>,
    /// Only entries of this malware family, in any case.
    pub malware: Option<String>,
    /// Only entries about this CISA sector, by its slug.
    pub sector: Option<String>,
    /// Only values of at least this score at the time of the question, see
    /// [`crate::score`]. A score falls with time and moves with what other
    /// sources say, without a change of the entry: of what happened to a list
    /// ([`Following`](super::Following)) only entries that have changed are
    /// told, by their score of now.
    pub min_score: Option<u8>,
    /// Only entries added or changed in the store at this time or later.
    pub since: Option<Timestamp>,
    /// Only entries added or changed in the store before this time.
    pub until: Option<Timestamp>,
    /// Expired entries too.
    pub include_expired: bool,
    /// Also entries about values that a warning keeps out of lists, and such
    /// as are not globally reachable.
    pub include_warned: bool,
}

/// A name as filters compare it: in lower case.
pub fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// Whether a technique admits another: itself, and a technique its
/// sub-techniques, as `T1059` does `T1059.001`. In any case.
pub fn covers_technique(asked: &str, technique: &str) -> bool {
    let (asked, technique) = (fold(asked), fold(technique));
    technique
        .strip_prefix(&asked)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_technique_covers_what_is_below_it() {
        assert!(covers_technique("T1059", "T1059"));
        assert!(covers_technique("t1059", "T1059.001"));
        assert!(!covers_technique("T1059.001", "T1059"));
        assert!(!covers_technique("T105", "T1059"));
        assert!(!covers_technique("T1059.00", "T1059.001"));
    }
}
