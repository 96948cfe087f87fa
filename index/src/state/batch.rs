//! How a committed batch changes the indexes. Opening replays the log through
//! the same door.

use iocd_core::claim::{Category, Confidence, Scope, Source, Status};
use iocd_core::matching::order_key;
use iocd_core::value::{Kind, ValueRef};
use iocd_core::warning::Judgement;

use super::{KnownSource, State, damaged, expires_at};
use crate::columns::{Flags, NO_TIME, NONE, Row};
use crate::error::IndexError;
use crate::log::Address;
use crate::record::{ClaimRecord, Commit, Record, Tombstone, decode_key};
use crate::table::Table;

/// Records of a batch taken in while readers wait: some tenths of a
/// millisecond.
pub(crate) const APPLIED_AT_ONCE: usize = 256;

impl State {
    /// Takes one batch in. Every record of it is readable in `log` by now.
    pub(crate) fn apply(&mut self, records: &[Address], commit: Commit) -> Result<(), IndexError> {
        for slice in records.chunks(APPLIED_AT_ONCE) {
            self.apply_slice(slice, commit.time)?;
        }
        self.finish_batch(commit)
    }

    /// Takes in a part of a batch that was committed at `time`. After each
    /// record the indexes agree with each other, so readers may look between
    /// two slices: the batch is durable, and they see the first part of it.
    pub(crate) fn apply_slice(&mut self, records: &[Address], time: u32) -> Result<(), IndexError> {
        // Decoded records borrow the log; a clone of it (a few `Arc`s) lets
        // the rest of the state change meanwhile.
        let log = self.log.clone();
        // Whether a record is whole shows when it is decoded, before its hash
        // is used.
        let hash = |&address: &Address| {
            let (kind, value) = decode_key(log.peek(address)?).ok()?;
            Some(self.hash(kind, value))
        };
        let hashes: Vec<Option<u64>> = records.iter().map(hash).collect();
        for (at, &address) in records.iter().enumerate() {
            self.look_ahead(&hashes, at);
            let hash = || hashes[at].ok_or_else(|| damaged(address));
            match log.record(address)? {
                Record::Claim(claim) => {
                    self.apply_claim(address, hash()?, &claim, time)?;
                }
                Record::Tombstone(tombstone) => {
                    self.apply_tombstone(address, hash()?, &tombstone, time)?;
                }
                Record::String(text) => self.strings.push(text),
                Record::Source { number, json } => {
                    let source = serde_json::from_str(json).map_err(|_| damaged(address))?;
                    self.apply_source(address, number, source)?;
                }
                Record::Touch {
                    revision,
                    last_seen,
                } => {
                    match self.slot_of(revision) {
                        Some(slot) => self.columns.set_touched(slot, last_seen),
                        // It was noted while a compaction dropped the version.
                        None if (1..=self.revision()).contains(&revision) => {}
                        None => return Err(damaged(address)),
                    }
                }
                Record::Judged(fingerprint) => self.judged_by = fingerprint,
                Record::Gap(to) => {
                    let moved = self.revisions.move_on(self.columns.len(), to);
                    moved.ok_or_else(|| damaged(address))?;
                }
                Record::Commit(_) => return Err(damaged(address)),
            }
        }
        Ok(())
    }

    /// Notes the end of a batch all of whose records were taken in.
    pub(crate) fn finish_batch(&mut self, commit: Commit) -> Result<(), IndexError> {
        self.last_commit = commit.time;
        self.last_batch = Some(Address(commit.start));
        if self.revision() == commit.revision {
            Ok(())
        } else {
            Err(damaged(Address(commit.start)))
        }
    }

    fn apply_claim(
        &mut self,
        address: Address,
        hash: u64,
        claim: &ClaimRecord<'_>,
        time: u32,
    ) -> Result<(), IndexError> {
        let known = self
            .sources
            .get(claim.source as usize)
            .ok_or_else(|| damaged(address))?;
        let source = &known.source;
        let listable = is_listable(claim, source);
        let category = source.category;
        let expires_at = expires_at(claim, source, self.listed_at(claim.source));
        let label = Confidence::from_score(claim.confidence) as u8;
        let (slot, replaced) = self.push(
            hash,
            claim.kind,
            claim.value,
            Row {
                address: address.0,
                next: NONE,
                source: claim.source,
                flags: Flags::claim(
                    label,
                    claim.scope == Scope::Subtree,
                    claim.expires_at.is_none(),
                ),
                updated_at: time,
                expires_at,
            },
        )?;
        match replaced {
            None => self.retained += 1,
            Some(old) => self.bury(old, slot),
        }
        self.alive.insert(slot);
        self.tie(slot, claim)?;
        self.active += 1;
        if listable {
            self.listable.insert(slot);
        }
        if claim.first_heard_at == time {
            self.firsts.insert(slot);
        }
        self.file(slot, claim.kind, label, category);
        self.label(slot, claim)?;
        if expires_at != NO_TIME {
            self.expiries.insert(slot, expires_at);
        }
        self.shape.add(
            ValueRef {
                kind: claim.kind,
                text: claim.value,
            },
            claim.scope == Scope::Subtree,
        );
        Ok(())
    }

