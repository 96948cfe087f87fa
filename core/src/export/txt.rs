//! Plain text: one value a line, never altered.

use crate::query::Entry;

/// Appends the value and a line feed. Canonical values hold no line ends.
pub fn write_entry(out: &mut Vec<u8>, entry: &Entry<'_>) {
    out.extend_from_slice(entry.value.as_bytes());
    out.push(b'\n');
}
