//! The description of the API as OpenAPI 3.1 has it.

use serde_json::{Map, Value as Json, json};

use super::describe::{Form, Tag, shared};
use super::parameter::{Known, Shape};
use super::route::{Access, Route};

pub(super) mod responses;

/// The version of this program, which the API has too.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What holds for every route.
pub(super) const DESCRIPTION: &str = "\
Threat intelligence: who said what about which value, and since when.

Routes that need a key take it as `Authorization: Bearer sk_live_…` or as `X-API-Key: sk_live_…`. \
Every request counts against the limits of its key for a minute and for a day; every response to a \
key says in `X-RateLimit-*` how the one with less remaining stands.

A parameter that a route does not have is refused, and so is one that is given twice: a misspelt \
filter that is ignored would return too much. Every error has the same body, whose `code` is there \
to program against. Fields of entries that are not known are absent, never `null`; where another \
field may be `null`, as of keys and their usage, its type says so. Further fields may be added. \
Every `GET` may be asked with `HEAD` too.";

/// No control characters, and not only blanks.
pub(super) const LABEL: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\u0000-\\u0020\\u007f-\\u00a0]\
                                [^\\u0000-\\u001f\\u007f-\\u009f]*$";

/// The document about these routes.
pub(super) fn document(routes: &[Route], api_key_in_query: bool) -> Json {
    let mut paths = Map::new();
    for route in routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        let method = route.method.as_str().to_ascii_lowercase();
        path[method] = operation(route, api_key_in_query);
    }
    let tags = Tag::ALL.map(|tag| json!({"name": tag.as_str(), "description": tag.meaning()}));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "iocd",
            "version": VERSION,
            "summary": "A threat-intelligence feed server",
            "description": DESCRIPTION,
            "contact": {"name": "The operator of this server"},
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This server."}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": shared::schemas(),
            "headers": responses::headers(),
            "securitySchemes": security_schemes(api_key_in_query),
        },
    })
}

fn operation(route: &Route, api_key_in_query: bool) -> Json {
    let described = route.operation;
    let segments = described
        .segments
        .iter()
        .map(|known| parameter(known, "path"));
    let query = described.parameters.iter();
    let mut parameters: Vec<Json> = segments
        .chain(query.map(|known| parameter(known, "query")))
        .collect();
    if described.revalidates {
        parameters.push(json!({
            "name": "If-None-Match",
            "in": "header",
            "description": "The `ETag` of an answer that is at hand.",
            "schema": {"type": "string"},
        }));
    }
    let mut operation = json!({
        "operationId": described.id,
        "tags": [described.tag.as_str()],
        "summary": described.summary,
        "description": described.description,
        "parameters": parameters,
        "responses": responses::responses(route),
        "security": security(route, api_key_in_query),
    });
    if !described.takes.is_empty() {
        operation["requestBody"] = json!({
            "required": !described.takes_nothing_too,
            "content": content(described.takes, None),
        });
    }
    if let Access::Key { scope, tier } = route.access {
        // Security schemes of keys have no scopes that tools would know.
        operation["x-scope"] = json!(scope.as_str());
        operation["x-tier"] = json!(tier);
    }
    operation
}

fn parameter(known: &Known, place: &str) -> Json {
    let mut parameter = json!({
        "name": known.name,
        "in": place,
        "required": known.required,
        "description": known.meaning,
        "schema": schema(known),
    });
    if let (Shape::Text(most), "query") = (known.shape, place) {
        parameter["description"] =
            json!(format!("{} At most {most} bytes of UTF-8.", known.meaning));
    }
    if let Some(example) = known.example {
        parameter["example"] = written(known.shape, example);
    }
    parameter
}

/// What may stand in a parameter.
pub(super) fn schema(known: &Known) -> Json {
    let mut schema = match known.shape {
        // JSON Schema can count characters only, and these are bytes.
        Shape::Text(most) => json!({"type": "string", "minLength": 1, "x-max-bytes": most}),
        Shape::OneOf(names) => json!({"type": "string", "enum": names()}),
        Shape::Label(most) => {
            json!({"type": "string", "minLength": 1, "maxLength": most, "pattern": LABEL})
        }
        Shape::Pattern(pattern, _) => json!({"type": "string", "pattern": pattern}),
        Shape::Number(least) => json!({"type": "integer", "minimum": least}),
        Shape::Within(least, most) => {
            json!({"type": "integer", "minimum": least, "maximum": most})
        }
        Shape::Switch => json!({"type": "boolean"}),
        Shape::Time => {
            json!({"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]})
        }
    };
    if let Some(default) = known.default {
        schema["default"] = written(known.shape, default);
    }
    schema
}

/// The value that a text in a query string stands for.
fn written(shape: Shape, text: &str) -> Json {
    match shape {
        Shape::Number(_) | Shape::Within(..) | Shape::Switch => {
            serde_json::from_str(text).unwrap_or(Json::Null)
        }
        _ => json!(text),
    }
}

/// Bodies by their media type; `answer` names the example.
fn content(forms: &[Form], answer: Option<&str>) -> Json {
    let mut content = Map::new();
    for form in forms {
        let mut media = json!({"schema": (form.schema)()});
        if let Some(example) = form.example {
            // A body of lines of JSON is told as text where it is taken, and
            // by one line, which is JSON, where it is given.
            let is_json = form.media_type.ends_with("json") && answer.is_some();
            let is_json = is_json || form.media_type == "application/json";
            let value = if is_json {
                serde_json::from_str(example).expect("an example of JSON is JSON")
            } else {
                json!(example)
            };
            media["examples"] = json!({answer.unwrap_or("values"): {"value": value}});
        }
        content.insert(form.media_type.to_owned(), media);
    }
    Json::Object(content)
}

fn security(route: &Route, api_key_in_query: bool) -> Json {
    match route.access {
        Access::Everyone => json!([]),
        Access::Key { .. } if api_key_in_query => {
            json!([{"bearer": []}, {"header": []}, {"query": []}])
        }
        Access::Key { .. } => json!([{"bearer": []}, {"header": []}]),
    }
}

fn security_schemes(api_key_in_query: bool) -> Json {
    let mut schemes = json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, `sk_live_…`.",
        },
        "header": {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "An API key, `sk_live_…`.",
        },
    });
    if api_key_in_query {
        schemes["query"] = json!({
            "type": "apiKey",
            "in": "query",
            "name": "api_key",
            "description": "An API key, `sk_live_…`, as this server's operator allows it.",
        });
    }
    schemes
}
