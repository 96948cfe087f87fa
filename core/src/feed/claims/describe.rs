//! What a row says besides its values.

use jiff::Timestamp;

use super::{ClaimMaker, MAX_NAME};
use crate::claim::{Claim, MAX_REFERENCES, Tlp};
use crate::feed::cell::{printable, said, unescaped};
use crate::feed::date::read_date;
use crate::observation::{ColumnId, Observation};
use crate::sector::sector;
use crate::value::AttackId;

/// Longest context sentence, in characters.
const MAX_CONTEXT: usize = 500;
/// Tags kept of one row.
const MAX_TAGS: usize = 64;
/// Longest reference, in bytes.
const MAX_REFERENCE: usize = 2048;

impl ClaimMaker<'_> {
    /// Everything that a row says besides its values.
    pub(super) fn describe(
        &mut self,
        row: &Observation,
        file_name: Option<&str>,
        claim: &mut Claim,
    ) {
        let mapping = self.mapping;
        claim.first_seen = self.date(row, &mapping.first_seen);
        claim.last_seen = self.date(row, &mapping.last_seen);
        if let (Some(first), Some(last)) = (claim.first_seen, claim.last_seen)
            && last < first
        {
            claim.last_seen = Some(first);
        }
        claim.expires_at = mapping.expires_at.iter().find_map(|id| {
            row.cells(*id)
                .find_map(|cell| read_date(said(cell, &mapping.empty)?, mapping.date_order))
        });
        if let Some(rule) = &mapping.confidence
            && let Some(confidence) = self
                .first(row, &rule.columns)
                .and_then(|cell| rule.read(cell))
        {
            claim.confidence = confidence;
        }
        claim.malware = match self.first(row, &mapping.malware) {
            Some(name) => {
                said(self.strip(name), &mapping.empty).map(|name| printable(name, MAX_NAME))
            }
            None => None,
        }
        .or_else(|| self.feed.malware.clone());
        self.add_tags(row, claim);
        self.add_techniques(row, claim);
        self.add_sectors(row, claim);
        for cell in mapping.ports.iter().flat_map(|id| row.cells(*id)) {
            let numbers = cell
                .split([',', ' ', '|', ';'])
                .filter_map(|part| part.trim().parse().ok());
            claim
                .ports
                .extend(numbers.filter(|port: &u16| *port != 0).take(MAX_TAGS));
        }
        claim.ports.sort_unstable();
        claim.ports.dedup();
        self.add_references(row, claim);
        claim.tlp = self.first(row, &mapping.tlp).and_then(read_tlp);
        claim.context = self
            .context(row)
            .or_else(|| Some(format!("File name: {}", printable(file_name?, MAX_CONTEXT))));
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
            let Some(cell) = said(cell, &mapping.empty) else {
                continue;
            };
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

    /// What is no technique goes unsaid: sources write all sorts of things there.
    fn add_techniques(&self, row: &Observation, claim: &mut Claim) {
        claim.techniques.clone_from(&self.feed.techniques);
        let cells = self.mapping.techniques.iter().flat_map(|id| row.cells(*id));
        for cell in cells {
            let names = cell.split([',', ';', '|', ' ']);
            let read =
                names.filter_map(|name| name.trim().to_ascii_uppercase().parse::<AttackId>().ok());
            let read =
                read.filter(|id| id.as_str().starts_with('T') && !id.as_str().starts_with("TA"));
            claim
                .techniques
                .extend(read.map(|id| id.as_str().to_owned()).take(MAX_TAGS));
        }
        claim.techniques.sort_unstable();
        claim.techniques.dedup();
        claim.techniques.truncate(MAX_TAGS);
    }

    fn add_sectors(&self, row: &Observation, claim: &mut Claim) {
        let cells = self.mapping.sectors.iter().flat_map(|id| row.cells(*id));
        let slugs = cells.map(|cell| cell.trim().to_ascii_lowercase().replace([' ', '_'], "-"));
        claim.sectors = slugs
            .filter_map(|slug| Some(sector(&slug)?.to_owned()))
            .collect();
        claim.sectors.sort_unstable();
        claim.sectors.dedup();
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
            && let Some(start) = next_address(rest)
        {
            rest = &rest[start..];
            let is_end = |char: char| {
                char.is_whitespace()
                    || char.is_control()
                    || matches!(char, '"' | '<' | '>' | '`' | '|' | ';')
            };
            let is_plain = |byte: u8| byte.is_ascii_graphic() && !is_end(char::from(byte));
            let odd = rest.bytes().position(|byte| !is_plain(byte));
            let end = odd.and_then(|odd| Some(odd + rest[odd..].find(is_end)?));
            let (url, after) = rest.split_at(end.unwrap_or(rest.len()));
            rest = after;
            if !(url.starts_with("https://") || url.starts_with("http://")) {
                continue;
            }
            let url = url.trim_end_matches([',', '.', ')', '\'']);
            let url = if self.mapping.unescape_html {
                unescaped(url)
            } else {
                url.into()
            };
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

    fn strip<'t>(&self, name: &'t str) -> &'t str {
        let mut name = name.trim();
        for words in &self.mapping.malware_strip {
            name = name.strip_prefix(&**words).unwrap_or(name);
            name = name.strip_suffix(&**words).unwrap_or(name).trim();
        }
        name
    }
}

pub(in crate::feed) fn read_tlp(text: &str) -> Option<Tlp> {
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

/// Where `http` stands next; mostly at the very beginning.
fn next_address(text: &str) -> Option<usize> {
    if text.starts_with("http") {
        return Some(0);
    }
    memchr::memmem::find(text.as_bytes(), b"http")
}
