//! Answering questions and lists.

use iocd_core::claim::{ArticleRef, Status};
use iocd_core::matching;
use iocd_core::query::{Entry, EntrySink, Match, Question, Reach, StatusFilter};
use iocd_core::value::ValueRef;
use jiff::Timestamp;

use crate::Index;
use crate::best::Hit;
use crate::columns::{NO_TIME, NONE};
use crate::error::IndexError;
use crate::moment::Moment;
use crate::record::{ClaimRecord, Items};
use crate::score::Telling;
use crate::state::{State, expires_at};
use crate::time::{seconds, timestamp};

/// Entries of a page written before a waiting writer gets its turn.
pub(crate) const SLICE: usize = 64;

/// A claim as it stands at the moment of an answer. What happens to it while
/// the answer is written does not show.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    /// The claim's last version.
    pub(crate) slot: u32,
    pub(crate) status: Status,
    /// The slot of its last change: its own, or the tombstone that ended it.
    pub(crate) changed: u32,
    /// The newest slot of its value, where it is known.
    pub(crate) newest: Option<u32>,
}

impl Shown {
    /// An active claim.
    pub(crate) fn listed(slot: u32) -> Shown {
        Shown {
            slot,
            status: Status::Active,
            changed: slot,
            newest: None,
        }
    }

    /// Whether an end was the last word.
    pub(crate) fn is_ended(&self) -> bool {
        self.changed != self.slot
    }
}

impl Index {
    /// Tells `sink` the entries that answer the question, in the order of
    /// `ClaimStore::find`.
    pub fn find<S: EntrySink>(
        &self,
        question: &Question<'_>,
        sink: &mut S,
    ) -> Result<(), IndexError> {
        if question.reach == Reach::Cascade {
            return self.find_by_cascade(question, sink);
        }
        let state = self.state.read();
        let moment = state.moment(seconds(question.now), question.as_of)?;
        let mut hits = Vec::new();
        for reading in question.readings {
            state.collect_hits(reading.as_ref(), question.status, moment, &mut hits)?;
        }
        if hits.len() > 1 {
            sort_hits(&state, &mut hits)?;
        }
        sink.total(hits.len() as u64);
        let telling = Telling {
            moment,
            explained: sink.wants_explanations(),
        };
        let offset = usize::try_from(question.page.offset).unwrap_or(usize::MAX);
        for hit in hits.iter().skip(offset).take(question.page.limit as usize) {
            sink.entry(&state.entry(&hit.shown, Some(hit.matched), telling)?);
        }
        Ok(())
    }

