//! The line that says whether anyone has seen an input.

use iocd_core::claim::{Confidence, Status};
use iocd_core::export::json::write_string;
use iocd_core::export::{write_number, write_time};
use iocd_core::query::{Brief, BriefSink, Match};
use iocd_core::questions::{QuestionRef, Questions};
use iocd_core::value::Kind;
use iocd_core::warning::WarningSet;
use jiff::Timestamp;

use super::normalized::{write_input, write_list, write_why_not};
use crate::warnings::{is_to_be_doubted, write_names};

/// Buffers for the entries of a line, used again for the next one.
#[derive(Default)]
pub(super) struct SearchLines {
    /// What entries say about one value is one group.
    groups: Vec<Group>,
    /// Values, and names as JSON strings.
    text: Vec<u8>,
    /// Sources and malware families with the group that they belong to.
    names: Vec<Name>,
}

struct Group {
    kind: Kind,
    value: Span,
    /// Of the first entry, which is the best one.
    status: Status,
    matched: Match,
    /// The highest.
    confidence: u8,
    /// The earliest and the latest.
    first_seen: Option<Timestamp>,
    last_seen: Option<Timestamp>,
}

type Span = (usize, usize);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Source,
    Malware,
}

struct Name {
    group: usize,
    field: Field,
    text: Span,
}

/// What the lines of all questions go by.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    /// The only type that inputs were read as.
    pub(super) kind: Option<Kind>,
    /// The lists in force.
    pub(super) warnings: &'a WarningSet,
    /// The time of asking.
    pub(super) now: Timestamp,
}

/// Writes the lines of a group of questions.
pub(super) struct SearchWriter<'a> {
    lines: &'a mut SearchLines,
    questions: &'a Questions,
    terms: Terms<'a>,
    out: &'a mut Vec<u8>,
    /// Questions whose total has been told.
    told: usize,
    total: u64,
}

impl SearchLines {
    /// A writer of lines about `questions`.
    pub(super) fn writer<'a>(
        &'a mut self,
        questions: &'a Questions,
        terms: Terms<'a>,
        out: &'a mut Vec<u8>,
    ) -> SearchWriter<'a> {
        self.clear();
        SearchWriter {
            lines: self,
            questions,
            terms,
            out,
            told: 0,
            total: 0,
        }
    }

    fn clear(&mut self) {
        self.groups.clear();
        self.text.clear();
        self.names.clear();
    }

    fn add(&mut self, entry: &Brief<'_>) {
        let is_it = |group: &Group| {
            group.kind == entry.kind
                && self.text[group.value.0..group.value.1] == *entry.value.as_bytes()
        };
        let group = if let Some(known) = self.groups.iter().position(is_it) {
            let group = &mut self.groups[known];
            group.confidence = group.confidence.max(entry.confidence);
            group.first_seen = match (group.first_seen, entry.first_seen) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            group.last_seen = group.last_seen.max(entry.last_seen);
            known
        } else {
            let start = self.text.len();
            self.text.extend_from_slice(entry.value.as_bytes());
            self.groups.push(Group {
                kind: entry.kind,
                value: (start, self.text.len()),
                status: entry.status,
                matched: entry.matched,
                confidence: entry.confidence,
                first_seen: entry.first_seen,
                last_seen: entry.last_seen,
            });
            self.groups.len() - 1
        };
        self.name(group, Field::Source, &entry.source.title);
        if let Some(malware) = entry.malware {
            self.name(group, Field::Malware, malware);
        }
    }

    /// Keeps a name, once for each group.
    fn name(&mut self, group: usize, field: Field, name: &str) {
        let start = self.text.len();
        write_string(&mut self.text, name);
        let (before, new) = self.text.split_at(start);
        let is_known = self.names.iter().any(|known| {
            known.group == group
                && known.field == field
                && before[known.text.0..known.text.1] == *new
        });
        if is_known {
            self.text.truncate(start);
        } else {
            let text = (start, self.text.len());
            self.names.push(Name { group, field, text });
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        for (number, group) in self.groups.iter().enumerate() {
            out.extend_from_slice(if number > 0 {
                b",{\"type\":\""
            } else {
                b"{\"type\":\""
            });
            out.extend_from_slice(group.kind.as_str().as_bytes());
            out.extend_from_slice(b"\",\"value\":");
            // Spans begin and end where whole texts do.
            let value = str::from_utf8(&self.text[group.value.0..group.value.1]);
            write_string(out, value.unwrap_or_default());
            out.extend_from_slice(b",\"match\":\"");
            out.extend_from_slice(group.matched.kind.as_str().as_bytes());
            if group.matched.distance > 0 {
                out.extend_from_slice(b"\",\"distance\":");
                write_number(out, u64::from(group.matched.distance));
                out.extend_from_slice(b",\"status\":\"");
            } else {
                out.extend_from_slice(b"\",\"status\":\"");
            }
            out.extend_from_slice(group.status.as_str().as_bytes());
            out.extend_from_slice(b"\",\"confidence\":\"");
            let confidence = Confidence::from_score(group.confidence);
            out.extend_from_slice(confidence.as_str().as_bytes());
            out.extend_from_slice(b"\",\"sources\":");
            self.write_names(out, number, Field::Source);
            if let Some(time) = group.first_seen {
                out.extend_from_slice(b",\"first_seen\":\"");
                write_time(out, time);
                out.push(b'"');
            }
            if let Some(time) = group.last_seen {
                out.extend_from_slice(b",\"last_seen\":\"");
                write_time(out, time);
                out.push(b'"');
            }
            if self.has(number, Field::Malware) {
                out.extend_from_slice(b",\"malware\":");
                self.write_names(out, number, Field::Malware);
            }
            out.push(b'}');
        }
    }

    fn has(&self, group: usize, field: Field) -> bool {
        let mut names = self.names.iter();
        names.any(|name| name.group == group && name.field == field)
    }

    fn write_names(&self, out: &mut Vec<u8>, group: usize, field: Field) {
        let mut opening = b'[';
        for name in &self.names {
            if name.group == group && name.field == field {
                out.push(opening);
                out.extend_from_slice(&self.text[name.text.0..name.text.1]);
                opening = b',';
            }
        }
        out.push(b']');
    }
}

