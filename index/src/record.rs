//! Records of the log as bytes.
//!
//! ```text
//! length u32 | CRC-32C u32 of the body | body: type u8, then by type
//! ```
//!
//! Numbers are little endian; "varint" is LEB128. Times are Unix seconds.

use iocd_core::claim::{ClaimId, Scope, Tlp};
use iocd_core::value::{Kind, ValueRef};
use iocd_core::warning::Judgement;

mod codec;

use codec::{Reader, put_bytes, put_key, put_text, put_varint};

/// Length and checksum before each body.
pub(crate) const HEADER: usize = 8;

/// Bytes of the body of a commit record: its type, address, revision, time.
pub(crate) const COMMIT_BODY: u8 = 1 + 8 + 8 + 4;
/// Bytes of a commit record.
pub(crate) const COMMIT_SIZE: usize = HEADER + COMMIT_BODY as usize;

/// Bytes of a body before the value that it is about: its type, the value's
/// type, source, id.
const KEY_HEAD: usize = 1 + 1 + 2 + 16;

/// Types of record. The numbers are on disk: never renumber.
pub(crate) const CLAIM: u8 = 1;
pub(crate) const TOMBSTONE: u8 = 2;
pub(crate) const STRING: u8 = 3;
pub(crate) const SOURCE: u8 = 4;
pub(crate) const TOUCH: u8 = 5;
pub(crate) const COMMIT: u8 = 6;
pub(crate) const JUDGED: u8 = 7;
pub(crate) const GAP: u8 = 8;

/// Bits of a claim record's field set: which optional fields follow.
mod field {
    pub(super) const FIRST_SEEN: u32 = 1;
    pub(super) const LAST_SEEN: u32 = 1 << 1;
    pub(super) const EXPIRES_AT: u32 = 1 << 2;
    pub(super) const CONTEXT: u32 = 1 << 3;
    pub(super) const MALWARE: u32 = 1 << 4;
    pub(super) const TAGS: u32 = 1 << 5;
    pub(super) const TECHNIQUES: u32 = 1 << 6;
    pub(super) const SECTORS: u32 = 1 << 7;
    pub(super) const PORTS: u32 = 1 << 8;
    pub(super) const REFERENCES: u32 = 1 << 9;
    pub(super) const TLP: u32 = 1 << 10;
    pub(super) const ARTICLE: u32 = 1 << 11;
    pub(super) const RAW: u32 = 1 << 12;
    pub(super) const SUBTREE: u32 = 1 << 13;
    pub(super) const NON_GLOBAL: u32 = 1 << 14;
    pub(super) const WARNED: u32 = 1 << 15;
    pub(super) const WITHHELD: u32 = 1 << 16;
}

/// The bytes are no record of this format. Only damage that a checksum cannot
/// see, or a newer version's log, ends here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record with a valid checksum does not have the form of this format")]
pub(crate) struct Malformed;

/// A claim version, borrowed from the log or from what is to be written.
/// Interned strings are their numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClaimRecord<'a> {
    pub(crate) id: ClaimId,
    pub(crate) kind: Kind,
    pub(crate) value: &'a str,
    pub(crate) source: u16,
    pub(crate) confidence: u8,
    pub(crate) scope: Scope,
    pub(crate) non_global: bool,
    /// What the warning lists of the time said of the value.
    pub(crate) judgement: Judgement,
    pub(crate) first_heard_at: u32,
    pub(crate) heard_at: u32,
    pub(crate) first_seen: Option<u32>,
    pub(crate) last_seen: Option<u32>,
    pub(crate) expires_at: Option<u32>,
    pub(crate) context: Option<&'a str>,
    pub(crate) malware: Option<u32>,
    pub(crate) tags: Items<'a>,
    pub(crate) techniques: Items<'a>,
    pub(crate) sectors: Items<'a>,
    pub(crate) ports: Items<'a>,
    pub(crate) references: Texts<'a>,
    pub(crate) tlp: Option<Tlp>,
    pub(crate) article: Option<Article<'a>>,
    pub(crate) raw: Option<&'a str>,
}

