//! A reading in the making.

use std::borrow::Cow;

use super::{Lenience, Reading, change};
use crate::value::{self, Kind, Reason, Value, ValueRef};
use crate::warning;

#[derive(Clone)]
pub(super) struct Draft {
    pub(super) lenience: Lenience,
    /// Whether this type was asked for by name.
    pub(super) asked: bool,
    changes: Vec<&'static str>,
    pub(super) port: Option<u16>,
    pub(super) subtree: bool,
    pub(super) raw: bool,
    pub(super) file_name: Option<String>,
}

impl Draft {
    pub(super) fn new(lenience: Lenience, asked: bool) -> Draft {
        Draft {
            lenience,
            asked,
            changes: Vec::new(),
            port: None,
            subtree: false,
            raw: false,
            file_name: None,
        }
    }

    pub(super) fn note(&mut self, change: &'static str) {
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    pub(super) fn note_all(&mut self, changes: &[&'static str]) {
        for change in changes {
            self.note(change);
        }
    }

    pub(super) fn has(&self, change: &str) -> bool {
        self.changes.contains(&change)
    }

    /// Reads a plain spelling, which ends the work.
    pub(super) fn parse(self, kind: Kind, spelled: &str) -> Result<Reading, Reason> {
        let canonical = value::canonical(kind, spelled)?;
        self.finish(kind, spelled, canonical)
    }

    /// Ends the work with the canonical form of `spelled`.
    pub(super) fn finish(
        mut self,
        kind: Kind,
        spelled: &str,
        canonical: Cow<'_, str>,
    ) -> Result<Reading, Reason> {
        if spelled != canonical {
            self.note_difference(kind, spelled, &canonical);
        }
        let mut warnings = Vec::new();
        let value = ValueRef {
            kind,
            text: &canonical,
        };
        match kind {
            Kind::Ipv4 | Kind::Ipv6 | Kind::Cve => {}
            Kind::Domain | Kind::Url | Kind::Email => {
                if value.host().is_some_and(is_unknown_name) {
                    if self.lenience == Lenience::Prose {
                        return Err(Reason::UnknownTld);
                    }
                    warnings.push(warning::UNKNOWN_TLD);
                }
                if kind == Kind::Url && canonical.len() > value::url::MAX_URL {
                    if self.lenience == Lenience::Prose {
                        return Err(Reason::UrlTooLong);
                    }
                    self.raw = true;
                    warnings.push(warning::LONG_URL);
                }
            }
            Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => {
                if value::hash::is_empty_file(&canonical) {
                    warnings.push(warning::EMPTY_FILE_HASH);
                } else if value::hash::is_low_entropy(&canonical) {
                    warnings.push(warning::LOW_ENTROPY_HASH);
                }
            }
            Kind::MitreAttack => {
                if value::attack::is_no_technique(&canonical) {
                    warnings.push(warning::NOT_A_TECHNIQUE);
                }
            }
        }
        if value::is_non_global(&value) {
            warnings.push(warning::NON_GLOBAL);
        }
        Ok(Reading {
            value: Value::trusted(kind, canonical),
            changes: self.changes,
            port: self.port,
            subtree: self.subtree,
            warnings,
            raw: self.raw,
            file_name: self.file_name,
        })
    }

    fn note_difference(&mut self, kind: Kind, spelled: &str, canonical: &str) {
        match kind {
            Kind::Ipv4 | Kind::Ipv6 => {
                if value::ip::has_host_bits(spelled) {
                    self.raw = true;
                    self.note(change::HOST_BITS_MASKED);
                } else {
                    self.note(change::ADDRESS_NORMALIZED);
                }
            }
            Kind::Domain => {
                let dotless = spelled.strip_suffix('.').unwrap_or(spelled);
                if dotless.len() != spelled.len() {
                    self.note(change::ROOT_DOT_REMOVED);
                }
                if !dotless.is_ascii() {
                    self.note(change::IDN_ENCODED);
                } else if dotless != canonical {
                    self.note(change::CASE_FOLDED);
                }
            }
            Kind::Url => {
                if spelled.contains('#') {
                    self.raw = true;
                    self.note(change::FRAGMENT_REMOVED);
                }
                if spelled.split('#').next() != Some(canonical) {
                    self.note(change::URL_NORMALIZED);
                }
            }
            Kind::Email => {
                let mailbox = |address: &str| address.rfind('@').unwrap_or(address.len());
                let (from, to) = (mailbox(spelled), mailbox(canonical));
                self.raw |= spelled[..from] != canonical[..to];
                self.note(
                    if spelled.eq_ignore_ascii_case(canonical) || spelled.is_ascii() {
                        change::CASE_FOLDED
                    } else {
                        change::IDN_ENCODED
                    },
                );
            }
            _ => self.note(change::CASE_FOLDED),
        }
    }
}

fn is_unknown_name(host: &str) -> bool {
    !value::url::is_address(host) && !value::domain::has_known_suffix(host)
}
