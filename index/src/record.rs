//! Records of the log as bytes.
//!
//! ```text
//! length u32 | CRC-32C u32 of the body | body: type u8, then by type
//! ```
//!
//! Numbers are little endian; "varint" is LEB128. Times are Unix seconds.

use iocd_core::claim::ClaimId;
use iocd_core::value::Kind;

mod claim;
mod codec;

pub(crate) use claim::{Article, ClaimRecord};

use codec::{Reader, put_key, put_text, put_varint};

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

/// The bytes are no record of this format. Only damage that a checksum cannot
/// see, or a newer version's log, ends here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record with a valid checksum does not have the form of this format")]
pub(crate) struct Malformed;

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

#[cfg(test)]
mod tests;
