//! Feeds drafted from a document that nobody has described yet.
//!
//! A draft is the TOML of a feed, so that what reads the document now can be
//! kept, corrected and used from then on.

mod column;
mod list;
mod object;
mod role;
mod rules;
mod sample;
mod table;

use super::Feed;
use super::connector::CONNECTORS;
use super::content::{Content, recognise_content};
use super::outcome::{FeedError, FeedWarning};
use super::toml_text::quoted;
use crate::feed::cell::printable;

/// A feed that reads a document, as far as its beginning shows how.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Made of [`Draft::toml`].
    pub feed: Feed,
    /// Its description, with remarks on what the document could not tell.
    pub toml: String,
    /// What is odd about the document.
    pub warning: Option<FeedWarning>,
}

/// Drafts a feed called `name` (`[a-z0-9-]`, at most 64 bytes) for a document
/// that begins with `head`, at most [`HEAD`](super::HEAD) decompressed bytes.
///
/// `connector` names the one to read it with; `None` goes by the content. An
/// error tells why the document cannot be read so, or at all.
pub fn draft_feed(name: &str, head: &[u8], connector: Option<&str>) -> Result<Draft, FeedError> {
    let (format, warning) = match connector {
        None => by_content(head)?,
        Some(connector) => (by_connector(head, connector)?, None),
    };
    let title = printable(name, 100);
    let origin = if format == plain_format("rss") {
        "origin = \"article\"\n"
    } else {
        ""
    };
    let toml = format!(
        "name = {}\ntitle = {}\n\
         publisher = \"unknown\"       # who makes the list\n\
         category = \"threat-intel\"   # or government, commercial, community, vendor, research, news\n\
         confidence = 50             # of rows that say nothing themselves, 0 to 100\n\
         extent = \"events\"           # \"snapshot\" if it is the whole list each time\n\
         {origin}\n\
         [[format]]\n{format}",
        quoted(name),
        quoted(&title),
    );
    let feed = toml.parse().map_err(|error| FeedError::Malformed {
        line: 0,
        what: format!("no description of it can be made: {error}").into(),
    })?;
    Ok(Draft {
        feed,
        toml,
        warning,
    })
}

fn by_content(head: &[u8]) -> Result<(String, Option<FeedWarning>), FeedError> {
    let format = match recognise_content(head)? {
        Content::Standard(name) => plain_format(name),
        Content::UnknownXml(root) => {
            let what = format!(
                "XML of no format that is known (its first element is {:?}): it was read as text, \
                 and what it mentions was taken",
                printable(&root, 40)
            );
            return Ok((text_format(), Some(FeedWarning::LeftOut(what))));
        }
        Content::Json(documents) => object::format(&documents).unwrap_or_else(text_format),
        Content::Text => {
            let sample = sample::Sample::of(head);
            let found = table::format(&sample).or_else(|| list::format(&sample));
            found.unwrap_or_else(text_format)
        }
    };
    Ok((format, None))
}

fn by_connector(head: &[u8], connector: &str) -> Result<String, FeedError> {
    let mismatch = |expected: &str, found: &str| FeedError::NotThisFormat {
        expected: expected.to_owned(),
        found: found.to_owned(),
    };
    let entry = CONNECTORS.iter().find(|entry| entry.name == connector);
    let entry = entry.ok_or_else(|| {
        let known: Vec<&str> = CONNECTORS.iter().map(|entry| entry.name).collect();
        mismatch(
            &format!("one of the connectors {}", known.join(", ")),
            connector,
        )
    })?;
    let content = recognise_content(head)?;
    match (connector, content) {
        ("json", Content::Json(documents)) => object::format(&documents)
            .ok_or_else(|| mismatch("JSON with indicators", "none under any of its keys")),
        ("json", _) => Err(mismatch("JSON of rows", "another format")),
        ("csv", Content::Text) => table::format(&sample::Sample::of(head))
            .ok_or_else(|| mismatch("a table with a column of indicators", "no such column")),
        ("lines", Content::Text) => {
            let sample = sample::Sample::of(head);
            list::format(&sample).ok_or_else(|| mismatch("a list of values", "other lines"))
        }
        ("csv" | "lines", _) => Err(mismatch("lines of text", "JSON or XML")),
        (_, Content::Standard(found)) if found != connector && entry.name != "text" => {
            Err(mismatch(
                connector,
                &format!("a document for the connector {found:?}"),
            ))
        }
        (_, Content::UnknownXml(_)) if entry.name != "text" => {
            Err(mismatch(connector, "XML of no format that is known"))
        }
        _ => Ok(plain_format(entry.name)),
    }
}

/// A format of which there is nothing to say.
fn plain_format(connector: &str) -> String {
    let name = quoted(connector);
    format!("name = {name}\nconnector = {name}\nmax_refused = 100\n")
}

fn text_format() -> String {
    plain_format("text")
}
