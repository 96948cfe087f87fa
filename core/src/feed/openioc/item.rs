//! Items: one thing to look for.

use std::net::IpAddr;

use crate::feed::cell::printable;
use crate::feed::statement::Group;

/// Longest content, in bytes.
const MAX_CONTENT: usize = 64 * 1024;

/// An `IndicatorItem`.
#[derive(Debug)]
pub(super) struct Item {
    id: String,
    condition: String,
    negated: bool,
    /// Where it is looked for: `FileItem/Md5sum`.
    pub(super) search: String,
    content: String,
    too_long: bool,
}

/// What stands at a place that is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Host,
    Url,
    Email,
    Hash,
}

impl Item {
    pub(super) fn new(attribute: impl Fn(&str) -> Option<String>) -> Item {
        let negated = attribute("negate").unwrap_or_default();
        Item {
            id: attribute("id").unwrap_or_default(),
            condition: attribute("condition").unwrap_or_else(|| "is".to_owned()),
            negated: matches!(negated.trim(), "true" | "1"),
            search: String::new(),
            content: String::new(),
            too_long: false,
        }
    }

    /// Text of its content. What is longer than any list of values is none.
    pub(super) fn add_content(&mut self, text: &str) {
        if self.content.len() + text.len() <= MAX_CONTENT {
            self.content.push_str(text);
        } else {
            self.too_long = true;
        }
    }

    /// Bytes of it were no UTF-8.
    pub(super) fn is_damaged(&self) -> bool {
        self.content.contains(char::REPLACEMENT_CHARACTER)
    }

    /// The item for a person.
    pub(super) fn label(&self) -> String {
        format!("{} {} {}", self.search, self.condition, self.said())
    }

    /// The values that it names, or why it names none.
    pub(super) fn values(&self) -> Result<Group, String> {
        if self.negated {
            return Err("the item is negated: it says what is not there".to_owned());
        }
        let search = printable(&self.search, 80);
        let place = Place::of(&self.search)
            .ok_or_else(|| format!("{search:?} is no place of a value known here"))?;
        let said = self.said();
        if self.too_long {
            return Err("the content is longer than 64 KiB".to_owned());
        }
        if said.is_empty() {
            return Err("the item has no content".to_owned());
        }
        let part = match (&*self.condition.trim().to_ascii_lowercase(), place) {
            ("is", _) => false,
            // A whole name or address that is a part of a host: it, and what
            // is below it.
            ("contains" | "ends-with", Place::Host) => true,
            _ => {
                let condition = printable(&self.condition, 40);
                return Err(format!("the condition {condition:?} names no whole value"));
            }
        };
        let parts = said.split(|char| place.divides(char)).map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        let values: Vec<String> = parts
            .map(|value| match value.parse::<IpAddr>() {
                Err(_) if part && value.contains(char::is_alphabetic) => {
                    format!("*.{}", value.trim_start_matches(['*', '.']))
                }
                _ => value.to_owned(),
            })
            .collect();
        let kind = match place {
            Place::Url if said.contains('/') => "url",
            // Some call a host alone a URL.
            Place::Host | Place::Url => "host",
            Place::Email => "email",
            Place::Hash => "hash",
        };
        Ok(Group {
            kind,
            values,
            ports: Vec::new(),
        })
    }

    /// The content. An export of MISP leaves it empty and has the value for an
    /// id, where the format has UUIDs.
    fn said(&self) -> &str {
        let content = self.content.trim();
        if content.is_empty() && !is_uuid(&self.id) {
            self.id.trim()
        } else {
            content
        }
    }
}

impl Place {
    fn of(search: &str) -> Option<Place> {
        let search = search.trim().to_ascii_lowercase();
        let mut steps = search.split('/');
        let (first, last) = (steps.next()?, steps.next_back()?);
        let is_hash = ["md5sum", "sha1sum", "sha256sum", "sha512sum"]
            .iter()
            .any(|name| last.ends_with(name));
        Some(match (first, last) {
            // Of parts of files.
            _ if search.contains("/peinfo/") => return None,
            _ if is_hash => Place::Hash,
            ("dnsentryitem", "host" | "recordname" | "ipv4address" | "ipv6address")
            | ("network", "dns" | "ip")
            | ("routeentryitem", "destination")
            | (_, "remoteip" | "hostname") => Place::Host,
            ("network", "uri" | "url") | (_, "url" | "sourceurl") => Place::Url,
            // Who gets a message is the one it is aimed at.
            ("email", "from" | "sender" | "replyto" | "returnpath") => Place::Email,
            _ => return None,
        })
    }

    /// Whether a character stands between several values.
    fn divides(self, char: char) -> bool {
        match self {
            Place::Url => char.is_whitespace(),
            _ => matches!(char, ',' | ';' | '|') || char.is_whitespace(),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let text = text.trim();
    let is_digit = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    text.is_empty() || text.len() == 36 && text.bytes().all(is_digit) && text.contains('-')
}
