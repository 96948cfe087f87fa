//! Statements: what a document says of some values, until it is given as rows.

use super::cell::printable;
use super::connector::Sink;
use super::machine_tag::Tag;
use crate::claim::Tlp;

use crate::observation::{ColumnId, Columns, Observation};

/// Values of one row.
const MAX_ROW_VALUES: usize = 1000;

/// Tags of one object.
const MAX_TAGS: usize = 64;

/// Longest tag, in bytes: what is longer is prose.
const MAX_TAG: usize = 256;

/// What else is said where the hashes of a file are named, in characters; a
/// context is cut at its end.
const MAX_BESIDE_HASHES: usize = 150;

/// The columns of formats that say themselves what everything in them is; see
/// `docs/feeds.md`.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)] // the names say it
pub(super) struct StandardColumns {
    pub(super) value: ColumnId,
    pub(super) kind: ColumnId,
    pub(super) first_seen: ColumnId,
    pub(super) last_seen: ColumnId,
    pub(super) expires_at: ColumnId,
    pub(super) confidence: ColumnId,
    pub(super) malware: ColumnId,
    pub(super) technique: ColumnId,
    pub(super) sector: ColumnId,
    pub(super) tag: ColumnId,
    pub(super) reference: ColumnId,
    pub(super) port: ColumnId,
    pub(super) tlp: ColumnId,
    pub(super) context: ColumnId,
    pub(super) withdrawn: ColumnId,
}

impl StandardColumns {
    pub(super) fn new(columns: &mut Columns) -> StandardColumns {
        StandardColumns {
            value: columns.intern("value"),
            kind: columns.intern("type"),
            first_seen: columns.intern("first_seen"),
            last_seen: columns.intern("last_seen"),
            expires_at: columns.intern("expires_at"),
            confidence: columns.intern("confidence"),
            malware: columns.intern("malware"),
            technique: columns.intern("technique"),
            sector: columns.intern("sector"),
            tag: columns.intern("tag"),
            reference: columns.intern("reference"),
            port: columns.intern("port"),
            tlp: columns.intern("tlp"),
            context: columns.intern("context"),
            withdrawn: columns.intern("withdrawn"),
        }
    }

    /// Appends what tags say, each where it belongs. Of several markings the
    /// strictest holds.
    pub(super) fn push_tags<'t>(
        &self,
        tags: impl IntoIterator<Item = &'t str>,
        about: &mut Observation,
    ) {
        let mut strictest: Option<Tlp> = None;
        let tags = tags.into_iter().filter(|tag| tag.len() <= MAX_TAG);
        for tag in tags.take(MAX_TAGS) {
            match Tag::read(tag) {
                Tag::Tlp(tlp) => strictest = strictest.max(Some(tlp)),
                Tag::Technique(id) => about.push(self.technique, id),
                Tag::Malware(name) => about.push(self.malware, name),
                Tag::Sector(sector) => about.push(self.sector, sector),
                Tag::Confidence(percent) => about.push(self.confidence, &percent.to_string()),
                Tag::Plain(text) => about.push(self.tag, text),
                Tag::Nothing => {}
            }
        }
        if let Some(tlp) = strictest {
            about.push(self.tlp, tlp.as_str());
        }
    }
}

/// Values of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    /// As the column `type` has it.
    pub(super) kind: &'static str,
    pub(super) values: Vec<String>,
    /// Ports that go with them.
    pub(super) ports: Vec<String>,
}

impl Group {
    /// A URL; a host without scheme and path is one too for some sources.
    pub(super) fn url(value: &str) -> Group {
        let kind = if value.contains('/') { "url" } else { "host" };
        Group::one(kind, value)
    }

    /// One value without a port.
    pub(super) fn one(kind: &'static str, value: &str) -> Group {
        Group {
            kind,
            values: vec![value.to_owned()],
            ports: Vec::new(),
        }
    }
}

/// What a document says of some values.
#[derive(Debug, Default)]
pub(super) struct Statement {
    /// Where it begins.
    pub(super) line: u64,
    /// Bytes of it were no UTF-8.
    pub(super) damaged: bool,
    pub(super) groups: Vec<Group>,
    /// Every hash of the file that a hash in `groups` is of, where other
    /// statements have the others.
    pub(super) file: Vec<String>,
    /// The cells besides values and ports.
    pub(super) about: Observation,
}

impl Statement {
    /// Gives it to `sink` as rows, one for each kind of values. `around` is what
    /// is said of everything in the document.
    pub(super) fn give(
        &self,
        columns: &StandardColumns,
        around: &Observation,
        row: &mut Observation,
        sink: &mut dyn Sink,
    ) {
        for group in &self.groups {
            for values in group.values.chunks(MAX_ROW_VALUES) {
                row.clear();
                row.line = self.line;
                row.damaged = self.damaged;
                for value in values {
                    row.push(columns.value, value);
                }
                row.push(columns.kind, group.kind);
                let hashes = if values.len() > 1 { values } else { &self.file };
                if group.kind == "hash" && is_one_file(hashes) {
                    let context = self.about.cells(columns.context).next();
                    row.push(columns.context, &name_hashes(hashes, context));
                }
                for port in &group.ports {
                    row.push(columns.port, port);
                }
                row.push_around(&self.about);
                row.push_around(around);
                sink.row(row);
            }
        }
    }
}

/// Whether hashes are of one file: it has one of each algorithm.
pub(super) fn is_one_file(hashes: &[String]) -> bool {
    let mut lengths: Vec<usize> = hashes.iter().map(|hash| hash.trim().len()).collect();
    lengths.sort_unstable();
    lengths.dedup();
    (2..=4).contains(&hashes.len()) && lengths.len() == hashes.len()
}

/// What is said of a file, with its hashes: so that whoever asks for one finds
/// the others ([`crate::related::other_hashes`]).
fn name_hashes(hashes: &[String], context: Option<&str>) -> String {
    let hashes = format!("hashes of one file: {}", hashes.join(" "));
    match context {
        Some(context) => format!("{} ({hashes})", printable(context, MAX_BESIDE_HASHES)),
        None => hashes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_one_file_are_named_beside_each_other() {
        let hash = |length: usize| "a".repeat(length);
        let (md5, sha1) = (hash(32), hash(40));
        assert!(is_one_file(&[md5.clone(), sha1.clone()]));
        assert!(!is_one_file(std::slice::from_ref(&md5)));
        assert!(!is_one_file(&[md5.clone(), md5.clone()]));
        let words = name_hashes(&[md5.clone(), sha1.clone()], Some("A dropper"));
        assert_eq!(
            words,
            format!("A dropper (hashes of one file: {md5} {sha1})")
        );
    }
}
