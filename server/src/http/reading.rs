//! Readings of a question, as `meta.query.interpretations` has them.

use iocd_core::export::json::write_string;
use iocd_core::value::ValueRef;
use iocd_core::warning::WarningSet;
use jiff::Timestamp;

use crate::warnings::write_names;

/// Appends a reading: what was done to read it (`changes`), what that `told`,
/// and the warnings about the value. The brace is left open for more members.
pub(super) fn write_reading(
    out: &mut Vec<u8>,
    value: ValueRef<'_>,
    changes: &[&'static str],
    told: &[&'static str],
    warnings: &WarningSet,
    now: Timestamp,
) {
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(value.kind.as_str().as_bytes());
    out.extend_from_slice(b"\",\"value\":");
    write_string(out, value.text);
    out.extend_from_slice(b",\"changes\":[");
    for (position, change) in changes.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_string(out, change);
    }
    out.push(b']');
    write_names(out, b",\"warnings\":", value, told, warnings, now);
}
