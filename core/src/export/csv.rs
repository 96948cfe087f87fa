//! CSV (RFC 4180): a header line, CRLF line ends, cells quoted where needed.

use super::json::write_uuid;
use super::write_time;
use crate::claim::Confidence;
use crate::query::Entry;

/// The header line with its line end.
pub const HEADER: &str =
    "id,type,value,confidence,first_seen,last_seen,source_article,source_feed,category,tags\r\n";

/// What happens to a cell that a spreadsheet would run as a formula.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cells {
    /// A cell that begins with `= + - @`, tab or CR gets a leading `'`.
    #[default]
    Guarded,
    /// Cells are as they are: for machines.
    Raw,
}

/// Appends one line. Tags are joined with `;`.
pub fn write_entry(out: &mut Vec<u8>, entry: &Entry<'_>, cells: Cells) {
    write_uuid(out, entry.id.0);
    out.push(b',');
    out.extend_from_slice(entry.kind.as_str().as_bytes());
    out.push(b',');
    write_cell(out, entry.value, cells);
    out.push(b',');
    out.extend_from_slice(Confidence::from_score(entry.confidence).as_str().as_bytes());
    out.push(b',');
    for time in [entry.first_seen, entry.last_seen] {
        if let Some(time) = time {
            write_time(out, time);
        }
        out.push(b',');
    }
    if let Some(article) = &entry.article {
        write_cell(out, &article.title, cells);
    }
    out.push(b',');
    write_cell(out, &entry.source.title, cells);
    out.push(b',');
    out.extend_from_slice(entry.source.category.as_str().as_bytes());
    out.push(b',');
    write_cell(out, &entry.tags.join(";"), cells);
    out.extend_from_slice(b"\r\n");
}

/// Appends one cell, quoted where it must be.
pub fn write_cell(out: &mut Vec<u8>, text: &str, cells: Cells) {
    let guard = cells == Cells::Guarded && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quote = text.contains([',', '"', '\n', '\r']);
    if quote {
        out.push(b'"');
    }
    if guard {
        out.push(b'\'');
    }
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    if quote {
        out.push(b'"');
    }
}
