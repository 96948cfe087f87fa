//! Claim versions where a new statement about them arrives.

use iocd_core::claim::held::{Decision, Held, Standing, Times};
use iocd_core::claim::kept::{Figures, Kept, hear_again};
use iocd_core::claim::{ArticleRef, Claim, ClaimIdSet, Source, Status};
use jiff::Timestamp;

use crate::error::IndexError;
use crate::record::{ClaimRecord, Items, claim_id};
use crate::state::State;
use crate::time::timestamp;

impl State {
    /// What hearing a claim does to the version in a slot, which is the last
    /// one of its identity and has this status.
    pub(crate) fn hear(
        &self,
        slot: u32,
        status: Status,
        claim: &Claim,
        source: &Source,
        heard_at: Timestamp,
    ) -> Result<Decision, IndexError> {
        let record = self.claim(slot)?;
        let standing = Standing {
            status,
            touched: self.touched(slot),
            listed_at: self.listed_at(record.source).map(timestamp),
        };
        let kept = KeptRecord {
            state: self,
            record: &record,
        };
        if let Some(decision) = hear_again(&kept, standing, claim, source, heard_at) {
            return Ok(decision);
        }
        let held = self.own(&record, slot)?;
        Ok(held.hear(standing, claim, source, heard_at))
    }

    /// Whether the version in a slot is of one of these claims. As in a lookup,
    /// a record that says so is, and one that does not is verified.
    pub(crate) fn is_among(&self, slot: u32, claims: &ClaimIdSet) -> Result<bool, IndexError> {
        let body = self.log.peek(self.address(slot));
        let id = body.and_then(claim_id);
        Ok(id.is_some_and(|id| claims.contains(&id)) || claims.contains(&self.claim(slot)?.id))
    }

    /// The claim version in a slot, owned.
    pub(crate) fn held(&self, slot: u32) -> Result<Held, IndexError> {
        self.own(&self.claim(slot)?, slot)
    }

    /// The record in a slot, owned.
    fn own(&self, record: &ClaimRecord<'_>, slot: u32) -> Result<Held, IndexError> {
        let string = |number| self.string(number, slot).map(str::to_owned);
        let strings = |items: Items<'_>| items.iter().map(string).collect::<Result<Vec<_>, _>>();
        let claim = Claim {
            value: record.value_ref().to_value(),
            confidence: record.confidence,
            scope: record.scope,
            first_seen: record.first_seen.map(timestamp),
            last_seen: record.last_seen.map(timestamp),
            expires_at: record.expires_at.map(timestamp),
            context: record.context.map(str::to_owned),
            malware: record.malware.map(string).transpose()?,
            tags: strings(record.tags)?,
            techniques: strings(record.techniques)?,
            sectors: strings(record.sectors)?,
            ports: ports(record).collect(),
            references: record.references.iter().map(str::to_owned).collect(),
            tlp: record.tlp,
            article: record.article.map(|article| ArticleRef {
                id: article.id.to_owned(),
                title: article.title.to_owned(),
                url: article.url.to_owned(),
                published_at: timestamp(article.published_at),
            }),
            raw: record.raw.map(str::to_owned),
        };
        Ok(Held {
            claim,
            first_heard_at: timestamp(record.first_heard_at),
            heard_at: timestamp(record.heard_at),
        })
    }
}

fn ports(record: &ClaimRecord<'_>) -> impl Iterator<Item = u16> {
    let ports = record.ports.iter();
    ports.filter_map(|port| u16::try_from(port).ok())
}

/// A version in the log. A string that is not there is none of a claim's, so
/// damage shows where the record is read as a whole.
struct KeptRecord<'a> {
    state: &'a State,
    record: &'a ClaimRecord<'a>,
}

impl Kept for KeptRecord<'_> {
    fn figures(&self) -> Figures {
        Figures {
            confidence: self.record.confidence,
            scope: self.record.scope,
            tlp: self.record.tlp,
            first_seen: self.record.first_seen.map(timestamp),
            times: Times {
                last_seen: self.record.last_seen.map(timestamp),
                expires_at: self.record.expires_at.map(timestamp),
                heard_at: timestamp(self.record.heard_at),
            },
        }
    }

    fn texts(&self) -> [Option<&str>; 3] {
        let malware = self.record.malware;
        [
            self.record.context,
            malware.and_then(|number| self.state.strings.get(number)),
            self.record.raw,
        ]
    }

    fn names(&self) -> [impl Iterator<Item = &str>; 3] {
        let strings = &self.state.strings;
        [
            self.record.tags,
            self.record.techniques,
            self.record.sectors,
        ]
        .map(|items| items.iter().filter_map(|number| strings.get(number)))
    }

    fn ports(&self) -> impl Iterator<Item = u16> {
        ports(self.record)
    }

    fn references(&self) -> impl Iterator<Item = &str> {
        self.record.references.iter()
    }
}
