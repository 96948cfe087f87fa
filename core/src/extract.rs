//! Values out of prose: reports, Markdown, HTML, mail, logs.
//!
//! One pass over the bytes cuts the text into chunks at blanks, quotes and
//! angle brackets, and notes what kinds of character a chunk has; a chunk that
//! cannot hold a value costs nothing more. In the others a cursor moves from
//! word to word, reads what may begin there with a bounded look around, and
//! never goes back behind what it has read: the time is linear in the text.
//!
//! Only spellings are taken that cannot mean anything else
//! ([`Lenience::Prose`]): defanging in balanced brackets, known endings of
//! names, no file names (`report.zip`), no code (`System.Net`), no hexadecimal
//! run out of a longer one. A URL is one value; what its path or query
//! mentions is no second one.
//!
//! ```
//! use iocd_core::extract::{Options, mentions};
//!
//! let text = "It calls hxxps://bad[.]example[.]org/a, drops report.zip and beacons to 203.0.113[.]7:443.";
//! let found: Vec<_> = mentions(text, &Options::default())
//!     .into_iter()
//!     .map(|mention| (mention.reading.value.to_string(), mention.written(text)))
//!     .collect();
//! assert_eq!(found[0], ("https://bad.example.org/a".to_owned(), "hxxps://bad[.]example[.]org/a"));
//! assert_eq!(found[1], ("203.0.113.7".to_owned(), "203.0.113[.]7:443"));
//! assert_eq!(found.len(), 2);
//! ```

use std::collections::HashSet;
use std::ops::Range;

use crate::normalize::{Lenience, Reading, read};
use crate::value::{Kind, Value};

mod address;
mod class;
mod code;
mod entity;
mod id;
mod link;
mod mailbox;
mod name;
mod scan;
mod sentence;
mod sign;
mod wrap;

pub use self::sentence::sentence;

/// What is wanted of an extraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Options {
    /// Tell each value once, where it is mentioned first.
    pub unique: bool,
    /// Also tell the host of every URL and the domain of every e-mail address,
    /// as values of their own behind the one they are part of.
    pub hosts: bool,
}

/// A value where a text mentions it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// What was read. Its `changes` tell what was undone, its `port` what
    /// stood behind the host.
    pub reading: Reading,
    /// Where it stands: byte offsets in the text as given.
    pub span: Range<usize>,
    /// It may well be something else, as an address that follows `version`:
    /// whoever makes a claim of it lowers the confidence.
    pub doubtful: bool,
}

impl Mention {
    /// The value as it was written.
    pub fn written<'t>(&self, text: &'t str) -> &'t str {
        &text[self.span.clone()]
    }

    /// Where the sentence, list item, table row or line is that mentions it.
    pub fn sentence(&self, text: &str) -> Range<usize> {
        sentence(text, &self.span)
    }
}

/// A place where a value of some type may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<'t> {
    /// The type it would be of.
    pub kind: Kind,
    /// The text to read, with [`Lenience::Prose`]: what stands there, without
    /// escapes of HTML, and with the parts of a broken line joined.
    pub text: &'t str,
    /// Where it stands: byte offsets.
    pub span: Range<usize>,
    /// As in [`Mention`].
    pub doubtful: bool,
}

/// Decides about candidates; for callers that know a quicker way than reading
/// each one.
pub trait Taker {
    /// Whether the candidate is a value. If it is, what it covers is not
    /// looked at again.
    fn take(&mut self, candidate: &Candidate<'_>) -> bool;
}

/// Offers every candidate of a text, in order.
pub fn candidates(text: &str, taker: &mut impl Taker) {
    scan::Scan::new(&entity::Plain::of(text), taker).run();
}

/// Tells `visit` every value that a text mentions, in order.
pub fn extract(text: &str, options: &Options, visit: &mut dyn FnMut(Mention)) {
    let mut reader = Reader {
        options: *options,
        seen: HashSet::new(),
        visit,
    };
    candidates(text, &mut reader);
}

/// Every value that a text mentions, in order.
pub fn mentions(text: &str, options: &Options) -> Vec<Mention> {
    let mut mentions = Vec::new();
    extract(text, options, &mut |mention| mentions.push(mention));
    mentions
}

struct Reader<'a> {
    options: Options,
    seen: HashSet<Value>,
    visit: &'a mut dyn FnMut(Mention),
}

impl Reader<'_> {
    fn tell(&mut self, mention: Mention) {
        if self.options.unique && !self.seen.insert(mention.reading.value.clone()) {
            return;
        }
        (self.visit)(mention);
    }
}

impl Taker for Reader<'_> {
    fn take(&mut self, candidate: &Candidate<'_>) -> bool {
        let Ok(reading) = read(candidate.kind, candidate.text, Lenience::Prose) else {
            return false;
        };
        let host = if self.options.hosts {
            host_mention(&reading.value, candidate)
        } else {
            None
        };
        self.tell(Mention {
            reading,
            span: candidate.span.clone(),
            doubtful: candidate.doubtful,
        });
        if let Some(host) = host {
            self.tell(host);
        }
        true
    }
}

/// The host of a URL or e-mail address that a candidate was read as, as a
/// value of its own where it stands.
pub fn host_mention(value: &Value, candidate: &Candidate<'_>) -> Option<Mention> {
    if !matches!(value.kind(), Kind::Url | Kind::Email) {
        return None;
    }
    let host = value.as_ref().host()?;
    let kind = host_kind(host);
    let value = Value::parse(kind, host).ok()?;
    let inner = link::host_range(candidate.text);
    let written = &candidate.text[inner.clone()];
    // where escapes or a broken line were undone the parts stand elsewhere
    let as_written = candidate.span.len() == candidate.text.len();
    let read = if as_written && written != host {
        read(kind, written, Lenience::Prose).ok()
    } else {
        None
    };
    let (reading, span) = match read {
        Some(reading) if reading.value == value => (reading, inner),
        _ if as_written && written == host => (Reading::plain(value), inner),
        // written in a way of which only the whole makes sense
        _ => (Reading::plain(value), 0..candidate.span.len()),
    };
    let start = candidate.span.start;
    Some(Mention {
        reading,
        span: start + span.start..start + span.end,
        doubtful: candidate.doubtful,
    })
}

/// The type of a canonical host.
fn host_kind(host: &str) -> Kind {
    if host.contains(':') {
        Kind::Ipv6
    } else if crate::value::url::is_address(host) {
        Kind::Ipv4
    } else {
        Kind::Domain
    }
}

#[cfg(test)]
mod tests;
