//! One list.

use super::rule::Rule;

/// The longest name of a list, in bytes.
const MAX_NAME: usize = 64;

/// The most refused entries of a list whose reasons are kept.
const MAX_REASONS: usize = 5;

/// The most of an entry that is quoted, in characters.
const MAX_QUOTED: usize = 80;

/// One list of values that are worth a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarningList {
    /// What stands in `warnings`: letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// What the list is, for people.
    pub title: String,
    /// Whether what it covers stays out of lists and exports; else it is only
    /// labelled.
    pub withholds: bool,
    pub(super) rules: Vec<Rule>,
    pub(super) entries: usize,
    pub(super) refused: u64,
}

impl WarningList {
    /// A list of nothing yet.
    pub(super) fn new(name: &str, title: &str) -> Result<WarningList, WarningListError> {
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(good) {
            return Err(WarningListError::Name { given: quote(name) });
        }
        Ok(WarningList {
            name: name.to_owned(),
            title: title
                .chars()
                .filter(|c| !c.is_control())
                .take(256)
                .collect(),
            withholds: true,
            rules: Vec::new(),
            entries: 0,
            refused: 0,
        })
    }

    /// How many entries it has that were read.
    pub fn entries(&self) -> usize {
        self.entries
    }
}

/// Entries of a list that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// How many.
    pub count: u64,
    /// The first few of them.
    pub first: Vec<RefusedEntry>,
}

impl Refused {
    pub(super) fn add(&mut self, entry: &str, reason: String) {
        self.count += 1;
        if self.first.len() < MAX_REASONS {
            let entry = quote(entry);
            self.first.push(RefusedEntry { entry, reason });
        }
    }
}

/// An entry that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedEntry {
    /// As written; only its beginning, if it is long.
    pub entry: String,
    /// Why.
    pub reason: String,
}

fn quote(text: &str) -> String {
    text.chars().take(MAX_QUOTED).collect()
}

/// A list could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WarningListError {
    /// The name cannot stand in `warnings`.
    #[error(
        "a list cannot be named {given:?}: a name has up to 64 letters, digits, '.', '_' and '-'"
    )]
    Name {
        /// Its beginning.
        given: String,
    },
    /// The file is too large.
    #[error("the list has {given} bytes; at most 64 MiB are read")]
    TooLarge {
        /// Its size in bytes.
        given: usize,
    },
    /// No JSON, no `list`, or too many entries.
    #[error("this is no warning list in MISP's format: {message}")]
    Syntax {
        /// With line and column.
        message: String,
    },
    /// The type is none of MISP's.
    #[error("unknown type {given:?}: expected one of string, hostname, substring, cidr, regex")]
    Type {
        /// What was given.
        given: String,
    },
}
