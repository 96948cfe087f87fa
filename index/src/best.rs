//! The best hits of a question, as many as its page needs, and the count of all.

use std::cmp::Reverse;

use iocd_core::claim::{ClaimId, Status};
use iocd_core::query::{MAX_DEPTH, Match, Page};

use crate::read::Shown;

/// A claim that answers a question.
#[derive(Clone, Copy)]
pub(crate) struct Hit {
    pub(crate) shown: Shown,
    pub(crate) matched: Match,
    /// Number of the label.
    pub(crate) confidence: u8,
    pub(crate) updated_at: u32,
}

/// The order of an answer: what is less comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    is_over: bool,
    distance: u16,
    confidence: Reverse<u8>,
    updated_at: Reverse<u32>,
}

impl Hit {
    pub(crate) fn rank(&self) -> Rank {
        Rank {
            is_over: self.shown.status != Status::Active,
            distance: self.matched.distance,
            confidence: Reverse(self.confidence),
            updated_at: Reverse(self.updated_at),
        }
    }
}

/// Takes hits one by one and keeps those that can be on the page: memory is
/// bounded by the page's end, whatever the number of hits.
pub(crate) struct Best {
    hits: Vec<(Rank, ClaimId, Hit)>,
    keep: usize,
    skip: usize,
    total: u64,
    /// No hit that ranks after this one is on the page.
    bound: Option<Rank>,
}

/// Hits kept beyond those needed, so that sorting them out is rare.
const SLACK: usize = 1024;

impl Best {
    pub(crate) fn of(page: Page) -> Best {
        let end = page.offset.saturating_add(u64::from(page.limit));
        let clamp = |number: u64| usize::try_from(number.min(MAX_DEPTH)).unwrap_or(usize::MAX);
        Best {
            hits: Vec::new(),
            keep: clamp(end),
            skip: clamp(page.offset),
            total: 0,
            bound: None,
        }
    }

    /// Whether a hit can be on the page by what is known so far: else it need
    /// only be counted.
    pub(crate) fn may_keep(&self, hit: &Hit) -> bool {
        self.keep > 0 && self.bound.is_none_or(|bound| hit.rank() <= bound)
    }

    /// Takes a hit that cannot be on the page.
    pub(crate) fn count(&mut self) {
        self.total += 1;
    }

    pub(crate) fn push(&mut self, id: ClaimId, hit: Hit) {
        self.total += 1;
        self.hits.push((hit.rank(), id, hit));
        if self.hits.len() >= 2 * self.keep + SLACK {
            let order = |&(rank, id, _): &(Rank, ClaimId, Hit)| (rank, id);
            let (_, &mut (bound, ..), _) = self.hits.select_nth_unstable_by_key(self.keep, order);
            self.bound = Some(bound);
            self.hits.truncate(self.keep);
        }
    }

    /// All hits, also those that are not kept.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The page's hits in order.
    pub(crate) fn into_page(mut self) -> impl Iterator<Item = Hit> {
        self.hits.sort_unstable_by_key(|&(rank, id, _)| (rank, id));
        self.hits.truncate(self.keep);
        self.hits.into_iter().skip(self.skip).map(|(.., hit)| hit)
    }
}
