//! A claim store that is slow and obviously right: every version of every
//! claim in one ordered map, every answer a walk over all of it. It knows of
//! no index and does not use the matching of the real stores.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use iocd::store::{Batch, ClaimStore, Counts, Receipt, Removal, StoreError};
use iocd_core::claim::held::{self, Decision, Held, Outcome};
use iocd_core::claim::{Category, Claim, ClaimId, Confidence, Extent, Source, Status};
use iocd_core::query::{
    Containing, Entry, EntrySink, Filter, Match, MatchKind, Page, Question, Reach,
};
use iocd_core::related::{MAX_RELATED, Tie, Ties, is_campaign};
use iocd_core::score::{Caution, Evidence, Explanation};
use iocd_core::value::{Value, is_non_global};
use iocd_core::warning::{ALLOWED, Judgement, NON_GLOBAL, WarningSet};
use jiff::Timestamp;

mod relation;

use relation::{cascade, nearest, relation};

/// The store.
#[derive(Default)]
pub(crate) struct Model(Mutex<State>);

#[derive(Default)]
struct State {
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
    listed_at: Option<Timestamp>,
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
    matched: Option<Match>,
}

impl Known {
    /// When a complete fetch last showed the list of a snapshot source.
    fn last_listing(&self) -> Option<Timestamp> {
        self.listed_at
            .filter(|_| self.source.extent == Extent::Snapshot)
    }
}

impl Model {
    /// From now on it says that it takes no writes, and why.
    pub(crate) fn refuse(&self, reason: &str) {
        self.state().refusal = Some(reason.to_owned());
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
                listed_at: None,
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
    fn explain(&self, value: &Value, now: Timestamp) -> Explanation<'_> {
        let all = self.present(now).into_iter();
        let of_value: Vec<_> = all.filter(|present| present.value == value).collect();
        let mut caution = Caution::None;
        let is_expected = |present: &Present<'_>| present.known.source.list_non_global;
        if is_non_global(&value.as_ref()) && !of_value.iter().any(is_expected) {
            caution = Caution::Withheld;
        }
        self.warnings.visit(value.as_ref(), &mut |warning| {
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
        let mut all = Vec::new();
        for ((value, source), versions) in &self.histories {
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
            let last = versions.last().unwrap();
            // What has ended is on no list any more.
            let listed_at = known
                .last_listing()
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
                matched: None,
            });
        }
        all
    }

    fn is_ended(versions: &[Version]) -> bool {
        matches!(versions.last().unwrap().what, What::Ended(_))
    }

