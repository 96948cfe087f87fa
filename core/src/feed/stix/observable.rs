//! Objects that name values without a pattern: observables, vulnerabilities,
//! techniques.

use super::document::Held;
use super::indicator::hold;
use super::pattern::is_file_hash;
use crate::feed::machine_tag::technique;
use crate::feed::object::Object;
use crate::feed::statement::{Group, StandardColumns};

/// How sure a source is of what it has only observed: it does not call it bad.
const OBSERVED: &str = "30";

/// A cyber-observable object of STIX 2.1; `None` for anything else.
pub(super) fn read_observable(object: Object<'_>, columns: &StandardColumns) -> Option<Held> {
    let mut held = hold(object, columns, vec![observed_values(object)?]);
    held.statement.about.push(columns.confidence, OBSERVED);
    Some(held)
}

/// The observables in an object of STIX 2.0; those of 2.1 are objects of their
/// own.
pub(super) fn read_observed_data(object: Object<'_>, columns: &StandardColumns) -> Option<Held> {
    let objects = object.inner("objects")?;
    let inner = || {
        objects
            .members()
            .filter_map(|(key, _)| Some((key, objects.inner(key)?)))
    };
    let recipients: Vec<&str> = inner().flat_map(|(_, inner)| recipients(inner)).collect();
    let mut groups: Vec<Group> = Vec::new();
    for (key, inner) in inner() {
        if recipients.contains(&key) {
            continue;
        }
        let Some(group) = observed_values(inner) else {
            continue;
        };
        match groups.iter_mut().find(|known| known.kind == group.kind) {
            Some(known) => known.values.extend(group.values),
            None => groups.push(group),
        }
    }
    if groups.is_empty() {
        return None;
    }
    let mut held = hold(object, columns, groups);
    let about = &mut held.statement.about;
    about.push(columns.confidence, OBSERVED);
    about.push_some(columns.first_seen, object.text("first_observed"));
    about.push_some(columns.last_seen, object.text("last_observed"));
    Some(held)
}

/// A vulnerability, by its CVE id.
pub(super) fn read_vulnerability(
    object: Object<'_>,
    columns: &StandardColumns,
) -> Result<Held, String> {
    let references = object.objects("external_references");
    let ids = references.filter_map(|reference| reference.text("external_id"));
    let is_cve = |id: &&str| {
        id.get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("CVE-"))
    };
    let Some(id) = ids.chain(object.text("name")).find(is_cve) else {
        return Err("the vulnerability has no CVE id".to_owned());
    };
    Ok(hold_dated(object, columns, Group::one("cve", id)))
}

/// A technique of ATT&CK; other attack patterns have no value.
pub(super) fn read_technique(object: Object<'_>, columns: &StandardColumns) -> Option<Held> {
    let id = technique_of(object)?;
    Some(hold_dated(object, columns, Group::one("mitre-attack", id)))
}

fn hold_dated(object: Object<'_>, columns: &StandardColumns, group: Group) -> Held {
    let mut held = hold(object, columns, vec![group]);
    let about = &mut held.statement.about;
    about.push_some(columns.first_seen, object.text("created"));
    about.push_some(columns.last_seen, object.text("modified"));
    held
}

/// The id in an attack pattern's references, or at the end of its name
/// (`Phishing - T1566`), where what is exported from MISP has it.
pub(super) fn technique_of(object: Object<'_>) -> Option<&str> {
    let references = object.objects("external_references");
    let mut ids = references.filter_map(|reference| technique(reference.text("external_id")?));
    ids.next().or_else(|| {
        let (_, id) = object.text("name")?.rsplit_once(" - ")?;
        technique(id.trim())
    })
}

/// The values of an observable.
fn observed_values(object: Object<'_>) -> Option<Group> {
    let kind = match object.text("type")? {
        "ipv4-addr" | "ipv6-addr" | "domain-name" => "host",
        "url" => return Some(Group::url(object.text("value")?)),
        "email-addr" => "email",
        "file" | "artifact" => {
            let hashes = object.inner("hashes")?.members();
            let values: Vec<String> = hashes
                .filter(|(name, _)| is_file_hash(name))
                .filter_map(|(_, value)| Some(value.as_str()?.to_owned()))
                .collect();
            return (!values.is_empty()).then_some(Group {
                kind: "hash",
                values,
                ports: Vec::new(),
            });
        }
        _ => return None,
    };
    Some(Group::one(kind, object.text("value")?))
}

/// The addresses that a message is sent to: those of victims.
pub(super) fn recipients(object: Object<'_>) -> impl Iterator<Item = &str> {
    let keys: &[&str] = match object.text("type") {
        Some("email-message") => &["to_refs", "cc_refs", "bcc_refs"],
        _ => &[],
    };
    keys.iter().flat_map(move |key| object.texts(key))
}
