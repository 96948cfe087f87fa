//! The synthetic corpus: the same for the same seed, and shaped like feeds.
//!
//! 40 % domains, 25 % URLs, 15 % IPv4, 12 % SHA-256, 5 % MD5, the rest IPv6,
//! e-mail addresses and CVEs. Few sources, tags and families are frequent and
//! many are rare; one entry in twenty is about a value that another source
//! has, too.

use std::net::{Ipv4Addr, Ipv6Addr};

use iocd_core::value::{Kind, Value};

/// Sources of the corpus.
pub(super) const SOURCES: u64 = 31;
/// Every so many entries one is about a value that is there already.
const REPEATED: u64 = 20;
/// First octets of addresses of which none is special as a whole.
const OCTETS: [u8; 16] = [
    5, 23, 31, 45, 62, 77, 93, 109, 134, 141, 159, 178, 185, 193, 209, 217,
];
/// Addresses with these.
const ADDRESSES: u64 = (OCTETS.len() as u64) << 24;

/// Entries that can be made in any order, each from its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Corpus {
    pub(super) entries: u64,
    pub(super) seed: u64,
}

impl Corpus {
    /// A number that looks random, another one for each `n` (`SplitMix64`).
    pub(super) fn scatter(&self, n: u64) -> u64 {
        let mut z = n
            .wrapping_add(self.seed.wrapping_mul(0x632b_e59b_d9b4_e019))
            .wrapping_add(1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Entries of one document of a source: what one fetch brings.
    pub(super) fn document(&self) -> u64 {
        (self.entries / 50).clamp(2_000, 100_000)
    }

    /// The source of the n-th entry.
    pub(super) fn source(&self, n: u64) -> u64 {
        skew(self.scatter(!(n / self.document())), 5)
    }

    /// Type and canonical text of the value of the n-th entry. From `entries`
    /// on they are of values that the corpus does not have.
    pub(super) fn value(&self, n: u64) -> (Kind, String) {
        self.own_value(self.repeated(n).unwrap_or(n))
    }

    /// The entry whose value the n-th one tells of again, if it does.
    pub(super) fn repeated(&self, n: u64) -> Option<u64> {
        if n >= self.entries || n % REPEATED != REPEATED - 1 {
            return None;
        }
        // No two entries repeat the same one, and none a repeated one.
        let k = n / REPEATED;
        let first = k / 2 * REPEATED + k % 2;
        (self.source(first) != self.source(n)).then_some(first)
    }

    /// As [`Corpus::value`], parsed.
    pub(super) fn parsed(&self, n: u64) -> Value {
        let (kind, text) = self.value(n);
        Value::parse(kind, &text).expect("the corpus is canonical")
    }

    /// The n-th value of its own: no two are the same.
    pub(super) fn own_value(&self, n: u64) -> (Kind, String) {
        let r = self.scatter(n);
        let zone = ["com", "net", "org"][(r % 3) as usize];
        match self.scatter(r) % 100 {
            0..15 => (Kind::Domain, format!("h{r:x}.example.{zone}")),
            15..40 => (
                Kind::Domain,
                format!("h{r:x}.d{}.example.{zone}", n % 9_973),
            ),
            40..65 => (
                Kind::Url,
                format!(
                    "http://h{:x}.example.{zone}/{:x}/{n}.php?id={}",
                    r >> 40,
                    r & 0xff_ffff,
                    n % 977
                ),
            ),
            65..80 => (Kind::Ipv4, self.address(n).to_string()),
            80..92 => (
                Kind::Sha256,
                format!(
                    "{r:016x}{:016x}{:016x}{n:016x}",
                    self.scatter(!r),
                    self.scatter(r ^ n)
                ),
            ),
            92..97 => (Kind::Md5, format!("{r:016x}{n:016x}")),
            97 => {
                let bits = 0x2a00 << 112 | u128::from(r & 0xffff) << 96 | u128::from(n);
                (Kind::Ipv6, Ipv6Addr::from(bits).to_string())
            }
            98 => (Kind::Email, format!("u{n}@h{r:x}.example.{zone}")),
            _ => (
                Kind::Cve,
                format!("CVE-{}-{}", 2_000 + n % 25, 10_000 + n / 25),
            ),
        }
    }

    /// A bijection for the first `ADDRESSES` numbers: the factor is odd.
    fn address(&self, n: u64) -> Ipv4Addr {
        let place = n.wrapping_add(self.seed).wrapping_mul(0x9e37_79b1) % ADDRESSES;
        let mut octets = u32::try_from(place).expect("below 2^28").to_be_bytes();
        octets[0] = OCTETS[usize::from(octets[0])];
        Ipv4Addr::from(octets)
    }
}

/// A number below 2^`bits` - 1 of which each power of two has the same share:
/// few are frequent and many are rare, as Zipf found of words.
pub(super) fn skew(random: u64, bits: u64) -> u64 {
    let size = 1 << (random % bits);
    size - 1 + (random >> 8) % size
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap, HashSet};

    use super::*;

    const CORPUS: Corpus = Corpus {
        entries: 40_000,
        seed: 1,
    };

    #[test]
    fn the_corpus_has_the_shares_it_says() {
        let mut kinds = HashMap::new();
        for n in 0..CORPUS.entries {
            *kinds.entry(CORPUS.parsed(n).kind()).or_insert(0_u64) += 1;
        }
        for (kind, percent) in [
            (Kind::Domain, 40),
            (Kind::Url, 25),
            (Kind::Ipv4, 15),
            (Kind::Sha256, 12),
            (Kind::Md5, 5),
        ] {
            let share = kinds[&kind] * 1_000 / CORPUS.entries;
            assert!(share.abs_diff(percent * 10) < 10, "{kind:?}: {share} ‰");
        }
    }

    #[test]
    fn values_are_in_several_sources_and_in_each_only_once() {
        let mut seen = HashSet::new();
        let mut values = HashSet::new();
        for n in 0..CORPUS.entries {
            let value = CORPUS.value(n);
            values.insert(value.clone());
            assert!(seen.insert((value, CORPUS.source(n))), "entry {n}");
        }
        let repeated = CORPUS.entries - values.len() as u64;
        assert!(repeated > CORPUS.entries / 40, "{repeated}");
        for n in CORPUS.entries..CORPUS.entries + 10_000 {
            assert!(values.insert(CORPUS.value(n)), "entry {n} is another one");
        }
    }

    #[test]
    fn another_seed_is_another_corpus() {
        let other = Corpus { seed: 2, ..CORPUS };
        let same = (0..1_000)
            .filter(|n| CORPUS.own_value(*n) == other.own_value(*n))
            .count();
        assert_eq!(same, 0);
    }

    #[test]
    fn the_frequent_ones_are_few() {
        let mut counts = BTreeMap::new();
        for n in 0..100_000 {
            *counts.entry(skew(CORPUS.scatter(n), 5)).or_insert(0_u64) += 1;
        }
        assert!(counts[&0] > 10 * counts[&(SOURCES - 1)], "{counts:?}");
        assert_eq!(counts.len() as u64, SOURCES);
    }
}
