//! Articles: what people write about attacks, and what it says.
//!
//! ```text
//! bytes ──▶ Document ──▶ Item ──▶ Prose ──▶ Article, and claims about its indicators
//!       decode       read_document    read_html        read_article
//! ```
//!
//! `docs/articles.md` says by which rules everything is found. There is no
//! model and no chance in them: the same text gives the same article
//! everywhere.

mod full_text;
mod heading;
mod indicators;
mod known;
mod names;
mod page;
mod plain;
mod prose;
mod reading;
mod reference;
mod sectors;
mod severity;
mod summary;
pub mod syndication;
mod techniques;
mod topic;
mod word;

pub use self::full_text::{PageError, check_page, is_on_site, wants_page};
pub use self::heading::Section;
pub use self::indicators::MAX_INDICATORS;
pub use self::names::{Named, find_names};
pub use self::page::{MAX_PAGE, main_text, read_html};
pub use self::plain::read_plain;
pub use self::prose::{Block, Link, Place, Prose};
pub use self::reading::{Publication, read_article};
pub use self::severity::Severity;
pub use self::topic::Topic;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::uuid;

/// An article and what was found in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Article {
    /// A UUID of version 8 made from the source and the publisher's name for
    /// the article: the same everywhere.
    pub id: String,
    /// As plain text.
    pub title: String,
    /// Where it can be read, without what only traces readers.
    pub url: String,
    /// When it was published, if the publisher says so and it is not to come.
    pub published_at: Option<Timestamp>,
    /// Its most telling sentences.
    pub summary: String,
    /// What it is about.
    pub topic: Topic,
    /// 0-100, see [`Severity`].
    pub severity: u8,
    /// As the publisher files it, in lower case. Sorted.
    pub tags: Vec<String>,
    /// Slugs of CISA's sectors. Sorted.
    pub sectors: Vec<String>,
    /// Groups that it names, by their chief names. Sorted.
    pub actors: Vec<String>,
    /// Malware that it names, by its chief names. Sorted.
    pub malware: Vec<String>,
    /// Ids of vulnerabilities. Sorted.
    pub cves: Vec<String>,
    /// Ids of ATT&CK's techniques. Sorted.
    pub techniques: Vec<String>,
    /// Its indicators but for CVEs, in the order of the text.
    pub indicators: Vec<Indicator>,
}

/// A value that an article accuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indicator {
    /// Its type, by the name in the API.
    #[serde(rename = "type")]
    pub kind: String,
    /// In canonical form.
    pub value: String,
    /// The sentence that names it.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub context: String,
}

/// The id of what a source (its short name) calls `name`.
fn article_id(source: &str, name: &str) -> String {
    let name = name.replace('\0', "");
    let mut id = String::with_capacity(36);
    let written = uuid::write(&uuid::of_names(["article", source, &name]), &mut id);
    written.expect("a string takes all that is written to it");
    id
}
