//! How much a value is worth acting on: 0 to 100, computed from what sources
//! say about it and the time of the question. The same claims and the same
//! time give the same score everywhere: only whole numbers are reckoned with.
//!
//! Each source's claim has a *strength* between 0 and 1:
//!
//! ```text
//! confidence/100 × weight/100 × 2^(-age / half-life) × standing
//! ```
//!
//! - *confidence*: the source's own, in this claim;
//! - *weight*: how far the source is trusted, by its description, else by its
//!   category ([`default_weight`]);
//! - *age*: since the source last saw the value; *half-life* by the source's
//!   description, else by the type of the value ([`default_half_life`]);
//! - *standing*: 1 for a claim that holds, a quarter for one that expired or
//!   was removed, nothing for one that was taken back as wrong.
//!
//! Of one publisher only the strongest claim counts: its feeds repeat each
//! other. What is left is independent, and corroborates: the chance that not
//! all of them are wrong, `1 - Π(1 - strength)`. A value that a warning speaks
//! against keeps a quarter of that ([`Caution`]), one that the operator allows
//! nothing.

use jiff::Timestamp;

use crate::claim::{Category, Source, Status};
use crate::value::Kind;

mod fixed;
mod level;

pub use fixed::Share;
pub use level::RiskLevel;

/// What one source says of a value, as far as it counts for the score.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Who says so.
    pub source: &'a Source,
    /// 0-100.
    pub confidence: u8,
    /// Whether the claim holds.
    pub status: Status,
    /// When the source last saw the value.
    pub last_seen: Timestamp,
}

/// What speaks against acting on a value, whoever claims it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caution {
    /// Nothing.
    #[default]
    None,
    /// A warning that keeps it out of lists.
    Withheld,
    /// The operator's own word that it is good.
    Allowed,
}

impl Caution {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Caution::None => "none",
            Caution::Withheld => "withheld",
            Caution::Allowed => "allowed",
        }
    }

    /// What is left of the score.
    pub const fn factor(self) -> Share {
        match self {
            Caution::None => Share::ONE,
            Caution::Withheld => Share::percent(25),
            Caution::Allowed => Share::ZERO,
        }
    }
}

/// Trust in a source that does not state a weight, in percent.
pub const fn default_weight(category: Category) -> u8 {
    match category {
        Category::Government => 95,
        Category::Vendor | Category::Commercial => 90,
        Category::Research => 85,
        Category::ThreatIntel => 80,
        Category::Community => 70,
        Category::News => 60,
    }
}

/// After how many seconds a sighting is worth half, where the source does not
/// say: an address changes hands within weeks, a file stays what it is.
/// `None`: never.
pub const fn default_half_life(kind: Kind) -> Option<u32> {
    const DAY: u32 = 86_400;
    match kind {
        Kind::Ipv4 | Kind::Ipv6 | Kind::Url => Some(30 * DAY),
        Kind::Domain => Some(90 * DAY),
        Kind::Email => Some(180 * DAY),
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => Some(5 * 365 * DAY),
        Kind::Cve | Kind::MitreAttack => None,
    }
}

/// One claim's part in a score, with everything that it was computed from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term<'a> {
    /// Who says so.
    pub source: &'a Source,
    /// 0-100.
    pub confidence: u8,
    /// Trust in the source, 0-100.
    pub weight: u8,
    /// Whether the claim holds.
    pub status: Status,
    /// When the source last saw the value.
    pub last_seen: Timestamp,
    /// Seconds since then.
    pub age: u64,
    /// Seconds after which a sighting is worth half.
    pub half_life: Option<u32>,
    /// What its age leaves of it.
    pub decay: Share,
    /// All of the above, and the standing.
    pub strength: Share,
}

