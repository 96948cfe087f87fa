//! The body of an answer to a question.

use iocd_core::export::json::{write_entry, write_string};
use iocd_core::export::write_number;
use iocd_core::interpret::{canonical, interpret};
use iocd_core::matching::Part;
use iocd_core::normalize::Reading;
use iocd_core::query::{Containing, Entry, EntrySink, Matching, Question, Reach};
use iocd_core::related::Ties;
use iocd_core::value::{Kind, Value};
use iocd_core::warning::WarningSet;
use jiff::Timestamp;

use super::Asked;
use crate::control::Control;
use crate::http::reading::write_reading;
use crate::store::{ClaimStore, StoreError};

/// What a question is answered from.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a, S> {
    /// The claims.
    pub(crate) store: &'a S,
    /// What was searched, where nothing was found.
    pub(crate) control: &'a Control,
    /// The warning lists in force.
    pub(crate) warnings: &'a WarningSet,
    /// Whether nobody waits for the answer any more.
    pub(crate) is_abandoned: &'a (dyn Fn() -> bool + Sync),
}

/// The body of the answer to a question. A part of values that is too short to
/// be looked for is in none.
pub(crate) async fn answer<S: ClaimStore>(
    asked: &Asked<'_>,
    asking: Asking<'_, S>,
    now: Timestamp,
) -> Result<Vec<u8>, StoreError> {
    let now = asked.as_of.unwrap_or(now);
    let Asking {
        store,
        control,
        warnings,
        is_abandoned,
    } = asking;
    let part = match asked.matching {
        Matching::Contains => Part::read(&asked.text),
        Matching::Exact | Matching::Cascade => None,
    };
    let understood = match asked.matching {
        Matching::Contains => Understood::default(),
        Matching::Exact | Matching::Cascade => Understood::read(&asked.text, asked.kind),
    };
    let mut answer = Answer {
        out: Vec::with_capacity(1_024),
        asked,
        understood: &understood,
        control,
        warnings,
        now,
        entries: 0,
        ties: asked.related.then(Ties::default),
        is_abandoned,
    };
    if let Some(part) = &part {
        let question = Containing {
            part,
            kind: asked.kind,
            status: asked.status,
            page: asked.page,
            now,
            as_of: asked.as_of.is_some(),
        };
        store.find_containing(&question, &mut answer).await?;
    } else if understood.values.is_empty() {
        answer.total(0);
    } else {
        let question = Question {
            readings: &understood.values,
            reach: match asked.matching {
                Matching::Cascade => Reach::Cascade,
                Matching::Exact | Matching::Contains => Reach::Scope,
            },
            status: asked.status,
            page: asked.page,
            now,
            as_of: asked.as_of.is_some(),
        };
        store.find(&question, &mut answer).await?;
    }
    let Answer { mut out, ties, .. } = answer;
    out.push(b']');
    if let Some(ties) = ties {
        out.extend_from_slice(b",\"related\":[");
        let mut related = Related { out, entries: 0 };
        if !ties.is_empty() {
            store.related(&ties, now, &mut related).await?;
        }
        out = related.out;
        out.push(b']');
    }
    out.push(b'}');
    Ok(out)
}

/// The readings of the question, in their order: `notes[n]` is what was done
/// to read `values[n]` and what that told; they may end earlier where nothing
/// was.
#[derive(Default)]
struct Understood {
    values: Vec<Value>,
    notes: Vec<Notes>,
}

#[derive(Default)]
struct Notes {
    changes: Vec<&'static str>,
    warnings: Vec<&'static str>,
}

impl Understood {
    fn read(text: &str, kind: Option<Kind>) -> Understood {
        // Most questions come from machines and are in canonical form already.
        if let Some(value) = canonical(text)
            && kind.is_none_or(|kind| kind == value.kind)
        {
            return Understood {
                values: vec![value.to_value()],
                notes: Vec::new(),
            };
        }
        let readings = interpret(text, kind).readings;
        let (values, notes) = readings
            .into_iter()
            .map(|reading| {
                let Reading {
                    value,
                    changes,
                    warnings,
                    ..
                } = reading;
                (value, Notes { changes, warnings })
            })
            .unzip();
        Understood { values, notes }
    }
}

/// The body as it is written.
struct Answer<'a> {
    out: Vec<u8>,
    asked: &'a Asked<'a>,
    understood: &'a Understood,
    control: &'a Control,
    warnings: &'a WarningSet,
    now: Timestamp,
    entries: u32,
    /// Those of the page's entries, where what belongs to them is wanted.
    ties: Option<Ties>,
    is_abandoned: &'a (dyn Fn() -> bool + Sync),
}

impl EntrySink for Answer<'_> {
    fn total(&mut self, total: u64) {
        let out = &mut self.out;
        out.extend_from_slice(b"{\"meta\":{\"total\":");
        write_number(out, total);
        out.extend_from_slice(b",\"limit\":");
        write_number(out, u64::from(self.asked.page.limit));
        out.extend_from_slice(b",\"offset\":");
        write_number(out, self.asked.page.offset);
        out.extend_from_slice(b",\"query\":{\"input\":");
        write_string(out, &self.asked.text);
        out.extend_from_slice(b",\"interpretations\":[");
        for (position, value) in self.understood.values.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            let (changes, told) = match self.understood.notes.get(position) {
                Some(notes) => (notes.changes.as_slice(), notes.warnings.as_slice()),
                None => (&[][..], &[][..]),
            };
            write_reading(out, value.as_ref(), changes, told, self.warnings, self.now);
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
        if total == 0 {
            out.extend_from_slice(b",\"coverage\":");
            self.control.write_coverage(out);
        }
        out.extend_from_slice(b"},\"data\":[");
    }

    fn wants_explanations(&self) -> bool {
        self.asked.explain
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        if self.entries > 0 {
            self.out.push(b',');
        }
        self.entries += 1;
        write_entry(&mut self.out, entry);
        if let Some(ties) = &mut self.ties {
            ties.add(entry);
        }
    }

    fn is_abandoned(&self) -> bool {
        (self.is_abandoned)()
    }
}

/// What belongs to the answer, as it is written.
struct Related {
    out: Vec<u8>,
    entries: usize,
}

impl EntrySink for Related {
    fn total(&mut self, _: u64) {}

    fn entry(&mut self, entry: &Entry<'_>) {
        if self.entries > 0 {
            self.out.push(b',');
        }
        self.entries += 1;
        write_entry(&mut self.out, entry);
    }
}
