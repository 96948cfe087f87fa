//! The columns of JSON rows.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{MAX_DEPTH, MAX_ROWS};
use crate::feed::draft::column::Column;
use crate::feed::draft::role::Role;

/// Columns of a row that are looked at.
const MAX_COLUMNS: usize = 64;

/// The columns of rows: every way down to a text or number. Arrays of objects
/// are rows of their own, unless `with_rows` says that they belong here, too.
pub(super) fn columns(rows: &[&Json], with_rows: bool) -> Vec<Column> {
    let mut cells = Cells {
        with_rows,
        by_name: BTreeMap::new(),
    };
    for row in rows.iter().take(MAX_ROWS) {
        cells.collect(row, "", 0);
    }
    let columns = cells.by_name.iter().take(MAX_COLUMNS).map(|(name, cells)| {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        Column::new(name, true, &cells)
    });
    columns.collect()
}

/// The one column of rows that are texts.
pub(super) fn scalar_column(rows: &[&Json]) -> Column {
    let cells: Vec<&str> = rows.iter().filter_map(|row| row.as_str()).collect();
    Column {
        role: Some(Role::Value),
        ..Column::new("$value", false, &cells)
    }
}

struct Cells {
    with_rows: bool,
    by_name: BTreeMap<String, Vec<String>>,
}

impl Cells {
    fn collect(&mut self, value: &Json, name: &str, depth: usize) {
        match value {
            Json::Object(members) if depth < MAX_DEPTH => {
                for (key, value) in members {
                    // A dot in a key cannot be told from a way down.
                    if key.contains('.') || key.is_empty() {
                        continue;
                    }
                    let dot = if name.is_empty() { "" } else { "." };
                    self.collect(value, &format!("{name}{dot}{key}"), depth + 1);
                }
            }
            Json::Array(elements) => {
                let wanted = |element: &&Json| self.with_rows || !element.is_object();
                let elements: Vec<&Json> = elements.iter().filter(wanted).take(MAX_ROWS).collect();
                for element in elements {
                    self.collect(element, name, depth);
                }
            }
            Json::String(text) => self.push(name, text.clone()),
            Json::Number(number) => self.push(name, number.to_string()),
            Json::Bool(value) => self.push(name, value.to_string()),
            Json::Null | Json::Object(_) => {}
        }
    }

    fn push(&mut self, name: &str, cell: String) {
        if !name.is_empty() {
            self.by_name
                .entry(name.to_lowercase())
                .or_default()
                .push(cell);
        }
    }
}

/// Every text in a value.
pub(super) fn collect_texts<'j>(value: &'j Json, texts: &mut Vec<&'j str>) {
    match value {
        Json::String(text) => texts.push(text),
        Json::Array(elements) => elements.iter().for_each(|one| collect_texts(one, texts)),
        Json::Object(members) => members.values().for_each(|one| collect_texts(one, texts)),
        _ => {}
    }
}
