//! What a document is by its content, whatever it is called.

use serde_json::Value as Json;

use super::connector::CONNECTORS;
use super::connector::Syntax;
use super::fit::reject_foreign;
use super::outcome::FeedError;
use super::read::HEAD;

/// What a document is.
#[derive(Debug)]
pub(super) enum Content {
    /// One whose format says what everything in it is: the connector for it.
    Standard(&'static str),
    /// XML that nobody knows, by its first element: what it mentions counts.
    UnknownXml(String),
    /// JSON of somebody's own making: its beginning, with what was cut closed.
    Json(Vec<Json>),
    /// Anything else that can be read.
    Text,
}

/// Tells what a document is by its beginning; an error if it is nothing that
/// could be read.
pub(super) fn recognise_content(head: &[u8]) -> Result<Content, FeedError> {
    reject_foreign(head, &[Syntax::Text, Syntax::Json, Syntax::Xml])?;
    let head = &head[..head.len().min(HEAD)];
    let text = shown(head);
    let start = text.trim_start_matches(|char: char| char.is_whitespace() || char == '\u{feff}');
    if start.is_empty() {
        return Err(FeedError::Empty);
    }
    if start.starts_with('<') {
        return recognise_xml(start);
    }
    if !is_json(start) {
        return Ok(Content::Text);
    }
    let documents = read_json(&text, head.len() >= HEAD)?;
    if let Some(first) = documents.first() {
        if is_warning_list(first) {
            return Err(unreadable(
                "a MISP warning list, which names what is known to be good",
            ));
        }
        if is_schema(first) {
            return Ok(Content::Standard("text"));
        }
        if let Some(name) = standard_json(first).filter(|name| is_known(name)) {
            return Ok(Content::Standard(name));
        }
    }
    Ok(Content::Json(documents))
}

/// The beginning of a document as text, in whatever width it is written.
fn shown(head: &[u8]) -> String {
    let bytes: Vec<u8> = match head {
        [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] => rest.to_vec(),
        _ => head.to_vec(),
    };
    let wide = bytes.iter().take(512).filter(|byte| **byte == 0).count() > 8;
    let narrow: Vec<u8> = bytes
        .into_iter()
        .filter(|byte| !wide || *byte != 0)
        .collect();
    String::from_utf8_lossy(&narrow).into_owned()
}

fn unreadable(found: &str) -> FeedError {
    FeedError::NotThisFormat {
        expected: "a list of indicators".to_owned(),
        found: found.to_owned(),
    }
}

fn is_known(name: &str) -> bool {
    CONNECTORS.iter().any(|entry| entry.name == name)
}

/// Root elements of the XML documents that have a connector.
const ROOTS: [(&str, &str); 7] = [
    ("rss", "rss"),
    ("feed", "rss"),
    ("rdf", "rss"),
    ("channel", "rss"),
    ("ioc", "openioc"),
    ("iocs", "openioc"),
    ("openioc", "openioc"),
];

fn recognise_xml(text: &str) -> Result<Content, FeedError> {
    let has = |sign: &str| memchr::memmem::find(text.as_bytes(), sign.as_bytes()).is_some();
    if has("STIX_Package") || has("http://stix.mitre.org/") {
        return Err(FeedError::NotThisFormat {
            expected: "a STIX 2 document".to_owned(),
            found: "STIX 1.x, which is not read: convert it to STIX 2.1, as stix2-elevator does"
                .to_owned(),
        });
    }
    let root = root_name(text).unwrap_or_default();
    let entry = ROOTS.iter().find(|(name, _)| *name == root);
    Ok(match entry {
        Some((_, connector)) if is_known(connector) => Content::Standard(connector),
        None if is_xml(text, &root) => Content::UnknownXml(root),
        // Of a page counts what it mentions.
        _ => Content::Standard("text"),
    })
}

/// Elements with which HTML begins, whole pages or pieces.
const HTML: [&str; 14] = [
    "html", "head", "body", "div", "p", "table", "ul", "ol", "pre", "h1", "article", "main",
    "span", "a",
];

/// Whether a text that begins with `<` is XML and no HTML: elements end.
fn is_xml(text: &str, root: &str) -> bool {
    let is_page = HTML.contains(&root) || has_html_type(text);
    !root.is_empty() && !is_page && (text.contains("</") || text.contains("/>"))
}

fn has_html_type(text: &str) -> bool {
    const TYPE: &[u8] = b"<!doctype html";
    let head = &text.as_bytes()[..text.len().min(1024)];
    head.windows(TYPE.len())
        .any(|window| window.eq_ignore_ascii_case(TYPE))
}

/// The name of the first element in lower case, without its namespace.
fn root_name(text: &str) -> Option<String> {
    let mut rest = text;
    for _ in 0..64 {
        rest = &rest[rest.find('<')? + 1..];
        let end = if rest.starts_with("!--") {
            "-->"
        } else if rest.starts_with(['?', '!']) {
            ">"
        } else {
            let name = rest.split(|char: char| !(char.is_alphanumeric() || "_-.:".contains(char)));
            let name = name.clone().next()?;
            let local = name.rsplit(':').next()?;
            return Some(local.to_ascii_lowercase());
        };
        rest = &rest[rest.find(end)? + end.len()..];
    }
    None
}

/// Whether a text begins as JSON does; a defanged `[.]` does not.
fn is_json(start: &str) -> bool {
    let mut signs = start.chars().filter(|char| !char.is_whitespace());
    match (signs.next(), signs.next()) {
        (Some('{'), Some('"' | '}') | None) | (Some('['), Some('{' | '[' | '"' | ']') | None) => {
            true
        }
        (Some('['), Some(digit)) => digit.is_ascii_digit() && start.contains(','),
        _ => false,
    }
}

/// Documents looked at, where several follow one another.
const MAX_DOCUMENTS: usize = 100;

/// The JSON documents in a text; the last one is closed where it was cut off.
fn read_json(text: &str, cut: bool) -> Result<Vec<Json>, FeedError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut documents = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Json>();
    loop {
        let at = stream.byte_offset();
        match stream.next() {
            Some(Ok(document)) => documents.push(document),
            Some(Err(error)) if cut && error.is_eof() => {
                let closed = close(&text[at..]);
                documents.extend(serde_json::from_str::<Json>(&closed));
                return Ok(documents);
            }
            Some(Err(error)) if documents.is_empty() && !error.is_eof() => {
                return Err(FeedError::Malformed {
                    line: error.line() as u64,
                    what: format!("no valid JSON: {error}").into(),
                });
            }
            Some(Err(error)) if documents.is_empty() => {
                return Err(FeedError::Truncated {
                    line: error.line() as u64,
                    rows: 0,
                });
            }
            // Reading tells what is wrong with what follows.
            None | Some(Err(_)) => return Ok(documents),
        }
        if documents.len() >= MAX_DOCUMENTS {
            return Ok(documents);
        }
    }
}

