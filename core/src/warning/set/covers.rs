//! Which lists cover the same thing, each combination once.

use std::collections::HashMap;

use crate::value::Kind;
use crate::warning::kinds::Kinds;

/// A list, and the types of value that it covers there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Cover {
    pub(super) list: u16,
    pub(super) kinds: Kinds,
}

/// The number of a combination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SetId(u32);

/// Combinations by their number.
#[derive(Debug)]
pub(super) struct Covers(Box<[Box<[Cover]>]>);

impl Covers {
    /// The lists of a combination that cover values of this type there.
    pub(super) fn lists(&self, set: SetId, kind: Kind) -> impl Iterator<Item = u16> {
        self.0[set.0 as usize]
            .iter()
            .filter(move |cover| cover.kinds.contains(kind))
            .map(|cover| cover.list)
    }
}

/// Numbers combinations.
#[derive(Debug)]
pub(super) struct Builder {
    sets: Vec<Box<[Cover]>>,
    numbers: HashMap<Box<[Cover]>, SetId>,
}

impl Default for Builder {
    /// The first is that of nothing.
    fn default() -> Builder {
        let nothing: Box<[Cover]> = Box::default();
        Builder {
            sets: vec![nothing.clone()],
            numbers: HashMap::from([(nothing, SetId(0))]),
        }
    }
}

impl Builder {
    /// The number of a combination.
    pub(super) fn number(&mut self, mut covers: Vec<Cover>) -> SetId {
        covers.sort_unstable();
        covers.dedup();
        if let Some(&set) = self.numbers.get(covers.as_slice()) {
            return set;
        }
        let set = SetId(u32::try_from(self.sets.len()).expect("fewer combinations than entries"));
        let covers = covers.into_boxed_slice();
        self.sets.push(covers.clone());
        self.numbers.insert(covers, set);
        set
    }

    pub(super) fn build(self) -> Covers {
        Covers(self.sets.into_boxed_slice())
    }
}