    /// Whether any entry answers the question: what [`Index::find`] would
    /// tell, without reading the entries.
    pub fn knows(&self, question: &Question<'_>) -> Result<bool, IndexError> {
        let state = self.state.read();
        let moment = state.moment(seconds(question.now), question.as_of)?;
        let mut hits = Vec::new();
        for reading in question.readings {
            state.collect_hits(reading.as_ref(), question.status, moment, &mut hits)?;
            if !hits.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Puts hits in the order of an answer.
pub(crate) fn sort_hits(state: &State, hits: &mut [Hit]) -> Result<(), IndexError> {
    let mut failure = Ok(());
    hits.sort_unstable_by(|a, b| {
        a.rank().cmp(&b.rank()).then_with(|| {
            match (state.claim(a.shown.slot), state.claim(b.shown.slot)) {
                (Ok(a), Ok(b)) => a.id.cmp(&b.id),
                (Err(error), _) | (_, Err(error)) => {
                    failure = Err(error);
                    std::cmp::Ordering::Equal
                }
            }
        })
    });
    failure
}

impl State {
    fn collect_hits(
        &self,
        value: ValueRef<'_>,
        status: StatusFilter,
        moment: Moment,
        hits: &mut Vec<Hit>,
    ) -> Result<(), IndexError> {
        let mut failure = Ok(());
        matching::probes(value, &self.shape, Reach::Scope, &mut |probe| {
            if failure.is_ok() {
                let ValueRef { kind, text } = probe.key;
                failure = self
                    .newest(self.hash(kind, text), kind, text)
                    .map(|newest| self.collect_chain(newest, &probe, status, moment, hits));
            }
        });
        failure
    }

    /// Adds the claims about a probe's key, of which `newest` is the newest
    /// slot, that answer a question.
    pub(crate) fn collect_chain(
        &self,
        newest: Option<u32>,
        probe: &matching::Probe<'_>,
        filter: StatusFilter,
        moment: Moment,
        hits: &mut Vec<Hit>,
    ) {
        self.visit_claims(newest, filter, moment, |shown| {
            if probe.subtree_only && !self.columns.flags(shown.slot).is_subtree() {
                return;
            }
            let hit = self.hit(shown, probe.matched);
            // Two readings may lead to one claim: the nearer one counts.
            match hits.iter_mut().find(|known| known.shown.slot == shown.slot) {
                None => hits.push(hit),
                Some(known) if hit.matched.is_nearer_than(known.matched) => *known = hit,
                Some(_) => {}
            }
        });
    }

    /// Visits the claims about a value that the filter admits.
    pub(crate) fn visit_claims(
        &self,
        newest: Option<u32>,
        admitted: StatusFilter,
        moment: Moment,
        mut visit: impl FnMut(Shown),
    ) {
        let mut seen = Vec::new();
        for changed in self.chain(newest).filter(|&slot| slot < moment.end) {
            // Only the newest word of each source counts.
            let source = self.columns.source(changed);
            if seen.contains(&source) {
                continue;
            }
            if self.columns.next(changed) != NONE {
                seen.push(source);
            }
            if let Some((slot, status)) = self.latest(Some(changed), source, moment)
                && admitted.admits(status)
            {
                visit(Shown {
                    slot,
                    status,
                    changed,
                    newest,
                });
            }
        }
    }

    /// A claim as an answer to a question.
    pub(crate) fn hit(&self, shown: Shown, matched: Match) -> Hit {
        Hit {
            shown,
            matched,
            confidence: self.columns.flags(shown.slot).confidence(),
            updated_at: self.columns.updated_at(shown.changed),
        }
    }

    /// The sighting noted beside a version.
    pub(crate) fn touched(&self, slot: u32) -> Option<Timestamp> {
        let touched = self.columns.touched(slot);
        (touched != NO_TIME).then(|| timestamp(touched))
    }

    /// Latest sighting of the claim version in `slot`, in Unix seconds.
    pub(crate) fn last_seen(
        &self,
        slot: u32,
        claim: &ClaimRecord<'_>,
        status: Status,
        moment: Moment,
    ) -> u32 {
        let touched = self.columns.touched(slot);
        // What was noted beside a version later than that is not told.
        let is_told = touched != NO_TIME && (!moment.is_past() || touched <= moment.now);
        let said = claim.last_seen.max(is_told.then_some(touched));
        said.unwrap_or_else(|| match self.was_listed_at(claim.source, moment) {
            Some(listed_at) if status == Status::Active => claim.heard_at.max(listed_at),
            _ => claim.heard_at,
        })
    }

    /// An interned string of the record in `slot`.
    pub(crate) fn string(&self, number: u32, slot: u32) -> Result<&str, IndexError> {
        let damaged = || {
            self.address(slot)
                .damaged("the record names a string that is not there")
        };
        self.strings.get(number).ok_or_else(damaged)
    }

    /// A claim as a client sees it.
    pub(crate) fn entry(
        &self,
        shown: &Shown,
        matched: Option<Match>,
        telling: Telling,
    ) -> Result<Entry<'_>, IndexError> {
        let &Shown {
            slot,
            status,
            changed,
            ..
        } = shown;
        let claim = self.claim(slot)?;
        let strings = |items: Items<'_>| {
            items
                .iter()
                .map(|number| self.string(number, slot))
                .collect::<Result<Vec<_>, _>>()
        };
        let warnings = self.warnings(&claim, shown);
        let (score, explanation) = self.score(shown, &claim, &warnings, telling)?;
        let known = &self.sources[claim.source as usize];
        let moment = telling.moment;
        let expires_at = if shown.is_ended() {
            expires_at(&claim, &known.source, None)
        } else if moment.is_past() {
            let listed_at = self.was_listed_at(claim.source, moment);
            expires_at(&claim, &known.source, listed_at)
        } else {
            self.columns.expires_at(slot)
        };
        Ok(Entry {
            id: claim.id,
            kind: claim.kind,
            value: claim.value,
            source: &known.source,
            confidence: claim.confidence,
            status,
            first_seen: Some(timestamp(claim.first_seen.unwrap_or(claim.first_heard_at))),
            last_seen: Some(timestamp(self.last_seen(slot, &claim, status, moment))),
            expires_at: (expires_at != NO_TIME).then(|| timestamp(expires_at)),
            updated_at: timestamp(self.columns.updated_at(changed)),
            context: claim.context,
            malware: claim
                .malware
                .map(|number| self.string(number, slot))
                .transpose()?,
            tags: strings(claim.tags)?,
            techniques: strings(claim.techniques)?,
            sectors: strings(claim.sectors)?,
            ports: claim
                .ports
                .iter()
                .filter_map(|port| u16::try_from(port).ok())
                .collect(),
            references: claim.references.iter().collect(),
            tlp: claim.tlp,
            article: claim.article.map(|article| ArticleRef {
                id: article.id.to_owned(),
                title: article.title.to_owned(),
                url: article.url.to_owned(),
                published_at: timestamp(article.published_at),
            }),
            score,
            explanation,
            warnings: warnings.names,
            matched,
        })
    }
}
