//! What every object of STIX must have (STIX 2.1, section 3.2).

use jiff::Timestamp;

use crate::feed::cell::printable;
use crate::feed::object::Object;

/// The types of domain objects and relationships of 2.0 and 2.1, all of which
/// must say when they were made and changed.
const DATED: [&str; 21] = [
    "attack-pattern",
    "campaign",
    "course-of-action",
    "grouping",
    "identity",
    "incident",
    "indicator",
    "infrastructure",
    "intrusion-set",
    "location",
    "malware",
    "malware-analysis",
    "note",
    "observed-data",
    "opinion",
    "relationship",
    "report",
    "sighting",
    "threat-actor",
    "tool",
    "vulnerability",
];

/// Members without which an object of a type says nothing.
const NEEDED: [(&str, &str); 4] = [
    ("indicator", "pattern"),
    ("relationship", "relationship_type"),
    ("relationship", "source_ref"),
    ("relationship", "target_ref"),
];

/// Why this is no object of STIX 2.
pub(super) fn find_fault(object: Object<'_>) -> Option<String> {
    let Some(kind) = object.text("type") else {
        return Some(format!(
            "no STIX object: type is missing in {}",
            object.names()
        ));
    };
    let Some(id) = object.text("id") else {
        return Some(format!("{}: id is missing", printable(kind, 60)));
    };
    let agrees = id
        .strip_prefix(kind)
        .is_some_and(|rest| rest.strip_prefix("--").is_some_and(|uuid| !uuid.is_empty()));
    if !agrees {
        let (id, kind) = (printable(id, 100), printable(kind, 60));
        return Some(format!(
            "the id {id:?} does not begin with its type, {kind:?}"
        ));
    }
    let created = match read_time(object, "created") {
        Ok(time) => time,
        Err(fault) => return Some(fault),
    };
    let modified = match read_time(object, "modified") {
        Ok(time) => time,
        Err(fault) => return Some(fault),
    };
    if DATED.contains(&kind) {
        for (key, time) in [("created", created), ("modified", modified)] {
            if time.is_none() {
                return Some(format!("{kind}: {key} is missing"));
            }
        }
    }
    if let (Some(created), Some(modified)) = (created, modified)
        && modified < created
    {
        return Some(format!(
            "{kind}: modified ({modified}) is before created ({created})"
        ));
    }
    NEEDED
        .iter()
        .find(|(of, key)| *of == kind && object.text(key).is_none())
        .map(|(kind, key)| format!("{kind}: {key} is missing, or longer than 256 KiB"))
}

fn read_time(object: Object<'_>, key: &str) -> Result<Option<Timestamp>, String> {
    match object.word(key) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            let text = printable(&text, 60);
            format!("{key}: {text:?} is no time, \"2026-01-02T03:04:05.678Z\"")
        }),
    }
}

/// Whether this only names an object, as the manifests of TAXII 2 do.
pub(super) fn is_manifest_record(object: Object<'_>) -> bool {
    object.has("id")
        && object.has("date_added")
        && !object.has("type")
        && (object.has("version") || object.has("versions"))
}
