//! The warning lists in force: those shipped, those of the settings, and what
//! the operator allows, as one [`WarningSet`].

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use iocd_core::warning::{
    EMPTY_FILE_HASH, FUTURE_CVE, LONG_URL, LOW_ENTROPY_HASH, NON_GLOBAL, NOT_A_TECHNIQUE, Pattern,
    UNKNOWN_TLD, WarningList, WarningListError, WarningSet, shipped,
};

use crate::config::WarningSettings;

mod file;
mod naming;

pub(crate) use naming::{is_to_be_doubted, write_names};

/// The name of the list of what the operator allows.
pub const ALLOWED: &str = "allowed";

/// Names that mean something else in `warnings`.
const TAKEN: [&str; 8] = [
    ALLOWED,
    EMPTY_FILE_HASH,
    FUTURE_CVE,
    LONG_URL,
    LOW_ENTROPY_HASH,
    NON_GLOBAL,
    NOT_A_TECHNIQUE,
    UNKNOWN_TLD,
];

/// Warning lists could not be used.
#[derive(Debug, thiserror::Error)]
pub enum WarningsError {
    /// A file or folder cannot be read.
    #[error("warning list {}: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is no warning list.
    #[error("warning list {}: {source}", .path.display())]
    List {
        /// Which.
        path: PathBuf,
        /// Why.
        source: WarningListError,
    },
    /// Two lists have one name.
    #[error(
        "warning list {}: there is another list named {name:?}{}; rename one of the files",
        .path.display(),
        .other.as_ref().map(|other| format!(" in {}", other.display())).unwrap_or_default()
    )]
    Name {
        /// The later one.
        path: PathBuf,
        /// The name.
        name: String,
        /// The earlier one; none where the name is one of the program's own.
        other: Option<PathBuf>,
    },
    /// There is no list in a folder, or there are too many.
    #[error("setting warnings.lists: {} {problem}", .path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// `informational` names a list that is not there.
    #[error("setting warnings.informational: there is no list {given:?}; known are {known}")]
    Unknown {
        /// What was given.
        given: String,
        /// All that are known.
        known: String,
    },
}

/// The warning lists in force.
#[derive(Debug)]
pub struct Warnings {
    /// All but what the operator allows: with that they are compiled anew.
    lists: Vec<WarningList>,
    notices: Vec<String>,
    set: ArcSwap<WarningSet>,
}

impl Default for Warnings {
    /// The shipped lists.
    fn default() -> Warnings {
        Warnings::of(shipped(), Vec::new())
    }
}

impl Warnings {
    /// Reads the lists that the settings name.
    pub fn load(settings: &WarningSettings) -> Result<Warnings, WarningsError> {
        let mut files = file::Files::default();
        for path in &settings.lists {
            files.read(path)?;
        }
        // Under the name of a shipped list, the operator's own replaces it.
        let mut lists: Vec<WarningList> = if settings.builtin {
            let is_replaced = |list: &WarningList| files.path_of(&list.name).is_some();
            let shipped = shipped().into_iter();
            shipped.filter(|list| !is_replaced(list)).collect()
        } else {
            Vec::new()
        };
        let (own, notices) = files.into_lists();
        lists.extend(own);
        for name in &settings.informational {
            let Some(list) = lists.iter_mut().find(|list| list.name == *name) else {
                let known: Vec<_> = lists.iter().map(|list| &*list.name).collect();
                return Err(WarningsError::Unknown {
                    given: name.clone(),
                    known: known.join(", "),
                });
            };
            list.withholds = false;
        }
        Ok(Warnings::of(lists, notices))
    }

    fn of(lists: Vec<WarningList>, notices: Vec<String>) -> Warnings {
        let set = ArcSwap::from_pointee(WarningSet::new(lists.clone()));
        Warnings {
            lists,
            notices,
            set,
        }
    }

    /// The lists in force, compiled.
    pub fn current(&self) -> Arc<WarningSet> {
        self.set.load_full()
    }

    /// Puts into force what the operator allows, instead of what was allowed
    /// before.
    pub fn allow(&self, patterns: &[Pattern]) {
        let has_allowed = |set: &WarningSet| set.lists().iter().any(|list| list.name == ALLOWED);
        if patterns.is_empty() && !has_allowed(&self.set.load()) {
            return;
        }
        let title = "Allowed by the operator";
        let mut lists = Vec::with_capacity(self.lists.len() + 1);
        if !patterns.is_empty() {
            let allowed = WarningList::from_patterns(ALLOWED, title, patterns);
            lists.push(allowed.expect("this name is good"));
        }
        lists.extend(self.lists.iter().cloned());
        self.set.store(Arc::new(WarningSet::new(lists)));
    }

    /// What an operator should hear about the lists that were read.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }
}

#[cfg(test)]
mod tests;
