//! A claim store that is slow and obviously right: every version of every
//! claim in one ordered map, every answer a walk over all of it. It knows of
//! no index and does not use the matching of the real stores.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard};

use iocd::store::{Batch, ClaimStore, Counts, Receipt, Removal, StoreError};
use iocd_core::claim::held::{Decision, Held, Outcome, Standing};
use iocd_core::claim::mirrored::GRACE;
use iocd_core::claim::retained::{Changes, Progress, Retained, Takeover, Transfer};
use iocd_core::claim::{Category, Claim, ClaimId, ClaimIdSet, Confidence, Extent, Source, Status};
use iocd_core::query::{
    ChangeSink, Containing, Entry, EntrySink, Filter, Following, Gone, GoneReason, Listing, Match,
    MatchKind, Page, Question, Reach, Recent, Stats, TOP,
};
use iocd_core::related::{MAX_RELATED, Tie, Ties, is_campaign};
use iocd_core::score::{Caution, Evidence, Explanation};
use iocd_core::value::{Kind, Value, is_non_global};
use iocd_core::warning::{ALLOWED, Judgement, NON_GLOBAL, WarningSet};
use jiff::{SignedDuration, Timestamp};

mod relation;

use relation::{cascade, nearest, relation};

/// The store.
#[derive(Default)]
pub(crate) struct Model(Mutex<State>);

#[derive(Default)]
struct State {
    epoch: u64,
    revision: u64,
    refusal: Option<String>,
    changed_at: Option<Timestamp>,
    sources: Vec<Known>,
    warnings: Arc<WarningSet>,
    /// By value and name of the source.
    histories: BTreeMap<(Value, String), Vec<Version>>,
}

struct Known {
    source: Source,
    /// When complete fetches were.
    listings: Vec<Timestamp>,
}

/// What is looked at: the store at a time, as it is or as it stood.
#[derive(Clone, Copy)]
struct View {
    now: Timestamp,
    /// The last revision of then; `None`: all that is known by now.
    revision: Option<u64>,
}

impl View {
    fn present(now: Timestamp) -> View {
        View {
            now,
            revision: None,
        }
    }

    fn knows(self, version: &Version) -> bool {
        self.revision.is_none_or(|last| version.revision <= last)
    }

    /// Whether what is not written under revisions was known.
    fn knows_of(self, time: Timestamp) -> bool {
        self.revision.is_none() || time <= self.now
    }
}

/// What happened to a claim at one revision.
struct Version {
    revision: u64,
    at: Timestamp,
    what: What,
}

enum What {
    Said {
        held: Box<Held>,
        touched: Option<Timestamp>,
        filed: Filed,
    },
    Ended(Status),
}

/// What lists go by, as it was when a version was written.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Filed {
    judgement: Judgement,
    is_listable: bool,
    category: Category,
}

/// The present state of a claim, with why it answers.
#[derive(Clone, Copy)]
struct Present<'a> {
    value: &'a Value,
    known: &'a Known,
    held: &'a Held,
    touched: Option<Timestamp>,
    filed: Filed,
    status: Status,
    expires_at: Option<Timestamp>,
    updated_at: Timestamp,
    revision: u64,
    view: View,
    is_ended: bool,
    matched: Option<Match>,
}

impl Known {
    /// When a complete fetch last showed the list of a snapshot source.
    fn last_listing(&self, view: View) -> Option<Timestamp> {
        let known = self.listings.iter().copied();
        known
            .filter(|&at| self.source.extent == Extent::Snapshot && view.knows_of(at))
            .max()
    }
}

impl Model {
    /// From now on it says that it takes no writes, and why.
    pub(crate) fn refuse(&self, reason: &str) {
        self.state().refusal = Some(reason.to_owned());
    }

