//! The text of one element, with markup where it has some.

use quick_xml::escape::minimal_escape;
use quick_xml::events::BytesStart;

use super::super::super::reference::unescape;
use super::super::item::{Item, Markup};
use super::super::{Document, MAX_TEXT};
use crate::feed::date::{DateOrder, read_date};

/// Tags that are kept of an item.
const MAX_TAGS: usize = 64;

/// What an element says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    Link,
    Guid,
    Summary,
    Content,
    Published,
    Updated,
    Tag,
}

impl Field {
    /// By the element's namespace and name. Besides those of feeds, Dublin Core
    /// and the one for full content are known; others are of media and shops.
    pub(super) fn of(prefix: &str, bare: &str) -> Option<Field> {
        Some(match (prefix, bare) {
            ("" | "atom" | "rss" | "dc", "title") => Field::Title,
            ("" | "atom" | "rss", "link") => Field::Link,
            ("" | "atom" | "rss", "guid" | "id") => Field::Guid,
            ("" | "atom" | "rss" | "dc", "description") | ("" | "atom", "summary") => {
                Field::Summary
            }
            ("content", "encoded") | ("" | "atom", "content") => Field::Content,
            ("" | "rss", "pubDate" | "pubdate" | "PubDate")
            | ("" | "atom", "published" | "issued" | "created")
            | ("dc" | "dcterms", "date" | "issued" | "created")
            | ("", "date") => Field::Published,
            ("" | "atom" | "dcterms", "updated" | "modified" | "lastBuildDate") => Field::Updated,
            ("" | "atom" | "rss", "category") | ("dc", "subject") => Field::Tag,
            _ => return None,
        })
    }
}

/// An element whose text is being read.
pub(super) struct Capture {
    field: Field,
    /// How many elements are around it.
    pub(super) depth: usize,
    /// What its text says.
    plain: String,
    /// The same as markup: text escaped, with the elements in it.
    marked: String,
    has_elements: bool,
    /// It says that its text is HTML.
    says_html: bool,
    /// Atom's `term`, the permalink of RSS.
    attribute: Option<String>,
}

impl Capture {
    pub(super) fn new(field: Field, depth: usize, start: &BytesStart<'_>) -> Capture {
        let mut capture = Capture {
            field,
            depth,
            plain: String::new(),
            marked: String::new(),
            has_elements: false,
            says_html: false,
            attribute: None,
        };
        for attribute in start.attributes().with_checks(false).flatten() {
            let value = unescape(&attribute.value);
            match (field, attribute.key.as_ref()) {
                (Field::Tag, "term") | (Field::Guid, "isPermaLink") => {
                    capture.attribute = Some(value.into_owned());
                }
                (_, "type") => capture.says_html = value.contains("html"),
                _ => {}
            }
        }
        capture
    }

    fn has_room(&self, more: usize) -> bool {
        self.marked.len() + more <= MAX_TEXT
    }

    /// Text, its references undone.
    pub(super) fn push(&mut self, text: &str) {
        if self.has_room(text.len()) {
            self.plain.push_str(text);
            self.marked.push_str(&minimal_escape(text));
        }
    }

    /// An element that begins in it.
    pub(super) fn open(&mut self, start: &BytesStart<'_>) {
        self.has_elements = true;
        let written: &str = start;
        if self.has_room(written.len()) {
            self.marked.push('<');
            self.marked.push_str(written);
            self.marked.push('>');
        }
    }

    /// An element that ends in it.
    pub(super) fn close(&mut self, name: &str) {
        if self.has_room(name.len()) {
            self.marked.push_str("</");
            self.marked.push_str(name);
            self.marked.push('>');
        }
    }

    fn text(self) -> Markup {
        if self.has_elements {
            Markup {
                text: self.marked,
                is_html: true,
            }
        } else {
            Markup {
                text: self.plain,
                is_html: self.says_html,
            }
        }
    }

    /// Adds what it says to the item.
    pub(super) fn store(self, item: &mut Item) {
        let date = |text: &str| read_date(text, DateOrder::MonthFirst);
        match self.field {
            Field::Title => fill(&mut item.title, self.text().text),
            Field::Link => fill(&mut item.link, self.plain.trim().to_owned()),
            Field::Guid => {
                let guid = self.plain.trim();
                let is_link = self.attribute.as_deref() != Some("false");
                // A permalink that no link gainsays is one.
                if item.link.is_empty() && is_link && guid.starts_with("http") {
                    guid.clone_into(&mut item.link);
                }
                fill(&mut item.guid, guid.to_owned());
            }
            Field::Summary => fill_markup(&mut item.summary, self.text()),
            Field::Content => fill_markup(&mut item.content, self.text()),
            Field::Published => item.published = item.published.or_else(|| date(&self.plain)),
            Field::Updated => item.updated = item.updated.or_else(|| date(&self.plain)),
            Field::Tag => {
                let tag = self.attribute.as_deref().unwrap_or(&self.plain).trim();
                if !tag.is_empty() && item.tags.len() < MAX_TAGS {
                    item.tags.push(tag.to_owned());
                }
            }
        }
    }

    /// Adds what it says to the document, in which no item is open.
    pub(super) fn store_above(self, document: &mut Document) {
        match self.field {
            Field::Title => fill(&mut document.title, self.text().text),
            Field::Link => fill(&mut document.home, self.plain.trim().to_owned()),
            _ => {}
        }
    }
}

/// The first text that says something is kept.
fn fill(place: &mut String, text: String) {
    if place.trim().is_empty() {
        *place = text;
    }
}

fn fill_markup(place: &mut Markup, markup: Markup) {
    if place.text.trim().len() < markup.text.trim().len() {
        *place = markup;
    }
}
