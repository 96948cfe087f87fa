//! JSON of somebody's own making: where its rows are and what their keys mean.

mod cells;

use serde_json::Value as Json;

use self::cells::{collect_texts, columns, scalar_column};
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
/// Rows that are looked at for rows in them.
const FEW_ROWS: usize = 20;

/// A way to read a document.
struct Plan {
    shape: &'static str,
    path: Vec<String>,
    each: Option<String>,
    rules: Rules,
    /// Which of ways to the same values is best: lists under their types, then
    /// a list, then objects.
    rank: u8,
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
        lines => rows_plan("lines", &lines.iter().collect::<Vec<_>>()),
    }?;
    Some(plan.write(defanged))
}

fn plan(document: &Json) -> Option<Plan> {
    match document {
        Json::Array(elements) => rows_plan("array", &elements.iter().collect::<Vec<_>>()),
        Json::Object(_) => {
            let mut best = None;
            search(document, &mut Vec::new(), &mut best);
            best.or_else(|| whole_plan("row", &[document]))
        }
        _ => None,
    }
}

/// Rows, with whatever is in them.
fn whole_plan(shape: &'static str, rows: &[&Json]) -> Option<Plan> {
    Some(Plan {
        shape,
        path: Vec::new(),
        each: None,
        rules: assign(&columns(rows, true))?,
        rank: 0,
    })
}

/// The rows of an array, or the rows that each of its elements holds.
fn rows_plan(shape: &'static str, rows: &[&Json]) -> Option<Plan> {
    let plan = |each: Option<String>, rules: Rules| Plan {
        shape,
        path: Vec::new(),
        each,
        rules,
        rank: 1,
    };
    let columns = row_columns(rows);
    let own = assign(&columns);
    let inner = inner_rules(rows, &columns);
    match (own, inner) {
        (Some(own), Some((_, inner))) if own.weight >= inner.weight => Some(plan(None, own)),
        (_, Some((key, inner))) => Some(plan(Some(key), inner)),
        (Some(own), None) => Some(plan(None, own)),
        (None, None) => whole_plan(shape, rows),
    }
}

/// The columns of rows, of which some may be texts.
fn row_columns(rows: &[&Json]) -> Vec<Column> {
    let mut columns = columns(rows, false);
    if rows.iter().any(|row| row.is_string()) {
        columns.push(scalar_column(rows));
    }
    columns
}

/// The key under which rows hold rows with values, and the rules for these,
/// with the columns around them.
fn inner_rules(rows: &[&Json], around: &[Column]) -> Option<(String, Rules)> {
    let mut best: Option<(String, Vec<Column>, usize)> = None;
    let objects = rows.iter().take(FEW_ROWS).filter_map(|row| row.as_object());
    let mut keys: Vec<&String> = objects.flat_map(serde_json::Map::keys).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys.into_iter().take(64) {
        let elements = rows
            .iter()
            .filter_map(|row| row.get(key)?.as_array())
            .flatten();
        let inner: Vec<&Json> = elements
            .filter(|one| one.is_object())
            .take(MAX_ROWS)
            .collect();
        let found = columns(&inner, false);
        let weight = assign(&found).map_or(0, |rules| rules.weight);
        if weight > best.as_ref().map_or(0, |(.., most)| *most) {
            best = Some((key.clone(), found, weight));
        }
    }
    let (key, mut all, _) = best?;
    all.extend(around.iter().map(|column| Column {
        name: format!("^{}", column.name),
        values: 0,
        role: column.role.filter(|role| is_descriptive(*role)),
        ..column.clone()
    }));
    Some((key, assign(&all)?))
}

/// What may be said of a group of rows.
fn is_descriptive(role: Role) -> bool {
    let of_rows = [Role::Value, Role::Indicator, Role::Type, Role::Nothing];
    !of_rows.contains(&role) && !matches!(role, Role::Typed(_))
}

