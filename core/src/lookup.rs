//! All that is said of one value, summed up for a person.
//!
//! A [`Finding`] takes in the entries whose stated scope covers the value: those
//! about the value itself, about networks around it, about domains that cover
//! it. Its score is that of [`crate::score`] over all of them, under the warnings
//! about the value itself: where nothing but the value is claimed, it is the
//! score that its entries have.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::claim::{ClaimId, Confidence, Source, Status};
use crate::query::{Entry, EntrySink, Match};
use crate::score::{Caution, Evidence, Explanation};
use crate::value::{Kind, Value, is_non_global};
use crate::warning::{ALLOWED, WarningSet};

mod threat;

/// Entries that are taken into a finding at most, in the order of an answer.
pub const MAX_ENTRIES: u32 = 1_000;
/// Tags and techniques of a finding at most, the first ones by the alphabet.
const MAX_NAMES: usize = 100;

/// What is found of one value.
#[derive(Debug)]
pub struct Finding {
    /// The value.
    pub value: Value,
    /// The statements that cover it, in the order of an answer: active ones
    /// first, then the nearest, the surest, the newest.
    statements: Vec<Statement>,
    /// What the lists say of the value.
    caution: Caution,
    is_non_global: bool,
}

/// What one source says that covers the value: an entry, as far as it is told.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Of the entry.
    pub id: ClaimId,
    /// Who says so.
    pub source: Source,
    /// What it is about: the value, or what covers it.
    pub value: String,
    /// Why it covers the value, and from how far.
    pub matched: Match,
    /// Whether it holds.
    pub status: Status,
    /// 0-100.
    pub confidence: u8,
    /// Earliest sighting.
    pub first_seen: Option<Timestamp>,
    /// Latest sighting.
    pub last_seen: Option<Timestamp>,
    /// One sentence for a person.
    pub context: Option<String>,
    /// A URL that says more.
    pub reference: Option<String>,
    malware: Option<String>,
    tags: Vec<String>,
    techniques: Vec<String>,
}

/// What one source says, its statements together.
#[derive(Clone, Copy, Debug)]
pub struct Reporter<'a> {
    /// The first of its statements, in the order of an answer.
    pub statement: &'a Statement,
    /// Of all of them.
    pub first_seen: Option<Timestamp>,
    /// Of all of them.
    pub last_seen: Option<Timestamp>,
    /// How many they are.
    pub statements: usize,
}

impl Finding {
    /// Nothing yet of this value, under these warnings.
    pub fn new(value: Value, warnings: &WarningSet) -> Finding {
        let mut caution = Caution::None;
        warnings.visit(value.as_ref(), &mut |warning| {
            if warning.withholds {
                caution = caution.max(Caution::Withheld);
            }
            if warning.name == ALLOWED {
                caution = Caution::Allowed;
            }
        });
        Finding {
            statements: Vec::new(),
            caution,
            is_non_global: is_non_global(&value.as_ref()),
            value,
        }
    }

