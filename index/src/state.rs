//! The indexes in memory, and how a committed batch changes them. Opening
//! replays the log through the same door.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher as _;
use std::sync::Arc;

use iocd_core::claim::{Category, Confidence, Extent, Scope, Source, Status};
use iocd_core::matching::order_key;
use iocd_core::value::{Kind, ValueRef};
use iocd_core::warning::{Judgement, WarningSet};
use siphasher::sip::SipHasher13;

use crate::columns::{Columns, Flags, NO_TIME, NONE, Row};
use crate::error::IndexError;
use crate::expiry::{Expiries, Refiled};
use crate::facets::BitSet;
use crate::fetches::Fetch;
use crate::labels::Labels;
use crate::log::generation::Generation;
use crate::log::{Address, Log};
use crate::order::Order;
use crate::posting::Posting;
use crate::reading::Retirement;
use crate::record::{ClaimRecord, Commit, Record, Tombstone, decode_key, is_about};
use crate::revisions::Revisions;
use crate::strings::Strings;
use crate::table::Table;
use crate::ties::TieLists;
use crate::trigrams::Trigrams;

/// Records of a batch taken in while readers wait: some tenths of a
/// millisecond.
pub(crate) const APPLIED_AT_ONCE: usize = 256;

/// A source with what the index knows of it.
pub(crate) struct KnownSource {
    pub(crate) source: Source,
    /// Unix seconds of the last complete fetch of a snapshot source.
    pub(crate) listed_at: Option<u32>,
    /// Of all of them, ascending.
    pub(crate) listings: Vec<u32>,
}

/// Claim versions of which a fetch moves the end.
#[derive(Default)]
pub(crate) struct Prolonged {
    pub(crate) slots: Vec<u32>,
    /// Unix seconds of the new end.
    pub(crate) until: u32,
}

/// Everything a reader needs. Readers share it; the writer changes it for
/// short moments.
pub(crate) struct State {
    pub(crate) log: Log,
    pub(crate) columns: Columns,
    pub(crate) table: Table,
    pub(crate) key: (u64, u64),
    pub(crate) strings: Strings,
    pub(crate) sources: Vec<KnownSource>,
    /// What new claims are judged by.
    pub(crate) warnings: Arc<WarningSet>,
    /// Fingerprint of the set that all claims have been judged by.
    pub(crate) judged_by: [u8; 16],
    /// Sources whose description has changed: what is derived from it may
    /// still have to be written to their claims.
    pub(crate) redescribed: BTreeSet<u16>,
    /// Claim versions that are neither replaced nor ended.
    pub(crate) alive: BitSet,
    /// Ends of claims whose time was over, while nothing came after.
    pub(crate) lapsed: BitSet,
    /// Claim versions, and ends of such, that lists may show.
    pub(crate) listable: BitSet,
    pub(crate) kinds: Vec<BitSet>,
    pub(crate) confidences: Vec<BitSet>,
    pub(crate) categories: Vec<BitSet>,
    pub(crate) labels: Labels,
    pub(crate) expiries: Expiries,
    /// Values by what a cascade asks for together.
    pub(crate) order: Order,
    /// Values by what they contain.
    pub(crate) trigrams: Trigrams,
    pub(crate) ties: TieLists,
    /// Networks stored, by prefix length, and whether any claim covers a subtree.
    pub(crate) shape: iocd_core::matching::Shape,
    /// Which revision each slot has.
    pub(crate) revisions: Revisions,
    pub(crate) active: u64,
    pub(crate) retained: u64,
    pub(crate) last_commit: u32,
    /// First byte of the last batch.
    pub(crate) last_batch: Option<Address>,
    /// Which files the log is, and from where on history is kept.
    pub(crate) generation: Generation,
    /// Slots that replace or end another.
    pub(crate) successors: BitSet,
    /// Claim versions that came when their claim was first heard.
    pub(crate) firsts: BitSet,
    /// Where it goes when another takes its place.
    pub(crate) retirement: Retirement,
}

