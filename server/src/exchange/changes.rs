//! What changed in a store, told to those who mirror it: lines of JSON, of
//! which the last one says that it is the last.
//!
//! ```text
//! {"source": …}                        every source, as an export has it
//! {"entry": …}                         claims as they are now, ended ones too
//! {"cursor": "…", "more": false}       where to go on, and whether at once
//! ```

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use iocd_core::claim::Source;
use iocd_core::claim::retained::Transfer;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::line::{Line, MAX_LINE, SourceLine, put, put_source, read_line};

/// Bytes of a source's line at most, and of the last line.
const MAX_SHORT: usize = 16 << 10;
/// Sources at most.
const MAX_SOURCES: usize = 4096;
/// Bytes of a source's short name at most, and of its title and publisher, as
/// of a feed's.
const MAX_NAME: usize = 64;
const MAX_TITLE: usize = 200;
/// How far the other end's clock may be ahead: what is put after that
/// happened then.
const SKEW: SignedDuration = SignedDuration::from_hours(1);

/// The last line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Where to go on.
    pub cursor: String,
    /// Whether there is more already.
    pub more: bool,
}

/// What a line says.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // one at a time, and nearly all are the large one
pub enum Told {
    /// A source, with when a complete fetch last showed its whole list.
    Source(Source, Option<Timestamp>),
    /// A claim as it is.
    Claim(Transfer),
}

/// A line is none of such a document.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct NoChanges {
    /// From 1.
    line: u64,
    /// What is wrong with it.
    what: String,
}

/// Appends the line of a source.
pub(crate) fn write_source(out: &mut Vec<u8>, source: Source, listed_at: Option<Timestamp>) {
    put_source(out, source, listed_at);
}

/// Appends the line of a claim.
pub(crate) fn write_claim(out: &mut Vec<u8>, claim: Transfer) {
    put(out, &Line::from(claim));
}

/// Appends the last line.
pub(crate) fn write_end(out: &mut Vec<u8>, end: &End) {
    put(out, end);
}

/// Reads what another server tells of its changes: hostile, so bounded.
pub struct Reader<R> {
    input: R,
    /// What is put after it happened then.
    latest: Timestamp,
    line: u64,
    text: Vec<u8>,
    sources: BTreeSet<String>,
    has_claims: bool,
    end: Option<End>,
}

impl<R: BufRead> Reader<R> {
    /// A reader from the first line on.
    pub fn new(input: R, now: Timestamp) -> Reader<R> {
        Reader {
            input,
            latest: now.checked_add(SKEW).unwrap_or(now),
            line: 0,
            text: Vec::new(),
            sources: BTreeSet::new(),
            has_claims: false,
            end: None,
        }
    }

    /// Bytes of the line that was read last.
    pub fn length(&self) -> usize {
        self.text.len()
    }

    /// The last line, once all before it was read.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// What the next line says; `None` after the last one.
    ///
    /// # Errors
    /// If the line is none, if something is missing, or if something follows
    /// the last line.
    pub fn read_next(&mut self) -> Result<Option<Told>, NoChanges> {
        self.line += 1;
        let length = match read_line(&mut self.input, &mut self.text) {
            Ok(length) => length,
            Err(error) => return Err(self.wrong(&error)),
        };
        if length == 0 {
            return match self.end {
                Some(_) => Ok(None),
                None => Err(self.wrong("it was cut off: the line with the cursor is missing")),
            };
        }
        if self.end.is_some() {
            return Err(self.wrong("something follows the line with the cursor"));
        }
        if length > MAX_LINE {
            return Err(self.wrong(&format_args!("it is longer than {MAX_LINE} bytes")));
        }
        if self.text.starts_with(b"{\"cursor\"") {
            let end = read_end_line(&self.text).map_err(|what| self.wrong(&what))?;
            if end.more && !self.has_claims {
                return Err(self.wrong("it has more, and told not one entry"));
            }
            self.end = Some(end);
            // There is an end, or an error.
            return self.read_next();
        }
        let line = serde_json::from_slice(&self.text).map_err(|error| {
            self.wrong(&format_args!(
                "it is no line of what an iocd server tells of its changes: {error}"
            ))
        })?;
        match line {
            Line::Source(line) => self.take_source(line).map(Some),
            Line::Entry(entry) => {
                self.has_claims = true;
                let claim = entry.into_transfer(self.latest);
                let claim = claim.map_err(|what| self.wrong(&what))?;
                if !self.sources.contains(&claim.source) {
                    let name = &claim.source;
                    return Err(
                        self.wrong(&format_args!("source {name:?} is not described before it"))
                    );
                }
                Ok(Some(Told::Claim(claim)))
            }
        }
    }

