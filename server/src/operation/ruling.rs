//! What the operator allows and denies.
//!
//! An allowance is an entry of the warning list `allowed`; a denial is a claim
//! of the source `local`. Both are also noted in the control data, with their
//! reasons.

use iocd_core::normalize::registrable;
use iocd_core::value::{Kind, Value, ValueRef};
use iocd_core::warning::{Pattern, WarningList, WarningSet};
use serde_json::{Value as Json, json};

use super::OperationError;
use crate::control::{Ruling, Stance};
use crate::owner::Node;
use crate::warnings::ALLOWED;

mod allow;
mod deny;
mod local;

pub(super) use allow::{allow, disallow, list_allowed};
pub use deny::Denial;
pub(super) use deny::{deny, list_denied, undeny};

/// The most characters of a reason.
const MAX_REASON: usize = 500;

/// Near patterns that an error names.
const MAX_NEAR: usize = 5;

/// Every pattern that a text is, which have to be of one type.
fn read_patterns(text: &str, kind: Option<Kind>) -> Result<Vec<Pattern>, OperationError> {
    let patterns = Pattern::read(text, kind)
        .map_err(|refusal| OperationError::Invalid(refusal.to_string()))?;
    let first = &patterns[0];
    let kind_of = |pattern: &Pattern| pattern.value().kind();
    if patterns
        .iter()
        .any(|other| kind_of(other) != kind_of(first))
    {
        let all: Vec<_> = patterns
            .iter()
            .map(|pattern| format!("{} {pattern}", kind_of(pattern)))
            .collect();
        return Err(OperationError::Invalid(format!(
            "{text:?} can be read as {}: say which with --type",
            all.join(" or as ")
        )));
    }
    Ok(patterns)
}

fn check_reason(reason: &str) -> Result<(), OperationError> {
    let length = reason.chars().take(MAX_REASON + 1).count();
    if reason.trim().is_empty() || length > MAX_REASON || reason.contains(char::is_control) {
        let shown: String = reason.chars().take(100).collect();
        return Err(OperationError::Invalid(format!(
            "reason {shown:?}: expected 1 to {MAX_REASON} characters, none of them a control character"
        )));
    }
    Ok(())
}

/// A pattern as it is answered.
fn pattern_json(pattern: &Pattern) -> Json {
    json!({"pattern": pattern.to_string(), "type": pattern.value().kind()})
}

/// What allowing this would cover.
fn allowing(pattern: &Pattern) -> WarningSet {
    let list = WarningList::from_patterns(ALLOWED, "", std::slice::from_ref(pattern));
    WarningSet::new(vec![list.expect("this name is good")])
}

/// Whether the list of what is allowed covers a value.
fn is_allowed(set: &WarningSet, value: ValueRef<'_>) -> bool {
    let mut found = false;
    set.visit(value, &mut |warning| found |= warning.name == ALLOWED);
    found
}

/// An error for what is not there, which names what may have been meant.
fn not_there(
    node: &Node,
    stance: Stance,
    patterns: &[Pattern],
) -> Result<OperationError, OperationError> {
    let rulings = node.control.rulings(stance)?;
    let near: Vec<String> = rulings
        .iter()
        .map(|ruling| &ruling.pattern)
        .filter(|known| patterns.iter().any(|pattern| is_near(known, pattern)))
        .take(MAX_NEAR)
        .map(ToString::to_string)
        .collect();
    let stance = stance.as_str();
    let hint = if near.is_empty() {
        String::new()
    } else {
        format!("; {stance} and near it: {}", near.join(", "))
    };
    Ok(OperationError::Invalid(format!(
        "{} is not {stance}{hint}",
        patterns[0]
    )))
}

fn is_near(known: &Pattern, asked: &Pattern) -> bool {
    let (one, other) = (known.to_string(), asked.to_string());
    let domain = |pattern: &Pattern| registrable(pattern.value());
    one.contains(&other)
        || other.contains(&one)
        || domain(known).is_some() && domain(known) == domain(asked)
        || is_allowed(&allowing(known), asked.value().as_ref())
}

/// The rulings about these patterns.
fn find_rulings(
    node: &Node,
    stance: Stance,
    patterns: &[Pattern],
) -> Result<Vec<Ruling>, OperationError> {
    let mut rulings = node.control.rulings(stance)?;
    rulings.retain(|ruling| patterns.contains(&ruling.pattern));
    if rulings.is_empty() {
        return Err(not_there(node, stance, patterns)?);
    }
    Ok(rulings)
}

/// The values that patterns are about.
fn values_of(rulings: &[Ruling]) -> Vec<Value> {
    rulings
        .iter()
        .map(|ruling| ruling.pattern.value().clone())
        .collect()
}
