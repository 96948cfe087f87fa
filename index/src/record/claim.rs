//! Claim versions as bytes: what a record of type 1 says.

use iocd_core::claim::{ClaimId, Scope, Tlp};
use iocd_core::value::{Kind, ValueRef};
use iocd_core::warning::Judgement;

use super::codec::{Reader, put_bytes, put_key, put_text, put_varint};
use super::{Items, Malformed, Texts};

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

impl<'a> ClaimRecord<'a> {
    /// The value that it is about.
    pub(crate) fn value_ref(&self) -> ValueRef<'a> {
        ValueRef {
            kind: self.kind,
            text: self.value,
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
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

    pub(super) fn decode(reader: &mut Reader<'a>) -> Result<ClaimRecord<'a>, Malformed> {
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
