//! JSON (RFC 8259), written by hand straight into the buffer: the hot path of
//! search. Optional fields are absent when unknown, never `null`.

use jiff::Timestamp;

use super::{write_number, write_time};
use crate::claim::Confidence;
use crate::query::{Entry, Gone};
use crate::score::{Explanation, Share, Term, standing};

/// Appends one element of `data`.
pub fn write_entry(out: &mut Vec<u8>, entry: &Entry<'_>) {
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(entry.kind.as_str().as_bytes());
    out.extend_from_slice(b"\",\"value\":");
    write_string(out, entry.value);
    out.extend_from_slice(b",\"confidence\":\"");
    out.extend_from_slice(Confidence::from_score(entry.confidence).as_str().as_bytes());
    out.extend_from_slice(b"\",\"source\":");
    write_source(out, entry);
    out.extend_from_slice(b",\"id\":\"");
    write_uuid(out, entry.id.0);
    out.push(b'"');
    write_time_field(out, ",\"first_seen\":\"", entry.first_seen);
    write_time_field(out, ",\"last_seen\":\"", entry.last_seen);
    write_text_field(out, ",\"context\":", entry.context);
    write_list(out, ",\"tags\":[", &entry.tags);
    write_list(out, ",\"mitre_techniques\":[", &entry.techniques);
    if let Some(matched) = entry.matched {
        out.extend_from_slice(b",\"match\":{\"kind\":\"");
        out.extend_from_slice(matched.kind.as_str().as_bytes());
        out.extend_from_slice(b"\",\"distance\":");
        write_number(out, u64::from(matched.distance));
        out.push(b'}');
    }
    out.extend_from_slice(b",\"score\":");
    write_number(out, u64::from(entry.score));
    write_text_field(out, ",\"malware\":", entry.malware);
    write_ports(out, &entry.ports);
    if let Some(tlp) = entry.tlp {
        out.extend_from_slice(b",\"tlp\":\"");
        out.extend_from_slice(tlp.as_str().as_bytes());
        out.push(b'"');
    }
    out.extend_from_slice(b",\"status\":\"");
    out.extend_from_slice(entry.status.as_str().as_bytes());
    out.push(b'"');
    write_list(out, ",\"sectors\":[", &entry.sectors);
    write_list(out, ",\"warnings\":[", &entry.warnings);
    write_time_field(out, ",\"expires_at\":\"", entry.expires_at);
    write_time_field(out, ",\"updated_at\":\"", Some(entry.updated_at));
    if let Some(explanation) = &entry.explanation {
        out.extend_from_slice(b",\"explanation\":");
        write_explanation(out, explanation);
    }
    out.push(b'}');
}

/// Appends an element of `data` that tells that an entry has left the list.
pub fn write_gone(out: &mut Vec<u8>, gone: &Gone<'_>) {
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(gone.kind.as_str().as_bytes());
    out.extend_from_slice(b"\",\"value\":");
    write_string(out, gone.value);
    out.extend_from_slice(b",\"confidence\":\"");
    out.extend_from_slice(gone.confidence.as_str().as_bytes());
    out.extend_from_slice(b"\",\"source\":{\"feed_name\":");
    write_string(out, &gone.source.title);
    out.extend_from_slice(b",\"category\":\"");
    out.extend_from_slice(gone.source.category.as_str().as_bytes());
    out.extend_from_slice(b"\"},\"id\":\"");
    write_uuid(out, gone.id.0);
    out.extend_from_slice(b"\",\"removed\":{\"reason\":\"");
    out.extend_from_slice(gone.reason.as_str().as_bytes());
    write_time_field(out, "\",\"at\":\"", Some(gone.at));
    out.extend_from_slice(b"}}");
}

/// Appends every term of a score. Shares are numbers from 0 to 1 with three
/// decimals, ages and half-lives whole seconds.
pub fn write_explanation(out: &mut Vec<u8>, explanation: &Explanation<'_>) {
    out.extend_from_slice(b"{\"score\":");
    write_number(out, u64::from(explanation.score));
    out.extend_from_slice(b",\"combined\":");
    write_share(out, explanation.combined);
    out.extend_from_slice(b",\"caution\":\"");
    out.extend_from_slice(explanation.caution.as_str().as_bytes());
    out.extend_from_slice(b"\",\"caution_factor\":");
    write_share(out, explanation.caution.factor());
    out.extend_from_slice(b",\"terms\":[");
    for (position, (term, counts)) in explanation.terms.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_term(out, term, *counts);
    }
    out.extend_from_slice(b"]}");
}

