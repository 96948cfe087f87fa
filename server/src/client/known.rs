//! Which values a server knows, and what: for a scan, which pulls values out of
//! texts here and tells the server nothing else of them.

use iocd_core::value::{Kind, Value};
use serde_json::{Value as Json, json};

use super::lines::ask_strings;
use super::{Client, ClientError, Search};
use crate::operation::MAX_TOLD;

/// Those of the values that are known.
pub(super) async fn find(
    client: &Client,
    values: Vec<Value>,
    status: Option<&str>,
) -> Result<Vec<Value>, ClientError> {
    let mut known = Vec::new();
    // A value is read as its type and as nothing else.
    for kind in Kind::ALL {
        let of_kind: Vec<&Value> = values.iter().filter(|value| value.kind() == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        let parameters = [
            ("type", Some(kind.as_str())),
            ("status", status),
            // The status is enough.
            ("limit", Some("0")),
        ];
        let target = client.address.target("/api/v1/iocs/search", &parameters);
        let texts: Vec<&str> = of_kind.iter().map(|value| value.as_str()).collect();
        let mut lines = Vec::new();
        ask_strings(client, &target, &texts, &mut |answers| {
            lines.extend_from_slice(answers);
            Ok(())
        })
        .await?;
        let answers = lines.split(|byte| *byte == b'\n');
        for (value, line) in of_kind.into_iter().zip(answers) {
            let answer: Json = serde_json::from_slice(line)
                .map_err(|error| client.unexpected(&error.to_string()))?;
            if matches!(answer["status"].as_str(), Some("known" | "warning")) {
                known.push(value.clone());
            }
        }
    }
    Ok(known)
}

/// What is known about a value, if anything is.
pub(super) fn describe(
    client: &Client,
    kind: Kind,
    value: &str,
    status: Option<&str>,
) -> Result<Option<Json>, ClientError> {
    let answer = client.search(&Search {
        q: value,
        kind: Some(kind),
        matching: None,
        status,
        limit: MAX_TOLD,
    })?;
    let entries: Vec<Json> = answer["data"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| {
            json!({
                "value": entry["value"],
                "source": entry["source"]["feed_name"],
                "category": entry["source"]["category"],
                "confidence": entry["confidence"],
                "status": entry["status"],
                "match": entry["match"]["kind"],
            })
        })
        .collect();
    if entries.is_empty() {
        return Ok(None);
    }
    let warnings = &answer["meta"]["query"]["interpretations"][0]["warnings"];
    Ok(Some(json!({
        "type": kind,
        "value": value,
        "entries": entries,
        "warnings": if warnings.is_array() { warnings.clone() } else { json!([]) },
    })))
}
