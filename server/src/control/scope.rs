//! Scopes: what a key may be used for.

use std::fmt;
use std::str::FromStr;

use super::ControlError;

/// One permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)] // the names in the API say it
pub enum Scope {
    ReadIocs,
    ReadArticles,
    ExportArticles,
    ReadStix,
    ReadTaxii,
    ReadMisp,
    ReadCef,
    ReadOpenioc,
    ReadMetrics,
    ManageKeys,
    ManageFeeds,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 11] = [
        Scope::ReadIocs,
        Scope::ReadArticles,
        Scope::ExportArticles,
        Scope::ReadStix,
        Scope::ReadTaxii,
        Scope::ReadMisp,
        Scope::ReadCef,
        Scope::ReadOpenioc,
        Scope::ReadMetrics,
        Scope::ManageKeys,
        Scope::ManageFeeds,
    ];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::ReadIocs => "read:iocs",
            Scope::ReadArticles => "read:articles",
            Scope::ExportArticles => "read:articles:export",
            Scope::ReadStix => "read:stix",
            Scope::ReadTaxii => "read:taxii",
            Scope::ReadMisp => "read:misp",
            Scope::ReadCef => "read:cef",
            Scope::ReadOpenioc => "read:openioc",
            Scope::ReadMetrics => "read:metrics",
            Scope::ManageKeys => "manage:keys",
            Scope::ManageFeeds => "manage:feeds",
        }
    }
}

impl Scope {
    /// Whether it is to change what the server does, and not only to read.
    pub const fn manages(self) -> bool {
        matches!(self, Scope::ManageKeys | Scope::ManageFeeds)
    }
}

impl FromStr for Scope {
    type Err = ControlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Scope::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| ControlError::UnknownScope {
                given: text.chars().take(64).collect(),
                known: Scope::ALL.map(Scope::as_str).join(", "),
            })
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u16);

impl Scopes {
    /// What a key gets when nobody says otherwise: to read all that the API tells.
    pub fn reading() -> Scopes {
        Scope::ALL
            .into_iter()
            .filter(|scope| *scope != Scope::ReadMetrics && !scope.manages())
            .collect()
    }

    /// Whether the scope is among these.
    pub const fn contain(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// The scopes of the set.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.contain(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Scopes(
            scopes
                .into_iter()
                .fold(0, |set, scope| set | 1 << scope as u8),
        )
    }
}

impl fmt::Display for Scopes {
    /// The names, separated by spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for Scopes {
    type Err = ControlError;

    /// Reads names separated by spaces or commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split([' ', ','])
            .filter(|name| !name.is_empty())
            .map(str::parse)
            .collect()
    }
}
