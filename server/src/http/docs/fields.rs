//! A JSON Schema as a table of fields.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::markup::{escape, phrase};

/// One row: where it stands, and what it is.
struct Field<'a> {
    path: String,
    is_required: bool,
    schema: &'a Json,
}

/// Appends a table of all fields of an object, or what else the schema says.
pub(super) fn write(page: &mut String, schema: &Json) {
    let mut fields = Vec::new();
    collect(&mut fields, "", schema);
    if fields.is_empty() {
        write_names(page, schema);
        return;
    }
    if let Some(meaning) = schema["description"].as_str() {
        page.push_str("<p>");
        phrase(page, meaning);
        page.push_str("</p>\n");
    }
    page.push_str("<table>\n<tr><th>field</th><th>is</th><th>meaning</th></tr>\n");
    for field in fields {
        let often = if field.is_required {
            ""
        } else {
            " <i>or absent</i>"
        };
        let _ = write!(
            page,
            "<tr><td><code>{}</code></td><td>{}{often}</td><td>",
            escape(&field.path),
            kind(field.schema),
        );
        phrase(
            page,
            field.schema["description"].as_str().unwrap_or_default(),
        );
        page.push_str("</td></tr>\n");
    }
    page.push_str("</table>\n");
}

/// Appends a type that is no object: its meaning and its names.
fn write_names(page: &mut String, schema: &Json) {
    if let Some(names) = schema["enum"].as_array() {
        page.push_str("<p>");
        phrase(page, schema["description"].as_str().unwrap_or_default());
        let _ = write!(page, "</p>\n<p>{}</p>\n", listed(names));
    }
}

/// The fields of an object, of what it contains, and of what it may be instead.
fn collect<'a>(fields: &mut Vec<Field<'a>>, path: &str, schema: &'a Json) {
    let others = schema["anyOf"].as_array();
    for other in others.into_iter().flatten() {
        collect(fields, path, other);
    }
    if schema["type"] == "array" {
        collect(fields, &format!("{path}[]"), &schema["items"]);
    }
    let required = schema["required"].as_array();
    let properties = schema["properties"].as_object();
    for (name, property) in properties.into_iter().flatten() {
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{dot}{name}");
        fields.push(Field {
            path: path.clone(),
            is_required: required.is_some_and(|names| names.iter().any(|known| known == name)),
            schema: property,
        });
        collect(fields, &path, property);
    }
}

/// What may stand in a field.
fn kind(schema: &Json) -> String {
    if let Some(name) = shared(schema) {
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    if let Some(names) = schema["enum"].as_array() {
        return listed(names);
    }
    if let Some(others) = schema["anyOf"].as_array() {
        return others.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Json::String(kind) if kind == "array" => {
            format!("list of {}", self::kind(&schema["items"]))
        }
        Json::String(kind) => match schema["format"].as_str() {
            Some(format) => escape(format).into_owned(),
            None if schema["title"].is_string() => title(schema),
            None => escape(kind).into_owned(),
        },
        Json::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Json::as_str);
            kinds.collect::<Vec<_>>().join(" or ")
        }
        _ => "anything".to_owned(),
    }
}

fn title(schema: &Json) -> String {
    escape(schema["title"].as_str().unwrap_or_default()).into_owned()
}

/// The name of the shared schema that this one is.
fn shared(schema: &Json) -> Option<&str> {
    schema["$ref"]
        .as_str()?
        .strip_prefix("#/components/schemas/")
}

fn listed(names: &[Json]) -> String {
    let names = names.iter().filter_map(Json::as_str);
    let names = names.map(|name| format!("<code>{}</code>", escape(name)));
    names.collect::<Vec<_>>().join(" ")
}