/// The article part of a claim record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Article<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) url: &'a str,
    pub(crate) published_at: u32,
}

/// A list of numbers as varints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Items<'a>(&'a [u8]);

impl<'a> Items<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = u32> + use<'a> {
        let mut reader = Reader(self.0);
        std::iter::from_fn(move || reader.varint().ok())
    }
}

/// A list of texts, each with its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts<'a>(&'a [u8]);

impl<'a> Texts<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut reader = Reader(self.0);
        std::iter::from_fn(move || reader.text().ok())
    }
}

/// Lists of a claim on their way into a record.
#[derive(Default)]
pub(crate) struct ItemsBuf(Vec<u8>);

impl ItemsBuf {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn push(&mut self, item: u32) {
        put_varint(&mut self.0, item);
    }

    pub(crate) fn push_text(&mut self, text: &str) {
        put_text(&mut self.0, text);
    }

    pub(crate) fn items(&self) -> Items<'_> {
        Items(&self.0)
    }

    pub(crate) fn texts(&self) -> Texts<'_> {
        Texts(&self.0)
    }
}

/// The end of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tombstone<'a> {
    pub(crate) id: ClaimId,
    pub(crate) kind: Kind,
    pub(crate) value: &'a str,
    pub(crate) source: u16,
    /// Number of the [`iocd_core::claim::Status`] that it gives.
    pub(crate) status: u8,
}

/// What makes a batch whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Address of the batch's first record.
    pub(crate) start: u64,
    /// Revision of the last claim version or tombstone in the store.
    pub(crate) revision: u64,
    /// `updated_at` of the batch.
    pub(crate) time: u32,
}

/// Any record.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // borrowed and short-lived: a box would cost more
pub(crate) enum Record<'a> {
    Claim(ClaimRecord<'a>),
    Tombstone(Tombstone<'a>),
    /// The next interned string.
    String(&'a str),
    /// Description of source number `number`: new, or in place of an older one.
    Source {
        number: u16,
        json: &'a str,
    },
    /// The source saw the value of the claim version with this revision again.
    Touch {
        revision: u64,
        last_seen: u32,
    },
    /// All that is held has been judged by the warning set of this
    /// fingerprint.
    Judged([u8; 16]),
    /// The revisions up to this one that are not there were dropped.
    Gap(u64),
    Commit(Commit),
}

/// Appends a record: header, type, and what `body` writes.
fn put_record(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    out.push(kind);
    body(out);
    let length = u32::try_from(out.len() - start - HEADER).expect("a record is far below 4 GiB");
    let checksum = crc32c::crc32c(&out[start + HEADER..]);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    out[start + 4..start + HEADER].copy_from_slice(&checksum.to_le_bytes());
}

impl Record<'_> {
    /// Appends the record to `out`.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Record::Claim(claim) => put_record(out, CLAIM, |out| claim.encode(out)),
            Record::Tombstone(tombstone) => put_record(out, TOMBSTONE, |out| {
                put_key(
                    out,
                    tombstone.kind,
                    tombstone.source,
                    tombstone.id,
                    tombstone.value,
                );
                out.push(tombstone.status);
            }),
            Record::String(text) => {
                put_record(out, STRING, |out| out.extend_from_slice(text.as_bytes()));
            }
            Record::Source { number, json } => put_record(out, SOURCE, |out| {
                out.extend_from_slice(&number.to_le_bytes());
                out.extend_from_slice(json.as_bytes());
            }),
            Record::Touch {
                revision,
                last_seen,
            } => put_record(out, TOUCH, |out| {
                out.extend_from_slice(&revision.to_le_bytes());
                out.extend_from_slice(&last_seen.to_le_bytes());
            }),
            Record::Judged(fingerprint) => {
                put_record(out, JUDGED, |out| out.extend_from_slice(fingerprint));
            }
            Record::Gap(to) => put_record(out, GAP, |out| out.extend_from_slice(&to.to_le_bytes())),
            Record::Commit(commit) => put_record(out, COMMIT, |out| {
                out.extend_from_slice(&commit.start.to_le_bytes());
                out.extend_from_slice(&commit.revision.to_le_bytes());
                out.extend_from_slice(&commit.time.to_le_bytes());
            }),
        }
    }

    /// Reads a body: what follows the header.
    pub(crate) fn decode(body: &[u8]) -> Result<Record<'_>, Malformed> {
        let (&kind, rest) = body.split_first().ok_or(Malformed)?;
        let mut reader = Reader(rest);
        Ok(match kind {
            CLAIM => Record::Claim(ClaimRecord::decode(&mut reader)?),
            TOMBSTONE => {
                let (kind, source, id, value) = reader.key()?;
                Record::Tombstone(Tombstone {
                    id,
                    kind,
                    value,
                    source,
                    status: reader.byte()?,
                })
            }
            STRING => Record::String(std::str::from_utf8(rest).map_err(|_| Malformed)?),
            SOURCE => Record::Source {
                number: u16::from_le_bytes(reader.array()?),
                json: std::str::from_utf8(reader.0).map_err(|_| Malformed)?,
            },
            TOUCH => Record::Touch {
                revision: u64::from_le_bytes(reader.array()?),
                last_seen: u32::from_le_bytes(reader.array()?),
            },
            JUDGED => Record::Judged(reader.array()?),
            GAP => Record::Gap(u64::from_le_bytes(reader.array()?)),
            COMMIT => Record::Commit(Commit {
                start: u64::from_le_bytes(reader.array()?),
                revision: u64::from_le_bytes(reader.array()?),
                time: u32::from_le_bytes(reader.array()?),
            }),
            _ => return Err(Malformed),
        })
    }
}

