//! Which warning lists are in force.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Deserialize;

/// Which warning lists are in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarningSettings {
    /// Files in MISP's format, and folders of them.
    pub lists: Vec<PathBuf>,
    /// Names of lists that only label what they cover, and keep nothing out of
    /// lists and exports.
    pub informational: Vec<String>,
    /// Whether the lists that come with the program are in force.
    pub builtin: bool,
}

impl Default for WarningSettings {
    fn default() -> Self {
        WarningSettings {
            lists: Vec::new(),
            informational: Vec::new(),
            builtin: true,
        }
    }
}

/// The table `[warnings]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenWarnings {
    /// See [`WarningSettings::lists`].
    pub lists: Option<Vec<PathBuf>>,
    /// See [`WarningSettings::informational`].
    pub informational: Option<Vec<String>>,
    /// See [`WarningSettings::builtin`].
    pub builtin: Option<bool>,
}

impl WrittenWarnings {
    pub(super) fn overridden_by(self, other: WrittenWarnings) -> WrittenWarnings {
        WrittenWarnings {
            lists: other.lists.or(self.lists),
            informational: other.informational.or(self.informational),
            builtin: other.builtin.or(self.builtin),
        }
    }

    pub(super) fn resolve(self) -> WarningSettings {
        WarningSettings {
            lists: self.lists.unwrap_or_default(),
            informational: self.informational.unwrap_or_default(),
            builtin: self.builtin.unwrap_or(true),
        }
    }
}

impl WarningSettings {
    pub(super) fn write_toml(&self, out: &mut String) {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let lists: Vec<_> = self
            .lists
            .iter()
            .map(|path| quoted(&path.to_string_lossy()))
            .collect();
        let informational: Vec<_> = self.informational.iter().map(|name| quoted(name)).collect();
        write!(
            out,
            "\n[warnings]\nlists = [{}]\ninformational = [{}]\nbuiltin = {}\n",
            lists.join(", "),
            informational.join(", "),
            self.builtin
        )
        .expect("writing to a String cannot fail");
    }
}