    /// As after a backup was restored.
    pub(crate) fn begin_epoch(&self) {
        self.state().epoch += 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    fn known(&mut self, source: &Source) -> &mut Known {
        let position = self
            .sources
            .iter()
            .position(|known| known.source.name == source.name);
        let position = position.unwrap_or_else(|| {
            self.sources.push(Known {
                source: source.clone(),
                listings: Vec::new(),
            });
            self.sources.len() - 1
        });
        self.sources[position].source = source.clone();
        &mut self.sources[position]
    }

    fn append(&mut self, key: (Value, String), at: Timestamp, what: What) {
        self.revision += 1;
        // Times of changes never run backwards.
        let at = self.changed_at.map_or(at, |before| before.max(at));
        self.changed_at = Some(at);
        let version = Version {
            revision: self.revision,
            at,
            what,
        };
        self.histories.entry(key).or_default().push(version);
    }

    fn filed(&self, value: &Value, source: &Source) -> Filed {
        let value = value.as_ref();
        let judgement = self.warnings.judge(value);
        let is_reachable = source.list_non_global || !is_non_global(&value);
        Filed {
            judgement,
            is_listable: is_reachable && judgement != Judgement::Withheld,
            category: source.category,
        }
    }

    /// Writes anew what lists do not go by as it is now; of claims that have
    /// expired, the end too.
    fn restate(&mut self, at: Timestamp) -> u64 {
        let mut moved: Vec<_> = self
            .present(Timestamp::MIN)
            .into_iter()
            .filter(|present| matches!(present.status, Status::Active | Status::Expired))
            .filter(|present| self.filed(present.value, &present.known.source) != present.filed)
            .map(|present| {
                let mut held = present.held.clone();
                held.claim.last_seen = held.claim.last_seen.max(present.touched);
                let key = present.key();
                let filed = self.filed(present.value, &present.known.source);
                (present.revision, key, held, filed)
            })
            .collect();
        moved.sort_by_key(|(revision, ..)| *revision);
        for (_, key, held, filed) in &moved {
            let is_ended = State::is_ended(&self.histories[key]);
            let said = What::Said {
                held: Box::new(held.clone()),
                touched: None,
                filed: *filed,
            };
            self.append(key.clone(), at, said);
            if is_ended {
                self.append(key.clone(), at, What::Ended(Status::Expired));
            }
        }
        moved.len() as u64
    }

    /// The score of a value by all that is held about it, explained.
    fn explain(&self, value: &Value, view: View, is_warned: bool) -> Explanation<'_> {
        let now = view.now;
        let all = self.view(view).into_iter();
        let of_value: Vec<_> = all.filter(|present| present.value == value).collect();
        let mut caution = Caution::None;
        let is_expected = |present: &Present<'_>| present.known.source.list_non_global;
        if is_non_global(&value.as_ref()) && !of_value.iter().any(is_expected) {
            caution = Caution::Withheld;
        }
        self.warnings.visit(value.as_ref(), &mut |warning| {
            if !is_warned {
                return;
            }
            if warning.withholds {
                caution = caution.max(Caution::Withheld);
            }
            if warning.name == ALLOWED {
                caution = Caution::Allowed;
            }
        });
        let evidence = of_value.into_iter().map(|present| Evidence {
            source: &present.known.source,
            confidence: present.held.claim.confidence,
            status: present.status,
            last_seen: present.last_seen(),
        });
        Explanation::new(value.kind(), evidence, caution, now)
    }

