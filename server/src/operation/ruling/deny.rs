//! `iocd deny`.

use iocd_core::claim::{Claim, Confidence, Scope, whole_seconds};
use iocd_core::normalize::registrable;
use iocd_core::value::Kind;
use iocd_core::warning::Pattern;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{
    allowing, check_reason, find_rulings, is_allowed, local, pattern_json, read_patterns, values_of,
};
use crate::control::{Ruling, Stance};
use crate::operation::OperationError;
use crate::owner::Node;
use crate::store::{Batch, ClaimStore as _, Removal};

/// The most tags of a denial, and the most characters of one.
const MAX_TAGS: usize = 64;
const MAX_TAG: usize = 100;

/// The longest that a denial may be told to hold, in days.
const MAX_DAYS: u32 = 3_650;

/// What is to be denied, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// A value in any spelling, a network, or `*.domain`.
    pub text: String,
    /// To be read only so.
    pub kind: Option<Kind>,
    /// Why.
    pub reason: String,
    /// 0-100.
    pub confidence: u8,
    /// What to find it by.
    pub tags: Vec<String>,
    /// Days until it no longer holds.
    pub expires_in_days: Option<u32>,
}

/// Denies what a text says. Answers `[{"pattern", "type"}]`.
pub(in crate::operation) async fn deny(
    node: &Node,
    denial: &Denial,
    now: Timestamp,
) -> Result<Json, OperationError> {
    let _ruling = node.ruling.lock().await;
    check_reason(&denial.reason)?;
    check_tags(&denial.tags)?;
    let expires_at = denial.expires_in_days.map(|days| end_of(days, now));
    let expires_at = expires_at.transpose()?;
    let patterns = read_patterns(&denial.text, denial.kind)?;
    for pattern in &patterns {
        check_not_allowed(node, pattern)?;
        check_not_denied_otherwise(node, pattern, now).await?;
        check_reach(pattern)?;
        if expires_at.is_none() {
            check_has_no_end(node, pattern, now).await?;
        }
    }
    let claims = patterns
        .iter()
        .map(|pattern| claim(pattern, denial, expires_at, now))
        .collect();
    // A ruling without its claim is no denial, and is passed over; a claim
    // without its ruling could not be listed.
    for pattern in &patterns {
        node.control.put_ruling(&Ruling {
            stance: Stance::Denied,
            pattern: pattern.clone(),
            reason: denial.reason.clone(),
            added_at: now,
        })?;
    }
    node.store
        .record(Batch {
            source: &local::source(),
            claims,
            heard_at: whole_seconds(now),
            anew: true,
        })
        .await?;
    Ok(patterns.iter().map(pattern_json).collect())
}

/// No longer denies what a text says. Answers `[{"pattern", "type"}]`.
pub(in crate::operation) async fn undeny(
    node: &Node,
    text: &str,
    kind: Option<Kind>,
    now: Timestamp,
) -> Result<Json, OperationError> {
    let _ruling = node.ruling.lock().await;
    let patterns = read_patterns(text, kind)?;
    let rulings = find_rulings(node, Stance::Denied, &patterns)?;
    let values = values_of(&rulings);
    node.store
        .remove(&local::source(), &values, Removal::RemovedBySource, now)
        .await?;
    for ruling in &rulings {
        node.control
            .remove_ruling(Stance::Denied, &ruling.pattern)?;
    }
    Ok(rulings
        .iter()
        .map(|ruling| pattern_json(&ruling.pattern))
        .collect())
}

/// All that is denied and has not expired: `[{"pattern", "type", "confidence",
/// "tags", "reason", "added_at", "expires_at"}]`.
pub(in crate::operation) async fn list_denied(
    node: &Node,
    now: Timestamp,
) -> Result<Json, OperationError> {
    let mut answer = Vec::new();
    for ruling in node.control.rulings(Stance::Denied)? {
        let Some(denied) = local::find(node, ruling.pattern.value(), now).await? else {
            continue;
        };
        answer.push(json!({
            "pattern": ruling.pattern.to_string(),
            "type": ruling.pattern.value().kind(),
            "confidence": Confidence::from_score(denied.confidence),
            "tags": denied.tags,
            "reason": ruling.reason,
            "added_at": ruling.added_at.to_string(),
            "expires_at": denied.expires_at.map(|end| end.to_string()),
        }));
    }
    Ok(answer.into())
}

