//! Short forms for JSON Schema (2020-12), as OpenAPI 3.1 has it.

use serde_json::{Map, Value as Json, json};

/// A member of an object: its name, whether it is always there, what it is.
pub(in crate::http) type Member = (&'static str, bool, Json);

/// A member that is always there.
pub(in crate::http) fn always(name: &'static str, schema: Json) -> Member {
    (name, true, schema)
}

/// A member that is absent where it has nothing to say.
pub(in crate::http) fn maybe(name: &'static str, schema: Json) -> Member {
    (name, false, schema)
}

/// An object with these members.
pub(in crate::http) fn object(members: impl IntoIterator<Item = Member>) -> Json {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (name, is_required, schema) in members {
        properties.insert(name.to_owned(), schema);
        if is_required {
            required.push(name);
        }
    }
    let mut object = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// One of the shared schemas, see [`super::shared`].
pub(in crate::http) fn shared(name: &str) -> Json {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

pub(in crate::http) fn text(meaning: &str) -> Json {
    json!({"type": "string", "description": meaning})
}

/// One of these names.
pub(in crate::http) fn one_of<const N: usize>(names: [&str; N], meaning: &str) -> Json {
    json!({"type": "string", "enum": names.as_slice(), "description": meaning})
}

/// A count.
pub(in crate::http) fn number(meaning: &str) -> Json {
    json!({"type": "integer", "minimum": 0, "description": meaning})
}

/// A whole number from 0 to 100.
pub(in crate::http) fn percent(meaning: &str) -> Json {
    json!({"type": "integer", "minimum": 0, "maximum": 100, "description": meaning})
}

/// A number from 0 to 1.
pub(in crate::http) fn share(meaning: &str) -> Json {
    json!({"type": "number", "minimum": 0, "maximum": 1, "description": meaning})
}

pub(in crate::http) fn switch(meaning: &str) -> Json {
    json!({"type": "boolean", "description": meaning})
}

/// RFC 3339 in UTC, with `Z`.
pub(in crate::http) fn time(meaning: &str) -> Json {
    json!({"type": "string", "format": "date-time", "description": meaning})
}

pub(in crate::http) fn list(items: Json, meaning: &str) -> Json {
    let mut schema = json!({"type": "array", "items": null, "description": meaning});
    schema["items"] = items;
    schema
}

/// A list of texts.
pub(in crate::http) fn texts(meaning: &str) -> Json {
    list(json!({"type": "string"}), meaning)
}

/// What the schema says, or `null`.
pub(in crate::http) fn or_null(mut schema: Json) -> Json {
    schema["type"] = json!([schema["type"], "null"]);
    if let Some(Json::Array(names)) = schema.get_mut("enum") {
        names.push(Json::Null);
    }
    schema
}
