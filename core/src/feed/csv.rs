//! The `csv` connector: delimited columns, named by a header or by position.

pub(super) mod cells;
pub(super) mod header;
mod layout;

use serde::Deserialize;

use self::cells::{Cell, Cells};
use self::layout::{Count, Layout, RawLayouts};

use super::cell::trimmed;
use super::connector::{Connector, Sink, Skipped};
use super::count::declared_count;
use super::input::{Input, LineState, MAX_LINE, TOO_LONG};
use super::outcome::FeedError;
use crate::observation::{ColumnId, Columns, Observation};

/// Records that may be given up for an unclosed quote before quoted line ends
/// are no longer looked for: keeps hostile input linear.
const MAX_UNCLOSED: u32 = 16;

/// Looks at a record of several lines before it is given up, for the same reason.
const MAX_LOOKS: u32 = 64;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// One ASCII character.
    #[serde(default = "comma")]
    separator: char,
    /// Beginnings of lines that hold no data.
    #[serde(default = "hash_sign")]
    comment: Vec<String>,
    /// Whether `"` quotes cells.
    #[serde(default = "yes")]
    quotes: bool,
    /// How many lines of words stand before the row that names the columns;
    /// what follows them is that row.
    #[serde(default)]
    preamble: Option<u32>,
    /// What stands before the names in a commented header.
    #[serde(default)]
    header_prefix: Option<String>,
    /// Names by position, for lists without a header.
    #[serde(default)]
    columns: RawLayouts,
}

fn comma() -> char {
    ','
}

fn hash_sign() -> Vec<String> {
    vec!["#".to_owned()]
}

fn yes() -> bool {
    true
}

pub(super) fn configure(
    settings: toml::Table,
    columns: &mut Columns,
) -> Result<Box<dyn Connector>, String> {
    let settings: Settings = settings
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    if !settings.separator.is_ascii() || settings.separator == '"' {
        return Err(format!(
            "separator {:?}: one ASCII character is allowed",
            settings.separator
        ));
    }
    let separator = u8::try_from(settings.separator).unwrap_or(b',');
    let layouts = settings.columns.check(columns)?;
    Ok(Box::new(Csv {
        separator,
        comment: settings.comment,
        quotes: settings.quotes,
        preamble: settings.preamble,
        header_prefix: settings.header_prefix,
        layouts,
    }))
}

#[derive(Debug)]
struct Csv {
    separator: u8,
    comment: Vec<String>,
    quotes: bool,
    preamble: Option<u32>,
    header_prefix: Option<String>,
    layouts: Vec<Layout>,
}

/// How the cells of a row are named.
#[derive(Debug)]
enum Plan {
    /// As a header said.
    Header(Vec<Option<ColumnId>>),
    /// By their number.
    Position,
}

/// What cutting up a record came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Whole,
    /// A quote is still open at its end.
    Open,
    /// No layout has so many cells.
    Unknown(Count),
}

impl Connector for Csv {
    fn read(
        &self,
        columns: &Columns,
        input: &mut Input<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), FeedError> {
        let mut plan: Option<Plan> = None;
        let mut observation = Observation::default();
        let mut record = String::new();
        let mut unclosed = 0;
        let mut header = String::new();
        let mut preamble = self.preamble.unwrap_or(0);
        loop {
            let state = input.next_line()?;
            let line = input.line();
            match state {
                LineState::End => return Ok(()),
                LineState::TooLong => {
                    sink.refused(line, input.text(), TOO_LONG);
                    continue;
                }
                LineState::Whole | LineState::Damaged => {}
            }
            let text = input.text();
            if self.is_blank(text) {
                sink.skipped(Skipped::Blank);
                continue;
            }
            if let Some(found) = self.named_header(columns, text) {
                plan = Some(Plan::Header(found));
                sink.skipped(Skipped::Envelope);
                continue;
            }
            if self.is_comment(text) {
                if let Some(count) = declared_count(text) {
                    sink.declared(count);
                }
                sink.skipped(Skipped::Comment);
                continue;
            }
            if plan.is_none() && preamble > 0 {
                preamble -= 1;
                sink.skipped(Skipped::Comment);
                continue;
            }
            if plan.is_none() {
                if let Some(found) = self.header(columns, text) {
                    plan = Some(Plan::Header(found));
                    header.push_str(text);
                    sink.skipped(Skipped::Envelope);
                    continue;
                }
                if self.layouts.is_empty() || self.consists_of_names(text) {
                    return Err(self.no_header(columns, text));
                }
                plan = Some(Plan::Position);
            }
            let Some(plan) = &plan else {
                continue;
            };
            // Files that were put together repeat it.
            if !header.is_empty() && text == header {
                sink.skipped(Skipped::Envelope);
                continue;
            }
            observation.clear();
            observation.line = line;
            observation.damaged = state == LineState::Damaged;
            if self.give(text, plan, &mut observation, sink) {
                continue;
            }
            if unclosed >= MAX_UNCLOSED {
                sink.refused(line, text, "a quote is not closed");
                continue;
            }
            record.clear();
            record.push_str(text);
            if !self.complete(input, &mut record, plan, &mut observation, sink)? {
                unclosed += 1;
                let first = record.find('\n').unwrap_or(record.len());
                let rest = record.get(first + 1..).unwrap_or_default();
                if !rest.is_empty() {
                    input.give_back(rest, observation.damaged);
                }
                sink.refused(line, &record[..first], "a quote is not closed");
            }
        }
    }
}

