//! Taking statements in: what they change becomes one durable batch.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use iocd_core::claim::held::{Decision, Held, Outcome};
use iocd_core::claim::{Claim, ClaimId, ClaimIdMap, ClaimIdSet, Source, Status};
use iocd_core::value::{Value, ValueRef};
use jiff::Timestamp;
use parking_lot::RwLockWriteGuard;

use crate::Index;
use crate::error::IndexError;
use crate::expiry::Refiled;
use crate::fetches::{Fetch, Fetches};
use crate::log::{self, Address, Appended};
use crate::moment::Moment;
use crate::record::{Article, COMMIT_SIZE, ClaimRecord, Commit, ItemsBuf, Record, Tombstone};
use crate::state::{APPLIED_AT_ONCE, Prolonged, State};
use crate::time::{seconds, timestamp};

/// Claims ended in one batch: so much is prepared in memory at a time.
const TOMBSTONES: usize = 8192;
/// Claims whose end a fetch moves while readers wait: some tens of
/// microseconds.
const PROLONGED_AT_ONCE: usize = 4096;

/// The parts that only the writer touches.
pub(crate) struct Writer {
    pub(crate) log: log::Writer,
    pub(crate) fetches: Fetches,
}

impl Writer {
    fn note_fetch(&mut self, fetch: Fetch) -> Result<(), IndexError> {
        self.log.check_open()?;
        let noted = self.fetches.append(fetch);
        noted.map_err(|failure| self.log.fail(self.fetches.path.clone(), failure))
    }
}

/// When a store heard a claim.
#[derive(Clone, Copy)]
pub(crate) struct Heard {
    first: Timestamp,
    last: Timestamp,
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
    bytes: Vec<u8>,
    /// Where each record begins in `bytes`.
    starts: Vec<usize>,
    /// New strings, numbered after those of the state.
    strings: HashMap<String, u32>,
    revisions: u64,
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

    fn record_with(
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
            let (id, claim) = (ids[position], &claims[position]);
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
        if known.expires_after == source.expires_after && known.extent == source.extent {
            return Ok(());
        }
        let mut due = state.due(seconds(at));
        due.retain(|&slot| state.columns.source(slot) == number);
        drop(state);
        self.end(writer, &due, Status::Expired, at)
    }

    /// Notes that a complete fetch showed just the claims `present` of a
    /// snapshot source: its other active claims end as removed. Gives how
    /// many those were. Claims whose time was over before the fetch end as
    /// expired: what the list has now does not bring them back.
    pub fn retain_present(
        &self,
        source: &Source,
        present: &ClaimIdSet,
        fetched_at: Timestamp,
    ) -> Result<u64, IndexError> {
        let mut writer = self.writer.lock();
        self.record_with(&mut writer, source, Vec::new(), fetched_at, false)?;
        let now = seconds(fetched_at);
        let state = self.state.read();
        let number = source_number(&state, source).expect("described above");
        let (mut expired, mut absent) = (Vec::new(), Vec::new());
        for slot in state.alive_of(number) {
            if state.is_expired(slot, now) {
                expired.push(slot);
            } else if !state.is_among(slot, present)? {
                absent.push(slot);
            }
        }
        drop(state);
        self.end(&mut writer, &expired, Status::Expired, fetched_at)?;
        self.end(&mut writer, &absent, Status::Removed, fetched_at)?;
        let fetch = Fetch {
            source: number,
            at: now,
        };
        self.note_fetch(&mut writer, fetch)?;
        Ok(absent.len() as u64)
    }

    /// Ends the active claims of a source about these values. Gives how many
    /// those were.
    pub fn remove(
        &self,
        source: &Source,
        values: &[Value],
        status: Status,
        at: Timestamp,
    ) -> Result<u64, IndexError> {
        let mut writer = self.writer.lock();
        let state = self.state.read();
        let mut slots = HashSet::new();
        if let Some(number) = source_number(&state, source) {
            for value in values {
                let ValueRef { kind, text } = value.as_ref();
                let newest = state.newest(state.hash(kind, text), kind, text)?;
                if let Some((slot, Status::Active)) =
                    state.latest(newest, number, Moment::present(seconds(at)))
                {
                    slots.insert(slot);
                }
            }
        }
        drop(state);
        let mut slots: Vec<u32> = slots.into_iter().collect();
        slots.sort_unstable();
        self.end(&mut writer, &slots, status, at)?;
        Ok(slots.len() as u64)
    }