    /// Gives claims whose time is over an end of their own.
    fn expire(&mut self, now: Timestamp, of: impl Fn(&Source) -> bool) -> u64 {
        // Ends come in the order of what they end.
        let mut due: Vec<(u64, (Value, String))> = self
            .present(now)
            .into_iter()
            .filter(|present| present.status == Status::Expired && of(&present.known.source))
            .map(|present| (present.revision, present.key()))
            .filter(|(_, key)| !State::is_ended(&self.histories[key]))
            .collect();
        due.sort();
        for (_, key) in &due {
            self.append(key.clone(), now, What::Ended(Status::Expired));
        }
        due.len() as u64
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
    fn hear(&mut self, claim: Claim, source: &Source, at: Timestamp) -> Outcome {
        let key = (claim.value.clone(), source.name.clone());
        let present = self.present(at).into_iter().find(|present| {
            *present.value == claim.value && present.known.source.name == source.name
        });
        let known = present.as_ref().map(|present| held::Known {
            held: present.held,
            status: present.status,
            touched: present.touched,
            listed_at: present.known.last_listing(),
        });
        let filed = self.filed(&claim.value, source);
        match Held::hear(known, claim, source, at) {
            Decision::Write(held, outcome) => {
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
        state.known(batch.source);
        // What a batch says about one value is folded first: the first claim
        // has the outcome of the whole.
        let mut folded: Vec<(usize, Claim)> = Vec::new();
        let mut later = Vec::new();
        let mut outcomes = Vec::new();
        for mut claim in batch.claims {
            claim.tidy();
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
            outcomes[position] = state.hear(claim, batch.source, batch.heard_at);
        }
        for (position, first) in later {
            if outcomes[first] != Outcome::Unchanged {
                outcomes[position] = Outcome::Merged;
            }
        }
        state.restate(batch.heard_at);
        Ok(Receipt {
            outcomes,
            revision: state.revision,
        })
    }

    async fn retain_present(
        &self,
        source: &Source,
        present: &HashSet<ClaimId>,
        fetched_at: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut state = self.state();
        state.known(source);
        state.restate(fetched_at);
        // What was over before the fetch stays over.
        state.expire(fetched_at, |other| other.name == source.name);
        let id = |value: &Value| ClaimId::new(value.kind(), value.as_str(), &source.name);
        let removed = state.end(&source.name, Status::Removed, fetched_at, |claim| {
            !present.contains(&id(claim.value))
        });
        let known = state.known(source);
        known.listed_at = known.listed_at.max(Some(fetched_at));
        Ok(removed)
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
        Ok(self.state().expire(now, |_| true))
    }

    async fn find<S: EntrySink + Send>(
        &self,
        question: &Question<'_>,
        sink: &mut S,
    ) -> Result<(), StoreError> {
        let state = self.state();
        let mut hits = Vec::new();
        for mut present in state.present(question.now) {
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
        state.tell(&hits, question.page, question.now, sink);
        Ok(())
    }

    async fn find_containing<S: EntrySink + Send>(
        &self,
        question: &Containing<'_>,
        sink: &mut S,
    ) -> Result<(), StoreError> {
        let state = self.state();
        let mut hits = state.present(question.now);
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
        state.tell(&hits, question.page, question.now, sink);
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
        state.tell(&related, page, now, sink);
        Ok(())
    }

    async fn list<S: EntrySink + Send>(
        &self,
        filter: &Filter,
        page: Page,
        now: Timestamp,
        sink: &mut S,
    ) -> Result<(), StoreError> {
        let state = self.state();
        let mut listed = state.present(now);
        listed.retain(|entry| {
            let is_wanted = match entry.status {
                Status::Active => true,
                Status::Expired => filter.include_expired,
                Status::Removed | Status::FalsePositive => false,
            };
            is_wanted
                && (entry.filed.is_listable || filter.include_warned)
                && filter.kind.is_none_or(|kind| kind == entry.value.kind())
                && filter.confidence.is_none_or(|label| {
                    label == Confidence::from_score(entry.held.claim.confidence)
                })
                && filter
                    .category
                    .is_none_or(|category| category == entry.filed.category)
                && filter.since.is_none_or(|since| entry.updated_at >= since)
                && filter.until.is_none_or(|until| entry.updated_at < until)
        });
        listed.sort_by_key(|entry| Reverse(entry.revision));
        state.tell(&listed, page, now, sink);
        Ok(())
    }

    async fn assess(&self, warnings: Arc<WarningSet>, at: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.state();
        state.warnings = warnings;
        Ok(state.restate(at))
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
    fn tell<S: EntrySink>(&self, all: &[Present<'_>], page: Page, now: Timestamp, sink: &mut S) {
        sink.total(all.len() as u64);
        for present in all
            .iter()
            .skip(usize::try_from(page.offset).unwrap_or(usize::MAX))
            .take(page.limit as usize)
        {
            let explanation = self.explain(present.value, now);
            let mut entry = present.entry();
            let value = present.value.as_ref();
            self.warnings
                .visit(value, &mut |warning| entry.warnings.push(warning.name));
            entry.score = explanation.score;
            entry.explanation = sink.wants_explanations().then_some(explanation);
            sink.entry(&entry);
        }
    }
}

impl Present<'_> {
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
        let listed_at = self.known.last_listing().filter(|_| is_active);
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
