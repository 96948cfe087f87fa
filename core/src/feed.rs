//! Feeds as data: what a TOML file says about a list, and reading that list.
//!
//! A [`Feed`] is one source of claims. Its [`Format`]s are serialisations of
//! the same list (CSV, JSON, plain text …), each read by one of the
//! [`connector::CONNECTORS`], whose rows ([`Observation`](crate::observation))
//! become [`Claim`](crate::claim::Claim)s by the format's rules. Adding a feed
//! needs no code: `docs/feeds.md` says how.
//!
//! [`read_feed`] reads, [`recognise`] tells which feed a file is.

pub mod connector;
pub mod expect;
pub mod fetching;
pub mod input;
pub mod outcome;

mod articles;
pub(crate) mod cell;
mod claims;
mod config;
mod content;
mod count;
mod csv;
pub(crate) mod date;
mod draft;
mod fit;
mod industry;
mod json;
mod lines;
mod machine_tag;
mod mapping;
mod mirror;
mod misp;
mod object;
mod openioc;
mod read;
mod recognise;
mod statement;
mod stix;
mod syntax;
mod template;
mod text;
mod toml_text;
mod utf16;
mod vocabulary;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

pub use self::config::FeedConfigError;
pub use self::draft::{Draft, draft_feed};
pub use self::fetching::Fetching;
pub use self::outcome::{FeedError, FeedWarning, MAX_EXCERPT, Row, Summary};
pub use self::read::{HEAD, read_feed, read_page};
pub use self::recognise::recognise;
pub use self::stix::pattern::{MAX_PATTERN, Pattern, PatternError};

use self::connector::{Connector, Syntax};
use self::mapping::Mapping;
use self::recognise::Recognition;
use crate::article;
use crate::article::syndication::Item;
use crate::claim::{Category, Extent, Origin, Scope, Source};
use crate::value::Kind;

/// A list of indicators that somebody publishes, and how to read it.
///
/// Made by `FromStr` from TOML, so one that exists is valid.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Short name, `[a-z0-9-]`: part of the identity of every claim.
    pub name: String,
    /// Name in the API (`source.feed_name`).
    pub title: String,
    /// Who publishes it.
    pub publisher: String,
    /// Where people read about it.
    pub homepage: Option<String>,
    /// `source.category` in the API.
    pub category: Category,
    /// 0-100, of rows that say nothing themselves.
    pub confidence: u8,
    /// What a claim about a domain covers.
    pub scope: Scope,
    /// What leaving the list means.
    pub extent: Extent,
    /// For how many seconds a claim without an end of its own holds after the
    /// source was last heard saying it.
    pub expires_after: Option<u32>,
    /// The same for types of value that have a rule of their own, in seconds.
    pub expires_after_by_kind: BTreeMap<Kind, u32>,
    /// How far it is trusted, in percent; `None`: as its category is.
    pub weight: Option<u8>,
    /// After how many seconds a sighting is worth half; `None`: by type.
    pub half_life: Option<u32>,
    /// Seconds between two fetches.
    pub interval: Option<u32>,
    /// Under which terms the list may be used.
    pub terms: Option<String>,
    /// Whether those terms allow to pass it on.
    pub redistribute: bool,
    /// Whether values that are not globally reachable belong in exports.
    pub list_non_global: bool,
    /// Of every claim.
    pub tags: Vec<String>,
    /// Malware family of rows that name none.
    pub malware: Option<String>,
    /// ATT&CK techniques of every claim.
    pub techniques: Vec<String>,
    /// Whether claims come from a list or from prose.
    pub origin: Origin,
    /// How its documents are got, and what they are like.
    pub fetching: Fetching,
    /// The serialisations of the list, at least one.
    pub formats: Vec<Format>,
    recognition: Recognition,
}

/// One serialisation of a feed's list.
#[derive(Clone, Debug)]
pub struct Format {
    /// Name within the feed: `csv`, `json`, `text`.
    pub name: String,
    /// Where it can be fetched. The first format that has one is fetched.
    pub url: Option<String>,
    /// Name of what gets its documents from there; `None`: the address is that
    /// of the document.
    pub collector: Option<String>,
    /// Which of what is at the address is the feed, for collectors of addresses
    /// that have several.
    pub collection: Option<String>,
    /// Name of the connector that reads it.
    pub connector_name: &'static str,
    syntax: &'static [Syntax],
    connector: Arc<dyn Connector>,
    mapping: Arc<Mapping>,
}

impl Feed {
    /// The feed as the stores and the API know it.
    pub fn source(&self) -> Source {
        Source {
            name: self.name.clone(),
            title: self.title.clone(),
            category: self.category,
            origin: self.origin,
            extent: self.extent,
            list_non_global: self.list_non_global,
            expires_after: self.expires_after,
            expires_after_by_kind: self.expires_after_by_kind.clone(),
            publisher: self.publisher.clone(),
            weight: self.weight,
            half_life: self.half_life,
            mirrored_by: None,
        }
    }

    /// Whether it mirrors another server: claims come under the names of that
    /// server's sources, none under its own.
    pub fn mirrors(&self) -> bool {
        let mut formats = self.formats.iter();
        formats.any(|format| format.connector_name == mirror::NAME)
    }

    /// In which ways its formats are written.
    fn syntax(&self) -> Vec<Syntax> {
        let of_formats = self.formats.iter().map(|format| format.syntax);
        of_formats.flatten().copied().collect()
    }

    /// Whether the page of an article is to be read, too: the item has only its
    /// beginning, and it stands on the publisher's own site.
    pub fn wants_page(&self, item: &Item) -> bool {
        self.fetching.pages > 0 && self.owns_page(&item.link) && article::wants_page(item)
    }

    /// Whether an address is on the publisher's own site: that of `homepage`,
    /// of the address that is fetched, or of one of `page_sites`.
    pub fn owns_page(&self, url: &str) -> bool {
        let own = [self.homepage.as_deref(), self.fetched().map(|(_, url)| url)];
        let sites = self.fetching.page_sites.iter().map(String::as_str);
        article::is_on_site(url, own.into_iter().flatten().chain(sites))
    }

    /// The format that is fetched, with its address.
    pub fn fetched(&self) -> Option<(usize, &str)> {
        self.formats
            .iter()
            .enumerate()
            .find_map(|(index, format)| Some((index, format.url.as_deref()?)))
    }
}

impl FromStr for Feed {
    type Err = FeedConfigError;

    /// Reads and checks the TOML of one feed.
    fn from_str(text: &str) -> Result<Feed, FeedConfigError> {
        config::read(text)
    }
}