impl Csv {
    /// Whether nothing stands there but separators, as spreadsheets leave it.
    fn is_blank(&self, text: &str) -> bool {
        let first = text.as_bytes().first();
        first.is_none_or(|byte| !byte.is_ascii_alphanumeric())
            && trimmed(text)
                .bytes()
                .all(|byte| byte == self.separator || byte == b' ')
    }

    fn is_comment(&self, text: &str) -> bool {
        self.comment.iter().any(|start| text.starts_with(&**start))
    }

    /// Gives a record as a row; false if a quote is still open at its end.
    fn give(&self, text: &str, plan: &Plan, row: &mut Observation, sink: &mut dyn Sink) -> bool {
        match self.split(text, plan, row) {
            Cut::Open => return false,
            Cut::Whole => sink.row(row),
            Cut::Unknown(count) => sink.refused(row.line, text, &count.refusal(&self.layouts)),
        }
        true
    }

    fn cells<'t>(&self, text: &'t str) -> Cells<'t> {
        Cells {
            rest: Some(text),
            separator: self.separator,
            quotes: self.quotes,
        }
    }

    /// Cuts a record into the cells that the plan wants.
    fn split(&self, text: &str, plan: &Plan, row: &mut Observation) -> Cut {
        let wanted = match plan {
            Plan::Header(columns) => columns,
            Plan::Position => {
                let Some(count) = Count::of(self.cells(text)) else {
                    return Cut::Open;
                };
                match count.layout(&self.layouts) {
                    Some(layout) => &layout.columns,
                    None => return Cut::Unknown(count),
                }
            }
        };
        let mut cells = self.cells(text);
        for wanted in wanted {
            let open = match wanted {
                Some(id) => {
                    let mut state = None;
                    row.push_with(*id, |out| state = cells.append(out));
                    state
                }
                None => cells.skip(),
            };
            match open {
                None => break,
                Some(Cell::Open) => return Cut::Open,
                Some(Cell::Closed) => {}
            }
        }
        // The rest is of no use, but a quote that opens there must close too.
        while let Some(cell) = cells.skip() {
            if cell == Cell::Open {
                return Cut::Open;
            }
        }
        Cut::Whole
    }

    /// Adds lines to a record until its quotes close.
    fn complete(
        &self,
        input: &mut Input<'_>,
        record: &mut String,
        plan: &Plan,
        row: &mut Observation,
        sink: &mut dyn Sink,
    ) -> Result<bool, FeedError> {
        let (line, mut damaged) = (row.line, row.damaged);
        let mut looks = 0;
        while record.len() < MAX_LINE && looks < MAX_LOOKS {
            let state = input.next_line()?;
            if state == LineState::End {
                row.damaged = damaged;
                return Ok(false);
            }
            let more = input.text();
            if state == LineState::TooLong {
                sink.refused(input.line(), more, TOO_LONG);
                row.damaged = damaged;
                return Ok(false);
            }
            damaged |= state == LineState::Damaged;
            record.push('\n');
            record.push_str(more);
            // Only a quote can close what is open, so other lines cost no look.
            if !more.contains('"') {
                continue;
            }
            looks += 1;
            row.clear();
            row.line = line;
            row.damaged = damaged;
            if self.give(record, plan, row, sink) {
                return Ok(true);
            }
        }
        row.damaged = damaged;
        Ok(false)
    }
}