impl State {
    pub(crate) fn new(key: [u8; 16], warnings: Arc<WarningSet>) -> State {
        let half = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&key[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        State {
            log: Log::default(),
            columns: Columns::new(),
            table: Table::new(),
            key: (half(0), half(8)),
            strings: Strings::default(),
            sources: Vec::new(),
            warnings,
            judged_by: [0; 16],
            redescribed: BTreeSet::new(),
            alive: BitSet::default(),
            lapsed: BitSet::default(),
            listable: BitSet::default(),
            kinds: Kind::ALL.iter().map(|_| BitSet::default()).collect(),
            confidences: Confidence::ALL.iter().map(|_| BitSet::default()).collect(),
            categories: Category::ALL.iter().map(|_| BitSet::default()).collect(),
            labels: Labels::default(),
            expiries: Expiries::default(),
            order: Order::new(),
            trigrams: Trigrams::new(),
            ties: TieLists::default(),
            shape: iocd_core::matching::Shape::default(),
            revisions: Revisions::default(),
            active: 0,
            retained: 0,
            last_commit: 0,
            last_batch: None,
            generation: Generation::default(),
            successors: BitSet::default(),
            firsts: BitSet::default(),
            retirement: Retirement::default(),
        }
    }

    /// Latest revision.
    pub(crate) fn revision(&self) -> u64 {
        self.revisions.last(self.columns.len())
    }

    pub(crate) fn revision_of(&self, slot: u32) -> u64 {
        self.revisions.of(slot)
    }

    pub(crate) fn slot_of(&self, revision: u64) -> Option<u32> {
        let slot = u32::try_from(self.revisions.slot_of(revision)?).ok()?;
        (slot < self.columns.len()).then_some(slot)
    }

    pub(crate) fn address(&self, slot: u32) -> Address {
        Address(self.columns.address(slot))
    }

    pub(crate) fn hash(&self, kind: Kind, value: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.key.0, self.key.1);
        hasher.write_u8(kind as u8);
        hasher.write(value.as_bytes());
        hasher.finish()
    }

    /// Newest slot of a value.
    pub(crate) fn newest(
        &self,
        hash: u64,
        kind: Kind,
        value: &str,
    ) -> Result<Option<u32>, IndexError> {
        self.table
            .find(hash, |slot| self.is_about(slot, kind, value))
    }

    /// Whether the record in a slot is about a value. One that says so is: if
    /// the rest of it is damaged, that shows when it is read. One that does not
    /// is verified, for damage must not pass for another value.
    fn is_about(&self, slot: u32, kind: Kind, value: &str) -> Result<bool, IndexError> {
        let body = self.log.peek(self.address(slot));
        Ok(body.is_some_and(|body| is_about(body, kind, value))
            || self.key_of(slot)? == (kind, value))
    }

    /// Asks for the memory that the lookup of a later one of `hashes` will
    /// read, while that of number `at` is done: each step for one that is
    /// nearer, so that none waits for the step before.
    pub(crate) fn look_ahead(&self, hashes: &[Option<u64>], at: usize) {
        const STEP: usize = 8;
        let later = |steps: usize| hashes.get(at + steps * STEP).copied().flatten();
        if let Some(hash) = later(3) {
            self.table.prefetch(hash);
        }
        if let Some(slot) = later(2).and_then(|hash| self.table.candidate(hash)) {
            self.columns.prefetch(slot);
        }
        if let Some(slot) = later(1).and_then(|hash| self.table.candidate(hash)) {
            self.log.prefetch(self.address(slot));
        }
    }

    /// Hashes of the values in slots.
    fn rehash(&self, slots: &[u32]) -> Result<Vec<u64>, IndexError> {
        const GROUP: usize = 32;
        let mut hashes = Vec::with_capacity(slots.len());
        for group in slots.chunks(GROUP) {
            for &slot in group {
                self.columns.prefetch(slot);
            }
            for &slot in group {
                self.log.prefetch(self.address(slot));
            }
            for &slot in group {
                let (kind, value) = self.key_of(slot)?;
                hashes.push(self.hash(kind, value));
            }
        }
        Ok(hashes)
    }

