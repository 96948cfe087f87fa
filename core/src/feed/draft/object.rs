//! JSON of somebody's own making: where its rows are and what their keys mean.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::column::{Column, is_value};
use super::role::{Role, role};
use super::rules::{Rules, assign};
use super::sample::is_defanged;
use crate::feed::toml_text::quoted;
use crate::feed::vocabulary::{Meaning, meaning};

/// Keys that are gone down.
const MAX_DEPTH: usize = 6;
/// Rows that are looked at.
const MAX_ROWS: usize = 200;
/// Columns of a row that are looked at.
const MAX_COLUMNS: usize = 64;

/// A way to read a document.
struct Plan {
    shape: &'static str,
    path: Vec<String>,
    each: Option<String>,
    rules: Rules,
}

/// The format of documents, if they have indicators under some key.
pub(super) fn format(documents: &[Json]) -> Option<String> {
    let mut texts = Vec::new();
    for document in documents {
        collect_texts(document, &mut texts);
    }
    let defanged = is_defanged(texts);
    let plan = match documents {
        [] => None,
        [document] => plan(document),
        lines => {
            let rows: Vec<&Json> = lines.iter().collect();
            rows_plan("lines", &rows)
        }
    }?;
    Some(plan.write(defanged))
}

fn plan(document: &Json) -> Option<Plan> {
    match document {
        Json::Array(elements) => {
            let rows: Vec<&Json> = elements.iter().collect();
            rows_plan("array", &rows)
        }
        Json::Object(_) => {
            let mut best = None;
            search(document, &mut Vec::new(), &mut best);
            best.or_else(|| rows_plan("row", &[document]))
        }
        _ => None,
    }
}

/// The rows of an array, or the rows that each of its elements holds.
fn rows_plan(shape: &'static str, rows: &[&Json]) -> Option<Plan> {
    let plan = |each: Option<String>, rules: Rules| Plan {
        shape,
        path: Vec::new(),
        each,
        rules,
    };
    if rows.iter().any(|row| row.is_string()) {
        return Some(plan(None, assign(&scalar_columns(rows))?));
    }
    let columns = columns(rows, "");
    let own = assign(&columns);
    let key = inner_key(rows);
    let inner = key.and_then(|key| {
        let of_each = rows.iter().filter_map(|row| row.get(&key)?.as_array());
        let inner: Vec<&Json> = of_each.flatten().take(MAX_ROWS).collect();
        let mut all = self::columns(&inner, "");
        let around = columns
            .iter()
            .filter(|column| !column.name.starts_with(&format!("{key}.")));
        all.extend(around.map(|column| Column {
            name: format!("^{}", column.name),
            values: 0,
            role: column.role.filter(|role| is_descriptive(*role)),
            ..column.clone()
        }));
        Some((key, assign(&all)?))
    });
    match (own, inner) {
        (Some(own), Some((_, inner))) if own.weight >= inner.weight && shape != "row" => {
            Some(plan(None, own))
        }
        (_, Some((key, inner))) => Some(plan(Some(key), inner)),
        (own, None) => Some(plan(None, own?)),
    }
}

/// What may be said of a group of rows.
fn is_descriptive(role: Role) -> bool {
    !matches!(
        role,
        Role::Value | Role::Typed(_) | Role::Indicator | Role::Type | Role::Nothing
    )
}

/// The key whose array of objects has the most values.
fn inner_key(rows: &[&Json]) -> Option<String> {
    let mut best: Option<(usize, String)> = None;
    for row in rows.iter().take(20) {
        for (key, value) in row.as_object().into_iter().flatten() {
            let Some(elements) = value.as_array() else {
                continue;
            };
            let inner: Vec<&Json> = elements.iter().filter(|one| one.is_object()).collect();
            let weight = assign(&columns(&inner, "")).map_or(0, |rules| rules.weight);
            if weight > best.as_ref().map_or(0, |(most, _)| *most) {
                best = Some((weight, key.clone()));
            }
        }
    }
    best.map(|(_, key)| key)
}

/// Looks for the place in a document that has the most values.
fn search(object: &Json, path: &mut Vec<String>, best: &mut Option<Plan>) {
    let Some(members) = object.as_object() else {
        return;
    };
    let mut keep = |plan: Option<Plan>, path: &[String]| {
        if let Some(plan) = plan
            && best
                .as_ref()
                .is_none_or(|best| plan.rules.weight > best.rules.weight)
        {
            *best = Some(Plan {
                path: path.to_vec(),
                ..plan
            });
        }
    };
    keep(keyed_plan(object), path);
    for (key, value) in members {
        path.push(key.clone());
        if let Json::Array(elements) = value
            && !matches!(role(key), Some(Role::Reference))
        {
            let rows: Vec<&Json> = elements.iter().collect();
            keep(rows_plan("document", &rows), path);
        }
        path.pop();
    }
    if path.len() < MAX_DEPTH {
        for (key, value) in members {
            path.push(key.clone());
            search(value, path, best);
            path.pop();
        }
    }
}