/// What a record says it is about, without reading further.
pub(crate) fn decode_key(body: &[u8]) -> Result<(Kind, &str), Malformed> {
    let (&kind, rest) = body.split_first().ok_or(Malformed)?;
    if kind != CLAIM && kind != TOMBSTONE {
        return Err(Malformed);
    }
    let (kind, _, _, value) = Reader(rest).key()?;
    Ok((kind, value))
}

/// The identity that the body of a claim version says.
pub(crate) fn claim_id(body: &[u8]) -> Option<ClaimId> {
    let head: &[u8; KEY_HEAD] = body.first_chunk()?;
    let id = head.last_chunk().copied().map(ClaimId);
    id.filter(|_| head[0] == CLAIM)
}

/// Whether a body says that it is about a value.
pub(crate) fn is_about(body: &[u8], kind: Kind, value: &str) -> bool {
    let Some((&[CLAIM | TOMBSTONE, own_kind, ..], rest)) = body.split_first_chunk::<KEY_HEAD>()
    else {
        return false;
    };
    own_kind == kind as u8
        && Reader(rest)
            .field()
            .is_ok_and(|text| text == value.as_bytes())
}

impl<'a> ClaimRecord<'a> {
    /// The value that it is about.
    pub(crate) fn value_ref(&self) -> ValueRef<'a> {
        ValueRef {
            kind: self.kind,
            text: self.value,
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_key(out, self.kind, self.source, self.id, self.value);
        out.push(self.confidence);
        let when = |present: bool, bit: u32| if present { bit } else { 0 };
        let fields = when(self.first_seen.is_some(), field::FIRST_SEEN)
            | when(self.last_seen.is_some(), field::LAST_SEEN)
            | when(self.expires_at.is_some(), field::EXPIRES_AT)
            | when(self.context.is_some(), field::CONTEXT)
            | when(self.malware.is_some(), field::MALWARE)
            | when(!self.tags.0.is_empty(), field::TAGS)
            | when(!self.techniques.0.is_empty(), field::TECHNIQUES)
            | when(!self.sectors.0.is_empty(), field::SECTORS)
            | when(!self.ports.0.is_empty(), field::PORTS)
            | when(!self.references.0.is_empty(), field::REFERENCES)
            | when(self.tlp.is_some(), field::TLP)
            | when(self.article.is_some(), field::ARTICLE)
            | when(self.raw.is_some(), field::RAW)
            | when(self.scope == Scope::Subtree, field::SUBTREE)
            | when(self.non_global, field::NON_GLOBAL)
            | when(self.judgement >= Judgement::Labelled, field::WARNED)
            | when(self.judgement >= Judgement::Withheld, field::WITHHELD);
        put_varint(out, fields);
        out.extend_from_slice(&self.heard_at.to_le_bytes());
        put_varint(out, self.heard_at.saturating_sub(self.first_heard_at));
        for time in [self.first_seen, self.last_seen, self.expires_at]
            .into_iter()
            .flatten()
        {
            out.extend_from_slice(&time.to_le_bytes());
        }
        if let Some(context) = self.context {
            put_text(out, context);
        }
        if let Some(malware) = self.malware {
            put_varint(out, malware);
        }
        for list in [
            self.tags.0,
            self.techniques.0,
            self.sectors.0,
            self.ports.0,
            self.references.0,
        ] {
            if !list.is_empty() {
                put_bytes(out, list);
            }
        }
        if let Some(tlp) = self.tlp {
            out.push(tlp as u8);
        }
        if let Some(article) = self.article {
            put_text(out, article.id);
            put_text(out, article.title);
            put_text(out, article.url);
            out.extend_from_slice(&article.published_at.to_le_bytes());
        }
        if let Some(raw) = self.raw {
            put_text(out, raw);
        }
    }

