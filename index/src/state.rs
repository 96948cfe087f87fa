//! The indexes in memory.

use std::collections::BTreeSet;
use std::sync::Arc;

use iocd_core::claim::{Category, Confidence, Source, Status};
use iocd_core::value::Kind;
use iocd_core::warning::WarningSet;

use crate::columns::{Columns, Flags};
use crate::error::IndexError;
use crate::expiry::Expiries;
use crate::facets::BitSet;
use crate::labels::Labels;
use crate::log::generation::Generation;
use crate::log::{Address, Log};
use crate::order::Order;
use crate::reading::Retirement;
use crate::revisions::Revisions;
use crate::strings::Strings;
use crate::table::Table;
use crate::ties::TieLists;
use crate::trigrams::Trigrams;

mod batch;
mod validity;
mod values;

pub(crate) use batch::{APPLIED_AT_ONCE, is_listable};
pub(crate) use validity::{Prolonged, expires_at};

/// A source with what the index knows of it.
pub(crate) struct KnownSource {
    pub(crate) source: Source,
    /// Unix seconds of the last complete fetch of a snapshot source.
    pub(crate) listed_at: Option<u32>,
    /// Of all of them, ascending.
    pub(crate) listings: Vec<u32>,
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

pub(crate) fn damaged(address: Address) -> IndexError {
    address.damaged("the record does not fit what came before it")
}
