//! Entity tags of lists (RFC 9110, 8.8.3 and 13.1.2): a client that has an
//! answer already is told so instead of getting it again.

use axum::http::header::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use iocd_core::export::Format;
use jiff::Timestamp;

use super::asked::Asked;
use crate::store::ClaimStore;

/// Bytes of a hash that are enough for a tag.
const TAG: usize = 16;
/// Seconds for which a score counts as unchanged.
const SCORES_HOLD: i64 = 3_600;

/// The tag of a list as it would be told now: it is another one once anything
/// in it may be, but for the time at which it was told. Weak, for it is the
/// same in every coding. None where the store cannot tell.
pub(super) fn entity_tag<S: ClaimStore>(
    asked: &Asked,
    store: &S,
    now: Timestamp,
) -> Option<HeaderValue> {
    let mark = store.mark(&asked.filter, now)?;
    let has_scores = asked.format == Format::Json || asked.filter.min_score.is_some();
    let hour = if has_scores {
        now.as_second() / SCORES_HOLD
    } else {
        0
    };
    let mut hasher = blake3::Hasher::new();
    for number in [store.epoch(), mark, hour.cast_unsigned()] {
        hasher.update(&number.to_le_bytes());
    }
    // As it was asked for: filters, format, place.
    hasher.update(asked.link(None).as_bytes());
    let hash = URL_SAFE_NO_PAD.encode(&hasher.finalize().as_bytes()[..TAG]);
    HeaderValue::from_str(&format!("W/\"{hash}\"")).ok()
}