    fn decode(reader: &mut Reader<'a>) -> Result<ClaimRecord<'a>, Malformed> {
        let (kind, source, id, value) = reader.key()?;
        let confidence = reader.byte()?;
        let fields = reader.varint()?;
        let has = |bit: u32| fields & bit != 0;
        let heard_at = reader.u32()?;
        let first_heard_at = heard_at.checked_sub(reader.varint()?).ok_or(Malformed)?;
        Ok(ClaimRecord {
            id,
            kind,
            value,
            source,
            confidence,
            scope: if has(field::SUBTREE) {
                Scope::Subtree
            } else {
                Scope::Exact
            },
            non_global: has(field::NON_GLOBAL),
            judgement: match (has(field::WARNED), has(field::WITHHELD)) {
                (_, true) => Judgement::Withheld,
                (true, false) => Judgement::Labelled,
                (false, false) => Judgement::Clear,
            },
            first_heard_at,
            heard_at,
            // Struct fields are evaluated in the order written here, which is
            // the order of the bytes.
            first_seen: has(field::FIRST_SEEN).then(|| reader.u32()).transpose()?,
            last_seen: has(field::LAST_SEEN).then(|| reader.u32()).transpose()?,
            expires_at: has(field::EXPIRES_AT).then(|| reader.u32()).transpose()?,
            context: has(field::CONTEXT).then(|| reader.text()).transpose()?,
            malware: has(field::MALWARE).then(|| reader.varint()).transpose()?,
            tags: Items(reader.list(has(field::TAGS))?),
            techniques: Items(reader.list(has(field::TECHNIQUES))?),
            sectors: Items(reader.list(has(field::SECTORS))?),
            ports: Items(reader.list(has(field::PORTS))?),
            references: Texts(reader.list(has(field::REFERENCES))?),
            tlp: has(field::TLP).then(|| reader.tlp()).transpose()?,
            article: has(field::ARTICLE).then(|| reader.article()).transpose()?,
            raw: has(field::RAW).then(|| reader.text()).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests;
