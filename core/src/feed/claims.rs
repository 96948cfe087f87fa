//! Rows into claims, by the rules of a format.

use jiff::{SignedDuration, Timestamp};

use super::cell::{printable, said, unescaped};
use super::date::read_date;
use super::mapping::{Mapping, Types, ValueFrom};
use super::Feed;
use crate::claim::{Claim, MAX_REFERENCES, Scope, Tlp};
use crate::normalize::{self, Lenience, Reading};
use crate::observation::{ColumnId, Observation};
use crate::value::{Kind, Value};

/// Longest context sentence, in characters.
const MAX_CONTEXT: usize = 500;
/// Longest tag or malware name, in characters.
const MAX_NAME: usize = 100;
/// Tags kept of one row.
const MAX_TAGS: usize = 64;
/// Values taken from one row.
const MAX_VALUES: usize = 1024;
/// Longest reference, in bytes.
const MAX_REFERENCE: usize = 2048;

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
    /// The first reason for which a value of the row was left out.
    left_out: Option<String>,
}

impl<'f> ClaimMaker<'f> {
    pub(super) fn new(feed: &'f Feed, mapping: &'f Mapping, now: Timestamp) -> ClaimMaker<'f> {
        let year = SignedDuration::from_hours(24 * 366);
        ClaimMaker {
            feed,
            mapping,
            lenience: Lenience::Feed { defanged: mapping.defanged },
            latest: now.checked_add(year).unwrap_or(Timestamp::MAX),
            found: Vec::new(),
            text: String::new(),
            left_out: None,
        }
    }

    /// The claims of a row, with the reason why further values were left out;
    /// or why there are none.
    pub(super) fn make(&mut self, row: &Observation) -> Result<(Vec<Claim>, Option<String>), String> {
        self.found.clear();
        self.left_out = None;
        let typed = self.row_type(row)?;
        for rule in 0..self.mapping.values.len() {
            self.find_values(row, rule, typed);
        }
        if self.found.is_empty() {
            return Err(self.left_out.take().unwrap_or_else(|| "the row has no value".to_owned()));
        }
        let mut found = std::mem::take(&mut self.found);
        let more = found.len() > 1;
        let mut claims: Vec<Claim> = Vec::with_capacity(found.len());
        // The row's own words, for every value of it.
        let mut common: Option<Claim> = None;
        for Found { value, port, subtree, file_name, raw, confidence } in found.drain(..) {
            if claims.iter().any(|claim| claim.value == value) {
                continue;
            }
            let mut claim = match &common {
                Some(common) => Claim { value, ..common.clone() },
                None => {
                    let mut claim = Claim::new(value, self.feed.confidence);
                    self.describe(row, file_name.as_deref(), &mut claim);
                    common = more.then(|| claim.clone());
                    claim
                }
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
        Ok((claims, self.left_out.take()))
    }

    /// What the row's type column says its values are.
    fn row_type(&self, row: &Observation) -> Result<Option<RowType<'f>>, String> {
        let Some(rule) = &self.mapping.type_rule else { return Ok(None) };
        let Some(name) = self.first(row, &rule.columns) else { return Ok(None) };
        // Most names are written in lower case, so the copy is seldom made.
        let known = rule.types.get(name).or_else(|| rule.types.get(&name.to_ascii_lowercase()));
        match known {
            Some(Some(types)) => Ok(Some(RowType::Known(types))),
            Some(None) => Err(format!("a {} is no indicator", printable(name, 40))),
            None => match name.to_ascii_lowercase().parse::<Kind>() {
                Ok(kind) => Ok(Some(RowType::Kind(kind))),
                Err(_) => Err(format!("unknown type {:?}", printable(name, 40))),
            },
        }
    }

    fn find_values(&mut self, row: &Observation, rule: usize, typed: Option<RowType<'f>>) {
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
                                self.find(row, part, &rule.types, typed, rule.confidence);
                            }
                        }
                        None => self.find(row, cell, &rule.types, typed, rule.confidence),
                    }
                }
            }
            ValueFrom::Template(template) => {
                let mut text = std::mem::take(&mut self.text);
                let empty = &self.mapping.empty;
                if template.render(row, &|cell| said(cell, empty), &mut text) {
                    self.find(row, &text, &rule.types, typed, rule.confidence);
                }
                self.text = text;
            }
            ValueFrom::Range(first, last) => {
                let Some(first) = self.first(row, std::slice::from_ref(first)) else { return };
                match self.first(row, std::slice::from_ref(last)) {
                    Some(last) => {
                        let text = format!("{first}-{last}");
                        self.find(row, &text, &rule.types, typed, rule.confidence);
                    }
                    None => self.find(row, first, &rule.types, typed, rule.confidence),
                }
            }
        }
    }

    /// Reads one value as the feed wrote it.
    fn find(
        &mut self,
        row: &Observation,
        cell: &str,
        types: &Types,
        typed: Option<RowType<'f>>,
        confidence: Option<u8>,
    ) {
        let Some(text) = said(cell, &self.mapping.empty) else { return };
        let text = if self.mapping.unescape_html { unescaped(text) } else { text.into() };
        if row.damaged && text.contains(char::REPLACEMENT_CHARACTER) {
            self.leave_out("the value is not UTF-8");
            return;
        }
        if self.found.len() >= MAX_VALUES {
            self.leave_out("the row has more than 1024 values");
            return;
        }
        let one;
        let kinds = match (typed, types) {
            (Some(RowType::Kind(kind)), _) => {
                one = [kind];
                &one[..]
            }
            (Some(RowType::Known(Types::Kinds(kinds))), _) | (None, Types::Kinds(kinds)) => kinds,
            (Some(RowType::Known(Types::Any)), _) | (None, Types::Any) => &[],
        };
        let reading = match kinds {
            [] => normalize::read_any(&text, self.lenience),
            [kind] => normalize::read(*kind, &text, self.lenience),
            kinds => self.read_one_of(kinds, &text),
        };
        match reading {
            Ok(reading) => {
                let raw = reading.raw.then(|| text.into_owned());
                let Reading { value, port, subtree, file_name, .. } = reading;
                self.found.push(Found { value, port, subtree, file_name, raw, confidence });
            }
            Err(refusal) => {
                if !self.find_range(&text, kinds, confidence) {
                    self.leave_out(&refusal.to_string());
                }
            }
        }
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
            || kinds.iter().any(|kind| matches!(kind, Kind::Ipv4 | Kind::Ipv6));
        if !may_be_network || !text.contains('-') {
            return false;
        }
        let Ok(values) = normalize::read_range(text) else { return false };
        if values.is_empty() || self.found.len() + values.len() > MAX_VALUES {
            return false;
        }
        let one = values.len() == 1;
        for value in values {
            let raw = (!one).then(|| text.to_owned());
            let plain = Found { value, port: None, subtree: false, file_name: None, raw, confidence };
            self.found.push(plain);
        }
        true
    }

    fn leave_out(&mut self, reason: &str) {
        if self.left_out.is_none() {
            self.left_out = Some(reason.to_owned());
        }
    }

    /// Everything that a row says besides its values.
    fn describe(&mut self, row: &Observation, file_name: Option<&str>, claim: &mut Claim) {
        let mapping = self.mapping;
        claim.first_seen = self.date(row, &mapping.first_seen);
        claim.last_seen = self.date(row, &mapping.last_seen);
        if let (Some(first), Some(last)) = (claim.first_seen, claim.last_seen)
            && last < first
        {
            claim.last_seen = Some(first);
        }
        claim.expires_at = mapping.expires_at.iter().find_map(|id| {
            row.cells(*id).find_map(|cell| read_date(said(cell, &mapping.empty)?, mapping.date_order))
        });
        if let Some(rule) = &mapping.confidence
            && let Some(confidence) = self.first(row, &rule.columns).and_then(|cell| rule.read(cell))
        {
            claim.confidence = confidence;
        }
        claim.malware = match self.first(row, &mapping.malware) {
            Some(name) => said(self.strip(name), &mapping.empty).map(|name| printable(name, MAX_NAME)),
            None => None,
        }
        .or_else(|| self.feed.malware.clone());
        self.add_tags(row, claim);
        claim.techniques.clone_from(&self.feed.techniques);
        for cell in mapping.ports.iter().flat_map(|id| row.cells(*id)) {
            let numbers = cell.split([',', ' ', '|', ';']).filter_map(|part| part.trim().parse().ok());
            claim.ports.extend(numbers.filter(|port: &u16| *port != 0).take(MAX_TAGS));
        }
        claim.ports.sort_unstable();
        claim.ports.dedup();
        self.add_references(row, claim);
        claim.tlp = self.first(row, &mapping.tlp).and_then(read_tlp);
        claim.context = self.context(row).or_else(|| Some(format!("File name: {}", printable(file_name?, MAX_CONTEXT))));
    }

    fn context(&mut self, row: &Observation) -> Option<String> {
        let empty = &self.mapping.empty;
        let template = self.mapping.context.as_ref()?;
        if !template.render(row, &|cell| said(cell, empty), &mut self.text) {
            return None;
        }
        let text = &*self.text;
        let context = if self.mapping.unescape_html {
            printable(&unescaped(text), MAX_CONTEXT)
        } else {
            printable(text, MAX_CONTEXT)
        };
        (!context.is_empty()).then_some(context)
    }

    fn add_tags(&self, row: &Observation, claim: &mut Claim) {
        let mapping = self.mapping;
        claim.tags.clone_from(&mapping.fixed_tags);
        for cell in mapping.tags.iter().flat_map(|id| row.cells(*id)) {
            let Some(cell) = said(cell, &mapping.empty) else { continue };
            for tag in cell.split(&mapping.tag_separators[..]) {
                let tag = tag.trim().trim_start_matches('#');
                if let Some(tag) = said(tag, &mapping.empty)
                    && claim.tags.len() < MAX_TAGS
                {
                    claim.tags.push(printable(tag, MAX_NAME));
                }
            }
        }
        claim.tags.sort_unstable();
        claim.tags.dedup();
    }

    fn add_references(&mut self, row: &Observation, claim: &mut Claim) {
        let mapping = self.mapping;
        for template in &mapping.references {
            if let Some(ids) = template.sole_columns() {
                for cell in ids.iter().flat_map(|id| row.cells(*id)) {
                    self.take_references(cell, claim);
                }
            } else {
                let mut text = std::mem::take(&mut self.text);
                if template.render(row, &|cell| said(cell, &mapping.empty), &mut text) {
                    self.take_references(&text, claim);
                }
                self.text = text;
            }
        }
    }

    /// Every http(s) address in a text that may be prose.
    fn take_references(&self, text: &str, claim: &mut Claim) {
        let mut rest = text;
        while claim.references.len() < MAX_REFERENCES
            && let Some(start) = rest.find("http")
        {
            rest = &rest[start..];
            let is_end = |char: char| {
                char.is_whitespace() || char.is_control() || matches!(char, '"' | '<' | '>' | '`' | '|' | ';')
            };
            let (url, after) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
            rest = after;
            if !(url.starts_with("https://") || url.starts_with("http://")) {
                continue;
            }
            let url = url.trim_end_matches([',', '.', ')', '\'']);
            let url = if self.mapping.unescape_html { unescaped(url) } else { url.into() };
            if url.len() <= MAX_REFERENCE && !claim.references.iter().any(|known| *known == url) {
                claim.references.push(url.into_owned());
            }
        }
    }

    fn date(&self, row: &Observation, ids: &[ColumnId]) -> Option<Timestamp> {
        let cells = ids.iter().flat_map(|id| row.cells(*id));
        cells
            .filter_map(|cell| read_date(said(cell, &self.mapping.empty)?, self.mapping.date_order))
            .find(|date| *date <= self.latest)
    }

    /// The first cell of these columns that says something.
    fn first<'r>(&self, row: &'r Observation, ids: &[ColumnId]) -> Option<&'r str> {
        let empty = &self.mapping.empty;
        ids.iter().find_map(|id| row.cells(*id).find_map(|cell| said(cell, empty)))
    }

    fn strip<'t>(&self, name: &'t str) -> &'t str {
        let mut name = name.trim();
        for words in &self.mapping.malware_strip {
            name = name.strip_prefix(&**words).unwrap_or(name);
            name = name.strip_suffix(&**words).unwrap_or(name).trim();
        }
        name
    }
}

/// What the type column of a row says.
#[derive(Clone, Copy)]
enum RowType<'f> {
    /// A name that the format translates.
    Known(&'f Types),
    /// A type of the API by its own name.
    Kind(Kind),
}

/// Whether it is worth trying: a cheap look, never wrong about what is valid.
fn may_be(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Ipv6 => memchr::memchr_iter(b':', text.as_bytes()).nth(1).is_some(),
        Kind::Ipv4 => !text.bytes().any(|byte| matches!(byte, b'g'..=b'w' | b'y'..=b'z' | b'_')),
        _ => true,
    }
}

fn read_tlp(text: &str) -> Option<Tlp> {
    let lower = text.to_ascii_lowercase();
    Some(match lower.strip_prefix("tlp:").unwrap_or(&lower) {
        "clear" | "white" => Tlp::Clear,
        "green" => Tlp::Green,
        "amber" => Tlp::Amber,
        "amber+strict" => Tlp::AmberStrict,
        "red" => Tlp::Red,
        _ => return None,
    })
}