    fn apply_tombstone(
        &mut self,
        address: Address,
        hash: u64,
        tombstone: &Tombstone<'_>,
        time: u32,
    ) -> Result<(), IndexError> {
        let (slot, ended) = self.push(
            hash,
            tombstone.kind,
            tombstone.value,
            Row {
                address: address.0,
                next: NONE,
                source: tombstone.source,
                flags: Flags::tombstone(tombstone.status, 0),
                updated_at: time,
                expires_at: NO_TIME,
            },
        )?;
        let ended = ended.filter(|&old| self.alive.contains(old));
        let old = ended.ok_or_else(|| damaged(address))?;
        let label = self.columns.flags(old).confidence();
        self.columns
            .set_flags(slot, Flags::tombstone(tombstone.status, label));
        // What a filter admits, it admits the end of too.
        let category = self.sources[tombstone.source as usize].source.category;
        self.file(slot, tombstone.kind, label, category);
        let log = self.log.clone();
        let Record::Claim(claim) = log.record(self.address(old))? else {
            return Err(damaged(address));
        };
        self.label(slot, &claim)?;
        if self.listable.contains(old) {
            self.listable.insert(slot);
        }
        if tombstone.status == Status::Expired as u8 {
            self.lapsed.insert(slot);
        }
        self.bury(old, slot);
        Ok(())
    }

    /// Files a slot under what lists can be narrowed to.
    fn file(&mut self, slot: u32, kind: Kind, label: u8, category: Category) {
        self.kinds[kind as usize].insert(slot);
        self.confidences[label as usize].insert(slot);
        self.categories[category as usize].insert(slot);
    }

    /// Appends a slot for a record and links it in front of the chain of its
    /// value, which has this hash.
    /// Gives the slot and the newest older one of the same source.
    fn push(
        &mut self,
        hash: u64,
        kind: Kind,
        value: &str,
        row: Row,
    ) -> Result<(u32, Option<u32>), IndexError> {
        let newest = self.newest(hash, kind, value)?;
        let older = self
            .chain(newest)
            .find(|&slot| self.columns.source(slot) == row.source);
        let slot = self.columns.push(Row {
            next: newest.unwrap_or(NONE),
            ..row
        });
        if older.is_some() {
            self.successors.insert(slot);
        }
        if let Some(newest) = newest {
            self.table.replace(hash, newest, slot);
            return Ok((slot, older));
        }
        // The table is taken out so that growing it can read the rest.
        let mut table = std::mem::replace(&mut self.table, Table::empty());
        let grown = table.insert(hash, slot, |slots| self.rehash(slots));
        self.table = table;
        grown?;
        if let Some(key) = order_key(ValueRef { kind, text: value }) {
            self.order.insert(kind, key, slot);
        }
        self.trigrams.insert(slot, value);
        Ok((slot, older))
    }

    /// Takes in that a slot's version, or the end of one, is no longer the
    /// last word.
    fn bury(&mut self, slot: u32, by: u32) {
        self.columns.set_dead_by(slot, by);
        self.lapsed.remove(slot);
        if self.alive.contains(slot) {
            self.alive.remove(slot);
            self.active -= 1;
        }
    }

    fn apply_source(
        &mut self,
        address: Address,
        number: u16,
        source: Source,
    ) -> Result<(), IndexError> {
        if let Some(known) = self.sources.get_mut(number as usize) {
            let before = std::mem::replace(&mut known.source, source);
            return self.redescribe(number, &before);
        }
        if self.sources.len() != number as usize {
            return Err(damaged(address));
        }
        self.sources.push(KnownSource {
            source,
            listed_at: None,
            listings: Vec::new(),
        });
        Ok(())
    }
}

/// Whether lists may show a claim without being asked for such.
pub(crate) fn is_listable(claim: &ClaimRecord<'_>, source: &Source) -> bool {
    (!claim.non_global || source.list_non_global) && claim.judgement != Judgement::Withheld
}
