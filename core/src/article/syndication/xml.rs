//! RSS and Atom, as far as a document is well formed and beyond.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::item::Item;
use super::{Document, MAX_ITEMS, NoFeed, line_at};

mod capture;
mod namespace;

use self::capture::{Capture, Field};
use self::namespace::Namespaces;
use super::super::reference::{resolve, unescape};

/// Elements within each other; no feed has so many.
const MAX_DEPTH: usize = 256;
/// Errors of syntax after which reading ends.
const MAX_ERRORS: usize = 100;

/// Reads a document.
pub(super) fn read(text: &str) -> Result<Document, NoFeed> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    config.check_comments = false;
    let mut parse = Parse::new(text);
    let mut errors = 0;
    loop {
        parse.at = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => parse.take(&event)?,
            Err(error) => {
                parse.note(error.to_string());
                errors += 1;
                if errors >= MAX_ERRORS {
                    break;
                }
            }
        }
        if parse.document.is_cut || parse.is_over {
            break;
        }
    }
    parse.finish()
}

/// A document on its way.
struct Parse<'t> {
    text: &'t str,
    at: usize,
    /// Where lines were counted up to, and how many.
    counted: (usize, u64),
    /// Names of the elements that are open, prefix and all.
    open: Vec<String>,
    has_root: bool,
    is_over: bool,
    /// The item that is being read, and how deep its element is.
    item: Option<(usize, Item)>,
    capture: Option<Capture>,
    namespaces: Namespaces,
    document: Document,
}

impl<'t> Parse<'t> {
    fn new(text: &'t str) -> Parse<'t> {
        Parse {
            text,
            at: 0,
            counted: (0, 1),
            open: Vec::new(),
            has_root: false,
            is_over: false,
            item: None,
            capture: None,
            namespaces: Namespaces::default(),
            document: Document::default(),
        }
    }

    /// The line of the event.
    fn line(&mut self) -> u64 {
        let (from, lines) = self.counted;
        if self.at > from {
            self.counted = (
                self.at,
                lines + line_at(&self.text[from..], self.at - from) - 1,
            );
        }
        self.counted.1
    }

    /// Notes the first damage.
    fn note(&mut self, what: String) {
        if self.document.damage.is_none() {
            let line = self.line();
            self.document.damage = Some((line, what));
        }
    }

    fn take(&mut self, event: &Event<'_>) -> Result<(), NoFeed> {
        match event {
            Event::Start(start) => {
                self.begin(start)?;
                if self.open.len() >= MAX_DEPTH {
                    self.note(format!("elements within each other, more than {MAX_DEPTH}"));
                    self.is_over = true;
                }
                self.open.push(start.name().as_ref().to_owned());
            }
            Event::Empty(start) => {
                self.begin(start)?;
                self.open.push(start.name().as_ref().to_owned());
                self.close_top();
            }
            Event::End(end) => self.end(end.name().as_ref()),
            Event::Text(text) => {
                let text = text.xml10_content();
                if text.contains('&') {
                    self.note("an & that begins no reference".to_owned());
                }
                if let Some(capture) = &mut self.capture {
                    capture.push(&text);
                }
            }
            Event::CData(data) => {
                if let Some(capture) = &mut self.capture {
                    capture.push(&data.xml10_content());
                }
            }
            Event::GeneralRef(name) => {
                if let Some(capture) = &mut self.capture {
                    capture.push(&resolve(name));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, start: &BytesStart<'_>) -> Result<(), NoFeed> {
        let name = start.name();
        let name = name.as_ref();
        if !self.has_root {
            self.has_root = true;
            let bare = bare(name);
            if !["rss", "RDF", "feed", "channel", "Channel", "entry"].contains(&bare) {
                return Err(NoFeed::Other(match bare.to_ascii_lowercase().as_str() {
                    "html" => "an HTML page".to_owned(),
                    _ => format!("an XML document of <{name}>, which is no RSS and no Atom"),
                }));
            }
        }
        if let Some(capture) = &mut self.capture {
            capture.open(start);
            return Ok(());
        }
        self.namespaces.declare(start);
        let (prefix, bare_name) = self.namespaces.resolve(name);
        if matches!(bare_name, "item" | "entry")
            && matches!(prefix, "" | "atom" | "rss")
            && self.item.is_none()
        {
            if self.document.items.len() >= MAX_ITEMS {
                self.document.is_cut = true;
                return Ok(());
            }
            let line = self.line();
            let item = Item {
                line,
                ..Item::default()
            };
            self.item = Some((self.open.len(), item));
            return Ok(());
        }
        let depth = self.open.len();
        if let Some((at, item)) = &mut self.item {
            if depth == *at + 1
                && let Some(field) = Field::of(prefix, bare_name)
            {
                if field == Field::Link {
                    take_link(start, &mut item.link);
                }
                self.capture = Some(Capture::new(field, depth, start));
            }
        } else if depth <= 2
            && self
                .open
                .last()
                .is_some_and(|parent| matches!(bare(parent), "channel" | "feed"))
            && let Some(field @ (Field::Title | Field::Link)) = Field::of(prefix, bare_name)
        {
            if field == Field::Link {
                take_link(start, &mut self.document.home);
            }
            self.capture = Some(Capture::new(field, depth, start));
        }
        Ok(())
    }

    /// Closes the innermost element of this name and what is open in it.
    fn end(&mut self, name: &str) {
        let Some(place) = self.open.iter().rposition(|open| open == name) else {
            return self.note(format!("</{name}> closes nothing"));
        };
        if place + 1 < self.open.len() {
            let unclosed = self.open.last().cloned().unwrap_or_default();
            self.note(format!("<{unclosed}> is not closed before </{name}>"));
        }
        while self.open.len() > place {
            self.close_top();
        }
    }

    fn close_top(&mut self) {
        let Some(name) = self.open.pop() else { return };
        let depth = self.open.len();
        if let Some(capture) = &mut self.capture {
            if depth > capture.depth {
                capture.close(&name);
            } else if let Some(capture) = self.capture.take() {
                match &mut self.item {
                    Some((_, item)) => capture.store(item),
                    None => capture.store_above(&mut self.document),
                }
            }
        }
        if let Some((_, item)) = self.item.take_if(|(at, _)| depth <= *at) {
            self.document.items.push(item);
        }
    }

    fn finish(mut self) -> Result<Document, NoFeed> {
        self.at = self.text.len();
        if !self.has_root {
            return Err(NoFeed::Cut { line: self.line() });
        }
        if let Some(open) = self.open.last().cloned()
            && !self.document.is_cut
        {
            self.note(format!("the document ends within <{open}>"));
        }
        while !self.open.is_empty() {
            self.close_top();
        }
        Ok(self.document)
    }
}

/// The name without its prefix.
fn bare(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Atom's link: the alternate one is that of the article.
fn take_link(start: &BytesStart<'_>, link: &mut String) {
    let (mut href, mut is_alternate) = (None, true);
    for attribute in start.attributes().with_checks(false).flatten() {
        let value = unescape(&attribute.value);
        match attribute.key.as_ref() {
            "href" => href = Some(value.into_owned()),
            "rel" => is_alternate = value == "alternate",
            _ => {}
        }
    }
    if let Some(href) = href
        && (link.is_empty() && is_alternate)
    {
        *link = href;
    }
}

#[cfg(test)]
mod tests;