impl<'a> Term<'a> {
    /// The term of a claim about a value of this type.
    pub fn new(kind: Kind, evidence: Evidence<'a>, now: Timestamp) -> Term<'a> {
        let Evidence {
            source,
            confidence,
            status,
            last_seen,
        } = evidence;
        let weight = source.weight();
        let half_life = source.half_life.or(default_half_life(kind));
        let age = u64::try_from(now.as_second() - last_seen.as_second()).unwrap_or(0);
        let decay = half_life.map_or(Share::ONE, |half_life| Share::halved(age, half_life));
        let strength = Share::percent(confidence)
            .of(Share::percent(weight))
            .of(decay)
            .of(standing(status));
        Term {
            source,
            confidence,
            weight,
            status,
            last_seen,
            age,
            half_life,
            decay,
            strength,
        }
    }
}

/// What the state of a claim leaves of it.
pub const fn standing(status: Status) -> Share {
    match status {
        Status::Active => Share::ONE,
        Status::Expired | Status::Removed => Share::percent(25),
        Status::FalsePositive => Share::ZERO,
    }
}

/// Folds claims into a score, without keeping them.
///
/// ```
/// # use iocd_core::claim::{Category, Extent, Origin, Source, Status};
/// use iocd_core::score::{Caution, Evidence, Tally};
/// use iocd_core::value::Kind;
///
/// # let source = |name: &str, publisher: &str| Source {
/// #     publisher: publisher.to_owned(),
/// #     ..Source::new(name, name, Category::Vendor)
/// # };
/// let now = "2026-05-01T00:00:00Z".parse().unwrap();
/// let (one, other) = (source("one", "A"), source("other", "B"));
/// let mut tally = Tally::new(Kind::Domain, now);
/// for source in [&one, &other] {
///     tally.add(Evidence { source, confidence: 80, status: Status::Active, last_seen: now });
/// }
/// // 0.8 × 0.9 each: 1 - (1 - 0.72)²
/// assert_eq!(tally.score(Caution::None), 92);
/// ```
#[derive(Debug)]
pub struct Tally<'a> {
    kind: Kind,
    now: Timestamp,
    /// The strongest claim of the first publisher; most values have only one.
    first: Option<(&'a str, Share)>,
    others: Vec<(&'a str, Share)>,
}

impl<'a> Tally<'a> {
    /// Of a value of this type, without claims yet.
    pub fn new(kind: Kind, now: Timestamp) -> Tally<'a> {
        Tally {
            kind,
            now,
            first: None,
            others: Vec::new(),
        }
    }

    /// Takes a source's claim in.
    pub fn add(&mut self, evidence: Evidence<'a>) {
        let publisher = evidence.source.publisher();
        let strength = Term::new(self.kind, evidence, self.now).strength;
        let mut known = self.first.iter_mut().chain(&mut self.others);
        if let Some((_, strongest)) = known.find(|(name, _)| *name == publisher) {
            *strongest = strength.max(*strongest);
        } else if self.first.is_none() {
            self.first = Some((publisher, strength));
        } else {
            self.others.push((publisher, strength));
        }
    }

    /// What the claims add up to, 0 to 100.
    pub fn score(&self, caution: Caution) -> u8 {
        let strengths = self.first.iter().chain(&self.others);
        let combined = combine(strengths.map(|(_, strength)| *strength));
        combined.of(caution.factor()).to_percent()
    }
}

/// The chance that not all of several independent statements are wrong.
fn combine(strengths: impl Iterator<Item = Share>) -> Share {
    strengths
        .map(Share::rest)
        .fold(Share::ONE, Share::of)
        .rest()
}

/// Every term of a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation<'a> {
    /// One for each source, the strongest first; and whether it counts: of
    /// one publisher only the strongest does.
    pub terms: Vec<(Term<'a>, bool)>,
    /// What those that count add up to.
    pub combined: Share,
    /// What speaks against acting on the value.
    pub caution: Caution,
    /// 0-100.
    pub score: u8,
}

impl<'a> Explanation<'a> {
    /// Explains what [`Tally`] says of the same claims.
    pub fn new(
        kind: Kind,
        evidence: impl IntoIterator<Item = Evidence<'a>>,
        caution: Caution,
        now: Timestamp,
    ) -> Explanation<'a> {
        let terms = evidence.into_iter();
        let mut terms: Vec<_> = terms
            .map(|evidence| (Term::new(kind, evidence, now), true))
            .collect();
        terms.sort_by(|(a, _), (b, _)| {
            (b.strength.cmp(&a.strength)).then_with(|| a.source.name.cmp(&b.source.name))
        });
        for at in 1..terms.len() {
            let (before, rest) = terms.split_at_mut(at);
            let (term, counts) = &mut rest[0];
            let publisher = term.source.publisher();
            *counts = before
                .iter()
                .all(|(other, _)| other.source.publisher() != publisher);
        }
        let counting = terms.iter().filter(|(_, counts)| *counts);
        let combined = combine(counting.map(|(term, _)| term.strength));
        Explanation {
            terms,
            combined,
            caution,
            score: combined.of(caution.factor()).to_percent(),
        }
    }
}

#[cfg(test)]
mod tests;
