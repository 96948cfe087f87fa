//! Exact texts, hosts, and the names below some.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::covers::{self, Cover, Covers, SetId};
use crate::value::{Kind, ValueRef, url};
use crate::warning::rule::Reach;

/// Texts and names, with what covers them.
#[derive(Debug)]
pub(super) struct Names {
    table: HashMap<Box<str>, Sets, FixedState>,
    /// Bit n is set when there is a name of n labels whose lists cover what is
    /// below it.
    depths: u128,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sets {
    /// What covers the text, or the name, itself.
    itself: SetId,
    /// What covers the names below.
    below: SetId,
}

impl Names {
    /// Names the lists that cover the value; one may be named twice.
    pub(super) fn visit(&self, value: ValueRef<'_>, covers: &Covers, visit: &mut dyn FnMut(u16)) {
        let host = value.host();
        if host != Some(value.text) {
            self.visit_one(value.text, |sets| sets.itself, value.kind, covers, visit);
        }
        let Some(host) = host else {
            return;
        };
        self.visit_one(host, |sets| sets.itself, value.kind, covers, visit);
        if self.depths == 0 || url::is_address(host) {
            return;
        }
        let dots = memchr::memrchr_iter(b'.', host.as_bytes());
        for (labels, dot) in (1..=MAX_DEPTH).zip(dots) {
            if self.depths >> labels & 1 == 1 {
                let parent = &host[dot + 1..];
                self.visit_one(parent, |sets| sets.below, value.kind, covers, visit);
            }
        }
    }

    fn visit_one(
        &self,
        text: &str,
        choose: impl Fn(&Sets) -> SetId,
        kind: Kind,
        covers: &Covers,
        visit: &mut dyn FnMut(u16),
    ) {
        if let Some(sets) = self.table.get(text) {
            covers.lists(choose(sets), kind).for_each(visit);
        }
    }
}

/// The most labels of a name: it has 253 bytes.
const MAX_DEPTH: u32 = 127;

/// Collects texts and names.
#[derive(Debug, Default)]
pub(super) struct Builder(Vec<(Box<str>, Reach, Cover)>);

impl Builder {
    pub(super) fn add(&mut self, text: Box<str>, reach: Reach, cover: Cover) {
        self.0.push((text, reach, cover));
    }

    pub(super) fn build(mut self, covers: &mut covers::Builder) -> Names {
        self.0.sort_unstable();
        let mut depths = 0;
        let mut table = HashMap::with_hasher(FixedState::default());
        for group in self.0.chunk_by(|(left, ..), (right, ..)| left == right) {
            let text = &group[0].0;
            let of = |reach: Reach| {
                group
                    .iter()
                    .filter(move |entry| entry.1 == reach || entry.1 == Reach::Subtree)
                    .map(|entry| entry.2)
                    .collect()
            };
            let below: Vec<Cover> = of(Reach::Below);
            if !below.is_empty() {
                let labels = 1 + memchr::memchr_iter(b'.', text.as_bytes()).count();
                depths |= 1 << labels.min(MAX_DEPTH as usize);
            }
            let sets = Sets {
                itself: covers.number(of(Reach::Itself)),
                below: covers.number(below),
            };
            table.insert(text.clone(), sets);
        }
        table.shrink_to_fit();
        Names { table, depths }
    }
}
