//! From values to slots and back.

use std::hash::Hasher as _;

use iocd_core::value::{Kind, ValueRef};
use siphasher::sip::SipHasher13;

use super::{State, damaged};
use crate::columns::NONE;
use crate::error::IndexError;
use crate::record::{ClaimRecord, Record, decode_key, is_about};

impl State {
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
    pub(super) fn rehash(&self, slots: &[u32]) -> Result<Vec<u64>, IndexError> {
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
}
