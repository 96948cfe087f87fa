//! The line that says how an input is read.

use iocd_core::export::json::write_string;
use iocd_core::export::write_number;
use iocd_core::normalize::{Lenience, read, registrable};
use iocd_core::questions::{QuestionRef, ReadingRef};
use iocd_core::value::Kind;
use iocd_core::warning::WarningSet;
use jiff::Timestamp;

use crate::warnings::write_names;

/// Why a text without any reading was not read.
const NO_READING: &str = "it is no indicator in any reading that is known";

/// Appends the line of one input; `kind` is the only one it was read as,
/// `warnings` and `now` tell what is worth knowing of each reading.
pub(crate) fn write_normalized(
    out: &mut Vec<u8>,
    question: QuestionRef<'_>,
    kind: Option<Kind>,
    warnings: &WarningSet,
    now: Timestamp,
) {
    write_input(out, question);
    let mut readings = question.readings();
    let Some(first) = readings.next() else {
        write_why_not(out, question, kind);
        out.extend_from_slice(b"}\n");
        return;
    };
    out.push(b',');
    write_reading(out, &first);
    out.extend_from_slice(b",\"registrable\":");
    match registrable(&first.value.to_value()) {
        Some(name) => write_string(out, &name),
        None => out.extend_from_slice(b"null"),
    }
    write_warnings(out, &first, warnings, now);
    out.extend_from_slice(b",\"interpretations\":[");
    for (position, reading) in question.readings().enumerate() {
        out.extend_from_slice(if position > 0 { b",{" } else { b"{" });
        write_reading(out, &reading);
        write_warnings(out, &reading, warnings, now);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}\n");
}

/// Appends `"type":…,"value":…,"changes":[…]`.
fn write_reading(out: &mut Vec<u8>, reading: &ReadingRef<'_>) {
    out.extend_from_slice(b"\"type\":\"");
    out.extend_from_slice(reading.value.kind.as_str().as_bytes());
    out.extend_from_slice(b"\",\"value\":");
    write_string(out, reading.value.text);
    out.extend_from_slice(b",\"changes\":");
    write_list(out, reading.changes);
}

/// Appends `,"warnings":[…]`, also where there are none.
fn write_warnings(out: &mut Vec<u8>, reading: &ReadingRef<'_>, set: &WarningSet, now: Timestamp) {
    let opening = b",\"warnings\":";
    if !write_names(out, opening, reading.value, reading.warnings, set, now) {
        out.extend_from_slice(b",\"warnings\":[]");
    }
}

/// Appends `{"input":…` and, of what a text mentions, where.
pub(super) fn write_input(out: &mut Vec<u8>, question: QuestionRef<'_>) {
    out.extend_from_slice(b"{\"input\":");
    write_string(out, question.text());
    let Some(place) = question.place() else {
        return;
    };
    out.extend_from_slice(b",\"offset\":");
    write_number(out, place.offset);
    if place.doubtful {
        out.extend_from_slice(b",\"doubtful\":true");
    }
}

/// Appends an array of strings.
pub(super) fn write_list(out: &mut Vec<u8>, items: &[&str]) {
    out.push(b'[');
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_string(out, item);
    }
    out.push(b']');
}

/// Appends `,"error":…` for an input that has no reading.
pub(super) fn write_why_not(out: &mut Vec<u8>, question: QuestionRef<'_>, kind: Option<Kind>) {
    out.extend_from_slice(b",\"error\":");
    if let Some(why) = question.unreadable() {
        return write_string(out, why.as_str());
    }
    match kind.map(|kind| read(kind, question.text(), Lenience::Question)) {
        Some(Err(refusal)) => write_string(out, &refusal.to_string()),
        _ => write_string(out, NO_READING),
    }
}