fn write_term(out: &mut Vec<u8>, term: &Term<'_>, counts: bool) {
    out.extend_from_slice(b"{\"source\":");
    write_string(out, &term.source.title);
    out.extend_from_slice(b",\"publisher\":");
    write_string(out, term.source.publisher());
    out.extend_from_slice(b",\"status\":\"");
    out.extend_from_slice(term.status.as_str().as_bytes());
    out.extend_from_slice(b"\",\"confidence\":");
    write_number(out, u64::from(term.confidence));
    out.extend_from_slice(b",\"weight\":");
    write_number(out, u64::from(term.weight));
    write_time_field(out, ",\"last_seen\":\"", Some(term.last_seen));
    out.extend_from_slice(b",\"age\":");
    write_number(out, term.age);
    if let Some(half_life) = term.half_life {
        out.extend_from_slice(b",\"half_life\":");
        write_number(out, u64::from(half_life));
    }
    out.extend_from_slice(b",\"decay\":");
    write_share(out, term.decay);
    out.extend_from_slice(b",\"standing\":");
    write_share(out, standing(term.status));
    out.extend_from_slice(b",\"strength\":");
    write_share(out, term.strength);
    out.extend_from_slice(b",\"counts\":");
    let counts: &[u8] = if counts { b"true" } else { b"false" };
    out.extend_from_slice(counts);
    out.push(b'}');
}

fn write_share(out: &mut Vec<u8>, share: Share) {
    out.extend_from_slice(share.to_string().as_bytes());
}

fn write_source(out: &mut Vec<u8>, entry: &Entry<'_>) {
    out.extend_from_slice(b"{\"feed_name\":");
    write_string(out, &entry.source.title);
    out.extend_from_slice(b",\"category\":\"");
    out.extend_from_slice(entry.source.category.as_str().as_bytes());
    out.extend_from_slice(b"\",\"origin\":\"");
    out.extend_from_slice(entry.source.origin.as_str().as_bytes());
    out.push(b'"');
    if let Some(article) = &entry.article {
        write_text_field(out, ",\"article_id\":", Some(&article.id));
        write_text_field(out, ",\"article_title\":", Some(&article.title));
        write_text_field(out, ",\"article_url\":", Some(&article.url));
    }
    write_text_field(
        out,
        ",\"reference_url\":",
        entry.references.first().copied(),
    );
    out.push(b'}');
}

pub(super) fn write_text_field(out: &mut Vec<u8>, key: &str, text: Option<&str>) {
    if let Some(text) = text {
        out.extend_from_slice(key.as_bytes());
        write_string(out, text);
    }
}

/// `key` opens the string, so that the quote costs no push of its own.
pub(super) fn write_time_field(out: &mut Vec<u8>, key: &str, time: Option<Timestamp>) {
    if let Some(time) = time {
        out.extend_from_slice(key.as_bytes());
        write_time(out, time);
        out.push(b'"');
    }
}

/// `key` opens the array; an empty list writes nothing.
fn write_list(out: &mut Vec<u8>, key: &str, items: &[&str]) {
    if items.is_empty() {
        return;
    }
    out.extend_from_slice(key.as_bytes());
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_string(out, item);
    }
    out.push(b']');
}

fn write_ports(out: &mut Vec<u8>, ports: &[u16]) {
    if ports.is_empty() {
        return;
    }
    out.extend_from_slice(b",\"ports\":[");
    for (position, port) in ports.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_number(out, u64::from(*port));
    }
    out.push(b']');
}

/// Appends 16 bytes as a lower-case hyphenated UUID (RFC 9562).
pub(super) fn write_uuid(out: &mut Vec<u8>, bytes: [u8; 16]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for (position, byte) in bytes.into_iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        out.push(HEX[usize::from(byte >> 4)]);
        out.push(HEX[usize::from(byte & 15)]);
    }
}

/// Appends a JSON string with its quotes.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, escaped) = rest.split_at(plain_length(rest));
        out.extend_from_slice(plain);
        let Some((&byte, later)) = escaped.split_first() else {
            break;
        };
        write_escape(out, byte);
        rest = later;
    }
    out.push(b'"');
}

/// How many bytes stand before the first one that must be escaped. Eight are
/// looked at a time, without branches: texts hardly ever have one.
fn plain_length(bytes: &[u8]) -> usize {
    let plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
    let (words, _) = bytes.as_chunks::<8>();
    let is_plain = |word: &&[u8; 8]| word.iter().fold(true, |all, byte| all & plain(byte));
    let start = words.iter().take_while(is_plain).count() * 8;
    start + bytes[start..].iter().take_while(|byte| plain(byte)).count()
}

#[cold]
fn write_escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
        }
    }
}
