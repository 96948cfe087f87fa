//! Indicators: what their patterns name, and what they say of it.

use super::document::Held;
use super::pattern::Pattern;
use crate::feed::cell::printable;
use crate::feed::machine_tag::technique;
use crate::feed::object::Object;
use crate::feed::statement::{Group, StandardColumns, Statement};

/// Longest description that is kept, in characters.
const MAX_WORDS: usize = 500;

/// The statement of an indicator, or why it makes none.
pub(super) fn read_indicator(
    object: Object<'_>,
    columns: &StandardColumns,
) -> Result<Held, String> {
    let language = object.text("pattern_type").unwrap_or("stix");
    if !language.eq_ignore_ascii_case("stix") {
        let language = printable(language, 40);
        return Err(format!(
            "the pattern is written in the language {language:?}; only STIX patterns are read"
        ));
    }
    if is_benign(object) {
        return Err("the indicator is of type \"benign\": it names what is good".to_owned());
    }
    let text = object.text("pattern").unwrap_or_default();
    let pattern: Pattern = text
        .parse()
        .map_err(|error| format!("no STIX pattern: {error}"))?;
    let named = pattern.named();
    let others = printable(&named.others.join(", "), 150);
    let groups = named.into_groups();
    if groups.is_empty() {
        return Err(format!(
            "the pattern names no value of a type known here: {others}"
        ));
    }
    let mut held = hold(object, columns, groups);
    let about = &mut held.statement.about;
    for key in ["valid_from", "created"] {
        about.push_some(columns.first_seen, object.text(key));
    }
    about.push_some(columns.expires_at, object.text("valid_until"));
    about.push_some(columns.last_seen, object.text("modified"));
    Ok(held)
}

/// Whether it says of what it finds that it is good, and nothing else. The
/// types of 2.1 were labels in 2.0.
fn is_benign(object: Object<'_>) -> bool {
    let types = || {
        ["indicator_types", "labels"]
            .into_iter()
            .flat_map(|key| object.texts(key))
    };
    types().any(|kind| kind == "benign") && !types().any(|kind| kind == "malicious-activity")
}

/// A statement with what objects of all types say alike.
pub(super) fn hold(object: Object<'_>, columns: &StandardColumns, groups: Vec<Group>) -> Held {
    let mut statement = Statement {
        groups,
        ..Statement::default()
    };
    let about = &mut statement.about;
    if let Some(confidence) = object.word("confidence") {
        about.push(columns.confidence, &confidence);
    }
    if object.flag("revoked") == Some(true) {
        about.push(columns.withdrawn, "true");
    }
    let labels = ["labels", "indicator_types"];
    columns.push_tags(labels.iter().flat_map(|key| object.texts(key)), about);
    for phase in object.objects("kill_chain_phases") {
        if let (Some(chain), Some(name)) = (phase.text("kill_chain_name"), phase.text("phase_name"))
            && chain != "misp-category"
        {
            about.push_with(columns.tag, |tag| {
                tag.push_str(chain);
                tag.push(':');
                tag.push_str(name);
            });
        }
    }
    for reference in object.objects("external_references") {
        about.push_some(columns.reference, reference.text("url"));
        let id = reference.text("external_id").and_then(technique);
        about.push_some(columns.technique, id);
    }
    let words = describe(object, &statement.groups).map(|words| printable(&words, MAX_WORDS));
    Held {
        statement,
        id: object.text("id").unwrap_or_default().to_owned(),
        creator: object.text("created_by_ref").map(str::to_owned),
        markings: object
            .texts("object_marking_refs")
            .map(str::to_owned)
            .collect(),
        words,
    }
}

/// Name and description. Many names only say the value once more.
fn describe(object: Object<'_>, groups: &[Group]) -> Option<String> {
    let is_value = |name: &str| {
        let mut values = groups.iter().flat_map(|group| &group.values);
        name.len() <= MAX_WORDS && values.any(|value| name.contains(&**value))
    };
    let name = object.text("name").filter(|name| !is_value(name));
    match (name, object.text("description")) {
        (Some(name), Some(description)) if !description.contains(name) => {
            Some(format!("{name}: {description}"))
        }
        (name, description) => description.or(name).map(str::to_owned),
    }
}
