//! Delimited text: what divides its cells, where its columns are named.

use super::column::{Column, is_value};
use super::role::{Role, role};
use super::rules::{Rules, assign};
use super::sample::Sample;
use crate::feed::cell::unquoted;
use crate::feed::csv::cells::{Cell, Cells};
use crate::feed::csv::header::is_name;
use crate::feed::toml_text::quoted;
use crate::feed::vocabulary::meaning;

/// What divides cells, the commonest first.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];
/// Records that are looked at.
const MAX_RECORDS: usize = 300;
/// Lines that a quoted cell may have.
const MAX_RECORD_LINES: usize = 64;
/// Cells of a record that are looked at.
const MAX_CELLS: usize = 64;
/// Lines of words that may stand before the names of the columns.
const MAX_PREAMBLE: usize = 20;

/// A sample cut up at one separator.
struct Table {
    separator: char,
    /// Lines before the names, if a row has the names.
    preamble: Option<usize>,
    /// The names are in a comment.
    in_comment: bool,
    names: Option<Vec<String>>,
    records: Vec<Vec<String>>,
}

/// The format of a table, if the sample is one that has a column of values.
pub(super) fn format(sample: &Sample) -> Option<String> {
    let mut best: Option<(Table, Rules)> = None;
    for separator in SEPARATORS {
        let Some(found) = read(sample, separator) else {
            continue;
        };
        let weight = found.1.weight;
        if best.as_ref().is_none_or(|(_, rules)| weight > rules.weight) {
            best = Some(found);
        }
    }
    let (table, rules) = best?;
    Some(table.write(&rules, sample.defanged))
}

fn read(sample: &Sample, separator: char) -> Option<(Table, Rules)> {
    let mut records = records(sample, separator);
    if records.is_empty() {
        return None;
    }
    let comment = commented_names(sample, separator);
    let header = header_place(&records);
    let (preamble, in_comment, names) = match (comment, header) {
        (Some(names), _) => (None, true, Some(names)),
        (None, Some(place)) => {
            let names = records.drain(..=place).next_back();
            (Some(place), false, names)
        }
        (None, None) => (None, false, None),
    };
    let table = Table {
        separator,
        preamble,
        in_comment,
        names,
        records,
    };
    let columns = table.columns();
    if separator == '|' && is_markdown(sample) {
        return None;
    }
    if columns.len() < 2 || table.names.is_none() && !table.is_regular() {
        return None;
    }
    let rules = assign(&columns)?;
    Some((table, rules))
}

/// Whether the bars are those of a Markdown table, which has a rule below its
/// head (GFM 4.10), and of which a text may have several.
fn is_markdown(sample: &Sample) -> bool {
    sample.said().any(|line| {
        line.contains("--")
            && line
                .bytes()
                .all(|byte| matches!(byte, b'|' | b'-' | b':' | b' '))
    })
}

/// The sample's records, each cut into cells; comments and blanks are none.
fn records(sample: &Sample, separator: char) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let mut lines = sample.lines.iter().map(String::as_str).peekable();
    while let Some(line) = lines.next() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let mut record = line.to_owned();
        let mut cells = split(&record, separator);
        let mut rest = lines.clone();
        for _ in 0..MAX_RECORD_LINES {
            if cells.is_some() {
                break;
            }
            let Some(more) = rest.next() else { break };
            record.push('\n');
            record.push_str(more);
            cells = split(&record, separator);
            if cells.is_some() {
                lines = rest.clone();
            }
        }
        records.extend(cells);
        if records.len() >= MAX_RECORDS {
            break;
        }
    }
    records
}

/// The cells of a record; `None` if a quote is still open at its end.
fn split(record: &str, separator: char) -> Option<Vec<String>> {
    let mut cells = Cells {
        rest: Some(record),
        separator: u8::try_from(separator).unwrap_or(b','),
        quotes: true,
    };
    let mut row = Vec::new();
    let mut cell = String::new();
    while let Some(state) = cells.append(&mut cell) {
        if state == Cell::Open {
            return None;
        }
        if row.len() < MAX_CELLS {
            row.push(std::mem::take(&mut cell));
        }
        cell.clear();
    }
    Some(row)
}

