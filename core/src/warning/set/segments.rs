//! Ranges of addresses that overlap, as segments that do not.

use std::collections::BTreeMap;

use super::covers::{self, Cover, Covers, SetId};
use crate::value::Kind;

/// Where addresses begin to be covered by other lists than those before them.
#[derive(Debug)]
pub(super) struct Segments<A> {
    /// Rising. A segment ends before the next one begins.
    starts: Box<[A]>,
    /// What covers each segment.
    sets: Box<[SetId]>,
}

impl<A: Copy + Ord> Segments<A> {
    /// Of ranges with both ends included; `after` is the next address.
    pub(super) fn build(
        ranges: Vec<(A, A, Cover)>,
        after: impl Fn(A) -> Option<A>,
        covers: &mut covers::Builder,
    ) -> Segments<A> {
        let mut changes = Vec::with_capacity(ranges.len() * 2);
        for (first, last, cover) in ranges {
            changes.push((first, 1, cover));
            changes.extend(after(last).map(|end| (end, -1, cover)));
        }
        changes.sort_unstable();
        let (mut starts, mut sets) = (Vec::new(), Vec::new());
        let mut open: BTreeMap<Cover, i64> = BTreeMap::new();
        for group in changes.chunk_by(|left, right| left.0 == right.0) {
            for &(_, change, cover) in group {
                *open.entry(cover).or_default() += change;
            }
            open.retain(|_, count| *count != 0);
            let set = covers.number(open.keys().copied().collect());
            if sets.last().copied().unwrap_or_default() != set {
                starts.push(group[0].0);
                sets.push(set);
            }
        }
        Segments {
            starts: starts.into_boxed_slice(),
            sets: sets.into_boxed_slice(),
        }
    }

    /// Names the lists that cover all addresses from `first` to `last`; one may
    /// be named twice.
    pub(super) fn visit(
        &self,
        first: A,
        last: A,
        kind: Kind,
        covers: &Covers,
        visit: &mut dyn FnMut(u16),
    ) {
        let segment_of = |address| self.starts.partition_point(|&start| start <= address);
        let Some(segment) = segment_of(first).checked_sub(1) else {
            return;
        };
        let end = if first == last {
            segment + 1
        } else {
            segment_of(last)
        };
        let others = &self.sets[segment + 1..end];
        for list in covers.lists(self.sets[segment], kind) {
            let has_list = |set: &SetId| covers.lists(*set, kind).any(|other| other == list);
            if others.iter().all(has_list) {
                visit(list);
            }
        }
    }
}
