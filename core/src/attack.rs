//! What MITRE ATT&CK calls its tactics and techniques (Enterprise).
//!
//! The table is in `attack/names.tsv`; whose it is and on which terms, in
//! `attack/LICENSE.txt` beside it. Ids that are revoked or deprecated are in it,
//! too: reports of their time go on naming them.

use std::sync::LazyLock;

/// A tactic or technique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Technique {
    /// `T1059`, `T1059.001` or, for a tactic, `TA0002`.
    pub id: &'static str,
    /// `PowerShell`: of a sub-technique its own name, without its technique's.
    pub name: &'static str,
    tactics: &'static str,
}

impl Technique {
    /// The tactics that it serves, as STIX names their phases:
    /// `command-and-control`. Of a tactic, itself.
    pub fn tactics(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.tactics.split(',')
    }
}

/// All of them, by id.
static TECHNIQUES: LazyLock<Vec<Technique>> = LazyLock::new(|| {
    let read = |line: &'static str| {
        let (id, rest) = line.split_once('\t')?;
        let (name, tactics) = rest.split_once('\t')?;
        Some(Technique { id, name, tactics })
    };
    let lines = include_str!("attack/names.tsv").lines();
    lines.filter_map(read).collect()
});

/// The tactic or technique with this canonical id.
///
/// ```
/// use iocd_core::attack::technique;
///
/// let technique = technique("T1059.001").unwrap();
/// assert_eq!(technique.name, "PowerShell");
/// assert_eq!(technique.tactics().collect::<Vec<_>>(), ["execution"]);
/// ```
pub fn technique(id: &str) -> Option<Technique> {
    let at = TECHNIQUES
        .binary_search_by(|technique| technique.id.cmp(id))
        .ok()?;
    Some(TECHNIQUES[at])
}

/// Every tactic and technique, by id.
pub fn techniques() -> impl Iterator<Item = Technique> {
    TECHNIQUES.iter().copied()
}

/// The name of the tactic or technique with this canonical id.
pub fn name(id: &str) -> Option<&'static str> {
    technique(id).map(|technique| technique.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Kind, Value};

    #[test]
    fn the_table_is_whole_and_in_order() {
        assert_eq!(
            TECHNIQUES.len(),
            include_str!("attack/names.tsv").lines().count()
        );
        assert!(TECHNIQUES.is_sorted_by(|a, b| a.id < b.id));
        for technique in TECHNIQUES.iter() {
            let id = Value::parse(Kind::MitreAttack, technique.id).unwrap();
            assert_eq!(id.as_str(), technique.id);
            assert_eq!(technique.name.trim(), technique.name);
            assert!(!technique.name.is_empty() && technique.tactics().all(|name| !name.is_empty()));
            let parent = technique.id.split('.').next().unwrap();
            assert!(name(parent).is_some(), "{}", technique.id);
        }
    }

    #[test]
    fn names() {
        assert_eq!(name("TA0011"), Some("Command and Control"));
        assert_eq!(name("T1190"), Some("Exploit Public-Facing Application"));
        assert_eq!(name("T9999"), None);
        assert_eq!(name("G0007"), None);
        assert_eq!(name(""), None);
        let phases: Vec<_> = technique("T1078").unwrap().tactics().collect();
        assert!(phases.contains(&"initial-access") && phases.contains(&"persistence"));
    }
}
