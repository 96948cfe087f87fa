//! Everything that a store retains as lines of JSON, and back: from any version
//! of the files to any other, into any store, in flat memory. No accounts, no
//! keys.
//!
//! Sources come first, each on a line `{"source": …}`; then claims, in the order
//! of their last change, each on a line `{"entry": …}`.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead};

use iocd_core::claim::Source;
use iocd_core::claim::retained::Transfer;
use iocd_index::{Index, IndexError, Walk};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub mod changes;
mod line;

use line::{Line, MAX_LINE, SourceLine, put, put_source, read_line};

/// Claims taken over together.
const BATCH: usize = 4096;

/// What was exported was not read in, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// A line is no line of an export, or not one that this program can read.
    #[error(
        "line {line}: {what}. What came before it may have been taken in; mend the line and import all of it again"
    )]
    Line {
        /// From 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The lines could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// About the claim store.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// Writes out what a store retained at one moment.
pub struct Exporter<'a> {
    index: &'a Index,
    walk: Walk,
    has_begun: bool,
}

impl Exporter<'_> {
    /// An export of a store.
    pub fn new(index: &Index) -> Exporter<'_> {
        Exporter {
            index,
            walk: index.walk(),
            has_begun: false,
        }
    }

    /// Appends some lines; says whether there may be more.
    pub fn write_some(&mut self, out: &mut Vec<u8>) -> Result<bool, IndexError> {
        if !self.has_begun {
            self.has_begun = true;
            for (source, listed_at) in self.index.listed_sources() {
                put_source(out, source, listed_at);
            }
            return Ok(true);
        }
        let Some(claims) = self.index.walk_on(&mut self.walk)? else {
            return Ok(false);
        };
        for transfer in claims {
            put(out, &Line::from(transfer));
        }
        Ok(true)
    }
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Sources read.
    pub sources: u64,
    /// Claims read.
    pub entries: u64,
    /// Claims that changed something.
    pub changed: u64,
}

/// Reads an export into a store. Claims are merged with what the store has by
/// the usual rules, and whether one holds is said by who heard of it last. Into
/// an empty store, the times of changes come along; in one that has claims,
/// what changes is changed `now`.
pub fn import(
    index: &Index,
    input: &mut dyn BufRead,
    now: Timestamp,
) -> Result<Imported, ExchangeError> {
    let mut importer = Importer {
        index,
        now: (index.counts().2 > 0).then_some(now),
        sources: index
            .sources()
            .into_iter()
            .map(|source| source.name)
            .collect(),
        mirrored: index
            .sources()
            .into_iter()
            .filter_map(|source| Some((source.name, source.mirrored_by?)))
            .collect(),
        batch: Vec::new(),
        done: Imported::default(),
    };
    let mut text = Vec::new();
    for number in 1.. {
        let length = read_line(input, &mut text)?;
        if length == 0 {
            break;
        }
        let bad = |what: String| ExchangeError::Line { line: number, what };
        if length > MAX_LINE {
            return Err(bad(format!("it is longer than {MAX_LINE} bytes")));
        }
        if text.trim_ascii().is_empty() {
            continue;
        }
        let line: Line = serde_json::from_slice(&text)
            .map_err(|error| bad(format!("it is no line of an export: {error}")))?;
        match line {
            Line::Source(line) => {
                if let Some(by) = importer.mirrored.get(&line.source.name) {
                    let name = &line.source.name;
                    return Err(bad(format!(
                        "source {name:?} is mirrored from another server here, by the feed {by:?}: \
                         only that server changes it. Leave the lines of that source out"
                    )));
                }
                importer.take_source(line)?;
            }
            Line::Entry(entry) => {
                let transfer = entry.into_transfer(now).map_err(bad)?;
                // Nor its claims without it.
                let is_known = importer.sources.contains(&transfer.source);
                if !is_known || importer.mirrored.contains_key(&transfer.source) {
                    let name = transfer.source;
                    return Err(bad(format!(
                        "source {name:?} is not described before it, or mirrored here"
                    )));
                }
                importer.take_claim(transfer)?;
            }
        }
    }
    importer.flush()?;
    Ok(importer.done)
}

struct Importer<'a> {
    index: &'a Index,
    /// The time of every change; of each its own if not given.
    now: Option<Timestamp>,
    /// Short names of those that the store knows.
    sources: HashSet<String>,
    /// The feeds by which some of those are mirrored from another server.
    mirrored: HashMap<String, String>,
    /// Claims that change at one time.
    batch: Vec<Transfer>,
    done: Imported,
}

impl Importer<'_> {
    fn take_source(&mut self, line: SourceLine) -> Result<(), IndexError> {
        self.done.sources += 1;
        // Commit times never decrease: in an empty store nothing has changed yet.
        let at = self.now.unwrap_or(Timestamp::UNIX_EPOCH);
        let source = Source {
            // Whoever imports it does not mirror it.
            mirrored_by: None,
            ..line.source
        };
        self.index.take_over_source(&source, line.listed_at, at)?;
        self.sources.insert(source.name);
        Ok(())
    }

    fn take_claim(&mut self, transfer: Transfer) -> Result<(), IndexError> {
        self.done.entries += 1;
        let is_other = |last: &Transfer| {
            self.now.is_none() && last.claim.updated_at != transfer.claim.updated_at
        };
        if self.batch.len() >= BATCH || self.batch.last().is_some_and(is_other) {
            self.flush()?;
        }
        self.batch.push(transfer);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), IndexError> {
        let Some(last) = self.batch.last() else {
            return Ok(());
        };
        let at = self.now.unwrap_or(last.claim.updated_at);
        self.done.changed += self.index.take_over(std::mem::take(&mut self.batch), at)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
