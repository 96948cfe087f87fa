//! The format of <https://github.com/MISP/misp-warninglists>.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, de};

use super::entry::{Form, read_entry};
use super::kinds::Kinds;
use super::rule::{Cover, Rule};
use super::{Refused, WarningList, WarningListError};

/// The largest `list.json` that is read, in bytes.
pub const MAX_FILE: usize = 64 << 20;

/// The most entries of one list.
pub const MAX_ENTRIES: usize = 5_000_000;

/// The most regular expressions of one list.
pub const MAX_EXPRESSIONS: usize = 1_000;

/// The most bytes that one list of substrings may have together.
pub const MAX_PARTS: usize = 4 << 20;

impl WarningList {
    /// Reads a `list.json`: `{"name", "type", "matching_attributes", "list"}`.
    /// Entries that cannot be read are left out and counted. As in MISP, a list
    /// without type is one of strings, one without attributes is for all.
    pub fn read_misp(name: &str, bytes: &[u8]) -> Result<(WarningList, Refused), WarningListError> {
        if bytes.len() > MAX_FILE {
            return Err(WarningListError::TooLarge { given: bytes.len() });
        }
        let document: Document<'_> =
            serde_json::from_slice(without_mark(bytes)).map_err(|error| {
                WarningListError::Syntax {
                    message: error.to_string(),
                }
            })?;
        let mut list = WarningList::new(name, &document.name)?;
        let form = document.form()?;
        let kinds = document.kinds();
        let mut refused = Refused::default();
        let mut budget = Budget::default();
        for Entry(entry) in &document.list.0 {
            let Some(entry) = entry else {
                refused.add("", "it is no text in quotes".to_owned());
                continue;
            };
            let read = if kinds.is_empty() {
                Err(document.why_not_covering())
            } else {
                read_entry(form, kinds, entry).and_then(|rules| budget.spend(rules))
            };
            match read {
                Ok(rules) => {
                    list.entries += 1;
                    list.rules.extend(rules);
                }
                Err(reason) => refused.add(entry, reason),
            }
        }
        list.refused = refused.count;
        Ok((list, refused))
    }
}

/// What a list has taken of what is dear to search for.
#[derive(Default)]
struct Budget {
    expressions: usize,
    parts: usize,
}

impl Budget {
    /// Gives the rules back if there is room for them.
    fn spend(&mut self, rules: Vec<Rule>) -> Result<Vec<Rule>, String> {
        for rule in &rules {
            match &rule.cover {
                Cover::Expression(_) => self.expressions += 1,
                Cover::Part(text) => self.parts += text.len(),
                _ => {}
            }
        }
        if self.expressions > MAX_EXPRESSIONS {
            return Err("only 1,000 expressions of a list are read".to_owned());
        }
        if self.parts > MAX_PARTS {
            return Err("only 4 MiB of substrings of a list are read".to_owned());
        }
        Ok(rules)
    }
}

/// Some editors write a byte order mark first.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The parts that matter; what else there is, is skipped.
#[derive(Deserialize)]
#[serde(expecting = "an object with name, type, matching_attributes and list")]
struct Document<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default, rename = "type")]
    form: Option<Cow<'a, str>>,
    #[serde(default, rename = "matching_attributes")]
    attributes: Vec<String>,
    #[serde(borrow)]
    list: Entries<'a>,
}

impl Document<'_> {
    fn form(&self) -> Result<Form, WarningListError> {
        match self.form.as_deref() {
            None | Some("string") => Ok(Form::String),
            Some("hostname") => Ok(Form::Hostname),
            Some("substring") => Ok(Form::Substring),
            Some("cidr") => Ok(Form::Network),
            Some("regex") => Ok(Form::Expression),
            Some(other) => Err(WarningListError::Type {
                given: other.chars().take(64).collect(),
            }),
        }
    }

    fn why_not_covering(&self) -> String {
        let attributes = self.attributes.join(", ");
        let attributes: String = attributes.chars().take(200).collect();
        format!("the list is for no type of value known here, but for {attributes}")
    }

    fn kinds(&self) -> Kinds {
        if self.attributes.is_empty() {
            return Kinds::ALL;
        }
        self.attributes
            .iter()
            .fold(Kinds::NONE, |kinds, attribute| {
                kinds.or(Kinds::of_attribute(attribute))
            })
    }
}

/// At most [`MAX_ENTRIES`], borrowed from the document where nothing is escaped.
struct Entries<'a>(Vec<Entry<'a>>);

impl<'a, 'de: 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = seq.next_element()? {
            if entries.len() == MAX_ENTRIES {
                return Err(de::Error::custom("it has more than 5,000,000 entries"));
            }
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

/// `None` for what is no text.
struct Entry<'a>(Option<Cow<'a, str>>);

impl<'a, 'de: 'a> Deserialize<'de> for Entry<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Entry(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Entry(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Entry(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Entry(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Entry(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Entry(None))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Entry(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Entry(None))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Entry(None))
    }
}
