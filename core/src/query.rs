//! Questions, pages and answers in the words that every store understands.

use jiff::Timestamp;

use crate::claim::{ArticleRef, ClaimId, Confidence, Source, Status, Tlp};
use crate::matching::Part;
use crate::score::Explanation;
use crate::value::{Kind, Value};

mod filter;
mod stats;

pub use filter::{Filter, covers_technique, fold};
pub use stats::{Recent, Stats, TOP};

/// "Has anyone seen this?" with the readings that the question allows.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Every reading; a claim that several of them find is one hit.
    pub readings: &'a [Value],
    /// How far from the value an answer may lie.
    pub reach: Reach,
    /// Which entries may answer.
    pub status: StatusFilter,
    /// Which part of the answer is wanted.
    pub page: Page,
    /// The time at which "active" is judged.
    pub now: Timestamp,
    /// Whether the answer is to be as the store stood at that time, to the
    /// second, not by what it knows by now.
    pub as_of: bool,
}

/// "Which values contain this text?"
#[derive(Clone, Copy, Debug)]
pub struct Containing<'a> {
    /// The text.
    pub part: &'a Part,
    /// Only values of this type.
    pub kind: Option<Kind>,
    /// Which entries may answer.
    pub status: StatusFilter,
    /// Which part of the answer is wanted.
    pub page: Page,
    /// The time at which "active" is judged.
    pub now: Timestamp,
    /// As [`Question::as_of`].
    pub as_of: bool,
}

/// How far from the queried value an answer may lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Only claims whose stated scope covers the value.
    #[default]
    Scope,
    /// Also claims about related values, each labelled with its relation:
    /// see [`crate::matching`].
    Cascade,
}

/// The `match` parameter of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// What covers the value by its stated scope.
    #[default]
    Exact,
    /// Also what is related to it.
    Cascade,
    /// Values that contain the text.
    Contains,
}

impl Matching {
    /// Every way, the default first.
    pub const ALL: [Matching; 3] = [Matching::Exact, Matching::Cascade, Matching::Contains];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Matching::Exact => "exact",
            Matching::Cascade => "cascade",
            Matching::Contains => "contains",
        }
    }

    /// The way with this name.
    pub fn from_name(name: &str) -> Option<Matching> {
        Matching::ALL
            .into_iter()
            .find(|matching| matching.as_str() == name)
    }
}

/// The `status` parameter of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatusFilter {
    /// All that is retained but what its source took back as wrong.
    #[default]
    Seen,
    /// Only what holds now.
    Active,
    /// Everything, retracted entries too.
    Any,
}

impl StatusFilter {
    /// Whether an entry with this status may answer.
    pub fn admits(self, status: Status) -> bool {
        match self {
            StatusFilter::Seen => status != Status::FalsePositive,
            StatusFilter::Active => status == Status::Active,
            StatusFilter::Any => true,
        }
    }
}

/// How far into an answer a page may reach where the answer may be of any
/// size and its order is made for the question (a cascade, a search for a part
/// of values): what a store keeps of it at a time.
pub const MAX_DEPTH: u64 = 100_000;

/// A part of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Entries to skip.
    pub offset: u64,
    /// Entries to give at most.
    pub limit: u32,
}

/// A page of a list.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a> {
    /// What it is narrowed to.
    pub filter: &'a Filter,
    /// Which part of it is wanted.
    pub page: Page,
    /// The time at which "active" is judged.
    pub now: Timestamp,
    /// The list as it was at this revision, with `now` of that time: pages of
    /// it fit together whatever is written meanwhile. `None`: as it is.
    pub revision: Option<u64>,
}

/// "What happened to the entries of a list after a revision?"
#[derive(Clone, Copy, Debug)]
pub struct Following<'a> {
    /// What the list is narrowed to.
    pub filter: &'a Filter,
    /// What is known already.
    pub after: u64,
    /// Events at most.
    pub limit: u32,
    /// Whether entries that have left the list are told too.
    pub include_removed: bool,
    /// The time at which "active" is judged.
    pub now: Timestamp,
}

