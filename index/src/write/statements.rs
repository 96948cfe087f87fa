//! Taking statements of sources in.

use std::collections::hash_map::Entry;

use iocd_core::claim::held::{Decision, Outcome};
use iocd_core::claim::{Claim, ClaimId, ClaimIdMap, Source, Status};
use jiff::Timestamp;

use super::{Draft, Heard, Writer, describe, source_number};
use crate::Index;
use crate::error::IndexError;
use crate::moment::Moment;
use crate::record::Record;
use crate::time::{seconds, timestamp};

/// What recording claims did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// For each claim, what it did.
    pub outcomes: Vec<Outcome>,
    /// For each claim, its identity.
    pub ids: Vec<ClaimId>,
}

/// What a batch says of each identity, in the place of the first claim of it.
struct Folded {
    /// Of all claims.
    ids: Vec<ClaimId>,
    /// Positions of the first claims.
    wholes: Vec<usize>,
    /// Positions of claims that said more than those before them, each with
    /// that of the first claim of the identity.
    later: Vec<(usize, usize)>,
}

fn fold(claims: &mut [Claim], source: &Source) -> Folded {
    let mut folded = Folded {
        ids: Vec::with_capacity(claims.len()),
        wholes: Vec::with_capacity(claims.len()),
        later: Vec::new(),
    };
    let mut known = ClaimIdMap::default();
    known.reserve(claims.len());
    for position in 0..claims.len() {
        let (before, rest) = claims.split_at_mut(position);
        let claim = &mut rest[0];
        claim.tidy();
        let value = claim.value.as_ref();
        let id = ClaimId::new(value.kind, value.text, &source.name);
        folded.ids.push(id);
        match known.entry(id) {
            Entry::Vacant(vacant) => {
                vacant.insert(position);
                folded.wholes.push(position);
            }
            Entry::Occupied(occupied) => {
                let first = *occupied.get();
                if before[first].merge(claim) {
                    folded.later.push((position, first));
                }
            }
        }
    }
    folded
}

impl Index {
    /// Takes the statements of one source in, heard at one time, and gives
    /// for each what it did. Durable and searchable on return; nothing is
    /// written if nothing changed. Statements about one value are merged in
    /// order before they are compared with what is held: the first of them
    /// has the outcome of the whole; a later one is `Merged` if the whole
    /// changed something and it said more than those before it, else
    /// `Unchanged`.
    ///
    /// If this fails, nothing of it is kept.
    pub fn record(
        &self,
        source: &Source,
        claims: Vec<Claim>,
        heard_at: Timestamp,
    ) -> Result<Recorded, IndexError> {
        self.record_with(&mut self.writer.lock(), source, claims, heard_at, false)
    }

    /// As [`record`](Index::record), but a claim that no longer holds begins
    /// anew, with nothing of what was said before it ended.
    ///
    /// If this fails, nothing of it is kept.
    pub fn record_anew(
        &self,
        source: &Source,
        claims: Vec<Claim>,
        heard_at: Timestamp,
    ) -> Result<Recorded, IndexError> {
        self.record_with(&mut self.writer.lock(), source, claims, heard_at, true)
    }

    pub(super) fn record_with(
        &self,
        writer: &mut Writer,
        source: &Source,
        mut claims: Vec<Claim>,
        heard_at: Timestamp,
        anew: bool,
    ) -> Result<Recorded, IndexError> {
        let heard_at = timestamp(seconds(heard_at));
        self.settle(writer, source, heard_at)?;
        let Folded { ids, wholes, later } = fold(&mut claims, source);
        let mut outcomes = vec![Outcome::Unchanged; claims.len()];

        let mut draft = Draft::default();
        let state = self.state.read();
        let number = describe(&state, &mut draft, source)?;
        let hash = |&position: &usize| {
            let value = claims[position].value.as_ref();
            Some(state.hash(value.kind, value.text))
        };
        let hashes: Vec<Option<u64>> = wholes.iter().map(hash).collect();
        for (at, position) in wholes.into_iter().enumerate() {
            state.look_ahead(&hashes, at);
            let (id, claim) = (ids[position], &mut claims[position]);
            let value = claim.value.as_ref();
            let hash = hashes[at].expect("made of a value");
            let newest = state.newest(hash, value.kind, value.text)?;
            let latest = state.latest(newest, number, Moment::present(seconds(heard_at)));
            let counts = |&(_, status): &(u32, Status)| !anew || status == Status::Active;
            outcomes[position] = match latest.filter(counts) {
                None => {
                    let heard = Heard {
                        first: heard_at,
                        last: heard_at,
                    };
                    claim.date_first_sighting(heard_at);
                    draft.put_claim(&state, id, number, claim, heard);
                    Outcome::Added
                }
                Some((slot, status)) => match state.hear(slot, status, claim, source, heard_at)? {
                    Decision::Write(held) => {
                        draft.put_claim(&state, id, number, &held.claim, Heard::of(&held));
                        Outcome::Merged
                    }
                    Decision::Touch(last_seen) => {
                        draft.put(&Record::Touch {
                            revision: state.revision_of(slot),
                            last_seen: seconds(last_seen),
                        });
                        Outcome::Unchanged
                    }
                    Decision::Keep => Outcome::Unchanged,
                },
            };
        }
        drop(state);
        // Their memory comes back in one piece if nothing lasting follows it.
        drop(claims);
        self.commit(writer, draft, heard_at)?;
        self.restate(writer, false, heard_at)?;
        for (position, first) in later {
            if outcomes[first] != Outcome::Unchanged {
                outcomes[position] = Outcome::Merged;
            }
        }
        Ok(Recorded { outcomes, ids })
    }

    /// Ends what is over by the rules of a source before they change: clients
    /// that follow a list were not told of it, and would not be told if it held
    /// again by the new rules.
    fn settle(
        &self,
        writer: &mut Writer,
        source: &Source,
        at: Timestamp,
    ) -> Result<(), IndexError> {
        let state = self.state.read();
        let Some(number) = source_number(&state, source) else {
            return Ok(());
        };
        let known = &state.sources[usize::from(number)].source;
        if known.holds_like(source) {
            return Ok(());
        }
        let mut due = state.due(seconds(at));
        due.retain(|&slot| state.columns.source(slot) == number);
        drop(state);
        self.end(writer, &due, Status::Expired, at)
    }
}