/// Looks for the place in a document that has the most values.
fn search(object: &Json, path: &mut Vec<String>, best: &mut Option<Plan>) {
    let Some(members) = object.as_object() else {
        return;
    };
    let mut keep = |plan: Option<Plan>, path: &[String]| {
        let worth = |plan: &Plan| (plan.rules.weight, plan.rank);
        if let Some(plan) = plan
            && best.as_ref().is_none_or(|best| worth(&plan) > worth(best))
        {
            *best = Some(Plan {
                path: path.to_vec(),
                ..plan
            });
        }
    };
    keep(keyed_plan(object), path);
    for (key, value) in members {
        if let Json::Array(elements) = value
            && role(key) != Some(Role::Reference)
        {
            path.push(key.clone());
            keep(
                rows_plan("document", &elements.iter().collect::<Vec<_>>()),
                path,
            );
            path.pop();
        }
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
    let holders = || {
        let members = members
            .iter()
            .filter(|(key, _)| role(key) != Some(Role::Reference));
        members.filter(|(_, value)| value.is_object() || value.is_array())
    };
    let lists = holders().filter(|(_, value)| value.is_array()).count();
    if holders().count() < 2 && lists == 1 {
        return None;
    }
    let mut rows: Vec<(&str, &Json)> = Vec::new();
    for (key, value) in holders() {
        match value {
            Json::Array(elements) => rows.extend(elements.iter().map(|row| (key.as_str(), row))),
            other => rows.push((key, other)),
        }
    }
    rows.truncate(MAX_ROWS);
    let (keys, values): (Vec<&str>, Vec<&Json>) = rows.into_iter().unzip();
    let mut columns = row_columns(&values);
    let is_type = |key: &&&str| matches!(meaning(key), Some(Meaning::Kinds(_)));
    let column = Column::new("$key", false, &keys);
    if keys.iter().any(|key| is_value(key)) {
        columns.push(column);
    } else if keys.iter().filter(is_type).count() * 2 > keys.len() {
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
        rank: if lists > 1 { 2 } else { 0 },
    })
}

impl Plan {
    fn write(&self, defanged: bool) -> String {
        let mut settings = vec![
            format!("shape = {}", quoted(self.shape)),
            "mixed = true".to_owned(),
        ];
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &str, parts: &[&str]) {
        let documents: Vec<Json> = serde_json::Deserializer::from_str(document)
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let format = format(&documents).unwrap_or_else(|| panic!("nothing found: {document}"));
        for part in parts {
            assert!(format.contains(part), "{part} is not in\n{format}");
        }
    }

    #[test]
    fn rows_are_found_where_they_are() {
        check(
            r#"[{"ioc": "203.0.113.7", "type": "ip", "seen": "2024-01-02"}]"#,
            &[
                "shape = \"array\"",
                "column = \"ioc\"",
                "column = \"type\", common",
                "first_seen = [\"seen\"]",
            ],
        );
        check(
            "{\"ip\": \"203.0.113.7\"}\n{\"ip\": \"203.0.113.8\"}",
            &[
                "shape = \"lines\"",
                "column = \"ip\", type = [\"ipv4\", \"ipv6\"]",
            ],
        );
        check(
            r#"{"meta": {"n": 1}, "data": {"items": [{"attributes": {"value": "203.0.113.7"}}]}}"#,
            &[
                "shape = \"document\", mixed = true, path = \"data.items\"",
                "column = \"attributes.value\"",
            ],
        );
        check(
            r#"[{"name": "x", "date": "2024-01-02", "iocs": [{"value": "203.0.113.7"}]}]"#,
            &[
                "shape = \"array\", mixed = true, each = \"iocs\"",
                "column = \"value\"",
                "first_seen = [\"^date\"]",
            ],
        );
    }

    #[test]
    fn lists_under_their_types() {
        check(
            r#"{"iocs": {"ips": ["203.0.113.7"], "domains": []}, "count": 1}"#,
            &[
                "shape = \"keyed\", mixed = true, path = \"iocs\"",
                "column = \"$value\"",
                "column = \"$key\", common",
            ],
        );
        check(
            r#"["203.0.113.7", "bad.example.com"]"#,
            &["shape = \"array\"", "\"$value\""],
        );
        check(
            r#"{"203.0.113.7": {"a": 1}}"#,
            &["shape = \"keyed\"", "column = \"$key\""],
        );
        check(
            r#"{"title": "x", "c2": {"ip": "203.0.113.7"}, "n": [1, 2]}"#,
            &["shape = \"", "ip\""],
        );
    }

    #[test]
    fn what_has_no_values() {
        for document in [
            "{}",
            "[]",
            "[1, 2]",
            r#"{"a": "b"}"#,
            r#"{"links": ["https://x.example/"]}"#,
        ] {
            let document: Json = serde_json::from_str(document).unwrap();
            assert_eq!(format(std::slice::from_ref(&document)), None, "{document}");
        }
    }
}
