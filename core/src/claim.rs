//! Claims: "source S says that value V is bad", and what S said with it.

pub mod held;
mod ids;
pub mod kept;
mod merge;
pub mod mirrored;
pub mod retained;

pub use ids::{ClaimIdMap, ClaimIdSet};
pub use merge::whole_seconds;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::score::default_weight;
use crate::uuid;
use crate::value::{Kind, Value};

/// References kept per claim; more are dropped, the earliest stay.
pub const MAX_REFERENCES: usize = 16;

/// A source of claims as the API shows it. One feed is one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The feed's short name, `urlhaus`: part of a claim's identity.
    pub name: String,
    /// `source.feed_name` in the API, `URLhaus`.
    pub title: String,
    /// `source.category` in the API.
    pub category: Category,
    /// Whether its claims were read from a list or from articles.
    pub origin: Origin,
    /// What leaving the list means.
    pub extent: Extent,
    /// Whether values that are not globally routable or reachable (private
    /// addresses, documentation networks) belong in lists and exports.
    pub list_non_global: bool,
    /// For how many seconds a claim without an end of its own holds after the
    /// source was last heard saying it; `None`: until it is removed.
    pub expires_after: Option<u32>,
    /// The same for types of value that have a rule of their own, in seconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub expires_after_by_kind: BTreeMap<Kind, u32>,
    /// Who publishes it; empty: the source itself. Sources of one publisher
    /// do not corroborate each other, see [`crate::score`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub publisher: String,
    /// How far it is trusted, in percent; `None`: as its category is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u8>,
    /// After how many seconds a sighting is worth half; `None`: by type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_life: Option<u32>,
    /// The feed by which it is mirrored from another server, where another
    /// server says what holds of it; `None`: it is this store's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirrored_by: Option<String>,
}

impl Source {
    /// A feed of this short name, title and category that appends only, with
    /// no rules of its own.
    pub fn new(name: &str, title: &str, category: Category) -> Source {
        Source {
            name: name.to_owned(),
            title: title.to_owned(),
            category,
            origin: Origin::Feed,
            extent: Extent::Events,
            list_non_global: false,
            expires_after: None,
            expires_after_by_kind: BTreeMap::new(),
            publisher: String::new(),
            weight: None,
            half_life: None,
            mirrored_by: None,
        }
    }

    /// For how many seconds its claims about values of this type hold that have
    /// no end of their own; `None`: until they are removed.
    pub fn holds_for(&self, kind: Kind) -> Option<u32> {
        let own = self.expires_after_by_kind.get(&kind).copied();
        own.or(self.expires_after)
    }

    /// Whether claims of both hold by the same rules.
    pub fn holds_like(&self, other: &Source) -> bool {
        self.extent == other.extent
            && self.expires_after == other.expires_after
            && self.expires_after_by_kind == other.expires_after_by_kind
    }

    /// How far it is trusted, in percent.
    pub fn weight(&self) -> u8 {
        self.weight
            .unwrap_or(default_weight(self.category))
            .min(100)
    }

    /// Who is behind it: the publisher if one is named.
    pub fn publisher(&self) -> &str {
        if self.publisher.is_empty() {
            &self.name
        } else {
            &self.publisher
        }
    }
}

/// `source.category`: what kind of organisation speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
#[allow(missing_docs)] // the names say it
pub enum Category {
    Government = 0,
    Commercial = 1,
    Community = 2,
    Vendor = 3,
    Research = 4,
    News = 5,
    ThreatIntel = 6,
}

impl Category {
    /// Every category, in the order of its number.
    pub const ALL: [Category; 7] = [
        Category::Government,
        Category::Commercial,
        Category::Community,
        Category::Vendor,
        Category::Research,
        Category::News,
        Category::ThreatIntel,
    ];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Category::Government => "government",
            Category::Commercial => "commercial",
            Category::Community => "community",
            Category::Vendor => "vendor",
            Category::Research => "research",
            Category::News => "news",
            Category::ThreatIntel => "threat-intel",
        }
    }

    /// The category with this API name.
    pub fn from_name(name: &str) -> Option<Category> {
        Category::ALL.into_iter().find(|c| c.as_str() == name)
    }
}

/// `source.origin`: a list that a machine publishes, or prose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)] // the names say it
pub enum Origin {
    #[default]
    Feed,
    Article,
}

impl Origin {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Origin::Feed => "feed",
            Origin::Article => "article",
        }
    }
}

/// How much of a feed one fetch shows, hence what leaving it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// The whole list each time: what left it is removed.
    Snapshot,
    /// The recent rows: leaving is no removal.
    Window,
    /// Append only.
    Events,
}

