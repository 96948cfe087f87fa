//! The TOML of a feed: as written, then checked.

mod check;
mod expiry;
mod fetching;
mod mirror;
mod standard;

use std::collections::HashMap;

use serde::Deserialize;

use self::check::{check_format, check_percent};
use self::expiry::RawExpiry;
use self::fetching::{RawAuth, RawExpect, check_pages, size};

use super::mapping::Types;
use super::recognise::Recognition;
use super::{Feed, Fetching, Format};
use crate::claim::{Category, Extent, Origin, Scope};
use crate::observation::{ColumnId, Columns};

/// Why a feed's TOML is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedConfigError {
    /// No TOML, an unknown key (the message lists those allowed), a key of the
    /// wrong type, or a key missing.
    #[error("{message}")]
    Syntax {
        /// With line and column where known.
        message: String,
    },
    /// A key whose content makes no sense.
    #[error("{key}: {message}")]
    Invalid {
        /// The key, `format.csv.value`.
        key: String,
        /// What is wrong and what is allowed.
        message: String,
    },
}

fn invalid(key: impl Into<String>, message: impl Into<String>) -> FeedConfigError {
    FeedConfigError::Invalid {
        key: key.into(),
        message: message.into(),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools)] // each is a key of its own
struct RawFeed {
    name: String,
    title: String,
    publisher: String,
    homepage: Option<String>,
    category: Option<Category>,
    confidence: Option<u8>,
    #[serde(default)]
    scope: Scope,
    extent: Option<Extent>,
    expires_after: Option<RawExpiry>,
    weight: Option<u8>,
    half_life: Option<String>,
    interval: Option<String>,
    #[serde(default)]
    on_request: bool,
    #[serde(default)]
    allow_private: bool,
    max_size: Option<String>,
    auth: Option<RawAuth>,
    #[serde(default)]
    expect: RawExpect,
    pages: Option<u32>,
    #[serde(default)]
    page_sites: Vec<String>,
    terms: Option<String>,
    #[serde(default)]
    redistribute: bool,
    #[serde(default)]
    list_non_global: bool,
    #[serde(default)]
    tags: Vec<String>,
    malware: Option<String>,
    #[serde(default)]
    techniques: Vec<String>,
    #[serde(default)]
    origin: Origin,
    #[serde(default)]
    recognise: Recognition,
    format: Vec<RawFormat>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFormat {
    name: String,
    url: Option<String>,
    collector: Option<String>,
    connector: Option<String>,
    collection: Option<String>,
    #[serde(default)]
    settings: toml::Table,
    #[serde(default)]
    value: Vec<RawValue>,
    #[serde(rename = "type")]
    type_rule: Option<RawType>,
    #[serde(default)]
    first_seen: Names,
    #[serde(default)]
    last_seen: Names,
    #[serde(default)]
    expires_at: Names,
    #[serde(default)]
    date_order: RawDateOrder,
    #[serde(default)]
    malware: Names,
    #[serde(default)]
    malware_strip: Vec<String>,
    #[serde(default)]
    techniques: Names,
    #[serde(default)]
    sectors: Names,
    #[serde(default)]
    withdrawn: Names,
    #[serde(default)]
    tags: Names,
    #[serde(default = "comma")]
    tag_separators: String,
    #[serde(default)]
    add_tags: Vec<String>,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    ports: Names,
    confidence: Option<RawConfidence>,
    context: Option<String>,
    #[serde(default)]
    tlp: Names,
    #[serde(default)]
    empty: Vec<String>,
    #[serde(default)]
    unescape_html: bool,
    #[serde(default)]
    defanged: bool,
    scope: Option<Scope>,
    max_refused: Option<u8>,
}

fn comma() -> String {
    ",".to_owned()
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawValue {
    #[serde(default)]
    column: Names,
    template: Option<String>,
    range: Option<[String; 2]>,
    #[serde(default, rename = "type")]
    types: Names,
    split: Option<char>,
    #[serde(default)]
    several: bool,
    #[serde(default)]
    mentions: bool,
    confidence: Option<u8>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawType {
    column: Names,
    #[serde(default)]
    types: HashMap<String, Names>,
    #[serde(default)]
    common: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfidence {
    column: Names,
    #[serde(default)]
    steps: Vec<(u32, u8)>,
    #[serde(default)]
    names: HashMap<String, u8>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawDateOrder {
    #[default]
    MonthFirst,
    DayFirst,
}

/// One name or several.
#[derive(Clone, Debug, Default)]
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> Result<Names, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a name or a list of names")]
        enum OneOrMany {
            One(String),
            Many(Vec<String>),
        }
        Ok(match OneOrMany::deserialize(source)? {
            OneOrMany::One(name) => Names(vec![name]),
            OneOrMany::Many(names) => Names(names),
        })
    }
}

impl Names {
    fn ids(&self, columns: &mut Columns) -> Vec<ColumnId> {
        self.0.iter().map(|name| columns.intern(name)).collect()
    }
}

/// Reads and checks a feed.
pub(super) fn read(text: &str) -> Result<Feed, FeedConfigError> {
    let raw: RawFeed = toml::from_str(text).map_err(|error| FeedConfigError::Syntax {
        message: error.to_string().trim().to_owned(),
    })?;
    let is_short = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
    if raw.name.is_empty() || raw.name.len() > 64 || !raw.name.chars().all(is_short) {
        return Err(invalid(
            "name",
            format!("{:?}: 1 to 64 of a-z, 0-9 and - are allowed", raw.name),
        ));
    }
    for (key, text) in [("title", &raw.title), ("publisher", &raw.publisher)] {
        if text.trim().is_empty() || text.len() > 200 || text.chars().any(char::is_control) {
            return Err(invalid(
                key,
                "1 to 200 bytes without control characters are allowed",
            ));
        }
    }
    check_percent("weight", raw.weight.unwrap_or(0))?;
    if raw.format.is_empty() {
        return Err(invalid("format", "a feed has at least one [[format]]"));
    }
    let stated = mirror::stated(&raw)?;
    for technique in &raw.techniques {
        if Types::from_name("mitre-attack").is_none() || !is_technique(technique) {
            return Err(invalid(
                "techniques",
                format!("{technique:?} is no ATT&CK technique"),
            ));
        }
    }
    let expiry = raw
        .expires_after
        .as_ref()
        .map(RawExpiry::check)
        .transpose()?;
    let expiry = expiry.unwrap_or_default();
    let half_life = duration("half_life", raw.half_life.as_deref())?;
    let interval = duration("interval", raw.interval.as_deref())?;
    let mut formats: Vec<Format> = Vec::with_capacity(raw.format.len());
    for format in &raw.format {
        let checked = check_format(format, &raw)?;
        if formats.iter().any(|other| other.name == checked.name) {
            return Err(invalid(
                "format.name",
                format!("{:?} is there twice", checked.name),
            ));
        }
        formats.push(checked);
    }
    let has_articles = formats.iter().any(|format| format.connector_name == "rss");
    if has_articles && stated.extent == Extent::Snapshot {
        let message = "articles leave their feed when newer ones come, and what they said stays:                        \"events\" or \"window\" is allowed";
        return Err(invalid("extent", message));
    }
    let fetching = Fetching {
        pages: check_pages(raw.pages, &raw.page_sites, has_articles)?,
        page_sites: raw.page_sites,
        on_request: raw.on_request,
        allow_private: raw.allow_private,
        max_size: size("max_size", raw.max_size.as_deref())?,
        auth: raw.auth.map(RawAuth::check).transpose()?,
        expect: raw.expect.check()?,
    };
    Ok(Feed {
        name: raw.name,
        title: raw.title,
        publisher: raw.publisher,
        homepage: raw.homepage,
        category: stated.category,
        confidence: stated.confidence,
        scope: raw.scope,
        extent: stated.extent,
        expires_after: expiry.default,
        expires_after_by_kind: expiry.by_kind,
        weight: raw.weight,
        half_life,
        interval,
        terms: raw.terms,
        redistribute: raw.redistribute,
        list_non_global: raw.list_non_global,
        tags: raw.tags,
        malware: raw.malware,
        techniques: sorted(raw.techniques),
        origin: raw.origin,
        fetching,
        formats,
        recognition: raw.recognise.lower_case(),
    })
}

fn is_technique(text: &str) -> bool {
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    let Some(rest) = text.strip_prefix('T') else {
        return false;
    };
    match rest.split_once('.') {
        Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
        None => digits(rest, 4),
    }
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts.dedup();
    texts
}

/// `90d`: a number and s, m, h, d or w, in seconds.
fn duration(key: &str, text: Option<&str>) -> Result<Option<u32>, FeedConfigError> {
    let Some(text) = text else { return Ok(None) };
    let wrong = || {
        invalid(
            key,
            format!("{text:?}: a number and s, m, h, d or w is allowed, as 90d"),
        )
    };
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        Some('w') => 604_800,
        _ => return Err(wrong()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let seconds = number
        .checked_mul(unit)
        .filter(|seconds| *seconds > 0)
        .ok_or_else(wrong)?;
    Ok(Some(seconds))
}