    fn key_of(&self, slot: u32) -> Result<(Kind, &str), IndexError> {
        let address = self.address(slot);
        decode_key(self.log.read(address)?).map_err(|_| damaged(address))
    }

    /// The value that the record in a slot is about.
    pub(crate) fn value(&self, slot: u32) -> Result<ValueRef<'_>, IndexError> {
        let (kind, text) = self.key_of(slot)?;
        Ok(ValueRef { kind, text })
    }

    /// The slots of a value, newest first.
    pub(crate) fn chain(&self, newest: Option<u32>) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(newest, |&slot| {
            Some(self.columns.next(slot)).filter(|&next| next != NONE)
        })
    }

    /// The slot that a slot replaced or ended: the next older one of the same
    /// value and source.
    pub(crate) fn prior(&self, slot: u32) -> Option<u32> {
        let source = self.columns.source(slot);
        self.chain(Some(slot))
            .skip(1)
            .find(|&older| self.columns.source(older) == source)
    }

    /// The claim version in a slot that holds one.
    pub(crate) fn claim(&self, slot: u32) -> Result<ClaimRecord<'_>, IndexError> {
        let address = self.address(slot);
        match self.log.record(address)? {
            Record::Claim(claim) => Ok(claim),
            _ => Err(damaged(address)),
        }
    }

    /// Whether the version in a live slot still holds at `now`.
    pub(crate) fn is_expired(&self, slot: u32, now: u32) -> bool {
        let expires_at = self.columns.expires_at(slot);
        expires_at != NO_TIME && expires_at <= now
    }

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
                    let slot = self.slot_of(revision).ok_or_else(|| damaged(address))?;
                    self.columns.set_touched(slot, last_seen);
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

    /// Brings what is derived from a source's description without being
    /// written to its claims up to date. What lists and filters go by is
    /// written to them: clients that follow the changes must hear of it (see
    /// [`Index::restate`](crate::Index)).
    fn redescribe(&mut self, number: u16, before: &Source) -> Result<(), IndexError> {
        let after = self.sources[number as usize].source.clone();
        if after.category != before.category || after.list_non_global != before.list_non_global {
            self.redescribed.insert(number);
        }
        if after.extent == before.extent && after.expires_after == before.expires_after {
            return Ok(());
        }
        let log = self.log.clone();
        let slots: Vec<u32> = self.alive_of(number).collect();
        for slot in slots {
            let address = self.address(slot);
            let Record::Claim(claim) = log.record(address)? else {
                return Err(damaged(address));
            };
            let expires_at = expires_at(&claim, &after, self.listed_at(number));
            self.set_expiry(slot, expires_at);
        }
        Ok(())
    }

    fn set_expiry(&mut self, slot: u32, expires_at: u32) {
        let before = self.columns.expires_at(slot);
        self.columns.set_expires_at(slot, expires_at);
        self.expiries.change(slot, before, expires_at);
    }

    /// The live claim versions whose time is over, each once, in slot order.
    /// (One whose end was moved about may be filed more than once.)
    pub(crate) fn due(&self, now: u32) -> Vec<u32> {
        let mut due: Vec<u32> = self
            .expiries
            .up_to(now)
            .filter(|&slot| self.alive.contains(slot) && self.is_expired(slot, now))
            .collect();
        due.sort_unstable();
        due.dedup();
        due
    }

    /// Files some of what is due later than it seemed anew; what is due has
    /// ended. Gives where to go on, if there is more.
    pub(crate) fn refile_expiries(&mut self, refiled: Refiled, now: u32) -> Option<Refiled> {
        let (alive, columns) = (&self.alive, &self.columns);
        let end = |slot| {
            let end = alive.contains(slot).then(|| columns.expires_at(slot));
            end.filter(|&end| end != NO_TIME)
        };
        self.expiries.refile(refiled, now, end)
    }

    /// The live claim versions of a source, in slot order.
    pub(crate) fn alive_of(&self, source: u16) -> impl Iterator<Item = u32> + '_ {
        let slots = self.labels.of_source(source).into_iter();
        let slots = slots.flat_map(Posting::members);
        slots.filter(|&slot| self.alive.contains(slot))
    }

    /// What a complete fetch moves on: the ends of the list's claims that have
    /// none of their own, to when they hold by the feed's rule.
    pub(crate) fn prolonged_by(&self, fetch: Fetch) -> Prolonged {
        let known = self.sources.get(usize::from(fetch.source));
        let known = known.filter(|known| known.source.extent == Extent::Snapshot);
        let until = known.and_then(|known| {
            let listed_at = known.listed_at.max(Some(fetch.at))?;
            Some(listed_at.saturating_add(known.source.expires_after?))
        });
        let Some(until) = until else {
            return Prolonged::default();
        };
        let slots = self.alive_of(fetch.source);
        let slots = slots.filter(|&slot| self.columns.flags(slot).derives_expiry());
        Prolonged {
            slots: slots.collect(),
            until,
        }
    }

    /// Has claim versions hold until then at least.
    pub(crate) fn prolong(&mut self, slots: &[u32], until: u32) {
        for &slot in slots {
            let expires_at = self.columns.expires_at(slot).max(until);
            self.set_expiry(slot, expires_at);
        }
    }

    /// Takes in that complete fetches happened: what is on the list of a
    /// source holds from its last one on for as long as the feed's rule says.
    pub(crate) fn note_fetches(&mut self, fetches: &[Fetch]) {
        let mut last = BTreeMap::new();
        for &fetch in fetches {
            self.list_fetch(fetch);
            last.insert(fetch.source, fetch);
        }
        for &fetch in last.values() {
            let Prolonged { slots, until } = self.prolonged_by(fetch);
            self.prolong(&slots, until);
        }
    }

    /// Notes when a fetch was, and nothing of what that means to claims.
    pub(crate) fn list_fetch(&mut self, fetch: Fetch) {
        let Some(known) = self.sources.get_mut(fetch.source as usize) else {
            return;
        };
        known.listed_at = known.listed_at.max(Some(fetch.at));
        let listings = &mut known.listings;
        let at = listings.partition_point(|&before| before <= fetch.at);
        listings.insert(at, fetch.at);
    }

    /// When a complete fetch last showed the list of this source.
    pub(crate) fn listed_at(&self, source: u16) -> Option<u32> {
        let known = &self.sources[source as usize];
        known
            .listed_at
            .filter(|_| known.source.extent == Extent::Snapshot)
    }

    /// Bytes on the heap by part.
    pub(crate) fn memory(&self) -> usize {
        let sets = [
            &self.alive,
            &self.lapsed,
            &self.listable,
            &self.successors,
            &self.firsts,
        ];
        let sets = sets.into_iter();
        let facets = self
            .kinds
            .iter()
            .chain(&self.confidences)
            .chain(&self.categories);
        self.columns.memory()
            + self.table.memory()
            + self.labels.memory()
            + self.strings.memory()
            + self.expiries.memory()
            + self.order.memory()
            + self.trigrams.memory()
            + self.ties.memory()
            + self.revisions.memory()
            + sets.chain(facets).map(BitSet::memory).sum::<usize>()
    }
}

/// The status that a tombstone's flags give; `None` for a claim version.
pub(crate) fn ended(flags: Flags) -> Option<Status> {
    match flags.ended() {
        1 => Some(Status::Expired),
        2 => Some(Status::Removed),
        3 => Some(Status::FalsePositive),
        _ => None,
    }
}

/// End of validity as `Held::expires_at` has it.
pub(crate) fn expires_at(claim: &ClaimRecord<'_>, source: &Source, listed_at: Option<u32>) -> u32 {
    let known_at = claim.heard_at.max(listed_at.unwrap_or(0));
    let derived = || known_at.checked_add(source.expires_after?);
    claim.expires_at.or_else(derived).unwrap_or(NO_TIME)
}

/// Whether lists may show a claim without being asked for such.
pub(crate) fn is_listable(claim: &ClaimRecord<'_>, source: &Source) -> bool {
    (!claim.non_global || source.list_non_global) && claim.judgement != Judgement::Withheld
}

pub(crate) fn damaged(address: Address) -> IndexError {
    address.damaged("the record does not fit what came before it")
}
