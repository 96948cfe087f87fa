//! The `csv` connector: delimited columns, named by a header or by position.

mod cells;

use serde::Deserialize;

use self::cells::{Cell, Cells};

use super::cell::unquoted;
use super::connector::{Connector, Sink};
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
    /// What stands before the names in a commented header.
    #[serde(default)]
    header_prefix: Option<String>,
    /// Names by position, for lists without a header.
    #[serde(default)]
    columns: Vec<String>,
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
    let positions: Vec<Option<ColumnId>> = settings
        .columns
        .iter()
        .map(|name| columns.find(&name.trim().to_lowercase()))
        .collect();
    if !positions.is_empty() && !positions.iter().flatten().any(|id| columns.is_anchor(*id)) {
        return Err(format!(
            "columns: none of them holds values ({})",
            columns.anchor_names().join(", ")
        ));
    }
    Ok(Box::new(Csv {
        separator,
        comment: settings.comment,
        quotes: settings.quotes,
        header_prefix: settings.header_prefix,
        positions,
    }))
}

#[derive(Debug)]
struct Csv {
    separator: u8,
    comment: Vec<String>,
    quotes: bool,
    header_prefix: Option<String>,
    positions: Vec<Option<ColumnId>>,
}

impl Connector for Csv {
    fn read(
        &self,
        columns: &Columns,
        input: &mut Input<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), FeedError> {
        let mut plan: Option<Vec<Option<ColumnId>>> = None;
        let mut observation = Observation::default();
        let mut record = String::new();
        let mut unclosed = 0;
        let mut header = String::new();
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
            if text.trim().is_empty() {
                sink.skipped(false);
                continue;
            }
            if let Some(found) = self.named_header(columns, text) {
                plan = Some(found);
                sink.skipped(true);
                continue;
            }
            if self.is_comment(text) {
                if let Some(count) = declared_count(text) {
                    sink.declared(count);
                }
                sink.skipped(true);
                continue;
            }
            if plan.is_none() {
                if let Some(found) = self.header(columns, text) {
                    plan = Some(found);
                    header.push_str(text);
                    sink.skipped(true);
                    continue;
                }
                if self.positions.is_empty() || self.looks_like_header(text) {
                    return Err(self.no_header(columns, text));
                }
                plan = Some(self.positions.clone());
            }
            let Some(plan) = plan.as_deref() else {
                continue;
            };
            // Files that were put together repeat it.
            if !header.is_empty() && text == header {
                sink.skipped(true);
                continue;
            }
            observation.clear();
            observation.line = line;
            observation.damaged = state == LineState::Damaged;
            if self.split(text, plan, &mut observation) {
                sink.row(&observation);
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
    fn is_comment(&self, text: &str) -> bool {
        self.comment.iter().any(|start| text.starts_with(&**start))
    }

    /// A header inside a comment, or one like it again further down.
    fn named_header(&self, columns: &Columns, text: &str) -> Option<Vec<Option<ColumnId>>> {
        if let Some(prefix) = &self.header_prefix {
            return self.header(columns, text.strip_prefix(&**prefix)?);
        }
        let start = self
            .comment
            .iter()
            .find(|start| text.starts_with(&***start))?;
        self.header(columns, text.trim_start_matches(&**start))
    }

    /// Which column is where, if the line names a column of values.
    fn header(&self, columns: &Columns, text: &str) -> Option<Vec<Option<ColumnId>>> {
        let mut plan = Vec::new();
        let mut cells = Cells {
            rest: Some(text),
            separator: self.separator,
            quotes: self.quotes,
        };
        let mut buffer = String::new();
        let mut anchored = false;
        let mut known = 0;
        while let Some(cell) = cells.append(&mut buffer) {
            if cell == Cell::Open {
                return None;
            }
            let name = unquoted(&buffer).to_ascii_lowercase();
            let id = columns.find(&name);
            anchored |= id.is_some_and(|id| columns.is_anchor(id));
            known += usize::from(id.is_some());
            plan.push(id);
            buffer.clear();
            if plan.len() > 1000 {
                return None;
            }
        }
        // Prose in a banner may happen to begin with the name of a column.
        (anchored && (known > 1 || plan.len() <= 2)).then_some(plan)
    }

    /// Whether the line consists of names, as no data row does: a header of
    /// some other list.
    fn looks_like_header(&self, text: &str) -> bool {
        let is_name = |cell: &str| {
            let cell = unquoted(cell);
            let is_part = |byte: u8| byte.is_ascii_alphabetic() || b"_ -()".contains(&byte);
            !cell.is_empty() && cell.bytes().all(is_part)
        };
        let separator = char::from(self.separator);
        text.contains(separator) && text.split(separator).all(is_name)
    }

    fn no_header(&self, columns: &Columns, text: &str) -> FeedError {
        let separator = char::from(self.separator);
        let found: Vec<&str> = text
            .split(separator)
            .take(20)
            .map(|cell| unquoted(cell.trim()))
            .collect();
        FeedError::NotThisFormat {
            expected: format!("columns with one of {}", columns.anchor_names().join(", ")),
            found: super::cell::printable(&format!("the columns {}", found.join(", ")), 300),
        }
    }

    /// Cuts a record into the cells that the plan wants; false if a quote is
    /// still open at its end.
    fn split(&self, text: &str, plan: &[Option<ColumnId>], row: &mut Observation) -> bool {
        let mut cells = Cells {
            rest: Some(text),
            separator: self.separator,
            quotes: self.quotes,
        };
        for wanted in plan {
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
                Some(Cell::Open) => return false,
                Some(Cell::Closed) => {}
            }
        }
        // The rest is of no use, but a quote that opens there must close too.
        while let Some(cell) = cells.skip() {
            if matches!(cell, Cell::Open) {
                return false;
            }
        }
        true
    }

    /// Adds lines to a record until its quotes close.
    fn complete(
        &self,
        input: &mut Input<'_>,
        record: &mut String,
        plan: &[Option<ColumnId>],
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
            if self.split(record, plan, row) {
                sink.row(row);
                return Ok(true);
            }
        }
        row.damaged = damaged;
        Ok(false)
    }
}
