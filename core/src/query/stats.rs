//! What a store holds, counted.

use crate::claim::{Category, Confidence, Source};
use crate::value::Kind;

/// How many techniques and CVEs are told of each.
pub const TOP: usize = 10;

/// How many entries there are of what kind: of those that a list gives that
/// is not narrowed to anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The store's revision at which they were counted.
    pub revision: u64,
    /// All of them.
    pub total: u64,
    /// By type of the value, in the order of [`Kind::ALL`].
    pub kinds: Vec<(Kind, u64)>,
    /// By label, in the order of [`Confidence::ALL`].
    pub confidences: Vec<(Confidence, u64)>,
    /// By category of the source, in the order of [`Category::ALL`].
    pub categories: Vec<(Category, u64)>,
    /// By source, in the order in which they came.
    pub sources: Vec<(Source, u64)>,
    /// What happened in the last 24 hours.
    pub day: Recent,
    /// What happened in the last 7 days.
    pub week: Recent,
    /// The techniques that most entries have, at most [`TOP`], each with how
    /// many; of as many the first by id.
    pub techniques: Vec<(String, u64)>,
    /// The CVEs that most sources name, at most [`TOP`], each with how many;
    /// of as many the one that changed last.
    pub cves: Vec<(String, u64)>,
}

/// What happened to entries of late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// Entries that the store has first heard of since then.
    pub added: u64,
    /// Entries that it had before and that have changed since.
    pub changed: u64,
}