/// The names in a comment above the rows: `# first_seen,ioc,type`.
fn commented_names(sample: &Sample, separator: char) -> Option<Vec<String>> {
    let comments = sample.said().take_while(|line| line.starts_with('#'));
    let last = comments.last()?.trim_start_matches('#');
    let names = split(last.trim(), separator)?;
    let known = names.iter().filter(|name| role(name).is_some()).count();
    (known >= 2 && holds_values(&names)).then_some(names)
}

fn holds_values(names: &[String]) -> bool {
    names.iter().any(|name| {
        matches!(
            role(name),
            Some(Role::Value | Role::Indicator | Role::Typed(_) | Role::Name)
        )
    })
}

/// Which record has the names of the columns: one with known names, behind
/// some lines of words at most; else the first, if it holds no value itself and
/// those behind it do.
fn header_place(records: &[Vec<String>]) -> Option<usize> {
    let has_value = |record: &Vec<String>| record.iter().any(|cell| is_value(unquoted(cell)));
    let before = records
        .iter()
        .take(MAX_PREAMBLE)
        .take_while(|record| !has_value(record));
    let known = |record: &Vec<String>| {
        record
            .iter()
            .filter(|cell| role(unquoted(cell)).is_some())
            .count()
    };
    let mut best = None;
    for (place, record) in before.enumerate() {
        let count = known(record);
        let short = record.iter().all(|cell| cell.len() < 64);
        if short && count >= 1 && holds_values(record) && best.is_none_or(|(_, most)| count > most)
        {
            best = Some((place, count));
        }
    }
    if let Some((place, _)) = best {
        return Some(place);
    }
    let first = records
        .first()
        .filter(|record| !has_value(record) && record.len() > 1)?;
    // What consists of names is no row to whoever reads it.
    let is_named = first.iter().all(|cell| is_name(unquoted(cell)));
    let is_row = first.iter().any(|cell| cell.is_empty() || cell.len() >= 64)
        || known(first) < 2 && first.iter().any(|cell| meaning(cell).is_some());
    let followed = records.get(1).is_some_and(has_value);
    (is_named || !is_row && followed).then_some(0)
}

impl Table {
    /// Cells of most records.
    fn width(&self) -> usize {
        self.records.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Whether most rows have as many cells as others: prose has commas, too.
    fn is_regular(&self) -> bool {
        let mut counts = vec![0_usize; MAX_CELLS + 1];
        for record in &self.records {
            counts[record.len()] += 1;
        }
        let common = counts.iter().skip(2).max().copied().unwrap_or(0);
        let single = counts[0] + counts[1];
        common * 10 >= self.records.len() * 6 && single * 5 <= self.records.len()
    }

    fn columns(&self) -> Vec<Column> {
        let width = self.names.as_ref().map_or_else(|| self.width(), Vec::len);
        (0..width.min(MAX_CELLS))
            .map(|place| {
                let cells = self.records.iter().filter_map(|record| record.get(place));
                let cells: Vec<&str> = cells.map(String::as_str).collect();
                let (name, named) = self.name(place);
                Column::new(&name, named, &cells)
            })
            .collect()
    }

    /// A column's name, and whether the document says it.
    fn name(&self, place: usize) -> (String, bool) {
        let said = self.names.as_ref().and_then(|names| names.get(place));
        match said.map(|name| unquoted(name).to_lowercase()) {
            Some(name) if !name.is_empty() => (name, true),
            _ => (format!("column-{}", place + 1), false),
        }
    }

    fn write(&self, rules: &Rules, defanged: bool) -> String {
        let mut settings = vec![format!(
            "separator = {}",
            quoted(&self.separator.to_string())
        )];
        if let Some(lines) = self.preamble {
            settings.push(format!("preamble = {lines}"));
        }
        if self.names.is_none() && !self.in_comment {
            let names: Vec<String> = (0..self.width())
                .map(|place| {
                    let mark = if place == 0 { "" } else { "?" };
                    quoted(&format!("{}{mark}", self.name(place).0))
                })
                .collect();
            settings.push(format!("columns = [{}]", names.join(", ")));
        }
        let mut out = format!(
            "name = \"csv\"\nconnector = \"csv\"\nsettings = {{ {} }}\n",
            settings.join(", ")
        );
        rules.write(&mut out);
        if defanged {
            out.push_str("defanged = true\n");
        }
        out.push_str("max_refused = 100\n");
        out
    }
}

#[cfg(test)]
mod tests;
