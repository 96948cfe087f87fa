//! The way through a document to its objects.

use super::check::{find_fault, is_manifest_record};
use super::context::Context;
use super::indicator::read_indicator;
use super::observable::{read_observable, read_observed_data, read_technique, read_vulnerability};
use crate::feed::connector::{Sink, Skipped};
use crate::feed::json::scan::Scanner;
use crate::feed::object::{Members, Object, Tally};
use crate::feed::outcome::{FeedError, FeedWarning};
use crate::feed::statement::{StandardColumns, Statement};
use crate::observation::Observation;

/// Bytes of objects that are kept until all that belongs together is known.
const MAX_KEPT: usize = 64 << 20;

/// What an object takes in memory besides its text, at least.
const OVERHEAD: usize = 512;

/// Arrays and bundles inside one another.
const MAX_NESTED: usize = 3;

/// A statement that waits for what other objects say of it.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) statement: Statement,
    /// The object that makes it.
    pub(super) id: String,
    pub(super) creator: Option<String>,
    pub(super) markings: Vec<String>,
    /// What the object itself says in words.
    pub(super) words: Option<String>,
}

pub(super) struct Reader<'c, 's> {
    columns: &'c StandardColumns,
    sink: &'s mut dyn Sink,
    context: Context,
    held: Vec<Held>,
    /// Bytes of what waits.
    kept: usize,
    /// Whether it was told that not everything could wait.
    told: bool,
    tally: Tally,
}

impl<'c, 's> Reader<'c, 's> {
    pub(super) fn new(columns: &'c StandardColumns, sink: &'s mut dyn Sink) -> Reader<'c, 's> {
        Reader {
            columns,
            sink,
            context: Context::default(),
            held: Vec::new(),
            kept: 0,
            told: false,
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
                b'{' => self.read_object(scanner, 0)?,
                b'[' => {
                    self.sink.skipped(Skipped::Envelope);
                    self.read_array(scanner, 1)?;
                }
                _ if first => return Err(no_stix("text that is not JSON".to_owned())),
                _ => return Err(scanner.malformed("something else follows the document")),
            }
            first = false;
        }
        if first { Err(FeedError::Empty) } else { Ok(()) }
    }

    /// Gives what waits, and says how it went.
    pub(super) fn finish(mut self, result: Result<(), FeedError>) -> Result<(), FeedError> {
        self.give_held();
        self.tally.judge(result, self.sink.rows())
    }

    fn read_array(&mut self, scanner: &mut Scanner<'_, '_>, depth: usize) -> Result<(), FeedError> {
        scanner.open()?;
        while scanner.element(b']')? {
            if scanner.next()? == Some(b'{') {
                self.read_object(scanner, depth)?;
            } else {
                let line = scanner.line();
                scanner.skip()?;
                self.refuse(line, "", "a STIX object is a JSON object");
            }
        }
        Ok(())
    }

    /// An object of STIX, or one that holds others.
    fn read_object(
        &mut self,
        scanner: &mut Scanner<'_, '_>,
        depth: usize,
    ) -> Result<(), FeedError> {
        let line = scanner.line();
        let mut members = Members::default();
        let mut key = String::new();
        let mut holds = false;
        scanner.open()?;
        while scanner.element(b'}')? {
            scanner.key(&mut key)?;
            if key == "objects" && depth < MAX_NESTED && scanner.next()? == Some(b'[') {
                holds = true;
                self.read_array(scanner, depth + 1)?;
            } else {
                members.take(&key, scanner)?;
            }
        }
        let object = members.object();
        let is_envelope = holds
            || object.text("type") == Some("bundle")
            // The last page of TAXII may be without objects.
            || depth == 0 && object.has_only(&["more", "next"]);
        if is_envelope {
            self.sink.skipped(Skipped::Envelope);
            return Ok(());
        }
        if depth == 0 && !object.has("type") {
            return Err(no_stix(object.names()));
        }
        // A document of one object without values is no empty input.
        let skipped = if depth == 0 {
            Skipped::Envelope
        } else {
            Skipped::Comment
        };
        self.take_object(&members, line, skipped);
        Ok(())
    }

    /// `skipped`: what it is if it makes no statement.
    fn take_object(&mut self, members: &Members, line: u64, skipped: Skipped) {
        let object = members.object();
        if is_manifest_record(object) {
            self.sink.skipped(Skipped::Comment);
            return;
        }
        let fault = match members.fault() {
            Some(fault) => Some(fault.to_owned()),
            None => find_fault(object),
        };
        if let Some(fault) = fault {
            self.refuse(line, &label(object), &fault);
            return;
        }
        self.tally.count_good();
        self.context.learn(object);
        let read = match object.text("type").unwrap_or_default() {
            "indicator" => read_indicator(object, self.columns).map(Some),
            "vulnerability" => read_vulnerability(object, self.columns).map(Some),
            "observed-data" => Ok(read_observed_data(object, self.columns)),
            "attack-pattern" => Ok(read_technique(object, self.columns)),
            _ => Ok(read_observable(object, self.columns)),
        };
        match read {
            Ok(None) => self.sink.skipped(skipped),
            Err(reason) => self.sink.refused(line, &label(object), &reason),
            Ok(Some(mut held)) => {
                held.statement.line = line;
                held.statement.damaged = members.is_damaged();
                self.held.push(held);
            }
        }
        self.kept += members.size() + OVERHEAD;
        if self.kept > MAX_KEPT {
            self.give_held();
            self.context = Context::default();
            if !std::mem::replace(&mut self.told, true) {
                self.sink.warn(FeedWarning::LeftOut(
                    "the document is longer than 64 MiB: what its objects say of others that stand \
                     far away is lost"
                        .to_owned(),
                ));
            }
        }
    }

    fn give_held(&mut self) {
        self.kept = 0;
        let mut row = Observation::default();
        let mut around = Observation::default();
        self.context.push_document(self.columns, &mut around);
        for mut held in self.held.drain(..) {
            if self.context.is_background(&held.id) {
                self.sink.skipped(Skipped::Comment);
                continue;
            }
            self.context.describe(&mut held, self.columns);
            held.statement
                .give(self.columns, &around, &mut row, self.sink);
        }
    }

    fn refuse(&mut self, line: u64, text: &str, reason: &str) {
        self.sink.refused(line, text, reason);
        self.tally.note_fault(line, reason);
    }
}

/// An object for a person: its name or pattern, and its id.
fn label(object: Object<'_>) -> String {
    let said = ["pattern", "name", "value", "type"];
    let said = said.iter().find_map(|key| object.text(key));
    match (said, object.text("id")) {
        (Some(said), Some(id)) => format!("{said} | {id}"),
        (said, id) => said.or(id).unwrap_or_default().to_owned(),
    }
}

fn no_stix(found: String) -> FeedError {
    FeedError::NotThisFormat {
        expected: "STIX 2 (a bundle, an envelope, an array of objects or an object)".to_owned(),
        found,
    }
}
