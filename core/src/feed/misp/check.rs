//! What is an event, and what is none.

use crate::feed::object::Object;
use crate::feed::outcome::FeedError;

/// Whether an object without attributes is an event all the same.
pub(super) fn is_event(object: Object<'_>) -> bool {
    object.has("info")
        && ["date", "uuid", "threat_level_id"]
            .iter()
            .any(|key| object.has(key))
}

/// What an object is that is no event, as far as can be told.
pub(super) fn found(object: Object<'_>) -> String {
    let is_manifest = || {
        let inner = |(key, _): (&str, _)| object.inner(key);
        object
            .members()
            .all(|member| inner(member).is_some_and(|inner| inner.has("info")))
    };
    if !object.has_only(&[]) && is_manifest() {
        "the manifest of a MISP feed; its events are files of their own".to_owned()
    } else {
        object.names()
    }
}

pub(super) fn no_misp(found: String) -> FeedError {
    FeedError::NotThisFormat {
        expected: "MISP JSON (an event, attributes, or a response with either)".to_owned(),
        found,
    }
}
