//! Rows into claims, by the rules of a format.

mod describe;
mod several;

pub(super) use self::describe::read_tlp;

use jiff::{SignedDuration, Timestamp};

use super::Feed;
use super::cell::{printable, said, unescaped};
use super::mapping::{Mapping, Types, ValueFrom, ValueRule};
use super::vocabulary::{Meaning, meaning};
use crate::claim::{Claim, Scope};
use crate::normalize::{self, Lenience, Reading};
use crate::observation::{ColumnId, Observation};
use crate::value::{Kind, Value};

/// Longest tag or malware name, in characters.
const MAX_NAME: usize = 100;
/// Values taken from one row.
const MAX_VALUES: usize = 1024;

/// A value of a row, and how sure the rule that found it is.
struct Found {
    value: Value,
    port: Option<u16>,
    subtree: bool,
    file_name: Option<String>,
    /// As the feed wrote it, if the canonical form says less.
    raw: Option<String>,
    confidence: Option<u8>,
}

/// Makes claims of a format's rows. Holds buffers, so one serves a whole input.
pub(super) struct ClaimMaker<'f> {
    feed: &'f Feed,
    mapping: &'f Mapping,
    lenience: Lenience,
    /// Times after this are mistakes of the source.
    latest: Timestamp,
    found: Vec<Found>,
    text: String,
    /// The first value of the row that was left out, and why.
    left_out: Option<(String, String)>,
}