fn check_tags(tags: &[String]) -> Result<(), OperationError> {
    let good = |tag: &String| {
        !tag.trim().is_empty() && !tag.contains(char::is_control) && tag.chars().count() <= MAX_TAG
    };
    let what = match tags.iter().find(|tag| !good(tag)) {
        Some(tag) => {
            let shown: String = tag.chars().take(100).collect();
            format!("tag {shown:?}: expected 1 to {MAX_TAG} characters, none a control character")
        }
        None if tags.len() > MAX_TAGS => {
            format!("{} tags: at most {MAX_TAGS} are kept", tags.len())
        }
        None => return Ok(()),
    };
    Err(OperationError::Invalid(what))
}

fn end_of(days: u32, now: Timestamp) -> Result<Timestamp, OperationError> {
    let end = now.checked_add(SignedDuration::from_hours(24 * i64::from(days)));
    match end {
        Ok(end) if (1..=MAX_DAYS).contains(&days) => Ok(end),
        _ => Err(OperationError::Invalid(format!(
            "a denial cannot expire in {days} days: expected 1 to {MAX_DAYS}"
        ))),
    }
}

/// What is allowed is not denied without a word.
fn check_not_allowed(node: &Node, pattern: &Pattern) -> Result<(), OperationError> {
    let value = pattern.value().as_ref();
    let allowed = node.control.rulings(Stance::Allowed)?;
    let by = if is_allowed(&node.warnings.current(), value) {
        allowed
            .iter()
            .find(|other| is_allowed(&allowing(&other.pattern), value))
    } else {
        allowed.iter().find(|other| other.pattern == *pattern)
    };
    let Some(Ruling { pattern: by, .. }) = by else {
        return Ok(());
    };
    Err(OperationError::Invalid(format!(
        "{pattern} is allowed by {by}: `iocd allow remove '{by}'` first"
    )))
}

/// A domain has one claim, which covers either itself or what is below it too.
async fn check_not_denied_otherwise(
    node: &Node,
    pattern: &Pattern,
    now: Timestamp,
) -> Result<(), OperationError> {
    let denied = node.control.rulings(Stance::Denied)?;
    let is_other =
        |other: &&Ruling| other.pattern != *pattern && other.pattern.value() == pattern.value();
    if let Some(Ruling { pattern: other, .. }) = denied.iter().find(is_other)
        && local::find(node, other.value(), now).await?.is_some()
    {
        return Err(OperationError::Invalid(format!(
            "{other} is denied already: `iocd deny remove '{other}'` first"
        )));
    }
    Ok(())
}

/// No name answers for what is below a public suffix, where anybody registers
/// names: such a denial would never answer.
fn check_reach(pattern: &Pattern) -> Result<(), OperationError> {
    match pattern {
        Pattern::Below(value) if registrable(value).is_none() => {
            Err(OperationError::Invalid(format!(
                "{pattern} cannot be denied: {} is a public suffix, and what is listed there does not \
                 answer for the names below it; deny those names",
                value.as_str()
            )))
        }
        _ => Ok(()),
    }
}

/// What is denied for a time is not made to last by repeating it: statements
/// are added to each other.
async fn check_has_no_end(
    node: &Node,
    pattern: &Pattern,
    now: Timestamp,
) -> Result<(), OperationError> {
    let denied = local::find(node, pattern.value(), now).await?;
    match denied.and_then(|denied| denied.expires_at) {
        Some(end) => Err(OperationError::Invalid(format!(
            "{pattern} is denied until {end} already: to deny it without an end, \
             `iocd deny remove '{pattern}'` first"
        ))),
        None => Ok(()),
    }
}

fn claim(
    pattern: &Pattern,
    denial: &Denial,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Claim {
    let mut tags = denial.tags.clone();
    tags.sort_unstable();
    tags.dedup();
    Claim {
        scope: match pattern {
            Pattern::Below(_) => Scope::Subtree,
            Pattern::Value(_) => Scope::Exact,
        },
        first_seen: Some(now),
        last_seen: Some(now),
        expires_at,
        context: Some(denial.reason.clone()),
        tags,
        ..Claim::new(pattern.value().clone(), denial.confidence)
    }
}
