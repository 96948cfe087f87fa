//! `iocd allow`.

use iocd_core::query::{Entry, EntrySink, MatchKind, Page, Question, Reach, StatusFilter};
use iocd_core::value::Kind;
use iocd_core::warning::Pattern;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::{allowing, check_reason, find_rulings, is_allowed, local, pattern_json, read_patterns};
use crate::control::{Ruling, Stance};
use crate::operation::OperationError;
use crate::owner::Node;
use crate::store::ClaimStore as _;

/// Entries that are counted of what an allowance covers.
const MAX_COUNTED: u32 = 10_000;

/// Allows what a text says. Answers `[{"pattern", "type", "entries"}]`;
/// `entries` only where counting them is one look-up.
pub(in crate::operation) async fn allow(
    node: &Node,
    text: &str,
    kind: Option<Kind>,
    reason: &str,
    now: Timestamp,
) -> Result<Json, OperationError> {
    let _ruling = node.ruling.lock().await;
    check_reason(reason)?;
    let patterns = read_patterns(text, kind)?;
    let denied = node.control.rulings(Stance::Denied)?;
    for pattern in &patterns {
        let set = allowing(pattern);
        for Ruling { pattern: other, .. } in &denied {
            let is_covered = other == pattern || is_allowed(&set, other.value().as_ref());
            if is_covered && local::find(node, other.value(), now).await?.is_some() {
                return Err(OperationError::Invalid(format!(
                    "{pattern} would allow {other}, which is denied: `iocd deny remove '{other}'` first"
                )));
            }
        }
    }
    for pattern in &patterns {
        node.control.put_ruling(&Ruling {
            stance: Stance::Allowed,
            pattern: pattern.clone(),
            reason: reason.to_owned(),
            added_at: now,
        })?;
    }
    node.renew_warnings()?;
    let mut answer = Vec::new();
    for pattern in &patterns {
        let mut told = pattern_json(pattern);
        if let Some(entries) = count_entries(node, pattern, now).await? {
            told["entries"] = entries.into();
        }
        answer.push(told);
    }
    Ok(answer.into())
}

/// No longer allows what a text says. Answers `[{"pattern", "type"}]`.
pub(in crate::operation) async fn disallow(
    node: &Node,
    text: &str,
    kind: Option<Kind>,
) -> Result<Json, OperationError> {
    let _ruling = node.ruling.lock().await;
    let patterns = read_patterns(text, kind)?;
    let rulings = find_rulings(node, Stance::Allowed, &patterns)?;
    for ruling in &rulings {
        node.control
            .remove_ruling(Stance::Allowed, &ruling.pattern)?;
    }
    node.renew_warnings()?;
    Ok(rulings
        .iter()
        .map(|ruling| pattern_json(&ruling.pattern))
        .collect())
}

/// All that is allowed: `[{"pattern", "type", "reason", "added_at"}]`.
pub(in crate::operation) fn list_allowed(node: &Node) -> Result<Json, OperationError> {
    let rulings = node.control.rulings(Stance::Allowed)?;
    Ok(rulings
        .iter()
        .map(|ruling| {
            json!({
                "pattern": ruling.pattern.to_string(),
                "type": ruling.pattern.value().kind(),
                "reason": ruling.reason,
                "added_at": ruling.added_at.to_string(),
            })
        })
        .collect())
}

/// How many entries there are about a value; `None` for more than a value.
async fn count_entries(
    node: &Node,
    pattern: &Pattern,
    now: Timestamp,
) -> Result<Option<u64>, OperationError> {
    let value = match pattern {
        Pattern::Value(value) if !value.is_network() => value,
        _ => return Ok(None),
    };
    let question = Question {
        readings: std::slice::from_ref(value),
        reach: Reach::Scope,
        status: StatusFilter::Seen,
        page: Page {
            offset: 0,
            limit: MAX_COUNTED,
        },
        now,
        as_of: false,
    };
    let mut count = Count(0);
    node.store.find(&question, &mut count).await?;
    Ok(Some(count.0))
}

/// Counts entries about the value itself.
struct Count(u64);

impl EntrySink for Count {
    fn total(&mut self, _: u64) {}

    fn entry(&mut self, entry: &Entry<'_>) {
        let is_exact = |kind: MatchKind| kind == MatchKind::Exact;
        self.0 += u64::from(entry.matched.is_some_and(|matched| is_exact(matched.kind)));
    }
}
