//! The `text` connector: whatever a text mentions, in reports, notes, pages.
//!
//! Every mention of [`extract`](crate::extract) is a row, with the sentence or
//! the heading around it as its context. Links to what others wrote are
//! references, no indicators.

mod block;
mod citation;
mod markup;

use std::collections::HashSet;

use self::block::{Block, Blocks};
pub(super) use self::citation::is_cited_address;
use self::citation::{Citation, Section, judge};
use super::cell::{printable, unescaped};
use super::connector::{Connector, Sink, Skipped, no_settings};
use super::content::begins_as_schema;
use super::input::Input;
use super::outcome::{FeedError, FeedWarning};
use super::read::HEAD;
use crate::extract::{Mention, Options, mentions};
use crate::observation::{ColumnId, Columns, Observation};
use crate::value::{Kind, Value};

/// Confidence of what may well be something else.
const DOUBTFUL: &str = "25";
/// Values remembered, each of which is told once; later ones may be told again.
const MAX_SEEN: usize = 1 << 16;
/// References that go for everything behind them.
const MAX_REFERENCES: usize = 8;
/// Longest heading kept, in characters.
const MAX_HEADING: usize = 200;
/// Longest context given, in characters.
const MAX_CONTEXT: usize = 500;
/// Words beside an address that make no sentence of its line.
const FEW_WORDS: usize = 4;
/// Defanged spellings from which on a text writes its indicators so.
const FEW_DEFANGED: usize = 3;

pub(super) fn configure(
    settings: toml::Table,
    columns: &mut Columns,
) -> Result<Box<dyn Connector>, String> {
    no_settings(settings)?;
    let mut id = |name| columns.intern(name);
    Ok(Box::new(Text {
        value: id("value"),
        kind: id("type"),
        port: id("port"),
        confidence: id("confidence"),
        reference: id("reference"),
        context: id("context"),
    }))
}

#[derive(Debug)]
struct Text {
    value: ColumnId,
    kind: ColumnId,
    port: ColumnId,
    confidence: ColumnId,
    reference: ColumnId,
    context: ColumnId,
}

impl Connector for Text {
    fn read(
        &self,
        _: &Columns,
        input: &mut Input<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), FeedError> {
        let head = input.ahead(HEAD as u64)?;
        if begins_as_schema(&head) {
            sink.skipped(Skipped::Envelope);
            let what = "a JSON Schema, which describes documents: nothing in it is an indicator";
            sink.warn(FeedWarning::LeftOut(what.to_owned()));
            return Ok(());
        }
        let mut reading = Reading {
            ids: self,
            defangs: defanged_spellings(&head) >= FEW_DEFANGED,
            heading: String::new(),
            section: Section::Other,
            references: Vec::new(),
            seen: HashSet::new(),
            row: Observation::default(),
        };
        let mut blocks = Blocks::new(input, markup::is_markup(&head));
        let mut block = Block::default();
        while blocks.next(&mut block)? {
            reading.read_block(&block, sink);
        }
        Ok(())
    }
}

/// How often a text writes values so that nobody follows them by mistake.
fn defanged_spellings(head: &[u8]) -> usize {
    ["[.]", "hxxp", "hXXp", "(.)", "[:]", "[@]", "[dot]"]
        .iter()
        .map(|sign| memchr::memmem::find_iter(head, sign).count())
        .sum()
}

/// What is known at some place of a text.
struct Reading<'c> {
    ids: &'c Text,
    /// The text defangs its indicators, so a plain address in a sentence is none.
    defangs: bool,
    /// The last line that mentions nothing.
    heading: String,
    /// What the headings above say of the lines below.
    section: Section,
    references: Vec<String>,
    seen: HashSet<Value>,
    row: Observation,
}