/// What a claim about a domain covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The value itself.
    #[default]
    Exact,
    /// The value and every name below it.
    Subtree,
}

/// Traffic Light Protocol 2.0 marking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)] // the names say it
#[repr(u8)]
pub enum Tlp {
    #[serde(rename = "clear", alias = "white")]
    Clear = 0,
    #[serde(rename = "green")]
    Green = 1,
    #[serde(rename = "amber")]
    Amber = 2,
    #[serde(rename = "amber+strict")]
    AmberStrict = 3,
    #[serde(rename = "red")]
    Red = 4,
}

impl Tlp {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Tlp::Clear => "clear",
            Tlp::Green => "green",
            Tlp::Amber => "amber",
            Tlp::AmberStrict => "amber+strict",
            Tlp::Red => "red",
        }
    }
}

/// A confidence label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
#[allow(missing_docs)] // the names say it
pub enum Confidence {
    Low = 0,
    Medium = 1,
    High = 2,
}

impl Confidence {
    /// Every label, lowest first.
    pub const ALL: [Confidence; 3] = [Confidence::Low, Confidence::Medium, Confidence::High];

    /// ≥ 75 high, ≥ 40 medium, below low.
    pub const fn from_score(score: u8) -> Confidence {
        match score {
            75.. => Confidence::High,
            40..=74 => Confidence::Medium,
            _ => Confidence::Low,
        }
    }

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// The article that a claim was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the names say it
pub struct ArticleRef {
    pub id: String,
    pub title: String,
    pub url: String,
    /// Of two articles the newer one is shown. One that nobody dates is the
    /// oldest: of the beginning of 1970.
    pub published_at: Timestamp,
}

/// One source's statement about one value. One entry of the API is one claim.
///
/// The source is not a field: claims travel in batches of one source.
/// Identity is (kind, value, source).
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// What the claim is about.
    pub value: Value,
    /// 0-100.
    pub confidence: u8,
    /// What it covers, for domains.
    pub scope: Scope,
    /// When the source first saw the value, if it says so.
    pub first_seen: Option<Timestamp>,
    /// When the source last saw the value, if it says so.
    pub last_seen: Option<Timestamp>,
    /// From when on the claim no longer holds.
    pub expires_at: Option<Timestamp>,
    /// One sentence for a person.
    pub context: Option<String>,
    /// Malware family as the source names it.
    pub malware: Option<String>,
    /// Sorted, without repetitions.
    pub tags: Vec<String>,
    /// ATT&CK technique ids. Sorted, without repetitions.
    pub techniques: Vec<String>,
    /// CISA sector slugs. Sorted, without repetitions.
    pub sectors: Vec<String>,
    /// Sorted, without repetitions.
    pub ports: Vec<u16>,
    /// URLs that say more, at most [`MAX_REFERENCES`], in the order first given.
    pub references: Vec<String>,
    /// Marking that the source put on it.
    pub tlp: Option<Tlp>,
    /// Where it was read, if in prose.
    pub article: Option<ArticleRef>,
    /// The value as the source wrote it, where that says more than the
    /// canonical form (fragment, host bits, letter case of a mail box).
    pub raw: Option<String>,
}

impl Claim {
    /// A claim that says nothing but the value.
    pub fn new(value: Value, confidence: u8) -> Claim {
        Claim {
            value,
            confidence: confidence.min(100),
            scope: Scope::Exact,
            first_seen: None,
            last_seen: None,
            expires_at: None,
            context: None,
            malware: None,
            tags: Vec::new(),
            techniques: Vec::new(),
            sectors: Vec::new(),
            ports: Vec::new(),
            references: Vec::new(),
            tlp: None,
            article: None,
            raw: None,
        }
    }
}

/// The identity of a claim: a UUID of version 8 (RFC 9562) made from a BLAKE3
/// hash of (type, value, source), the same everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimId(pub [u8; 16]);

impl ClaimId {
    /// The id of what `source` (its short name) says about a value.
    pub fn new(kind: Kind, value: &str, source: &str) -> ClaimId {
        ClaimId(uuid::of_names([kind.as_str(), value, source]))
    }
}

impl fmt::Display for ClaimId {
    /// Lower-case hyphenated UUID.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::write(&self.0, f)
    }
}

impl fmt::Debug for ClaimId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `status` of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Status {
    /// The source still says so.
    Active = 0,
    /// Its time is over.
    Expired = 1,
    /// The source's list no longer has it.
    Removed = 2,
    /// Retracted by the source as wrong.
    FalsePositive = 3,
}

impl Status {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Expired => "expired",
            Status::Removed => "removed",
            Status::FalsePositive => "false_positive",
        }
    }
}
