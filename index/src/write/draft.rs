//! A batch on its way into the log.

use std::collections::HashMap;

use iocd_core::claim::held::Held;
use iocd_core::claim::{Claim, ClaimId, Status};
use iocd_core::value::ValueRef;
use jiff::Timestamp;

use crate::record::{Article, ClaimRecord, ItemsBuf, Record, Tombstone};
use crate::state::State;
use crate::time::seconds;

/// When a store heard a claim.
#[derive(Clone, Copy)]
pub(crate) struct Heard {
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

impl Heard {
    pub(crate) fn of(held: &Held) -> Heard {
        Heard {
            first: held.first_heard_at,
            last: held.heard_at,
        }
    }
}

/// A batch on its way into the log.
#[derive(Default)]
pub(crate) struct Draft {
    pub(super) bytes: Vec<u8>,
    /// Where each record begins in `bytes`.
    pub(super) starts: Vec<usize>,
    /// New strings, numbered after those of the state.
    strings: HashMap<String, u32>,
    /// How many of the records have a revision.
    pub(super) revisions: u64,
    lists: [ItemsBuf; 5],
}

impl Draft {
    pub(crate) fn put(&mut self, record: &Record<'_>) {
        self.starts.push(self.bytes.len());
        record.encode(&mut self.bytes);
        self.revisions += u64::from(matches!(record, Record::Claim(_) | Record::Tombstone(_)));
    }

    fn intern(&mut self, state: &State, text: &str) -> u32 {
        if let Some(number) = state
            .strings
            .number(text)
            .or_else(|| self.strings.get(text).copied())
        {
            return number;
        }
        let number =
            state.strings.len() + u32::try_from(self.strings.len()).expect("numbers are u32");
        self.put(&Record::String(text));
        self.strings.insert(text.to_owned(), number);
        number
    }

    /// Puts the end of the claim of this identity.
    pub(crate) fn put_end(
        &mut self,
        id: ClaimId,
        source: u16,
        value: ValueRef<'_>,
        status: Status,
    ) {
        self.put(&Record::Tombstone(Tombstone {
            id,
            kind: value.kind,
            value: value.text,
            source,
            status: status as u8,
        }));
    }

    /// Puts a version of a claim that was `heard` first and last then.
    pub(crate) fn put_claim(
        &mut self,
        state: &State,
        id: ClaimId,
        source: u16,
        claim: &Claim,
        heard: Heard,
    ) {
        let mut lists = std::mem::take(&mut self.lists);
        for (list, texts) in lists
            .iter_mut()
            .zip([&claim.tags, &claim.techniques, &claim.sectors])
        {
            list.clear();
            for text in texts {
                list.push(self.intern(state, text));
            }
        }
        let [tags, techniques, sectors, ports, references] = &mut lists;
        ports.clear();
        for &port in &claim.ports {
            ports.push(port.into());
        }
        references.clear();
        claim
            .references
            .iter()
            .for_each(|reference| references.push_text(reference));
        let malware = claim
            .malware
            .as_deref()
            .map(|name| self.intern(state, name));
        let value = claim.value.as_ref();
        let judgement = state.warnings.judge(value);
        self.put(&Record::Claim(ClaimRecord {
            id,
            kind: value.kind,
            value: value.text,
            source,
            confidence: claim.confidence,
            scope: claim.scope,
            non_global: iocd_core::value::is_non_global(&value),
            judgement,
            first_heard_at: seconds(heard.first),
            heard_at: seconds(heard.last),
            first_seen: claim.first_seen.map(seconds),
            last_seen: claim.last_seen.map(seconds),
            expires_at: claim.expires_at.map(seconds),
            context: claim.context.as_deref(),
            malware,
            tags: tags.items(),
            techniques: techniques.items(),
            sectors: sectors.items(),
            ports: ports.items(),
            references: references.texts(),
            tlp: claim.tlp,
            article: claim.article.as_ref().map(|article| Article {
                id: &article.id,
                title: &article.title,
                url: &article.url,
                published_at: seconds(article.published_at),
            }),
            raw: claim.raw.as_deref(),
        }));
        self.lists = lists;
    }
}