impl Reading<'_> {
    fn read_block(&mut self, block: &Block, sink: &mut dyn Sink) {
        let text = &block.text;
        let found = mentions(text, &Options::default());
        let mut next = found.iter().peekable();
        let (mut start, mut covered) = (0, 0);
        for (number, line) in (0..).zip(text.split_inclusive('\n')) {
            let end = start + line.len();
            let mut here = Vec::new();
            while let Some(mention) = next.next_if(|mention| mention.span.start < end) {
                covered = mention.span.end;
                here.push(mention);
            }
            let line = line.trim();
            let number = block.line + number * block.step;
            if !here.is_empty() {
                self.note_section(line, false);
                self.give(block, line, number, &here, sink);
            } else if !line.is_empty() && covered <= start {
                self.note_section(line, start == 0);
                self.note_heading(line);
                sink.skipped(Skipped::Envelope);
            }
            start = end;
        }
    }

    /// A heading may begin a list of sources, or end one.
    fn note_section(&mut self, line: &str, first: bool) {
        let is_heading = line.starts_with('#') || line.ends_with(':') || first;
        if is_heading && line.split_whitespace().nth(10).is_none() {
            self.section = Section::of(line);
        }
    }

    fn note_heading(&mut self, line: &str) {
        let line = bare(line);
        if line.chars().any(char::is_alphanumeric) && !line.starts_with("```") {
            self.heading = printable(&unescaped(line), MAX_HEADING);
        }
    }

    /// Gives what a line mentions.
    fn give(
        &mut self,
        block: &Block,
        line: &str,
        number: u64,
        here: &[&Mention],
        sink: &mut dyn Sink,
    ) {
        let text = &block.text;
        let others = words_beside(line, here, text);
        let (is_list, is_sentence) = (others == 0, others > FEW_WORDS);
        let mut values = Vec::with_capacity(here.len());
        let mut references = Vec::new();
        for mention in here {
            match judge(mention, text, line, self.section) {
                Citation::Part => {}
                Citation::Source => self.note_reference(mention.written(text)),
                Citation::Link => references.push(mention.written(text)),
                Citation::Plain if self.defangs && is_sentence => {
                    references.push(mention.written(text));
                }
                Citation::Plain | Citation::No => values.push(*mention),
            }
        }
        if values.is_empty() {
            sink.skipped(Skipped::Envelope);
        }
        for mention in values {
            let value = &mention.reading.value;
            if self.seen.contains(value) {
                continue;
            }
            if self.seen.len() < MAX_SEEN {
                self.seen.insert(value.clone());
            }
            self.fill(mention, number, block);
            let context = if is_list {
                self.heading.clone()
            } else {
                context(mention, text)
            };
            self.row.push(self.ids.context, &context);
            let kept = self.references.iter().map(String::as_str);
            for reference in references.iter().copied().chain(kept) {
                self.row.push(self.ids.reference, reference);
            }
            sink.row(&self.row);
        }
    }

    /// The cells of a mention itself.
    fn fill(&mut self, mention: &Mention, line: u64, block: &Block) {
        let (row, ids, reading) = (&mut self.row, self.ids, &mention.reading);
        row.clear();
        row.line = line;
        row.damaged = block.damaged;
        let kind = reading.value.kind();
        row.push_with(ids.value, |out| {
            if reading.subtree && kind == Kind::Domain {
                out.push_str("*.");
            }
            out.push_str(reading.value.as_str());
        });
        row.push(ids.kind, kind.as_str());
        if let Some(port) = reading.port {
            row.push(ids.port, &port.to_string());
        }
        if mention.doubtful || self.section == Section::Harmless {
            row.push(ids.confidence, DOUBTFUL);
        }
    }

    fn note_reference(&mut self, url: &str) {
        if self.references.len() < MAX_REFERENCES && !self.references.iter().any(|own| own == url) {
            self.references.push(url.to_owned());
        }
    }
}

/// How many words a line has besides its mentions.
fn words_beside(line: &str, here: &[&Mention], text: &str) -> usize {
    let words = |text: &str| {
        let words = text.split(|char: char| !char.is_alphanumeric());
        words.filter(|word| !word.is_empty()).count()
    };
    let mentioned: usize = here
        .iter()
        .map(|mention| words(mention.written(text)))
        .sum();
    words(line).saturating_sub(mentioned)
}

fn context(mention: &Mention, text: &str) -> String {
    let sentence = &text[mention.sentence(text)];
    printable(&unescaped(bare(sentence)), MAX_CONTEXT)
}

/// A line without the signs of lists, headings, quotations and tables.
fn bare(line: &str) -> &str {
    line.trim_matches(|char: char| {
        char.is_whitespace() || matches!(char, '#' | '*' | '-' | '=' | '>' | '|' | '•' | '_' | '+')
    })
}
