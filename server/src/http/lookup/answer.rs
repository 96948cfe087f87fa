//! The readings of the question, what is found of each, and the body.

use iocd_core::export::json::write_string;
use iocd_core::export::lookup::{write_finding, write_unread};
use iocd_core::export::{write_number, write_time};
use iocd_core::interpret::interpret;
use iocd_core::lookup::{Finding, MAX_ENTRIES};
use iocd_core::normalize::Reading;
use iocd_core::query::{Page, Question, Reach, StatusFilter};
use iocd_core::warning::WarningSet;
use jiff::Timestamp;
use serde_json::Value as Json;

use super::Asked;
use super::around::Around;
use crate::control::Control;
use crate::http::reading::write_reading;
use crate::store::{ClaimStore, StoreError};
use crate::warnings::write_names;

/// The answer to a question.
pub(super) struct Answer<'a> {
    asked: &'a Asked<'a>,
    warnings: &'a WarningSet,
    now: Timestamp,
    /// Each reading, and what is found of it.
    readings: Vec<(Reading, Finding)>,
}

impl<'a> Answer<'a> {
    /// Looks every reading up.
    pub(super) async fn find<S: ClaimStore>(
        asked: &'a Asked<'a>,
        store: &S,
        warnings: &'a WarningSet,
        now: Timestamp,
    ) -> Result<Answer<'a>, StoreError> {
        let mut readings = Vec::new();
        for reading in interpret(&asked.text, asked.kind).readings {
            let mut finding = Finding::new(reading.value.clone(), warnings);
            let question = Question {
                readings: std::slice::from_ref(&reading.value),
                reach: Reach::Scope,
                status: StatusFilter::Any,
                page: Page {
                    offset: 0,
                    limit: MAX_ENTRIES,
                },
                now,
                as_of: false,
            };
            store.find(&question, &mut finding).await?;
            readings.push((reading, finding));
        }
        Ok(Answer {
            asked,
            warnings,
            now,
            readings,
        })
    }

    /// What is found of the reading that is answered for: of those that anybody
    /// says anything of, the one with the highest score; of equal ones, the
    /// first.
    pub(super) fn chosen(&self) -> Option<&Finding> {
        self.choice().map(|(_, finding)| finding)
    }

    fn choice(&self) -> Option<&(Reading, Finding)> {
        let rank =
            |(_, found): &&(Reading, Finding)| (found.is_known(), found.explain(self.now).score);
        // Of equal ones `max_by_key` takes the last.
        self.readings.iter().rev().max_by_key(rank)
    }

    /// The body.
    pub(super) fn write(
        &self,
        control: &Control,
        around: &Around,
        articles: &Json,
        sources: usize,
    ) -> Vec<u8> {
        let choice = self.choice();
        let mut out = Vec::with_capacity(4_096);
        self.write_meta(
            &mut out,
            control,
            choice.is_some_and(|(_, found)| found.is_known()),
        );
        out.extend_from_slice(b",\"data\":{");
        match choice {
            None => write_unread(&mut out, &self.asked.text),
            Some((_, finding)) => write_finding(&mut out, finding, self.now, sources),
        }
        out.extend_from_slice(b",\"articles\":");
        out.extend_from_slice(articles.to_string().as_bytes());
        out.extend_from_slice(b",\"cascade\":");
        around.write(&mut out);
        let opening = b",\"warnings\":";
        let has_warnings = choice.is_some_and(|(reading, _)| {
            let value = reading.value.as_ref();
            write_names(
                &mut out,
                opening,
                value,
                &reading.warnings,
                self.warnings,
                self.now,
            )
        });
        if !has_warnings {
            out.extend_from_slice(opening);
            out.extend_from_slice(b"[]");
        }
        out.extend_from_slice(b"}}");
        out
    }

    fn write_meta(&self, out: &mut Vec<u8>, control: &Control, is_known: bool) {
        out.extend_from_slice(b"{\"meta\":{\"generated_at\":\"");
        write_time(out, self.now);
        out.extend_from_slice(b"\",\"query\":{\"input\":");
        write_string(out, &self.asked.text);
        out.extend_from_slice(b",\"interpretations\":[");
        for (position, (reading, finding)) in self.readings.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            let value = reading.value.as_ref();
            write_reading(
                out,
                value,
                &reading.changes,
                &reading.warnings,
                self.warnings,
                self.now,
            );
            out.extend_from_slice(b",\"occurrences\":");
            write_number(out, finding.statements().count() as u64);
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
        if !is_known {
            out.extend_from_slice(b",\"coverage\":");
            control.write_coverage(out);
        }
        out.push(b'}');
    }
}