/// An entry that has left a list.
#[derive(Clone, Copy, Debug)]
pub struct Gone<'a> {
    /// Identity.
    pub id: ClaimId,
    /// Type of the value.
    pub kind: Kind,
    /// Canonical text of the value.
    pub value: &'a str,
    /// Whose statement it was.
    pub source: &'a Source,
    /// How sure the source was.
    pub confidence: Confidence,
    /// Why it has left.
    pub reason: GoneReason,
    /// When.
    pub at: Timestamp,
}

/// Why an entry is no longer in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GoneReason {
    /// The source's list no longer has it.
    RemovedBySource,
    /// Its time is over.
    Expired,
    /// The source took it back as wrong.
    FalsePositive,
    /// It has changed, and the filter does not admit it any more.
    NoLongerMatches,
}

impl GoneReason {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            GoneReason::RemovedBySource => "removed_by_source",
            GoneReason::Expired => "expired",
            GoneReason::FalsePositive => "false_positive",
            GoneReason::NoLongerMatches => "no_longer_matches",
        }
    }
}

/// Takes what happened after a revision: first how many entries there are in
/// all, then the events in order.
pub trait ChangeSink {
    /// Entries of the list that have been added or changed, of which those of
    /// this answer are the first.
    fn total(&mut self, total: u64);
    /// An entry was added or has changed.
    fn entry(&mut self, entry: &Entry<'_>);
    /// An entry has left the list.
    fn gone(&mut self, gone: &Gone<'_>);
    /// As [`EntrySink::is_abandoned`].
    fn is_abandoned(&self) -> bool {
        false
    }
}

/// Why a claim answered a question. Of two relations at the same distance the
/// earlier one here is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MatchKind {
    /// The value itself.
    Exact,
    /// The IPv4 address inside a v4-mapped IPv6 address (or its network).
    MappedIpv4,
    /// A network that contains the queried address or network.
    Network,
    /// A domain above the queried one. Without cascade, one whose claim covers
    /// its subdomains.
    ParentDomain,
    /// The host of the queried URL.
    UrlHost,
    /// The queried URL without its query or the end of its path.
    UrlPrefix,
    /// The queried URL with `https` for `http` or the reverse.
    UrlScheme,
    /// The queried URL on another port.
    UrlPort,
    /// A domain below the queried one.
    Subdomain,
    /// A URL on the queried host.
    UrlOnHost,
    /// An address or network inside the queried network.
    AddressInNetwork,
    /// A value that contains the text.
    Contains,
    /// Of what is related to an answer: read from the same article.
    SameArticle,
    /// As above: another hash of the same file.
    SameFile,
    /// As above: of the same malware family.
    SameMalware,
    /// As above: of the same campaign.
    SameCampaign,
}

impl MatchKind {
    /// `match.kind` in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            MatchKind::Exact => "exact",
            MatchKind::MappedIpv4 => "mapped_ipv4",
            MatchKind::Network => "network",
            MatchKind::ParentDomain => "parent_domain",
            MatchKind::UrlHost => "url_host",
            MatchKind::UrlPrefix => "url_prefix",
            MatchKind::UrlScheme => "url_scheme",
            MatchKind::UrlPort => "url_port",
            MatchKind::Subdomain => "subdomain",
            MatchKind::UrlOnHost => "url_on_host",
            MatchKind::AddressInNetwork => "address_in_network",
            MatchKind::Contains => "contains",
            MatchKind::SameArticle => "same_article",
            MatchKind::SameFile => "same_file",
            MatchKind::SameMalware => "same_malware",
            MatchKind::SameCampaign => "same_campaign",
        }
    }
}

/// Why a claim answered, and from how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Match {
    /// The relation of the claim's value to the queried one.
    pub kind: MatchKind,
    /// 0 for the value itself, else the steps between the two: prefix bits,
    /// labels, segments of a path (and one for a query, one for leaving the
    /// URL for its host); 1 for another scheme or port.
    pub distance: u16,
}

impl Match {
    /// The value itself.
    pub const EXACT: Match = Match {
        kind: MatchKind::Exact,
        distance: 0,
    };

    /// The text is in the value; no such value is nearer than another.
    pub const CONTAINS: Match = Match {
        kind: MatchKind::Contains,
        distance: 0,
    };

