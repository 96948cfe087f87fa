//! What a document says of one article.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A text and how it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Markup {
    /// As it stands in the document, one layer of escapes undone.
    pub text: String,
    /// Whether it is certainly HTML; otherwise it is HTML if it looks so.
    pub is_html: bool,
}

/// One article as announced: strings, nothing trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Item {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The publisher's own name for it.
    pub guid: String,
    /// Where it can be read.
    pub link: String,
    /// May hold markup.
    pub title: String,
    /// The beginning, or a summary.
    pub summary: Markup,
    /// The whole, where the document has it.
    pub content: Markup,
    /// When it was published, as far as that can be read.
    pub published: Option<Timestamp>,
    /// When it was changed.
    pub updated: Option<Timestamp>,
    /// What it is filed under.
    pub tags: Vec<String>,
}

impl Item {
    /// Whether nothing says what it is.
    pub fn is_empty(&self) -> bool {
        [
            &self.title,
            &self.link,
            &self.guid,
            &self.summary.text,
            &self.content.text,
        ]
        .iter()
        .all(|text| text.trim().is_empty())
    }
}