    fn take_source(&mut self, line: SourceLine) -> Result<Told, NoChanges> {
        let SourceLine { source, listed_at } = line;
        if self.text.len() > MAX_SHORT {
            return Err(self.wrong(&format_args!(
                "a source is described in more than {MAX_SHORT} bytes"
            )));
        }
        check_source(&source).map_err(|what| self.wrong(&what))?;
        let name = &source.name;
        if self.has_claims {
            return Err(self.wrong(&format_args!(
                "source {name:?} is described after the first entry"
            )));
        }
        if self.sources.len() >= MAX_SOURCES {
            return Err(self.wrong(&format_args!(
                "there are more than {MAX_SOURCES} sources, which is all that are mirrored"
            )));
        }
        if !self.sources.insert(name.clone()) {
            return Err(self.wrong(&format_args!("source {name:?} is described twice")));
        }
        let listed_at = listed_at.map(|at| at.min(self.latest));
        Ok(Told::Source(source, listed_at))
    }

    fn wrong(&self, what: &(impl ToString + ?Sized)) -> NoChanges {
        NoChanges {
            line: self.line,
            what: what.to_string(),
        }
    }
}

/// Refuses a source whose description could not be one of a feed here.
fn check_source(source: &Source) -> Result<(), String> {
    let name = &source.name;
    let is_short = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(is_short) {
        return Err(format!(
            "a source is called {name:?}: 1 to {MAX_NAME} of a-z, 0-9 and - are allowed"
        ));
    }
    let is_text = |text: &str| text.len() <= MAX_TITLE && !text.chars().any(char::is_control);
    if source.title.trim().is_empty() || !is_text(&source.title) || !is_text(&source.publisher) {
        return Err(format!(
            "title {:?} or publisher {:?} of source {name:?}: 1 to {MAX_TITLE} bytes without \
             control characters are allowed",
            source.title, source.publisher
        ));
    }
    match source.weight {
        Some(weight @ 101..) => Err(format!("weight {weight} of source {name:?} is above 100")),
        _ => Ok(()),
    }
}

/// The last line of a document, read from its end.
///
/// # Errors
/// What is wrong with it: it may have been cut off.
pub fn read_end(document: &mut (impl Read + Seek)) -> Result<End, String> {
    let tail = read_tail(document).map_err(|error| error.to_string())?;
    let lines = tail.strip_suffix(b"\n");
    let lines = lines.ok_or("it was cut off: its last line has no end")?;
    let start = lines.iter().rposition(|&byte| byte == b'\n');
    read_end_line(&lines[start.map_or(0, |at| at + 1)..])
}

fn read_tail(document: &mut (impl Read + Seek)) -> io::Result<Vec<u8>> {
    let length = document.seek(SeekFrom::End(0))?;
    document.seek(SeekFrom::Start(length.saturating_sub(MAX_SHORT as u64)))?;
    let mut tail = Vec::new();
    BufReader::new(document)
        .take(MAX_SHORT as u64)
        .read_to_end(&mut tail)?;
    Ok(tail)
}

fn read_end_line(text: &[u8]) -> Result<End, String> {
    let end: Result<End, _> = serde_json::from_slice(text);
    let end = end.map_err(|error| {
        format!("it does not end with a line that has the cursor, as what an iocd server tells of its changes does: {error}")
    })?;
    if end.cursor.is_empty() || end.cursor.len() > MAX_SHORT / 2 {
        return Err("its cursor is empty or too long".to_owned());
    }
    Ok(end)
}

#[cfg(test)]
mod tests;