    /// Whether this is the better reason of the two.
    pub fn is_nearer_than(self, other: Match) -> bool {
        (self.distance, self.kind) < (other.distance, other.kind)
    }
}

/// One entry as it is told to a client: a claim with its identity, source and
/// state. Borrowed from the store for as long as it takes to write it out.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Identity.
    pub id: ClaimId,
    /// Type of the value.
    pub kind: Kind,
    /// Canonical text of the value.
    pub value: &'a str,
    /// Who says so.
    pub source: &'a Source,
    /// 0-100.
    pub confidence: u8,
    /// Whether it holds at the time of the question.
    pub status: Status,
    /// Earliest sighting: the source's own, else when the store first had it.
    pub first_seen: Option<Timestamp>,
    /// Latest sighting.
    pub last_seen: Option<Timestamp>,
    /// End of validity.
    pub expires_at: Option<Timestamp>,
    /// Last change of the entry in the store.
    pub updated_at: Timestamp,
    /// One sentence for a person.
    pub context: Option<&'a str>,
    /// Malware family.
    pub malware: Option<&'a str>,
    /// Sorted.
    pub tags: Vec<&'a str>,
    /// ATT&CK technique ids, sorted.
    pub techniques: Vec<&'a str>,
    /// CISA sector slugs, sorted.
    pub sectors: Vec<&'a str>,
    /// Sorted.
    pub ports: Vec<u16>,
    /// URLs that say more; the first is `source.reference_url`.
    pub references: Vec<&'a str>,
    /// Marking.
    pub tlp: Option<Tlp>,
    /// The article that it was read from.
    pub article: Option<ArticleRef>,
    /// Names of the warnings about the value, see [`crate::warning`].
    pub warnings: Vec<&'a str>,
    /// How much the value is worth acting on, 0-100, see [`crate::score`]: of
    /// all that is claimed about it, hence the same in each of its entries.
    pub score: u8,
    /// Every term of the score, where the sink wants it.
    pub explanation: Option<Explanation<'a>>,
    /// Why it answered; absent in lists.
    pub matched: Option<Match>,
}

/// Takes an answer as a store gives it: first the total, then the page's
/// entries in order.
pub trait EntrySink {
    /// Entries in the whole answer, of which the page is a part.
    fn total(&mut self, total: u64);
    /// The next entry of the page.
    fn entry(&mut self, entry: &Entry<'_>);
    /// Whether entries are to come with the explanation of their score.
    fn wants_explanations(&self) -> bool {
        false
    }
    /// Whether nobody waits for the answer any more: a store that still has
    /// much to look at before the total gives up.
    fn is_abandoned(&self) -> bool {
        false
    }
}

/// What a bulk answer tells of an entry: enough to act on, and nothing that
/// would have to be collected first.
#[derive(Clone, Copy, Debug)]
pub struct Brief<'a> {
    /// Type of the value.
    pub kind: Kind,
    /// Canonical text of the value.
    pub value: &'a str,
    /// Who says so.
    pub source: &'a Source,
    /// 0-100.
    pub confidence: u8,
    /// Whether it holds at the time of the question.
    pub status: Status,
    /// As [`Entry::first_seen`].
    pub first_seen: Option<Timestamp>,
    /// As [`Entry::last_seen`].
    pub last_seen: Option<Timestamp>,
    /// Malware family.
    pub malware: Option<&'a str>,
    /// As [`Entry::score`].
    pub score: u8,
    /// Why it answered.
    pub matched: Match,
}

/// How each of many questions is to be answered.
#[derive(Clone, Copy, Debug)]
pub struct ManyOptions {
    /// Which entries may answer.
    pub status: StatusFilter,
    /// Entries told for each question at most.
    pub limit: u32,
    /// The time at which "active" is judged.
    pub now: Timestamp,
}

/// Takes the answers to many questions as a store gives them: for each
/// question in order its total, then its entries in the order of a search.
pub trait BriefSink {
    /// The next question, and the entries in its whole answer.
    fn question(&mut self, total: u64);
    /// The next entry of that question's answer.
    fn entry(&mut self, entry: &Brief<'_>);
}
