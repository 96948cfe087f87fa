//! Many lists, compiled.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use self::covers::{Cover, Covers};
use self::names::Names;
use self::segments::Segments;
use self::texts::Texts;
use super::rule::{self, Reach};
use super::{EMPTY_FILE_HASH, LOW_ENTROPY_HASH, WarningList};
use crate::matching::network::{parse_v4, parse_v6, unmapped};
use crate::value::{Kind, ValueRef, hash, url};

mod covers;
mod names;
mod segments;
mod texts;

/// The most lists of one set; what is more is left out.
pub const MAX_LISTS: usize = 65_535 - INTRINSIC.len();

/// Changes with what the code makes of lists that have not changed.
const MEANING: u32 = 1;

/// What the value itself tells, as the first lists of every set.
const INTRINSIC: [(&str, &str); 2] = [
    (EMPTY_FILE_HASH, "Hashes of a file without content"),
    (
        LOW_ENTROPY_HASH,
        "Digests that hardly came out of a hash function",
    ),
];

/// Many lists, compiled for looking values up. Immutable; share it in an
/// [`std::sync::Arc`].
pub struct WarningSet {
    lists: Vec<ListSummary>,
    fingerprint: [u8; 16],
    covers: Covers,
    names: Names,
    v4: Segments<u32>,
    v6: Segments<u128>,
    texts: Texts,
}

/// What is known of a list in a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSummary {
    /// What stands in `warnings`.
    pub name: String,
    /// What the list is, for people.
    pub title: String,
    /// How many entries it has; none where it is a rule.
    pub entries: usize,
    /// How many more could not be read.
    pub refused: u64,
    /// Whether what it covers stays out of lists and exports.
    pub withholds: bool,
}

/// A list that covers a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning<'s> {
    /// The list's name.
    pub name: &'s str,
    /// Whether it keeps what it covers out of lists and exports.
    pub withholds: bool,
}

/// What all lists together say about a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judgement {
    /// No list covers it.
    #[default]
    Clear,
    /// Only informational lists do.
    Labelled,
    /// It stays out of lists and exports.
    Withheld,
}

impl WarningSet {
    /// Compiles lists. [`EMPTY_FILE_HASH`] and [`LOW_ENTROPY_HASH`] are always
    /// part of a set, before all others.
    pub fn new(mut lists: Vec<WarningList>) -> WarningSet {
        lists.truncate(MAX_LISTS);
        for list in &mut lists {
            list.rules.sort_unstable();
            list.rules.dedup();
        }
        let fingerprint = fingerprint(&lists);
        let mut covers = covers::Builder::default();
        let (mut names, mut v4, mut v6) = (names::Builder::default(), Vec::new(), Vec::new());
        let mut texts = texts::Builder::default();
        let numbers = (0_u16..).skip(INTRINSIC.len());
        for (number, list) in numbers.zip(&mut lists) {
            for rule in std::mem::take(&mut list.rules) {
                let cover = Cover {
                    list: number,
                    kinds: rule.kinds,
                };
                match rule.cover {
                    rule::Cover::Text(text) => names.add(text, Reach::Itself, cover),
                    rule::Cover::Host(name, reach) => names.add(name, reach, cover),
                    rule::Cover::RangeV4(first, last) => {
                        v4.push((first.into(), last.into(), cover));
                    }
                    rule::Cover::RangeV6(first, last) => {
                        v6.push((first.into(), last.into(), cover));
                    }
                    rule::Cover::Part(text) => texts.add_part(text, cover, list.withholds),
                    rule::Cover::Expression(text) => {
                        texts.add_expression(text, cover, list.withholds);
                    }
                }
            }
        }
        WarningSet {
            fingerprint,
            names: names.build(&mut covers),
            v4: Segments::build(v4, |address| address.checked_add(1), &mut covers),
            v6: Segments::build(v6, |address| address.checked_add(1), &mut covers),
            texts: texts.build(),
            covers: covers.build(),
            lists: summarise(lists),
        }
    }

