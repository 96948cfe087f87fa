//! Tags and texts into lines.

use super::super::heading::Section;
use super::super::prose::{Block, Link, Place, Prose};
use super::super::reference::unescape;
use super::token::{Token, attribute};

/// Blocks and links that are noted.
const MAX_NOTED: usize = 100_000;

/// Elements of which nothing belongs to an article.
const HIDDEN: [&str; 13] = [
    "head", "nav", "footer", "aside", "form", "button", "select", "dialog", "menu", "audio",
    "video", "object", "canvas",
];

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 27] = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "ul",
    "ol",
    "dl",
    "dd",
    "table",
    "tbody",
    "thead",
    "tfoot",
    "blockquote",
    "figure",
    "figcaption",
    "hr",
    "address",
    "details",
    "summary",
    "caption",
    "center",
    "body",
    "html",
    "fieldset",
    "dt",
];

/// Writes text as it comes.
#[derive(Default)]
pub(super) struct Writer {
    prose: Prose,
    /// Where the block begins that is being written.
    start: usize,
    /// Whether a blank stands before what comes next.
    blank: bool,
    /// How many hidden elements are open, and the name of the outermost.
    hidden: usize,
    /// Elements around the text that say what it stands in.
    items: usize,
    code: usize,
    cells: usize,
    heading: Option<u8>,
    link: Option<(usize, String)>,
}

impl Writer {
    pub(super) fn take(&mut self, token: &Token<'_>) {
        match token {
            Token::Text(text) if self.hidden == 0 => self.write(&unescape(text)),
            Token::Text(_) => {}
            Token::Open { name, attributes } => self.open(name, attributes),
            Token::Close { name } => self.close(name),
        }
    }

    fn place(&self) -> Place {
        if self.code > 0 {
            Place::Code
        } else if let Some(level) = self.heading {
            Place::Heading(level)
        } else if self.cells > 0 {
            Place::Cell
        } else if self.items > 0 {
            Place::Item
        } else {
            Place::Sentence
        }
    }

    fn write(&mut self, text: &str) {
        if self.code > 0 {
            for (number, line) in text.split('\n').enumerate() {
                if number > 0 {
                    self.end_line();
                }
                self.put(line.trim_end_matches('\r'));
            }
            return;
        }
        for char in text.chars() {
            if char.is_whitespace() {
                self.blank = true;
            } else if !matches!(char, '\u{ad}' | '\u{200b}' | '\u{feff}') {
                self.put(char.encode_utf8(&mut [0; 4]));
            }
        }
    }

    fn put(&mut self, text: &str) {
        if self.blank && self.prose.text.len() > self.start {
            self.prose.text.push(' ');
        }
        self.blank = false;
        self.prose.text.push_str(text);
    }

    /// Notes what was written since the block began.
    fn end_block(&mut self) {
        let text = &self.prose.text[self.start..];
        let trimmed = text.trim_start();
        let start = self.start + (text.len() - trimmed.len());
        let end = start + trimmed.trim_end().len();
        if end > start && self.prose.blocks.len() < MAX_NOTED {
            let block = Block {
                span: start..end,
                place: self.place(),
                section: Section::Other,
            };
            self.prose.blocks.push(block);
        }
        self.start = self.prose.text.len();
        self.blank = false;
    }

    fn end_line(&mut self) {
        self.end_block();
        let text = &mut self.prose.text;
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        self.start = text.len();
    }

    fn open(&mut self, name: &str, attributes: &str) {
        if HIDDEN.contains(&name) {
            self.end_line();
            self.hidden += 1;
            return;
        }
        if self.hidden > 0 {
            return;
        }
        match name {
            "br" => self.end_line(),
            "li" => {
                self.end_line();
                self.items += 1;
            }
            "tr" => {
                self.end_line();
                self.cells = 0;
            }
            "td" | "th" => {
                self.end_block();
                if !self.prose.text.is_empty() && !self.prose.text.ends_with('\n') {
                    self.prose.text.push_str(" | ");
                    self.start = self.prose.text.len();
                }
                self.cells = 1;
            }
            "pre" => {
                self.end_line();
                self.code += 1;
            }
            "a" => {
                self.end_link();
                if let Some(target) = attribute(attributes, "href") {
                    self.link = Some((self.prose.text.len(), target.into_owned()));
                }
            }
            _ if level(name).is_some() => {
                self.end_line();
                self.heading = level(name);
            }
            _ if BLOCKS.contains(&name) && self.cells == 0 => self.end_line(),
            // In a cell, what would be a line of its own is a word of its own.
            _ if BLOCKS.contains(&name) => self.blank = true,
            _ => {}
        }
        if name == "table" {
            self.end_line();
            self.cells = 0;
        }
    }

    fn close(&mut self, name: &str) {
        if HIDDEN.contains(&name) {
            self.hidden = self.hidden.saturating_sub(1);
            return;
        }
        if self.hidden > 0 {
            return;
        }
        match name {
            "li" => {
                self.end_line();
                self.items = self.items.saturating_sub(1);
            }
            "ul" | "ol" => {
                self.end_line();
                // Items whose end is left out.
                self.items = self.items.saturating_sub(usize::from(self.items > 8));
            }
            "td" | "th" => {
                self.end_block();
                self.cells = 0;
            }
            "tr" | "table" => {
                self.end_line();
                self.cells = 0;
            }
            "pre" => {
                self.end_line();
                self.code = self.code.saturating_sub(1);
            }
            "a" => self.end_link(),
            _ if level(name).is_some() => {
                self.end_line();
                self.heading = None;
            }
            _ if BLOCKS.contains(&name) && self.cells == 0 => self.end_line(),
            _ if BLOCKS.contains(&name) => self.blank = true,
            _ => {}
        }
    }

    fn end_link(&mut self) {
        if let Some((start, target)) = self.link.take()
            && self.prose.text.len() > start
            && self.prose.links.len() < MAX_NOTED
        {
            let span = start..self.prose.text.len();
            self.prose.links.push(Link { span, target });
        }
    }

    pub(super) fn finish(mut self) -> Prose {
        self.end_link();
        self.end_line();
        self.prose.section();
        self.prose
    }
}

/// Of `h1` to `h6`, the number.
fn level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}
