//! Which warning lists are in force, and which of them cover a value.

use iocd_core::interpret::interpret;
use iocd_core::value::Kind;
use iocd_core::warning::WarningSet;
use serde_json::{Value as Json, json};

/// Every list in force.
pub(crate) fn list(set: &WarningSet) -> Json {
    set.lists()
        .iter()
        .map(|list| {
            json!({
                "name": list.name,
                "title": list.title,
                "entries": list.entries,
                "refused": list.refused,
                "withholds": list.withholds,
            })
        })
        .collect()
}

/// The lists that cover each reading of a text.
pub(crate) fn find(text: &str, kind: Option<Kind>, set: &WarningSet) -> Json {
    interpret(text, kind)
        .readings
        .iter()
        .map(|reading| {
            let mut warnings = Vec::new();
            set.visit(reading.value.as_ref(), &mut |warning| {
                warnings.push(json!({"name": warning.name, "withholds": warning.withholds}));
            });
            json!({
                "type": reading.value.kind(),
                "value": reading.value.as_str(),
                "warnings": warnings,
            })
        })
        .collect()
}