impl<'f> ClaimMaker<'f> {
    pub(super) fn new(feed: &'f Feed, mapping: &'f Mapping, now: Timestamp) -> ClaimMaker<'f> {
        let year = SignedDuration::from_hours(24 * 366);
        ClaimMaker {
            feed,
            mapping,
            lenience: Lenience::Feed {
                defanged: mapping.defanged,
            },
            latest: now.checked_add(year).unwrap_or(Timestamp::MAX),
            found: Vec::new(),
            text: String::new(),
            left_out: None,
        }
    }

    /// The claims of a row, with the reason why further values were left out;
    /// or why there are none.
    pub(super) fn make(
        &mut self,
        row: &Observation,
    ) -> Result<(Vec<Claim>, Option<String>), String> {
        self.found.clear();
        self.left_out = None;
        let said_type = self.row_type(row)?;
        for rule in 0..self.mapping.values.len() {
            self.find_values(row, rule, said_type);
        }
        if self.found.is_empty() {
            return Err(match self.left_out.take() {
                Some((_, reason)) => reason,
                None => "the row has no value".to_owned(),
            });
        }
        let mut found = std::mem::take(&mut self.found);
        let more = found.len() > 1;
        let mut claims: Vec<Claim> = Vec::with_capacity(found.len());
        // The row's own words, for every value of it.
        let mut common: Option<Claim> = None;
        for Found {
            value,
            port,
            subtree,
            file_name,
            raw,
            confidence,
        } in found.drain(..)
        {
            if claims.iter().any(|claim| claim.value == value) {
                continue;
            }
            let mut claim = if let Some(common) = &common {
                Claim {
                    value,
                    ..common.clone()
                }
            } else {
                let mut claim = Claim::new(value, self.feed.confidence);
                self.describe(row, file_name.as_deref(), &mut claim);
                common = more.then(|| claim.clone());
                claim
            };
            claim.raw = raw;
            let is_name = claim.value.kind() == Kind::Domain;
            let below = subtree || (is_name && self.mapping.scope == Scope::Subtree);
            claim.scope = if below { Scope::Subtree } else { Scope::Exact };
            if let Some(confidence) = confidence {
                claim.confidence = confidence;
            }
            if let Some(port) = port
                && let Err(place) = claim.ports.binary_search(&port)
            {
                claim.ports.insert(place, port);
            }
            claims.push(claim);
        }
        self.found = found;
        let partly = self
            .left_out
            .take()
            .map(|(value, reason)| format!("{value:?}: {reason}"));
        Ok((claims, partly))
    }

    /// Whether the source takes back what the row says.
    pub(super) fn is_withdrawn(&self, row: &Observation) -> bool {
        let said = self.first(row, &self.mapping.withdrawn);
        said.is_some_and(|cell| cell.eq_ignore_ascii_case("true"))
    }

    /// What the row's type column says its values are.
    fn row_type(&self, row: &Observation) -> Result<Option<RowType<'f>>, String> {
        let Some(rule) = &self.mapping.type_rule else {
            return Ok(None);
        };
        let Some(name) = self.first(row, &rule.columns) else {
            return Ok(None);
        };
        // Most names are written in lower case, so the copy is seldom made.
        let known = rule
            .types
            .get(name)
            .or_else(|| rule.types.get(&name.to_ascii_lowercase()));
        match known {
            Some(Some(types)) => Ok(Some(RowType::Known(types))),
            Some(None) => Err(no_indicator(name)),
            None => match name.to_ascii_lowercase().parse::<Kind>() {
                Ok(kind) if !rule.common => Ok(Some(RowType::Kind(kind))),
                _ if rule.common => match meaning(name) {
                    Some(Meaning::Kinds(kinds)) => Ok(Some(RowType::Common(kinds))),
                    Some(Meaning::NoIndicator) => Err(no_indicator(name)),
                    None => Ok(Some(RowType::Unknown)),
                },
                _ => Err(format!("unknown type {:?}", printable(name, 40))),
            },
        }
    }

    fn find_values(&mut self, row: &Observation, rule: usize, said_type: Option<RowType<'f>>) {
        let rule = &self.mapping.values[rule];
        match &rule.from {
            ValueFrom::Columns(ids) => {
                let empty = &self.mapping.empty;
                let Some(id) = ids
                    .iter()
                    .find(|id| row.cells(**id).any(|cell| said(cell, empty).is_some()))
                else {
                    return;
                };
                for cell in row.cells(*id) {
                    match rule.split {
                        Some(split) => {
                            for part in cell.split(split) {
                                self.find(row, part, rule, said_type);
                            }
                        }
                        None => self.find(row, cell, rule, said_type),
                    }
                }
            }
            ValueFrom::Template(template) => {
                let mut text = std::mem::take(&mut self.text);
                let empty = &self.mapping.empty;
                if template.render(row, &|cell| said(cell, empty), &mut text) {
                    self.find(row, &text, rule, said_type);
                }
                self.text = text;
            }
            ValueFrom::Range(first, last) => {
                let Some(first) = self.first(row, std::slice::from_ref(first)) else {
                    return;
                };
                match self.first(row, std::slice::from_ref(last)) {
                    Some(last) => {
                        let text = format!("{first}-{last}");
                        self.find(row, &text, rule, said_type);
                    }
                    None => self.find(row, first, rule, said_type),
                }
            }
        }
    }

    /// Reads one value as the feed wrote it.
    fn find(
        &mut self,
        row: &Observation,
        cell: &str,
        rule: &ValueRule,
        said_type: Option<RowType<'f>>,
    ) {
        let Some(text) = said(cell, &self.mapping.empty) else {
            return;
        };
        let text = if self.mapping.unescape_html {
            unescaped(text)
        } else {
            text.into()
        };
        if row.damaged && text.contains(char::REPLACEMENT_CHARACTER) {
            self.leave_out(&text, "the value is not UTF-8");
            return;
        }
        if rule.mentions {
            self.find_mentions(&text, rule.confidence);
            return;
        }
        if self.found.len() >= MAX_VALUES {
            self.leave_out(&text, "the row has more than 1024 values");
            return;
        }
        let one;
        let kinds = match (said_type, &rule.types) {
            (Some(RowType::Kind(kind)), _) => {
                one = [kind];
                &one[..]
            }
            (Some(RowType::Common(kinds)), _) => kinds,
            (Some(RowType::Known(Types::Kinds(kinds))), _) | (None, Types::Kinds(kinds)) => kinds,
            (Some(RowType::Known(Types::Any)), _) | (None, Types::Any) => &[],
            (Some(RowType::Unknown), _) => {
                if !self.find_mentions(&text, rule.confidence) {
                    self.leave_out(&text, "its type is not known, and it mentions no indicator");
                }
                return;
            }
        };
        match self.read(&text, kinds) {
            Ok(reading) => self.keep(reading, &text, rule.confidence),
            Err(refusal) => {
                if self.find_range(&text, kinds, rule.confidence)
                    || rule.several && self.find_several(&text, kinds, rule.confidence)
                {
                    return;
                }
                match refusal.kind {
                    // Whatever it was tried as last says nothing about a path.
                    None if text.starts_with('/') => {
                        self.leave_out(&text, "a path without a host is no indicator");
                    }
                    None => self.leave_out(&text, &refusal.reason.to_string()),
                    Some(kind) => self.leave_out(&text, &format!("as {kind}: {}", refusal.reason)),
                }
            }
        }
    }

    /// Reads a text as one of `kinds`, or as whatever it is where there are none.
    fn read(&self, text: &str, kinds: &[Kind]) -> Result<Reading, normalize::Refusal> {
        match kinds {
            [] => normalize::read_any(text, self.lenience),
            [kind] => normalize::read(*kind, text, self.lenience),
            kinds => self.read_one_of(kinds, text),
        }
    }

    fn keep(&mut self, reading: Reading, text: &str, confidence: Option<u8>) {
        self.found.push(Found {
            value: reading.value,
            port: reading.port,
            subtree: reading.subtree,
            file_name: reading.file_name,
            raw: reading.raw.then(|| text.to_owned()),
            confidence,
        });
    }

    /// The first of several types that the text is. The reason for a refusal is
    /// that of the type it looks most like.
    fn read_one_of(&self, kinds: &[Kind], text: &str) -> Result<Reading, normalize::Refusal> {
        let mut refusal = None;
        for kind in kinds {
            if !may_be(*kind, text) {
                continue;
            }
            match normalize::read(*kind, text, self.lenience) {
                Ok(reading) => return Ok(reading),
                Err(reason) => refusal = refusal.or(Some(reason)),
            }
        }
        match refusal {
            Some(refusal) => Err(refusal),
            None => normalize::read(kinds[0], text, self.lenience),
        }
    }

    /// `first-last` as the networks that cover it.
    fn find_range(&mut self, text: &str, kinds: &[Kind], confidence: Option<u8>) -> bool {
        let may_be_network = kinds.is_empty()
            || kinds
                .iter()
                .any(|kind| matches!(kind, Kind::Ipv4 | Kind::Ipv6));
        if !may_be_network || !text.contains('-') {
            return false;
        }
        let Ok(values) = normalize::read_range(text) else {
            return false;
        };
        if values.is_empty() || self.found.len() + values.len() > MAX_VALUES {
            return false;
        }
        let one = values.len() == 1;
        for value in values {
            let raw = (!one).then(|| text.to_owned());
            let plain = Found {
                value,
                port: None,
                subtree: false,
                file_name: None,
                raw,
                confidence,
            };
            self.found.push(plain);
        }
        true
    }

    fn leave_out(&mut self, value: &str, reason: &str) {
        if self.left_out.is_none() {
            self.left_out = Some((printable(value, MAX_NAME), reason.to_owned()));
        }
    }

    /// The first cell of these columns that says something.
    fn first<'r>(&self, row: &'r Observation, ids: &[ColumnId]) -> Option<&'r str> {
        let empty = &self.mapping.empty;
        ids.iter()
            .find_map(|id| row.cells(*id).find_map(|cell| said(cell, empty)))
    }
}

/// What the type column of a row says.
#[derive(Clone, Copy)]
enum RowType<'f> {
    /// A name that the format translates.
    Known(&'f Types),
    /// A type of the API by its own name.
    Kind(Kind),
    /// A word that publishers commonly use.
    Common(&'static [Kind]),
    /// A word that nobody knows, where such may be.
    Unknown,
}

fn no_indicator(name: &str) -> String {
    format!("type {:?} is no indicator", printable(name, 40))
}

/// Whether it is worth trying: a cheap look, never wrong about what is valid.
fn may_be(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Ipv6 => memchr::memchr_iter(b':', text.as_bytes()).nth(1).is_some(),
        Kind::Ipv4 => !text
            .bytes()
            .any(|byte| matches!(byte, b'g'..=b'w' | b'y'..=b'z' | b'_')),
        _ => true,
    }
}