impl SearchWriter<'_> {
    /// Ends the last line.
    pub(super) fn finish(&mut self) {
        let asked = self
            .told
            .checked_sub(1)
            .and_then(|at| self.questions.get(at));
        if let Some(question) = asked {
            self.write_line(question);
            self.lines.clear();
        }
    }

    fn write_line(&mut self, question: QuestionRef<'_>) {
        let out = &mut *self.out;
        write_input(out, question);
        let mut readings = question.readings();
        let Some(first) = readings.next() else {
            out.extend_from_slice(b",\"status\":\"invalid\"");
            write_why_not(out, question, self.terms.kind);
            out.extend_from_slice(b"}\n");
            return;
        };
        out.extend_from_slice(b",\"status\":\"");
        out.extend_from_slice(status(question, self.total, self.terms.warnings).as_bytes());
        out.extend_from_slice(b"\",\"type\":\"");
        out.extend_from_slice(first.value.kind.as_str().as_bytes());
        out.extend_from_slice(b"\",\"value\":");
        write_string(out, first.value.text);
        if !first.changes.is_empty() {
            out.extend_from_slice(b",\"changes\":");
            write_list(out, first.changes);
        }
        let Terms { warnings, now, .. } = self.terms;
        let opening = b",\"warnings\":";
        write_names(out, opening, first.value, first.warnings, warnings, now);
        if readings.len() > 0 {
            out.extend_from_slice(b",\"interpretations\":[");
            for (position, reading) in question.readings().enumerate() {
                out.extend_from_slice(if position > 0 {
                    b",{\"type\":\""
                } else {
                    b"{\"type\":\""
                });
                out.extend_from_slice(reading.value.kind.as_str().as_bytes());
                out.extend_from_slice(b"\",\"value\":");
                write_string(out, reading.value.text);
                out.push(b'}');
            }
            out.push(b']');
        }
        out.extend_from_slice(b",\"total\":");
        write_number(out, self.total);
        if !self.lines.groups.is_empty() {
            out.extend_from_slice(b",\"entries\":[");
            self.lines.write(out);
            out.push(b']');
        }
        out.extend_from_slice(b"}\n");
    }
}

/// A hit is a `warning` where something speaks against acting on it, however
/// the input is read.
fn status(question: QuestionRef<'_>, total: u64, warnings: &WarningSet) -> &'static str {
    let is_doubtful = || {
        question
            .readings()
            .all(|reading| is_to_be_doubted(reading.value, reading.warnings, warnings))
    };
    match total {
        0 => "unknown",
        _ if is_doubtful() => "warning",
        _ => "known",
    }
}

impl BriefSink for SearchWriter<'_> {
    fn question(&mut self, total: u64) {
        self.finish();
        self.told += 1;
        self.total = total;
    }

    fn entry(&mut self, entry: &Brief<'_>) {
        self.lines.add(entry);
    }
}
