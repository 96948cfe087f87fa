//! What records refer to: that it is there.

use std::collections::HashMap;

use iocd_core::claim::{ClaimId, Source};

use super::Checked;
use crate::record::{ClaimRecord, Commit, Items, Record, Tombstone};
use crate::revisions::Revisions;

/// What the records so far add up to.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) checked: Checked,
    /// Short names of the sources.
    sources: Vec<String>,
    /// Every claim, and whether it holds.
    claims: HashMap<ClaimId, bool>,
    /// Versions and ends of claims, and which revisions they have.
    slots: u32,
    revisions: Revisions,
    /// Time of the last batch.
    time: u32,
    /// Whether something is lost that records may refer to.
    has_lost: bool,
}

impl Ledger {
    /// Something could not be read.
    pub(super) fn lose(&mut self) {
        self.has_lost = true;
    }

    pub(super) fn knows_source(&self, number: u16) -> bool {
        self.has_lost || usize::from(number) < self.sources.len()
    }

    /// The counts.
    pub(super) fn finish(mut self) -> Checked {
        let holds = self.claims.values().filter(|holds| **holds);
        self.checked.active = holds.count() as u64;
        self.checked.retained = self.claims.len() as u64;
        self.checked.sources = self.sources.len() as u64;
        self.checked
    }

    /// Takes a record of a whole batch in; fails with what is wrong with it.
    /// `start` is where its batch begins, if that is known.
    pub(super) fn take(&mut self, body: &[u8], start: Option<u64>) -> Result<(), String> {
        let record = Record::decode(body).map_err(|error| {
            self.has_lost = true;
            error.to_string()
        })?;
        match record {
            Record::Claim(claim) => self.take_claim(&claim),
            Record::Tombstone(tombstone) => self.take_tombstone(&tombstone),
            Record::String(_) => {
                self.checked.strings += 1;
                Ok(())
            }
            Record::Source { number, json } => self.take_source(number, json),
            Record::Touch { revision, .. } => {
                self.checked.touches += 1;
                // It may have been noted while a compaction dropped the version.
                let was_there = (1..=self.checked.revision).contains(&revision);
                self.refer(was_there, || {
                    format!("it touches revision {revision}, which is not there")
                })
            }
            Record::Judged(_) => Ok(()),
            Record::Gap(to) => {
                let last = self.checked.revision;
                let moved = self.revisions.move_on(self.slots, to);
                self.checked.revision = last.max(to);
                self.refer(moved.is_some(), || {
                    format!("it moves revisions on from {last} to {to}")
                })
            }
            Record::Commit(commit) => self.take_commit(commit, start),
        }
    }

    /// Refuses what refers to something that is not there, unless that may be
    /// among what is lost.
    fn refer(&self, is_there: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
        if is_there || self.has_lost {
            return Ok(());
        }
        Err(problem())
    }

    /// Counts a version of a claim, or the end of one.
    fn count(&mut self) {
        self.slots += 1;
        self.checked.revision += 1;
    }

    fn take_claim(&mut self, claim: &ClaimRecord<'_>) -> Result<(), String> {
        self.checked.versions += 1;
        self.count();
        self.claims.insert(claim.id, true);
        if claim.confidence > 100 {
            return Err(format!("confidence {} is above 100", claim.confidence));
        }
        let lists = [claim.tags, claim.techniques, claim.sectors].into_iter();
        let mut strings = lists.flat_map(Items::iter).chain(claim.malware);
        let missing = strings.find(|&number| u64::from(number) >= self.checked.strings);
        self.refer(missing.is_none(), || {
            let number = missing.unwrap_or_default();
            format!("it names string {number}, which is not there")
        })?;
        self.check_id(claim.source, claim.id, claim.kind, claim.value)
    }

    fn take_tombstone(&mut self, tombstone: &Tombstone<'_>) -> Result<(), String> {
        self.checked.tombstones += 1;
        self.count();
        let held = self.claims.insert(tombstone.id, false);
        if !(1..=3).contains(&tombstone.status) {
            return Err(format!("there is no status {}", tombstone.status));
        }
        self.refer(held == Some(true), || {
            "it ends a claim that does not hold".to_owned()
        })?;
        let Tombstone { source, id, .. } = *tombstone;
        self.check_id(source, id, tombstone.kind, tombstone.value)
    }

    fn check_id(
        &self,
        source: u16,
        id: ClaimId,
        kind: iocd_core::value::Kind,
        value: &str,
    ) -> Result<(), String> {
        match self.sources.get(usize::from(source)) {
            Some(name) if ClaimId::new(kind, value, name) == id => Ok(()),
            Some(_) => Err("its id is not that of its value and source".to_owned()),
            None => self.refer(false, || {
                format!("it names source {source}, which is not there")
            }),
        }
    }

    fn take_source(&mut self, number: u16, json: &str) -> Result<(), String> {
        let number = usize::from(number);
        let source: Source = serde_json::from_str(json)
            .map_err(|error| format!("source {number} is not described as one: {error}"))?;
        match self.sources.get(number) {
            Some(name) if *name == source.name => return Ok(()),
            None if number == self.sources.len() => {
                self.sources.push(source.name);
                return Ok(());
            }
            _ => {}
        }
        let known = self.sources.len();
        self.refer(false, || {
            format!("source {number} is described out of turn, after {known} sources")
        })
    }

    fn take_commit(&mut self, commit: Commit, start: Option<u64>) -> Result<(), String> {
        self.checked.batches += 1;
        let (counted, time) = (self.checked.revision, self.time);
        self.checked.revision = commit.revision;
        self.time = commit.time;
        if start.is_some_and(|start| start != commit.start) {
            return Err("the commit record belongs to another place".to_owned());
        }
        if commit.time < time {
            let earlier = commit.time;
            return Err(format!(
                "its time {earlier} is before {time}, that of the batch before"
            ));
        }
        self.refer(commit.revision == counted, || {
            format!(
                "it says revision {}, and {counted} are there",
                commit.revision
            )
        })
    }
}