    /// The statements that were not taken back as wrong.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        let all = self.statements.iter();
        all.filter(|statement| statement.status != Status::FalsePositive)
    }

    /// Whether anybody says anything of the value. If not, nothing follows: it
    /// may be bad all the same.
    pub fn is_known(&self) -> bool {
        self.statements().next().is_some()
    }

    /// Active if any statement is; else how the first of them ended.
    pub fn status(&self) -> Option<Status> {
        self.statements().next().map(|statement| statement.status)
    }

    /// The highest confidence of the statements that hold; where none does, of
    /// all.
    pub fn confidence(&self) -> Option<Confidence> {
        let holds = |statement: &&Statement| statement.status == Status::Active;
        let active = self.statements().filter(holds);
        let highest = active.map(|statement| statement.confidence).max();
        let score = highest.or_else(|| self.statements().map(|said| said.confidence).max())?;
        Some(Confidence::from_score(score))
    }

    /// Earliest sighting by any source.
    pub fn first_seen(&self) -> Option<Timestamp> {
        self.statements().filter_map(|said| said.first_seen).min()
    }

    /// Latest sighting by any source.
    pub fn last_seen(&self) -> Option<Timestamp> {
        self.statements().filter_map(|said| said.last_seen).max()
    }

    /// The sources, in the order of their first statements.
    pub fn reporters(&self) -> Vec<Reporter<'_>> {
        let mut reporters: Vec<Reporter<'_>> = Vec::new();
        for statement in self.statements() {
            let name = &statement.source.name;
            let mut known = reporters.iter_mut();
            match known.find(|known| known.statement.source.name == *name) {
                Some(known) => known.add(statement),
                None => reporters.push(Reporter {
                    statement,
                    first_seen: statement.first_seen,
                    last_seen: statement.last_seen,
                    statements: 1,
                }),
            }
        }
        reporters
    }

    /// The malware family that the first statement to name one names.
    pub fn malware(&self) -> Option<&str> {
        self.statements().find_map(|said| said.malware.as_deref())
    }

    /// What kind of threat the value is part of, as tags, malware family and
    /// type tell: see `docs/lookup.md`.
    pub fn threat_type(&self) -> Option<&'static str> {
        let tags = self.statements().flat_map(|said| &said.tags);
        let tags: Vec<_> = tags.map(String::as_str).collect();
        threat::of_tags(&tags)
            .or_else(|| self.malware().map(|_| threat::MALWARE))
            .or_else(|| threat::of_kind(self.value.kind()).filter(|_| self.is_known()))
    }

    /// All tags, sorted.
    pub fn tags(&self) -> Vec<&str> {
        names(self.statements().flat_map(|said| &said.tags))
    }

    /// All ATT&CK ids, sorted; the value itself if it is one.
    pub fn techniques(&self) -> Vec<&str> {
        let said = self.statements().flat_map(|said| &said.techniques);
        let mut techniques = names(said);
        let own = self.value.as_str();
        if self.value.kind() == Kind::MitreAttack
            && let Err(at) = techniques.binary_search(&own)
        {
            techniques.insert(at, own);
        }
        techniques
    }

    /// The score, with every term; what was taken back as wrong is among them.
    pub fn explain(&self, now: Timestamp) -> Explanation<'_> {
        let is_expected = || {
            self.statements
                .iter()
                .any(|said| said.source.list_non_global)
        };
        let caution = if self.is_non_global && !is_expected() {
            self.caution.max(Caution::Withheld)
        } else {
            self.caution
        };
        let evidence = self.statements.iter().map(|said| Evidence {
            source: &said.source,
            confidence: said.confidence,
            status: said.status,
            last_seen: said.last_seen.unwrap_or(Timestamp::UNIX_EPOCH),
        });
        Explanation::new(self.value.kind(), evidence, caution, now)
    }

    /// Whether this entry is part of the finding.
    pub fn has(&self, entry: ClaimId) -> bool {
        self.statements.iter().any(|said| said.id == entry)
    }
}

impl Reporter<'_> {
    fn add(&mut self, statement: &Statement) {
        let times = self.first_seen.into_iter().chain(statement.first_seen);
        self.first_seen = times.min();
        self.last_seen = self.last_seen.max(statement.last_seen);
        self.statements += 1;
    }
}

/// Without repetitions, in order, so many as a finding may have.
fn names<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let sorted: BTreeSet<_> = names.map(String::as_str).collect();
    sorted.into_iter().take(MAX_NAMES).collect()
}

impl EntrySink for Finding {
    fn total(&mut self, _: u64) {}

    fn entry(&mut self, entry: &Entry<'_>) {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        self.statements.push(Statement {
            id: entry.id,
            source: entry.source.clone(),
            value: entry.value.to_owned(),
            matched: entry.matched.unwrap_or(Match::EXACT),
            status: entry.status,
            confidence: entry.confidence,
            first_seen: entry.first_seen,
            last_seen: entry.last_seen,
            context: entry.context.map(str::to_owned),
            reference: entry.references.first().map(|url| (*url).to_owned()),
            malware: entry.malware.map(str::to_owned),
            tags: owned(&entry.tags),
            techniques: owned(&entry.techniques),
        });
    }
}

#[cfg(test)]
mod tests;
