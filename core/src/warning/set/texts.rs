//! What is searched for in the whole text.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use regex::bytes::RegexSet;

use super::Judgement;
use super::covers::Cover;
use crate::value::ValueRef;
use crate::warning::expression::compile_expressions;
use crate::warning::kinds::Kinds;

/// The most bytes that are searched for by one automaton: it needs some dozens
/// of bytes for each.
const MAX_PARTS: usize = 8 << 20;

/// Which values a group of patterns is for: for those of other types it is not
/// asked. Groups that withhold come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Audience {
    labels_only: bool,
    kinds: Kinds,
}

impl Audience {
    fn judgement(self) -> Judgement {
        if self.labels_only {
            Judgement::Labelled
        } else {
            Judgement::Withheld
        }
    }
}

/// Parts and expressions, in groups of the same audience.
#[derive(Debug)]
pub(super) struct Texts {
    parts: Box<[Group<AhoCorasick>]>,
    expressions: Box<[Group<RegexSet>]>,
}

#[derive(Debug)]
struct Group<S> {
    audience: Audience,
    searcher: S,
    /// The list of each pattern.
    lists: Box<[u16]>,
}

impl Texts {
    /// Names the lists that cover the value; one may be named many times.
    pub(super) fn visit(&self, value: ValueRef<'_>, visit: &mut dyn FnMut(u16)) {
        let text = value.text.as_bytes();
        for group in &self.parts {
            if group.audience.kinds.contains(value.kind) {
                for found in group.searcher.find_overlapping_iter(text) {
                    visit(group.lists[found.pattern().as_usize()]);
                }
            }
        }
        for group in &self.expressions {
            // only telling which ones allocates
            if group.audience.kinds.contains(value.kind) && group.searcher.is_match(text) {
                for found in &group.searcher.matches(text) {
                    visit(group.lists[found]);
                }
            }
        }
    }

    /// What the lists together say.
    pub(super) fn judge(&self, value: ValueRef<'_>) -> Judgement {
        let text = value.text.as_bytes();
        let is_asked = |audience: &Audience| audience.kinds.contains(value.kind);
        let mut parts = self.parts.iter();
        let part = parts
            .find(|group| is_asked(&group.audience) && group.searcher.is_match(text))
            .map_or(Judgement::Clear, |group| group.audience.judgement());
        let mut expressions = self.expressions.iter();
        let expression = expressions
            .find(|group| is_asked(&group.audience) && group.searcher.is_match(text))
            .map_or(Judgement::Clear, |group| group.audience.judgement());
        part.max(expression)
    }
}

type Grouped = BTreeMap<Audience, Vec<(Box<str>, u16)>>;

/// Collects parts and expressions.
#[derive(Debug, Default)]
pub(super) struct Builder {
    parts: Grouped,
    expressions: Grouped,
}

impl Builder {
    pub(super) fn add_part(&mut self, text: Box<str>, cover: Cover, withholds: bool) {
        add(&mut self.parts, text, cover, withholds);
    }

    pub(super) fn add_expression(&mut self, text: Box<str>, cover: Cover, withholds: bool) {
        add(&mut self.expressions, text, cover, withholds);
    }

    pub(super) fn build(self) -> Texts {
        let mut parts = Vec::new();
        for (audience, patterns) in self.parts {
            for chunk in chunks(&patterns) {
                let searcher = AhoCorasick::builder()
                    .ascii_case_insensitive(true)
                    .build(chunk.iter().map(|(text, _)| text.as_bytes()))
                    .expect("so few bytes have fewer states than an automaton may");
                parts.push(group(audience, searcher, chunk));
            }
        }
        let mut expressions = Vec::new();
        for (audience, patterns) in self.expressions {
            let texts: Vec<&str> = patterns.iter().map(|(text, _)| &**text).collect();
            let mut rest = patterns.as_slice();
            for searcher in compile_expressions(&texts) {
                let chunk;
                (chunk, rest) = rest.split_at(searcher.len());
                expressions.push(group(audience, searcher, chunk));
            }
        }
        Texts {
            parts: parts.into_boxed_slice(),
            expressions: expressions.into_boxed_slice(),
        }
    }
}

fn add(groups: &mut Grouped, text: Box<str>, cover: Cover, withholds: bool) {
    let audience = Audience {
        labels_only: !withholds,
        kinds: cover.kinds,
    };
    groups.entry(audience).or_default().push((text, cover.list));
}

fn group<S>(audience: Audience, searcher: S, patterns: &[(Box<str>, u16)]) -> Group<S> {
    Group {
        audience,
        searcher,
        lists: patterns.iter().map(|&(_, list)| list).collect(),
    }
}

/// As many patterns at a time as one automaton takes.
fn chunks(patterns: &[(Box<str>, u16)]) -> impl Iterator<Item = &[(Box<str>, u16)]> {
    let mut rest = patterns;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fitting = rest.iter().take_while(|(text, _)| {
            bytes += text.len();
            bytes <= MAX_PARTS
        });
        // never empty before the end: one pattern always fits
        let chunk;
        (chunk, rest) = rest.split_at(fitting.count());
        (!chunk.is_empty()).then_some(chunk)
    })
}
