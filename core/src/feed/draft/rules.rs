//! The rules that make claims of a document's columns.

use std::fmt::Write;

use super::column::Column;
use super::role::Role;
use crate::feed::toml_text::quoted;
use crate::value::Kind;

/// What the columns of a document are for.
#[derive(Debug, Default)]
pub(super) struct Rules {
    values: Vec<(String, &'static [Kind])>,
    /// Remarks, many of which are values.
    remarks: Vec<String>,
    type_column: Option<String>,
    context: Vec<String>,
    file_name: Vec<String>,
    lists: Vec<(&'static str, Vec<String>)>,
    references: Vec<String>,
    confidence: Option<(String, bool)>,
    day_first: bool,
    tag_separators: bool,
    /// How many cells of the sample are values.
    pub(super) weight: usize,
}

/// Decides what the columns are for; `None` if none holds values.
pub(super) fn assign(columns: &[Column]) -> Option<Rules> {
    let type_column = type_column(columns);
    let rest: Vec<&Column> = columns
        .iter()
        .filter(|column| type_column.is_none_or(|own| own.name != column.name))
        .collect();
    let values = value_columns(&rest, type_column.is_some());
    if values.is_empty() {
        return None;
    }
    let mut rules = Rules {
        type_column: type_column.map(|column| column.name.clone()),
        weight: values
            .iter()
            .map(|column| column.cells.len() * column.values / 100)
            .sum(),
        ..Rules::default()
    };
    for column in &values {
        let kinds = match column.role {
            Some(Role::Typed(kinds)) => kinds,
            _ => &[],
        };
        rules.values.push((column.name.clone(), kinds));
    }
    for column in rest {
        if !values.iter().any(|own| own.name == column.name) {
            rules.describe(column);
        }
    }
    Some(rules)
}

/// The column that says what the values are: by its name, if its cells agree;
/// where there are no names, by its cells.
fn type_column(columns: &[Column]) -> Option<&Column> {
    let enough = |column: &&Column| match column.role {
        Some(Role::Type) => column.words >= 30,
        Some(Role::Indicator) => column.words >= 50 && column.values < 50,
        None => column.words >= 80,
        _ => false,
    };
    let mut best: Option<&Column> = None;
    for column in columns.iter().filter(enough) {
        if best.is_none_or(|other| column.words > other.words) {
            best = Some(column);
        }
    }
    best
}

/// The columns that hold values. The name counts for more than the cells.
fn value_columns<'c>(columns: &[&'c Column], has_type: bool) -> Vec<&'c Column> {
    let by = |wanted: &dyn Fn(&Column) -> bool| -> Vec<&'c Column> {
        columns
            .iter()
            .copied()
            .filter(|column| wanted(column))
            .collect()
    };
    let named = by(&|column| match column.role {
        Some(Role::Value | Role::Indicator) => {
            column.values > 0 || has_type || column.mentions_values()
        }
        Some(Role::Typed(_)) => column.values > 0,
        _ => false,
    });
    if !named.is_empty() {
        return named;
    }
    for wanted in [
        &(|column: &Column| column.role.is_none() && column.holds_values())
            as &dyn Fn(&Column) -> bool,
        &|column| column.role == Some(Role::Name) && (column.values >= 30 || has_type),
        &|column| column.holds_values(),
        // What somebody lists without a word is what he means.
        &|column| column.values >= 50,
    ] {
        let found = by(wanted);
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

impl Rules {
    /// Takes in a column that holds no values.
    fn describe(&mut self, column: &Column) {
        let name = || column.name.clone();
        let role = column.role.or_else(|| role_by_cells(column));
        match role {
            Some(Role::Context | Role::Name) => {
                if column.holds_values() {
                    self.remarks.push(name());
                }
                self.context.push(name());
            }
            Some(Role::FileName) => self.file_name.push(name()),
            Some(Role::FirstSeen) if column.dates > 0 => {
                self.day_first |= is_day_first(column);
                self.list("first_seen", name());
            }
            Some(Role::LastSeen) if column.dates > 0 => self.list("last_seen", name()),
            Some(Role::Expires) if column.dates > 0 => self.list("expires_at", name()),
            Some(Role::Malware) => self.list("malware", name()),
            Some(Role::Tags) => {
                self.tag_separators |= column.cells.iter().any(|cell| cell.contains([';', '|']));
                self.list("tags", name());
            }
            Some(Role::Port) => self.list("ports", name()),
            Some(Role::Tlp) => self.list("tlp", name()),
            Some(Role::Technique) => self.list("techniques", name()),
            Some(Role::Withdrawn) => self.list("withdrawn", name()),
            Some(Role::Reference) => self.references.push(name()),
            Some(Role::Confidence) => {
                let is_word =
                    |cell: &String| cell.contains(|char: char| char.is_ascii_alphabetic());
                self.confidence = Some((name(), column.cells.iter().any(is_word)));
            }
            _ => {}
        }
    }

    fn list(&mut self, key: &'static str, name: String) {
        match self.lists.iter_mut().find(|(own, _)| *own == key) {
            Some((_, names)) => names.push(name),
            None => self.lists.push((key, vec![name])),
        }
    }

    /// Writes them as a format's keys.
    pub(super) fn write(&self, out: &mut String) {
        out.push_str("value = [\n");
        for (name, kinds) in &self.values {
            let types: Vec<String> = kinds.iter().map(|kind| quoted(kind.as_str())).collect();
            let types = match &types[..] {
                [] => "\"auto\"".to_owned(),
                [one] => one.clone(),
                several => format!("[{}]", several.join(", ")),
            };
            put(
                out,
                format_args!(
                    "  {{ column = {}, type = {types}, several = true }},\n",
                    quoted(name)
                ),
            );
        }
        for name in &self.remarks {
            put(
                out,
                format_args!("  {{ column = {}, mentions = true }},\n", quoted(name)),
            );
        }
        out.push_str("]\n");
        for (key, names) in &self.lists {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            put(out, format_args!("{key} = [{}]\n", names.join(", ")));
        }
        if self.day_first {
            out.push_str("date_order = \"day-first\"\n");
        }
        if self.tag_separators {
            out.push_str("tag_separators = \",;|\"\n");
        }
        let holes: Vec<String> = self
            .references
            .iter()
            .map(|name| hole(std::slice::from_ref(name)))
            .collect();
        if !holes.is_empty() {
            let holes: Vec<String> = holes.iter().map(|hole| quoted(hole)).collect();
            put(out, format_args!("references = [{}]\n", holes.join(", ")));
        }
        let context = match (&self.context[..], &self.file_name[..]) {
            ([], []) => None,
            (names, []) => Some(hole(names)),
            ([], files) => Some(format!("File name: {}", hole(files))),
            (names, files) => Some(format!("[{} ][File name: {}]", hole(names), hole(files))),
        };
        if let Some(context) = context {
            put(out, format_args!("context = {}\n", quoted(&context)));
        }
        if let Some((name, words)) = &self.confidence {
            let names = if *words {
                ", names = { low = 30, medium = 60, moderate = 60, high = 85 }"
            } else {
                ""
            };
            put(
                out,
                format_args!("confidence = {{ column = {}{names} }}\n", quoted(name)),
            );
        }
        if let Some(name) = &self.type_column {
            put(
                out,
                format_args!("type = {{ column = {}, common = true }}\n", quoted(name)),
            );
        }
    }
}

/// A column that nobody named.
fn role_by_cells(column: &Column) -> Option<Role> {
    let dated = ["date", "time", "seen", "column-"];
    let may_date = dated.iter().any(|part| column.name.contains(part));
    if column.dates >= 80 && may_date {
        Some(Role::FirstSeen)
    } else if column.cited >= 50 {
        Some(Role::Reference)
    } else if column.is_prose() {
        Some(Role::Context)
    } else {
        None
    }
}

/// A hole of a template, which no name with a bracket can stand in.
fn hole(names: &[String]) -> String {
    let is_plain = |name: &&String| !name.contains(['{', '}', '[', ']', '|']);
    let names: Vec<&str> = names.iter().filter(is_plain).map(String::as_str).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("{{{}}}", names.join("|"))
    }
}

/// Whether a date like `31/12/2023` is among the cells.
fn is_day_first(column: &Column) -> bool {
    column.cells.iter().any(|cell| {
        let first = cell
            .split('/')
            .next()
            .and_then(|part| part.parse::<u32>().ok());
        cell.contains('/') && first.is_some_and(|first| (13..=31).contains(&first))
    })
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text)
        .expect("a String takes all that is written to it");
}