    /// Ends every claim whose time is over. Gives how many those were.
    pub fn expire_due(&self, now: Timestamp) -> Result<u64, IndexError> {
        let mut writer = self.writer.lock();
        let state = self.state.read();
        let at = seconds(now);
        let slots = state.due(at);
        drop(state);
        self.end(&mut writer, &slots, Status::Expired, now)?;
        let mut state = self.state.write();
        let mut next = Some(Refiled::default());
        while let Some(refiled) = next {
            next = state.refile_expiries(refiled, at);
            RwLockWriteGuard::bump(&mut state);
        }
        Ok(slots.len() as u64)
    }

    /// Notes that a complete fetch happened; durable on return. Readers have
    /// their turn after every few of the claims that it prolongs.
    pub(crate) fn note_fetch(&self, writer: &mut Writer, fetch: Fetch) -> Result<(), IndexError> {
        writer.note_fetch(fetch)?;
        let Prolonged { slots, until } = self.state.read().prolonged_by(fetch);
        let mut state = self.state.write();
        for slice in slots.chunks(PROLONGED_AT_ONCE) {
            state.prolong(slice, until);
            RwLockWriteGuard::bump(&mut state);
        }
        // Last, for it is by this that lists are known to have changed.
        state.list_fetch(fetch);
        Ok(())
    }

    fn end(
        &self,
        writer: &mut Writer,
        slots: &[u32],
        status: Status,
        at: Timestamp,
    ) -> Result<(), IndexError> {
        for part in slots.chunks(TOMBSTONES) {
            let state = self.state.read();
            let mut draft = Draft::default();
            for &slot in part {
                // One tombstone for a claim, whatever the caller says: a
                // second one could not be read back.
                assert!(
                    state.alive.contains(slot),
                    "only what is alive is ended, once"
                );
                let claim = state.claim(slot)?;
                draft.put(&Record::Tombstone(Tombstone {
                    id: claim.id,
                    kind: claim.kind,
                    value: claim.value,
                    source: claim.source,
                    status: status as u8,
                }));
            }
            drop(state);
            self.commit(writer, draft, at)?;
        }
        Ok(())
    }

    pub(crate) fn commit(
        &self,
        writer: &mut Writer,
        mut draft: Draft,
        at: Timestamp,
    ) -> Result<(), IndexError> {
        if draft.bytes.is_empty() {
            return Ok(());
        }
        let start = writer.log.place(draft.bytes.len() + COMMIT_SIZE);
        let state = self.state.read();
        let versions = u64::from(state.columns.len()) + draft.revisions;
        writer.log.check_room(versions)?;
        let commit = Commit {
            start: start.0,
            revision: state.revision() + draft.revisions,
            time: seconds(at).max(state.last_commit),
        };
        drop(state);
        Record::Commit(commit).encode(&mut draft.bytes);
        let appended = writer.log.append(&draft.bytes)?;
        let addresses: Vec<_> = draft
            .starts
            .iter()
            .map(|&offset| start.plus(offset))
            .collect();
        // What was just written reads back, unless memory or disk are broken:
        // then the indexes no longer agree with the log.
        self.apply(appended, &addresses, commit)
            .inspect_err(|error| writer.log.stop(error.to_string()))
    }

    /// Takes a durable batch into the indexes. Readers have their turn after
    /// every few records: none waits for the whole of it.
    fn apply(
        &self,
        appended: Appended,
        records: &[Address],
        commit: Commit,
    ) -> Result<(), IndexError> {
        let mut state = self.state.write();
        state.log.extend(appended);
        for slice in records.chunks(APPLIED_AT_ONCE) {
            state.apply_slice(slice, commit.time)?;
            RwLockWriteGuard::bump(&mut state);
        }
        state.finish_batch(commit)
    }
}

pub(crate) fn source_number(state: &State, source: &Source) -> Option<u16> {
    let at = state
        .sources
        .iter()
        .position(|known| known.source.name == source.name)?;
    u16::try_from(at).ok()
}

/// The number of a source; its description goes into the draft if it is new.
pub(crate) fn describe(
    state: &State,
    draft: &mut Draft,
    source: &Source,
) -> Result<u16, IndexError> {
    let number = match source_number(state, source) {
        Some(number) if state.sources[number as usize].source == *source => return Ok(number),
        Some(number) => number,
        None => u16::try_from(state.sources.len()).map_err(|_| IndexError::TooLarge {
            what: "the store has 65,536 sources, which is all it can hold",
        })?,
    };
    let json = serde_json::to_string(source).expect("a source is plain data");
    draft.put(&Record::Source {
        number,
        json: &json,
    });
    Ok(number)
}