    fn present(&self, now: Timestamp) -> Vec<Present<'_>> {
        self.view(View::present(now))
    }

    /// The store as it stood at a time.
    fn as_of(&self, now: Timestamp) -> View {
        let versions = self.histories.values().flatten();
        let known = versions.filter(|version| version.at <= now);
        View {
            now,
            revision: Some(known.map(|version| version.revision).max().unwrap_or(0)),
        }
    }

    fn view(&self, view: View) -> Vec<Present<'_>> {
        let now = view.now;
        let mut all = Vec::new();
        for ((value, source), versions) in &self.histories {
            let known = versions.partition_point(|version| view.knows(version));
            let versions = &versions[..known];
            let Some(last) = versions.last() else {
                continue;
            };
            let known = self
                .sources
                .iter()
                .find(|known| known.source.name == *source)
                .unwrap();
            let said = versions
                .iter()
                .rev()
                .find_map(|version| match &version.what {
                    What::Said {
                        held,
                        touched,
                        filed,
                    } => Some((&**held, *touched, *filed)),
                    What::Ended(_) => None,
                });
            let (held, touched, filed) = said.unwrap();
            let touched = touched.filter(|&time| view.knows_of(time));
            // What has ended is on no list any more.
            let listed_at = known
                .last_listing(view)
                .filter(|_| matches!(last.what, What::Said { .. }));
            let expires_at = held.expires_at(&known.source, listed_at);
            let status = match last.what {
                What::Ended(status) => status,
                What::Said { .. } if expires_at.is_some_and(|end| end <= now) => Status::Expired,
                What::Said { .. } => Status::Active,
            };
            all.push(Present {
                value,
                known,
                held,
                touched,
                filed,
                status,
                expires_at,
                updated_at: last.at,
                revision: last.revision,
                view,
                is_ended: matches!(last.what, What::Ended(_)),
                matched: None,
            });
        }
        all
    }

    fn is_ended(versions: &[Version]) -> bool {
        matches!(versions.last().unwrap().what, What::Ended(_))
    }

    /// Gives claims whose time is over an end of their own.
    fn expire(&mut self, now: Timestamp, of: impl Fn(&Present<'_>) -> bool) -> u64 {
        // Ends come in the order of what they end.
        let mut due: Vec<(u64, (Value, String))> = self
            .present(now)
            .into_iter()
            .filter(|present| present.status == Status::Expired && of(present))
            .map(|present| (present.revision, present.key()))
            .filter(|(_, key)| !State::is_ended(&self.histories[key]))
            .collect();
        due.sort();
        for (_, key) in &due {
            self.append(key.clone(), now, What::Ended(Status::Expired));
        }
        due.len() as u64
    }

    /// Ends what is over by the rules of a source before they change.
    fn settle(&mut self, source: &Source, at: Timestamp) {
        let changes =
            |known: &Known| known.source.name == source.name && !known.source.holds_like(source);
        if self.sources.iter().any(changes) {
            self.expire(at, |due| due.known.source.name == source.name);
        }
    }

    /// Ends those of a source's active claims that `which` picks.
    fn end(
        &mut self,
        source: &str,
        status: Status,
        at: Timestamp,
        which: impl Fn(&Present<'_>) -> bool,
    ) -> u64 {
        let chosen: Vec<Value> = self
            .present(at)
            .into_iter()
            .filter(|present| present.known.source.name == source)
            .filter(|present| present.status == Status::Active && which(present))
            .map(|present| present.value.clone())
            .collect();
        for value in &chosen {
            self.append((value.clone(), source.to_owned()), at, What::Ended(status));
        }
        chosen.len() as u64
    }

    /// Takes one claim, which holds all that a batch says about its value.
    fn hear(&mut self, claim: Claim, source: &Source, at: Timestamp, anew: bool) -> Outcome {
        let key = (claim.value.clone(), source.name.clone());
        let present = self.present(at).into_iter().find(|present| {
            *present.value == claim.value
                && present.known.source.name == source.name
                && (!anew || present.status == Status::Active)
        });
        let known = present.map(|present| {
            let standing = Standing {
                status: present.status,
                touched: present.touched,
                listed_at: present.known.last_listing(View::present(at)),
            };
            (present.held.clone(), standing)
        });
        let filed = self.filed(&claim.value, source);
        let (decision, outcome) = match known {
            None => (Decision::Write(Held::new(claim, at)), Outcome::Added),
            Some((held, standing)) => {
                let decision = held.hear(standing, &claim, source, at);
                (decision, Outcome::Merged)
            }
        };
        match decision {
            Decision::Write(held) => {
                self.append(
                    key,
                    at,
                    What::Said {
                        held: Box::new(held),
                        touched: None,
                        filed,
                    },
                );
                outcome
            }
            Decision::Touch(time) => {
                let versions = self.histories.get_mut(&key).unwrap().iter_mut().rev();
                let mut said = versions.filter_map(|version| match &mut version.what {
                    What::Said { touched, .. } => Some(touched),
                    What::Ended(_) => None,
                });
                *said.next().unwrap() = Some(time);
                Outcome::Unchanged
            }
            Decision::Keep => Outcome::Unchanged,
        }
    }
}

impl ClaimStore for Model {
    async fn record(&self, batch: Batch<'_>) -> Result<Receipt, StoreError> {
        let mut state = self.state();
        state.settle(batch.source, batch.heard_at);
        state.known(batch.source);
        // What a batch says about one value is folded first: the first claim
        // has the outcome of the whole.
        let mut folded: Vec<(usize, Claim)> = Vec::new();
        let mut later = Vec::new();
        let mut outcomes = Vec::new();
        let mut ids = Vec::new();
        for mut claim in batch.claims {
            claim.tidy();
            ids.push(ClaimId::new(
                claim.value.kind(),
                claim.value.as_str(),
                &batch.source.name,
            ));
            let same = folded
                .iter_mut()
                .find(|(_, earlier)| earlier.value == claim.value);
            if let Some((first, earlier)) = same {
                let before = earlier.clone();
                earlier.merge(&claim);
                if *earlier != before {
                    later.push((outcomes.len(), *first));
                }
            } else {
                folded.push((outcomes.len(), claim));
            }
            outcomes.push(Outcome::Unchanged);
        }
        for (position, claim) in folded {
            outcomes[position] = state.hear(claim, batch.source, batch.heard_at, batch.anew);
        }
        for (position, first) in later {
            if outcomes[first] != Outcome::Unchanged {
                outcomes[position] = Outcome::Merged;
            }
        }
        state.restate(batch.heard_at);
        Ok(Receipt {
            outcomes,
            ids,
            revision: state.revision,
        })
    }

    async fn retain_present(
        &self,
        source: &Source,
        present: &ClaimIdSet,
        fetched_at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut state = self.state();
        state.settle(source, fetched_at);
        state.known(source);
        state.restate(fetched_at);
        // What was over before the fetch stays over.
        state.expire(fetched_at, |due| due.known.source.name == source.name);
        let id = |value: &Value| ClaimId::new(value.kind(), value.as_str(), &source.name);
        let removed = state.end(&source.name, Status::Removed, fetched_at, |claim| {
            !present.contains(&id(claim.value))
        });
        let known = state.known(source);
        known.listings.push(fetched_at);
        Ok(removed)
    }

    async fn retain_all(&self, source: &Source, fetched_at: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state();
        state.settle(source, fetched_at);
        state.known(source);
        state.restate(fetched_at);
        state.expire(fetched_at, |due| due.known.source.name == source.name);
        state.known(source).listings.push(fetched_at);
        Ok(())
    }

    async fn remove(
        &self,
        source: &Source,
        values: &[Value],
        reason: Removal,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        Ok(self
            .state()
            .end(&source.name, reason.status(), at, |claim| {
                values.contains(claim.value)
            }))
    }

    async fn expire_due(&self, now: Timestamp) -> Result<u64, StoreError> {
        let overdue = now.checked_sub(GRACE).unwrap();
        Ok(self.state().expire(now, |due| {
            due.known.source.mirrored_by.is_none() || due.expires_at <= Some(overdue)
        }))
    }

    fn listed_sources(&self) -> Vec<(Source, Option<Timestamp>)> {
        let state = self.state();
        let listed = state.sources.iter();
        let listed = listed.map(|known| {
            let last = known.listings.iter().max().copied();
            (known.source.clone(), last)
        });
        listed.collect()
    }

    async fn changes(
        &self,
        told: Progress,
        until: u64,
        most: usize,
    ) -> Result<Changes, StoreError> {
        let state = self.state();
        if told.relies_on() > state.revision {
            return Err(StoreError::UnknownRevision(told.relies_on()));
        }
        let after = told.reached;
        let mut told: Vec<(u64, Transfer)> = Vec::new();
        for present in state.present(Timestamp::MIN) {
            if present.revision > after && present.revision <= until {
                let (_, source) = present.key();
                let mut held = present.held.clone();
                held.claim.last_seen = held.claim.last_seen.max(present.touched);
                let claim = Retained {
                    held,
                    status: present.status,
                    updated_at: present.updated_at,
                };
                told.push((present.revision, Transfer { source, claim }));
            }
        }
        told.sort_by_key(|(revision, _)| *revision);
        let reached = match told.get(most) {
            Some(next) => next.0 - 1,
            None => until,
        };
        told.truncate(most);
        let claims = told.into_iter().map(|(_, claim)| claim).collect();
        Ok(Changes { claims, reached })
    }

    async fn mirror_source(
        &self,
        source: &Source,
        listed_at: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        state.known(source);
        state.restate(at);
        let listings = &mut state.known(source).listings;
        if listed_at.is_some() && listed_at > listings.iter().max().copied() {
            listings.extend(listed_at);
        }
        Ok(())
    }

    async fn mirror(&self, claims: Vec<Transfer>, at: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.state();
        let mut changed = 0;
        for Transfer { source, claim } in claims {
            let key = (claim.held.claim.value.clone(), source);
            let known = state.sources.iter();
            let known = known.map(|known| known.source.clone());
            let source = known.clone().find(|known| known.name == key.1);
            let source = source.filter(|source| source.mirrored_by.is_some());
            let source = source.ok_or(StoreError::Unavailable("not mirrored".into()))?;
            let present = state.present(Timestamp::MIN);
            let own = present.iter().find(|present| present.key() == key);
            let own = own.map(|own| {
                let mut held = own.held.clone();
                held.claim.last_seen = held.claim.last_seen.max(own.touched);
                Retained {
                    held,
                    status: own.status,
                    updated_at: own.updated_at,
                }
            });
            let mirroring = claim.mirror(own.as_ref());
            changed += u64::from(mirroring != Takeover::default());
            if let Some(held) = mirroring.version {
                let filed = state.filed(&key.0, &source);
                let held = Box::new(held);
                let touched = None;
                state.append(
                    key.clone(),
                    at,
                    What::Said {
                        held,
                        touched,
                        filed,
                    },
                );
            }
            if let Some(time) = mirroring.touched {
                let last = state.histories.get_mut(&key).unwrap().last_mut().unwrap();
                let What::Said { touched, .. } = &mut last.what else {
                    panic!("what has ended is not seen");
                };
                *touched = Some(time);
            }
            if let Some(status) = mirroring.end {
                state.append(key, at, What::Ended(status));
            }
        }
        Ok(changed)
    }

    async fn count_untold(
        &self,
        source: &str,
        told: &ClaimIdSet,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let id = |value: &Value| ClaimId::new(value.kind(), value.as_str(), source);
        let state = self.state();
        let mut untold = state.present(at);
        untold.retain(|claim| claim.known.source.name == source);
        untold.retain(|claim| claim.status == Status::Active && !told.contains(&id(claim.value)));
        Ok(untold.len() as u64)
    }

    async fn retain_mirrored(
        &self,
        source: &str,
        present: &ClaimIdSet,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let id = |value: &Value| ClaimId::new(value.kind(), value.as_str(), source);
        let mut state = self.state();
        // What is over and was not ended is gone, too.
        let gone: Vec<_> = state
            .present(Timestamp::MIN)
            .into_iter()
            .filter(|claim| claim.known.source.name == source && !claim.is_ended)
            .filter(|claim| !present.contains(&id(claim.value)))
            .map(|claim| claim.key())
            .collect();
        for key in &gone {
            state.append(key.clone(), at, What::Ended(Status::Removed));
        }
        Ok(gone.len() as u64)
    }

    async fn find<S: EntrySink + Send>(
        &self,
        question: &Question<'_>,
        sink: &mut S,
    ) -> Result<(), StoreError> {
        let state = self.state();
        let mut hits = Vec::new();
        let view = if question.as_of {
            state.as_of(question.now)
        } else {
            View::present(question.now)
        };
        for mut present in state.view(view) {
            let reasons = question
                .readings
                .iter()
                .filter_map(|asked| match question.reach {
                    Reach::Scope => relation(present.value, present.held.claim.scope, asked),
                    Reach::Cascade => cascade(present.value, asked),
                });
            present.matched = nearest(reasons);
            if present.matched.is_some() && question.status.admits(present.status) {
                hits.push(present);
            }
        }
        sort(&mut hits);
        state.tell(&hits, question.page, sink);
        Ok(())
    }

    async fn find_containing<S: EntrySink + Send>(
        &self,
        question: &Containing<'_>,
        sink: &mut S,
    ) -> Result<(), StoreError> {
        let state = self.state();
        let view = if question.as_of {
            state.as_of(question.now)
        } else {
            View::present(question.now)
        };
        let mut hits = state.view(view);
        hits.retain_mut(|present| {
            present.matched = Some(Match {
                kind: MatchKind::Contains,
                distance: 0,
            });
            question.status.admits(present.status)
                && question
                    .kind
                    .is_none_or(|kind| kind == present.value.kind())
                && question.part.is_in(present.value.as_ref())
        });
        sort(&mut hits);
        state.tell(&hits, question.page, sink);
        Ok(())
    }

    async fn related<S: EntrySink + Send>(
        &self,
        ties: &Ties,
        now: Timestamp,
        sink: &mut S,
    ) -> Result<(), StoreError> {
        let state = self.state();
        let mut active = state.present(now);
        active.retain(|entry| entry.status == Status::Active);
        active.sort_by_key(|entry| Reverse(entry.revision));
        let mut related: Vec<Present<'_>> = Vec::new();
        for tie in [Tie::Article, Tie::File, Tie::Malware, Tie::Campaign] {
            for entry in &active {
                let is_told = related.iter().any(|told| told.value == entry.value);
                if !is_told
                    && related.len() < MAX_RELATED
                    && !ties.answered.contains(entry.value)
                    && is_tied(ties, tie, entry)
                {
                    related.push(Present {
                        matched: Some(tie.matched()),
                        ..*entry
                    });
                }
            }
        }
        let page = Page {
            offset: 0,
            limit: u32::MAX,
        };
        state.tell(&related, page, sink);
        Ok(())
    }

    async fn list<S: EntrySink + Send>(
        &self,
        listing: &Listing<'_>,
        sink: &mut S,
    ) -> Result<Option<u64>, StoreError> {
        Ok(self.state().list(listing, None, sink))
    }

    async fn list_on<S: EntrySink + Send>(
        &self,
        listing: &Listing<'_>,
        behind: u64,
        sink: &mut S,
    ) -> Result<Option<u64>, StoreError> {
        Ok(self.state().list(listing, Some(behind), sink))
    }

    /// Revision by revision: what was in the list before it, and is after it.
    async fn follow<S: ChangeSink + Send>(
        &self,
        following: &Following<'_>,
        sink: &mut S,
    ) -> Result<u64, StoreError> {
        let state = self.state();
        if following.after > state.revision {
            return Err(StoreError::UnknownRevision(following.after));
        }
        let filter = following.filter;
        let mut present = state.present(following.now);
        present.retain(|entry| entry.revision > following.after && entry.is_admitted(filter));
        let (present, low): (Vec<_>, Vec<_>) = present
            .into_iter()
            .partition(|entry| state.has_score(entry, filter));
        sink.total(present.len() as u64);
        let at = |revision| {
            state.view(View {
                now: Timestamp::MIN,
                revision: Some(revision),
            })
        };
        let ever = Filter {
            since: None,
            ..filter.clone()
        };
        let mut told = 0;
        for revision in following.after + 1..=state.revision {
            if told == following.limit {
                return Ok(revision - 1);
            }
            if let Some(entry) = present.iter().find(|entry| entry.revision == revision) {
                state.tell_one(entry, &mut |entry| sink.entry(entry));
                told += 1;
                continue;
            }
            let after = at(revision);
            let entry = after.iter().find(|entry| entry.revision == revision);
            let entry = entry.unwrap();
            let was_in = at(revision - 1)
                .iter()
                .any(|old| old.id() == entry.id() && old.is_admitted(&ever));
            let is_low = low.iter().any(|entry| entry.revision == revision);
            if following.include_removed && was_in && (is_low || !entry.is_admitted(&ever)) {
                sink.gone(&Gone {
                    id: entry.id(),
                    kind: entry.value.kind(),
                    value: entry.value.as_str(),
                    source: &entry.known.source,
                    confidence: Confidence::from_score(entry.held.claim.confidence),
                    reason: match entry.status {
                        _ if is_low => GoneReason::NoLongerMatches,
                        Status::Active => GoneReason::NoLongerMatches,
                        Status::Expired => GoneReason::Expired,
                        Status::Removed => GoneReason::RemovedBySource,
                        Status::FalsePositive => GoneReason::FalsePositive,
                    },
                    at: entry.updated_at,
                });
                told += 1;
            }
        }
        Ok(state.revision)
    }

    fn mark(&self, filter: &Filter, now: Timestamp) -> Option<u64> {
        let state = self.state();
        let mut all = state.present(now);
        all.retain(|entry| filter.since.is_none_or(|since| entry.updated_at >= since));
        let told = all.iter().map(|entry| (entry.revision, entry.entry()));
        let mut hasher = DefaultHasher::new();
        format!("{:?}", told.collect::<Vec<_>>()).hash(&mut hasher);
        Some(hasher.finish())
    }

    fn epoch(&self) -> u64 {
        self.state().epoch
    }

    async fn assess(&self, warnings: Arc<WarningSet>, at: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.state();
        state.warnings = warnings;
        Ok(state.restate(at))
    }

    async fn stats(&self, now: Timestamp) -> Result<Stats, StoreError> {
        let state = self.state();
        let mut listed = state.present(now);
        listed.retain(|entry| entry.is_admitted(&Filter::default()));
        listed.sort_by_key(|entry| Reverse(entry.revision));
        let count = |is_meant: &dyn Fn(&Present<'_>) -> bool| {
            listed.iter().filter(|entry| is_meant(entry)).count() as u64
        };
        let recent = |days: i64| {
            let since = now - SignedDuration::from_hours(24 * days);
            let is_new = |entry: &Present<'_>| entry.held.first_heard_at >= since;
            let added = count(&|entry| entry.updated_at >= since && is_new(entry));
            let changed = count(&|entry| entry.updated_at >= since && !is_new(entry));
            Recent { added, changed }
        };
        let names = listed.iter().flat_map(|entry| &entry.held.claim.techniques);
        let techniques: BTreeSet<&String> = names.collect();
        let techniques = techniques.into_iter().map(|id| {
            let has_it = |entry: &Present<'_>| entry.held.claim.techniques.contains(id);
            (id.clone(), count(&has_it))
        });
        let mut cves: Vec<(String, u64)> = Vec::new();
        for entry in listed
            .iter()
            .filter(|entry| entry.value.kind() == Kind::Cve)
        {
            let text = entry.value.as_str();
            if cves.iter().all(|(known, _)| known != text) {
                cves.push((text.to_owned(), count(&|other| other.value == entry.value)));
            }
        }
        Ok(Stats {
            revision: state.revision,
            total: listed.len() as u64,
            kinds: each(Kind::ALL, |kind| count(&|entry| entry.value.kind() == kind)),
            confidences: each(Confidence::ALL, |label| {
                count(&|entry| Confidence::from_score(entry.held.claim.confidence) == label)
            }),
            categories: each(Category::ALL, |category| {
                count(&|entry| entry.filed.category == category)
            }),
            sources: each(
                state.sources.iter().map(|known| known.source.clone()),
                |source| count(&|entry| entry.known.source.name == source.name),
            ),
            day: recent(1),
            week: recent(7),
            techniques: top(techniques.collect()),
            cves: top(cves),
        })
    }

    fn refusal(&self) -> Option<String> {
        self.state().refusal.clone()
    }

    fn counts(&self) -> Counts {
        let state = self.state();
        let active = state
            .histories
            .values()
            .filter(|versions| !State::is_ended(versions));
        Counts {
            active: active.count() as u64,
            retained: state.histories.len() as u64,
            revision: state.revision,
        }
    }

    fn sources(&self) -> Vec<Source> {
        self.state()
            .sources
            .iter()
            .map(|known| known.source.clone())
            .collect()
    }
}

/// Things with how many there are of each.
fn each<T: Clone>(all: impl IntoIterator<Item = T>, count: impl Fn(T) -> u64) -> Vec<(T, u64)> {
    let all = all.into_iter();
    all.map(|thing| (thing.clone(), count(thing))).collect()
}

/// Those of which there are most, in the order in which they come.
fn top(mut counted: Vec<(String, u64)>) -> Vec<(String, u64)> {
    counted.sort_by_key(|(_, count)| Reverse(*count));
    counted.truncate(TOP);
    counted
}

fn is_tied(ties: &Ties, tie: Tie, entry: &Present<'_>) -> bool {
    let claim = &entry.held.claim;
    let is_among = |names: &[String], name: &str| names.contains(&name.to_ascii_lowercase());
    match tie {
        Tie::Article => claim
            .article
            .as_ref()
            .is_some_and(|article| ties.articles.contains(&article.id)),
        Tie::File => ties.files.contains(entry.value),
        Tie::Malware => claim
            .malware
            .as_ref()
            .is_some_and(|name| is_among(&ties.malware, name)),
        Tie::Campaign => claim
            .tags
            .iter()
            .any(|tag| is_campaign(tag) && is_among(&ties.campaigns, tag)),
    }
}

/// The order of answers to questions.
fn sort(hits: &mut [Present<'_>]) {
    hits.sort_by_key(|hit| {
        (
            hit.status != Status::Active,
            hit.matched.map(|matched| matched.distance),
            Reverse(Confidence::from_score(hit.held.claim.confidence)),
            Reverse(hit.updated_at),
            hit.id(),
        )
    });
}

impl State {
    /// A page of a list, or of what is behind one of its entries; and the
    /// revision of its last entry, if it is full.
    fn list<S: EntrySink>(
        &self,
        listing: &Listing<'_>,
        behind: Option<u64>,
        sink: &mut S,
    ) -> Option<u64> {
        let view = View {
            now: listing.now,
            revision: listing.revision,
        };
        let mut listed = self.view(view);
        listed.retain(|entry| entry.is_admitted(listing.filter));
        listed.retain(|entry| self.has_score(entry, listing.filter));
        listed.sort_by_key(|entry| Reverse(entry.revision));
        match behind {
            None => sink.total(listed.len() as u64),
            Some(behind) => listed.retain(|entry| entry.revision < behind),
        }
        self.tell_page(&listed, listing.page, sink);
        let Page { offset, limit } = listing.page;
        let last = offset.saturating_add(u64::from(limit)).checked_sub(1)?;
        let last = listed.get(usize::try_from(last).ok()?)?;
        (limit > 0).then_some(last.revision)
    }

    fn tell<S: EntrySink>(&self, all: &[Present<'_>], page: Page, sink: &mut S) {
        sink.total(all.len() as u64);
        self.tell_page(all, page, sink);
    }

    fn tell_page<S: EntrySink>(&self, all: &[Present<'_>], page: Page, sink: &mut S) {
        for present in all
            .iter()
            .skip(usize::try_from(page.offset).unwrap_or(usize::MAX))
            .take(page.limit as usize)
        {
            let explained = sink.wants_explanations();
            self.tell_one(present, &mut |entry| {
                let mut entry = entry.clone();
                entry.explanation = entry.explanation.filter(|_| explained);
                sink.entry(&entry);
            });
        }
    }

    fn has_score(&self, present: &Present<'_>, filter: &Filter) -> bool {
        let is_warned = present.is_warned();
        let explained = || self.explain(present.value, present.view, is_warned);
        filter
            .min_score
            .is_none_or(|least| explained().score >= least)
    }

    fn tell_one(&self, present: &Present<'_>, tell: &mut dyn FnMut(&Entry<'_>)) {
        let is_warned = present.is_warned();
        let explanation = self.explain(present.value, present.view, is_warned);
        let mut entry = present.entry();
        if is_warned {
            let value = present.value.as_ref();
            self.warnings
                .visit(value, &mut |warning| entry.warnings.push(warning.name));
        }
        entry.score = explanation.score;
        entry.explanation = Some(explanation);
        tell(&entry);
    }
}

impl Present<'_> {
    /// Whether warnings speak about it: of a claim that held, what the lists
    /// said then is written down.
    fn is_warned(&self) -> bool {
        self.is_ended || self.filed.judgement != Judgement::Clear
    }

    /// Whether the filter admits what the entry is filed under.
    fn is_filed(&self, filter: &Filter) -> bool {
        (self.filed.is_listable || filter.include_warned)
            && filter.kind.is_none_or(|kind| kind == self.value.kind())
            && filter
                .confidence
                .is_none_or(|label| label == Confidence::from_score(self.held.claim.confidence))
            && filter
                .category
                .is_none_or(|category| category == self.filed.category)
            && self.is_labelled(filter)
            && filter.until.is_none_or(|until| self.updated_at < until)
    }

    fn is_labelled(&self, filter: &Filter) -> bool {
        let claim = &self.held.claim;
        let source = &self.known.source.name;
        let is_same = |asked: &String, name: &str| asked.to_lowercase() == name.to_lowercase();
        (filter.sources.is_empty() || filter.sources.contains(source))
            && filter
                .tag
                .as_ref()
                .is_none_or(|asked| claim.tags.iter().any(|tag| is_same(asked, tag)))
            && filter.technique.as_ref().is_none_or(|asked| {
                let below = format!("{asked}.");
                let mut known = claim.techniques.iter();
                known.any(|id| id == asked || id.starts_with(&below))
            })
            && filter.malware.as_ref().is_none_or(|asked| {
                let known = claim.malware.as_ref();
                known.is_some_and(|name| is_same(asked, name))
            })
            && filter
                .sector
                .as_ref()
                .is_none_or(|asked| claim.sectors.contains(asked))
    }

    fn is_admitted(&self, filter: &Filter) -> bool {
        let is_wanted = match self.status {
            Status::Active => true,
            Status::Expired => filter.include_expired,
            Status::Removed | Status::FalsePositive => false,
        };
        is_wanted
            && self.is_filed(filter)
            && filter.since.is_none_or(|since| self.updated_at >= since)
    }

    fn key(&self) -> (Value, String) {
        (self.value.clone(), self.known.source.name.clone())
    }

    fn id(&self) -> ClaimId {
        ClaimId::new(
            self.value.kind(),
            self.value.as_str(),
            &self.known.source.name,
        )
    }

    fn last_seen(&self) -> Timestamp {
        // Of a snapshot source, what is still on the list was on it at the last fetch.
        let is_active = self.status == Status::Active;
        let listed_at = self.known.last_listing(self.view).filter(|_| is_active);
        self.held.last_seen(self.touched, listed_at)
    }

    /// All but what is known of the value as a whole.
    fn entry(&self) -> Entry<'_> {
        let source = &self.known.source;
        let claim = &self.held.claim;
        let mut warnings = Vec::new();
        if is_non_global(&self.value.as_ref()) {
            warnings.push(NON_GLOBAL);
        }
        Entry {
            id: self.id(),
            kind: self.value.kind(),
            value: self.value.as_str(),
            source,
            confidence: claim.confidence,
            status: self.status,
            first_seen: Some(self.held.first_seen()),
            last_seen: Some(self.last_seen()),
            expires_at: self.expires_at,
            updated_at: self.updated_at,
            context: claim.context.as_deref(),
            malware: claim.malware.as_deref(),
            tags: claim.tags.iter().map(String::as_str).collect(),
            techniques: claim.techniques.iter().map(String::as_str).collect(),
            sectors: claim.sectors.iter().map(String::as_str).collect(),
            ports: claim.ports.clone(),
            references: claim.references.iter().map(String::as_str).collect(),
            tlp: claim.tlp,
            article: claim.article.clone(),
            warnings,
            score: 0,
            explanation: None,
            matched: self.matched,
        }
    }
}
