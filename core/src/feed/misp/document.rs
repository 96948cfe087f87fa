//! The way through a document to its attributes.

use super::attribute::{Read, read_attribute};
use super::check::{found, is_event, no_misp};
use super::event::Event;
use crate::feed::connector::{Sink, Skipped};
use crate::feed::json::scan::Scanner;
use crate::feed::object::{Members, Tally};
use crate::feed::outcome::{FeedError, FeedWarning};
use crate::feed::statement::{StandardColumns, Statement};
use crate::observation::Observation;

/// Bytes of attributes that wait for what is said of their event.
const MAX_KEPT: usize = 64 << 20;

/// What an attribute takes in memory besides its text, at least.
const OVERHEAD: usize = 512;

/// Links that are kept of an event.
const MAX_REFERENCES: usize = 16;

/// Longest of these, in bytes.
const MAX_REFERENCE: usize = 2048;

/// Events, responses and arrays inside one another.
const MAX_NESTED: usize = 5;

/// A statement that waits for the rest of its event.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) statement: Statement,
    /// What the attribute says in words.
    pub(super) comment: Option<String>,
}

pub(super) struct Reader<'c, 's> {
    pub(super) columns: &'c StandardColumns,
    /// Whether attributes are taken that are not to be looked for.
    all: bool,
    pub(super) sink: &'s mut dyn Sink,
    /// Of the event that is being read.
    pub(super) held: Vec<Held>,
    /// Links that explain it.
    references: Vec<String>,
    kept: usize,
    told: bool,
    /// Values that are not to be looked for.
    unmarked: u64,
    tally: Tally,
}

impl<'c, 's> Reader<'c, 's> {
    pub(super) fn new(
        columns: &'c StandardColumns,
        all: bool,
        sink: &'s mut dyn Sink,
    ) -> Reader<'c, 's> {
        Reader {
            columns,
            all,
            sink,
            held: Vec::new(),
            references: Vec::new(),
            kept: 0,
            told: false,
            unmarked: 0,
            tally: Tally::default(),
        }
    }

    /// Reads the document, and all that follow it.
    pub(super) fn read_documents(
        &mut self,
        scanner: &mut Scanner<'_, '_>,
    ) -> Result<(), FeedError> {
        let mut first = true;
        while let Some(byte) = scanner.next()? {
            match byte {
                b'{' | b'[' => self.read_events(scanner, 0)?,
                _ if first => return Err(no_misp("text that is not JSON".to_owned())),
                _ => return Err(scanner.malformed("something else follows the document")),
            }
            first = false;
        }
        if first { Err(FeedError::Empty) } else { Ok(()) }
    }

    /// Says how it went; what waits is given without the rest of its event.
    pub(super) fn finish(mut self, result: Result<(), FeedError>) -> Result<(), FeedError> {
        self.give_held(&Event::default());
        if self.unmarked > 0 {
            self.sink.warn(FeedWarning::LeftOut(format!(
                "attributes left out because they are not marked to be looked for (to_ids is false): {}; \
                 settings = {{ all = true }} takes them at low confidence",
                self.unmarked
            )));
        }
        self.tally.judge(result, self.sink.rows())
    }

    /// One event or whatever holds some, or an array of these.
    fn read_events(
        &mut self,
        scanner: &mut Scanner<'_, '_>,
        depth: usize,
    ) -> Result<(), FeedError> {
        match scanner.next()? {
            Some(b'{') if depth < MAX_NESTED => self.read_event(scanner, depth),
            Some(b'[') if depth < MAX_NESTED => {
                self.sink.skipped(Skipped::Envelope);
                scanner.open()?;
                while scanner.element(b']')? {
                    self.read_events(scanner, depth + 1)?;
                }
                Ok(())
            }
            _ => {
                let line = scanner.line();
                scanner.skip()?;
                self.refuse(line, "", "an event of MISP is a JSON object");
                Ok(())
            }
        }
    }

    /// An event; what holds one; or a bare attribute.
    fn read_event(&mut self, scanner: &mut Scanner<'_, '_>, depth: usize) -> Result<(), FeedError> {
        let line = scanner.line();
        let mut members = Members::default();
        let mut key = String::new();
        let (mut holds, mut wraps) = (false, false);
        scanner.open()?;
        while scanner.element(b'}')? {
            scanner.key(&mut key)?;
            let next = scanner.next()?;
            let is_container = matches!(next, Some(b'{' | b'['));
            match &*key {
                "Event" | "response" if is_container => {
                    wraps = true;
                    self.read_events(scanner, depth + 1)?;
                }
                "Attribute" if is_container => {
                    holds = true;
                    self.read_attributes(scanner)?;
                }
                "Object" if is_container => {
                    holds = true;
                    self.read_objects(scanner)?;
                }
                _ => members.take(&key, scanner)?,
            }
        }
        let object = members.object();
        if !holds && !wraps && object.has("type") && object.has("value") {
            self.tally.count_good();
            self.take_attribute(&members, line);
        } else if holds || is_event(object) {
            self.tally.count_good();
            self.sink.skipped(Skipped::Envelope);
        } else if wraps {
            self.sink.skipped(Skipped::Envelope);
        } else if let Some(fault) = members.fault() {
            self.refuse(line, "", fault);
        } else if depth == 0 {
            return Err(no_misp(found(object)));
        } else {
            let reason = format!("no event of MISP: {}", found(object));
            self.refuse(line, "", &reason);
        }
        self.give_held(&Event::read(object, self.columns));
        Ok(())
    }

    pub(super) fn take_attribute(&mut self, members: &Members, line: u64) {
        let object = members.object();
        let read = match members.fault() {
            Some(fault) => Read::Refused(fault.to_owned()),
            None => read_attribute(object, self.all, self.columns),
        };
        match read {
            Read::Refused(reason) => {
                let text = ["value", "type", "uuid"];
                let text = text.iter().find_map(|key| object.word(key));
                self.sink.refused(line, &text.unwrap_or_default(), &reason);
            }
            Read::Explains(reference) => {
                self.sink.skipped(Skipped::Comment);
                let short = |link: &String| link.len() <= MAX_REFERENCE;
                let room = self.references.len() < MAX_REFERENCES;
                self.references
                    .extend(reference.filter(short).filter(|_| room));
            }
            Read::Unmarked => {
                self.sink.skipped(Skipped::Comment);
                self.unmarked += 1;
            }
            Read::Names(mut held) => {
                held.statement.line = line;
                held.statement.damaged = members.is_damaged();
                self.held.push(*held);
            }
        }
        self.kept += members.size() + OVERHEAD;
        if self.kept > MAX_KEPT {
            self.give_held(&Event::default());
            if !std::mem::replace(&mut self.told, true) {
                self.sink.warn(FeedWarning::LeftOut(
                    "an event is longer than 64 MiB: what is said of it as a whole is lost"
                        .to_owned(),
                ));
            }
        }
    }

    /// Gives what waits, as of an event.
    fn give_held(&mut self, event: &Event) {
        self.kept = 0;
        let mut row = Observation::default();
        let mut around = Observation::default();
        around.push_around(&event.about);
        for reference in self.references.drain(..) {
            around.push(self.columns.reference, &reference);
        }
        for mut held in self.held.drain(..) {
            if let Some(words) = event.describe(held.comment.as_deref()) {
                held.statement.about.push(self.columns.context, &words);
            }
            held.statement
                .give(self.columns, &around, &mut row, self.sink);
        }
    }

    fn refuse(&mut self, line: u64, text: &str, reason: &str) {
        self.sink.refused(line, text, reason);
        self.tally.note_fault(line, reason);
    }
}
