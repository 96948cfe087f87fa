//! Seeing that a statement says nothing new, where a store's own copy of the
//! claim lies: most rows of a list that is read again do.

use jiff::Timestamp;

use super::held::{Decision, Standing, Times};
use super::{Claim, Scope, Source, Tlp};

/// The last version of a claim as a store keeps it, without a copy of its own.
pub trait Kept {
    /// What is no text.
    fn figures(&self) -> Figures;
    /// Its context, malware family and raw text.
    fn texts(&self) -> [Option<&str>; 3];
    /// Its tags, techniques and sectors, each in order.
    fn names(&self) -> [impl Iterator<Item = &str>; 3];
    /// Its ports, in order.
    fn ports(&self) -> impl Iterator<Item = u16>;
    /// Its references.
    fn references(&self) -> impl Iterator<Item = &str>;
}

/// What a claim says that is no text, with when the store heard it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the fields are those of `Claim`
pub struct Figures {
    pub confidence: u8,
    pub scope: Scope,
    pub tlp: Option<Tlp>,
    pub first_seen: Option<Timestamp>,
    pub times: Times,
}

/// What [`Held::hear`](super::held::Held::hear) would decide about a statement
/// (tidied) of the same identity as `kept`, if that is not to write a new
/// version and shows without merging; else `None`.
pub fn hear_again(
    kept: &impl Kept,
    standing: Standing,
    claim: &Claim,
    source: &Source,
    heard_at: Timestamp,
) -> Option<Decision> {
    let Figures {
        confidence,
        scope,
        tlp,
        first_seen,
        times,
    } = kept.figures();
    let is_first = |seen| first_seen.is_some_and(|first| first <= seen);
    let says_more = claim.confidence > confidence
        || claim.scope > scope
        || claim.tlp > tlp
        || claim.expires_at > times.expires_at
        || !claim.first_seen.is_none_or(is_first)
        // Of two articles one is kept: that is not for here.
        || claim.article.is_some();
    if says_more {
        return None;
    }
    let decision = times.settle(standing, claim, source, heard_at)?;
    let texts = [&claim.context, &claim.malware, &claim.raw];
    let has_texts = texts
        .into_iter()
        .zip(kept.texts())
        .all(|(theirs, mine)| theirs.is_none() || theirs.as_deref() == mine);
    let names = [&claim.tags, &claim.techniques, &claim.sectors];
    let has_all = has_texts
        && names
            .into_iter()
            .zip(kept.names())
            .all(|(theirs, mine)| contains_all(mine, theirs.iter().map(String::as_str)))
        && contains_all(kept.ports(), claim.ports.iter().copied())
        && claim
            .references
            .iter()
            .all(|theirs| kept.references().any(|mine| mine == theirs));
    has_all.then_some(decision)
}

/// Whether all of `theirs` are in `mine`, both in order.
fn contains_all<T: PartialEq>(
    mut mine: impl Iterator<Item = T>,
    mut theirs: impl Iterator<Item = T>,
) -> bool {
    theirs.all(|theirs| mine.any(|mine| mine == theirs))
}