    /// Names the lists that cover a value, each once, in the order of the
    /// lists.
    pub fn visit<'s>(&'s self, value: ValueRef<'_>, visit: &mut dyn FnMut(Warning<'s>)) {
        // does not allocate while there is nothing to say
        let mut numbers: Vec<u16> = Vec::new();
        let mut add = |list| {
            if !numbers.contains(&list) {
                numbers.push(list);
            }
        };
        self.look_up(value, &mut add);
        self.texts.visit(value, &mut add);
        numbers.sort_unstable();
        for number in numbers {
            let list = &self.lists[usize::from(number)];
            visit(Warning {
                name: &list.name,
                withholds: list.withholds,
            });
        }
    }

    /// What the lists together say. Does not allocate.
    pub fn judge(&self, value: ValueRef<'_>) -> Judgement {
        let mut judgement = Judgement::Clear;
        self.look_up(value, &mut |list| {
            judgement = judgement.max(if self.lists[usize::from(list)].withholds {
                Judgement::Withheld
            } else {
                Judgement::Labelled
            });
        });
        if judgement == Judgement::Withheld {
            return judgement;
        }
        judgement.max(self.texts.judge(value))
    }

    /// BLAKE3 of everything that can change a judgement or a name: equal sets
    /// have equal fingerprints, in whatever order their lists are.
    pub fn fingerprint(&self) -> [u8; 16] {
        self.fingerprint
    }

    /// The lists, in the order in which [`WarningSet::visit`] names them.
    pub fn lists(&self) -> &[ListSummary] {
        &self.lists
    }

    /// The lists that are found without searching the text; one may be named
    /// twice.
    fn look_up(&self, value: ValueRef<'_>, visit: &mut dyn FnMut(u16)) {
        if let Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 = value.kind {
            if hash::is_empty_file(value.text) {
                visit(0);
            }
            if hash::is_low_entropy(value.text) {
                visit(1);
            }
        }
        self.names.visit(value, &self.covers, visit);
        match value.kind {
            Kind::Ipv4 => self.look_up_v4(value.kind, parse_v4(value.text), visit),
            Kind::Ipv6 => self.look_up_v6(value.kind, parse_v6(value.text), visit),
            Kind::Url => {
                if let Some(host) = value.host().filter(|host| url::is_address(host)) {
                    self.look_up_v4(value.kind, parse_v4(host), visit);
                    self.look_up_v6(value.kind, parse_v6(host), visit);
                }
            }
            _ => {}
        }
    }

    fn look_up_v4(&self, kind: Kind, network: Option<(Ipv4Addr, u8)>, visit: &mut dyn FnMut(u16)) {
        let Some((address, length)) = network else {
            return;
        };
        let first = u32::from(address);
        let last = first | u32::MAX.checked_shr(length.into()).unwrap_or(0);
        self.v4.visit(first, last, kind, &self.covers, visit);
    }

    /// Lists have the IPv4 address inside a v4-mapped one, too.
    fn look_up_v6(&self, kind: Kind, network: Option<(Ipv6Addr, u8)>, visit: &mut dyn FnMut(u16)) {
        let Some((address, length)) = network else {
            return;
        };
        self.look_up_v4(kind, unmapped(address, length), visit);
        let first = u128::from(address);
        let last = first | u128::MAX.checked_shr(length.into()).unwrap_or(0);
        self.v6.visit(first, last, kind, &self.covers, visit);
    }
}

impl fmt::Debug for WarningSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WarningSet")
            .field("lists", &self.lists)
            .finish_non_exhaustive()
    }
}

/// Of lists whose rules are sorted.
fn fingerprint(lists: &[WarningList]) -> [u8; 16] {
    let mut digests: Vec<[u8; 32]> = lists
        .iter()
        .map(|list| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&(list.name.len() as u64).to_le_bytes());
            hasher.update(list.name.as_bytes());
            hasher.update(&[u8::from(list.withholds)]);
            for rule in &list.rules {
                rule.feed(&mut hasher);
            }
            hasher.finalize().into()
        })
        .collect();
    digests.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    hasher.update(&MEANING.to_le_bytes());
    for digest in digests {
        hasher.update(&digest);
    }
    let mut fingerprint = [0; 16];
    hasher.finalize_xof().fill(&mut fingerprint);
    fingerprint
}

fn summarise(lists: Vec<WarningList>) -> Vec<ListSummary> {
    let intrinsic = INTRINSIC.iter().map(|&(name, title)| ListSummary {
        name: name.to_owned(),
        title: title.to_owned(),
        entries: 0,
        refused: 0,
        withholds: true,
    });
    let lists = lists.into_iter().map(|list| ListSummary {
        name: list.name,
        title: list.title,
        entries: list.entries,
        refused: list.refused,
        withholds: list.withholds,
    });
    intrinsic.chain(lists).collect()
}