/// An object of lists or of rows: `{"domains": [...], "ips": [...]}`, whose keys
/// are types, or names of the rows, or the values themselves.
fn keyed_plan(object: &Json) -> Option<Plan> {
    let members = object.as_object()?;
    let holders: Vec<(&String, &Json)> = members
        .iter()
        .filter(|(key, value)| {
            (value.is_object() || value.is_array()) && !matches!(role(key), Some(Role::Reference))
        })
        .collect();
    if holders.len() < 2 && holders.iter().all(|(_, value)| value.is_array()) {
        return None;
    }
    let mut rows: Vec<(&str, &Json)> = Vec::new();
    for (key, value) in &holders {
        match value {
            Json::Array(elements) => rows.extend(elements.iter().map(|row| (key.as_str(), row))),
            other => rows.push((key, other)),
        }
    }
    rows.truncate(MAX_ROWS);
    let keys: Vec<&str> = rows.iter().map(|(key, _)| *key).collect();
    let values: Vec<&Json> = rows.iter().map(|(_, row)| *row).collect();
    let mut columns = if values.iter().any(|row| row.is_string()) {
        scalar_columns(&values)
    } else {
        columns(&values, "")
    };
    let is_type = |key: &&&str| matches!(meaning(key), Some(Meaning::Kinds(_)));
    if keys.iter().any(|key| is_value(key)) {
        columns.push(Column::new("$key", false, &keys));
    } else if keys.iter().filter(is_type).count() * 2 > keys.len() {
        let column = Column::new("$key", false, &keys);
        columns.push(Column {
            role: Some(Role::Type),
            ..column
        });
    }
    Some(Plan {
        shape: "keyed",
        path: Vec::new(),
        each: None,
        rules: assign(&columns)?,
    })
}

/// Rows that are texts.
fn scalar_columns(rows: &[&Json]) -> Vec<Column> {
    let cells: Vec<&str> = rows.iter().filter_map(|row| row.as_str()).collect();
    vec![Column::new("$value", false, &cells)]
}

/// The columns of rows: every way down to a text or number.
fn columns(rows: &[&Json], start: &str) -> Vec<Column> {
    let mut cells: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows.iter().take(MAX_ROWS) {
        collect_cells(row, start, 0, &mut cells);
    }
    let columns = cells.iter().take(MAX_COLUMNS).map(|(name, cells)| {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        Column::new(name, true, &cells)
    });
    columns.collect()
}

fn collect_cells(
    value: &Json,
    name: &str,
    depth: usize,
    cells: &mut BTreeMap<String, Vec<String>>,
) {
    match value {
        Json::Object(members) if depth < MAX_DEPTH => {
            for (key, value) in members {
                // A dot in a key cannot be told from a way down.
                if key.contains('.') || key.is_empty() {
                    continue;
                }
                let dot = if name.is_empty() { "" } else { "." };
                collect_cells(value, &format!("{name}{dot}{key}"), depth + 1, cells);
            }
        }
        Json::Array(elements) => {
            for element in elements.iter().take(MAX_ROWS) {
                collect_cells(element, name, depth, cells);
            }
        }
        Json::String(text) if !name.is_empty() => {
            cells
                .entry(name.to_lowercase())
                .or_default()
                .push(text.clone());
        }
        Json::Number(number) if !name.is_empty() => {
            cells
                .entry(name.to_lowercase())
                .or_default()
                .push(number.to_string());
        }
        Json::Bool(value) if !name.is_empty() => {
            cells
                .entry(name.to_lowercase())
                .or_default()
                .push(value.to_string());
        }
        _ => {}
    }
}

fn collect_texts<'j>(value: &'j Json, texts: &mut Vec<&'j str>) {
    match value {
        Json::String(text) => texts.push(text),
        Json::Array(elements) => elements.iter().for_each(|one| collect_texts(one, texts)),
        Json::Object(members) => members.values().for_each(|one| collect_texts(one, texts)),
        _ => {}
    }
}

impl Plan {
    fn write(&self, defanged: bool) -> String {
        let shape = match (self.shape, &self.path[..]) {
            ("document", []) => "array",
            (shape, _) => shape,
        };
        let mut settings = vec![format!("shape = {}", quoted(shape))];
        if !self.path.is_empty() {
            settings.push(format!("path = {}", quoted(&self.path.join("."))));
        }
        if let Some(each) = &self.each {
            settings.push(format!("each = {}", quoted(each)));
        }
        let mut out = format!(
            "name = \"json\"\nconnector = \"json\"\nsettings = {{ {} }}\n",
            settings.join(", ")
        );
        self.rules.write(&mut out);
        if defanged {
            out.push_str("defanged = true\n");
        }
        out.push_str("max_refused = 100\n");
        out
    }
}