/// A document that is cut off, up to its last whole element, with what is open
/// closed.
fn close(text: &str) -> String {
    let (mut open, mut kept) = (Vec::new(), (0, Vec::new()));
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' => open.push('}'),
            b'[' => open.push(']'),
            b'}' | b']' => {
                open.pop();
            }
            b',' => kept = (at, open.clone()),
            _ => {}
        }
        // Deeper than any parser goes.
        if open.len() > 256 {
            break;
        }
    }
    let (end, open) = kept;
    text[..end].chars().chain(open.into_iter().rev()).collect()
}

fn has(object: &Json, keys: &[&str]) -> bool {
    keys.iter().all(|key| object.get(key).is_some())
}

/// The connector for documents of a standard.
fn standard_json(document: &Json) -> Option<&'static str> {
    if let Some(elements) = document.as_array() {
        return standard_json(elements.first().filter(|first| first.is_object())?);
    }
    let text = |key: &str| document.get(key).and_then(Json::as_str).unwrap_or_default();
    if text("version").starts_with("https://jsonfeed.org/") {
        return Some("rss");
    }
    if is_misp(document) {
        return Some("misp");
    }
    let is_object =
        !text("type").is_empty() && text("id").starts_with(&format!("{}--", text("type")));
    let is_envelope = document
        .get("objects")
        .and_then(Json::as_array)
        .is_some_and(|objects| {
            let parts = |object: &Json| object.get("id")?.as_str()?.contains("--").then_some(());
            objects.is_empty() || objects.iter().any(|object| parts(object).is_some())
        });
    (text("type") == "bundle" || is_object || is_envelope).then_some("stix")
}

/// A MISP event or attribute, bare or in an envelope.
fn is_misp(document: &Json) -> bool {
    let is_part = |value: &Json| has(value, &["Event"]) || has(value, &["Attribute"]);
    let is_response = |response: &Json| match response.as_array() {
        Some(parts) => parts.first().is_none_or(is_part),
        None => is_part(response),
    };
    document.get("Event").is_some_and(Json::is_object)
        || document.get("response").is_some_and(is_response)
        || has(document, &["uuid", "info"]) && (is_part(document) || has(document, &["analysis"]))
        || has(document, &["type", "category", "value", "to_ids"])
}

/// Whether a document begins as a JSON Schema: it describes documents, and what
/// it mentions (its own address, examples) is nobody's indicator.
pub(super) fn begins_as_schema(head: &[u8]) -> bool {
    let text = shown(head);
    let start = text.trim_start_matches(|char: char| char.is_whitespace() || char == '\u{feff}');
    start.starts_with('{')
        && read_json(&text, head.len() >= HEAD)
            .is_ok_and(|documents| documents.first().is_some_and(is_schema))
}

/// A JSON Schema names the one that it is written by, and has keywords of it.
fn is_schema(document: &Json) -> bool {
    let keywords = [
        "properties",
        "$defs",
        "definitions",
        "allOf",
        "anyOf",
        "oneOf",
        "$ref",
        "items",
    ];
    let by = document.get("$schema").and_then(Json::as_str);
    by.is_some_and(|by| by.contains("json-schema.org/"))
        && keywords
            .iter()
            .any(|keyword| document.get(keyword).is_some())
}

fn is_warning_list(document: &Json) -> bool {
    has(document, &["list", "matching_attributes"]) || has(document, &["list", "type", "version"])
}

#[cfg(test)]
mod tests;
