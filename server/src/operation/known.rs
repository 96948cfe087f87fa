//! Looking up many values at once.

use iocd_core::claim::Confidence;
use iocd_core::query::{Entry, EntrySink, Page, Question, Reach, StatusFilter};
use iocd_core::value::{Kind, Value, ValueRef, is_non_global};
use iocd_core::warning::{NON_GLOBAL, WarningSet};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::{MAX_TOLD, OperationError};
use crate::store::ClaimStore;

/// What the store has about each of the values that it knows.
pub(super) async fn find<S: ClaimStore>(
    values: &[(Kind, String)],
    status: StatusFilter,
    store: &S,
    warnings: &WarningSet,
    now: Timestamp,
) -> Result<Json, OperationError> {
    let mut known = Vec::new();
    for (kind, text) in values {
        let value = Value::parse(*kind, text)
            .map_err(|refusal| OperationError::Invalid(refusal.to_string()))?;
        let mut entries = Entries(Vec::new());
        let question = Question {
            readings: std::slice::from_ref(&value),
            reach: Reach::Scope,
            status,
            page: Page {
                offset: 0,
                limit: MAX_TOLD,
            },
            now,
            as_of: false,
        };
        store.find(&question, &mut entries).await?;
        if !entries.0.is_empty() {
            known.push(json!({
                "type": kind,
                "value": value.as_str(),
                "entries": entries.0,
                "warnings": names(value.as_ref(), warnings),
            }));
        }
    }
    Ok(known.into())
}

/// What is worth knowing about a value.
fn names<'s>(value: ValueRef<'_>, set: &'s WarningSet) -> Vec<&'s str> {
    let mut names = Vec::new();
    if is_non_global(&value) {
        names.push(NON_GLOBAL);
    }
    set.visit(value, &mut |warning| names.push(warning.name));
    names
}

struct Entries(Vec<Json>);

impl EntrySink for Entries {
    fn total(&mut self, _total: u64) {}

    fn entry(&mut self, entry: &Entry<'_>) {
        self.0.push(json!({
            "value": entry.value,
            "source": entry.source.title,
            "category": entry.source.category.as_str(),
            "confidence": Confidence::from_score(entry.confidence).as_str(),
            "status": entry.status.as_str(),
            "match": entry.matched.map(|matched| matched.kind.as_str()),
        }));
    }
}
