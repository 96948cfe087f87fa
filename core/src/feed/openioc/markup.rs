//! Elements and texts of XML that need not be quite well formed, with bounds.

use std::io;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Error, Reader};

use super::text::Text;
use crate::feed::connector::Sink;
use crate::feed::input::Input;
use crate::feed::outcome::{FeedError, FeedWarning};

/// Elements inside one another.
const MAX_DEPTH: usize = 64;

/// Something of a document.
#[derive(Debug)]
pub(super) enum Piece {
    /// An element begins.
    Start,
    /// Text in the open element, without references.
    Text(String),
    /// The element ends; it is open no more after that.
    End,
}

/// Reads piece by piece. Entities are not expanded, except the five that XML
/// has and numbers.
pub(super) struct Markup<'i, 'r> {
    reader: Reader<Text<'i, 'r>>,
    buffer: Vec<u8>,
    /// Local names of the open elements.
    open: Vec<String>,
    /// Elements that end with the tag that was read last.
    ending: usize,
    ended: bool,
    /// Attributes of the innermost element.
    attributes: Vec<(String, String)>,
}

impl<'i, 'r> Markup<'i, 'r> {
    pub(super) fn new(input: &'i mut Input<'r>) -> Markup<'i, 'r> {
        let mut reader = Reader::from_reader(Text::new(input));
        let config = reader.config_mut();
        config.allow_dangling_amp = true;
        config.allow_unmatched_ends = true;
        config.check_end_names = false;
        config.expand_empty_elements = true;
        Markup {
            reader,
            buffer: Vec::new(),
            open: Vec::new(),
            ending: 0,
            ended: false,
            attributes: Vec::new(),
        }
    }

    /// The name of the innermost element, without its prefix.
    pub(super) fn name(&self) -> &str {
        self.open.last().map_or("", |name| name)
    }

    /// An attribute of the element that has just begun.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    }

    /// Where the last piece ends.
    pub(super) fn line(&self) -> u64 {
        self.reader.get_ref().line()
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self, sink: &mut dyn Sink) -> Result<Option<Piece>, FeedError> {
        if std::mem::take(&mut self.ended) {
            self.open.pop();
        }
        loop {
            if self.ending > 0 {
                self.ending -= 1;
                self.ended = true;
                return Ok(Some(Piece::End));
            }
            self.reader.get_mut().begin_piece();
            self.buffer.clear();
            let line = self.line();
            match self.reader.read_event_into(&mut self.buffer) {
                Ok(Event::Start(start)) => {
                    let name = start.local_name().as_ref().to_owned();
                    self.attributes = attributes(&start);
                    self.open.push(name);
                    if self.open.len() > MAX_DEPTH {
                        return Err(FeedError::Malformed {
                            line,
                            what: "elements are nested more than 64 deep".into(),
                        });
                    }
                    return Ok(Some(Piece::Start));
                }
                Ok(Event::End(end)) => {
                    let name = end.local_name().as_ref().to_owned();
                    self.end(&name, line, sink);
                }
                Ok(Event::Text(text)) => {
                    return Ok(Some(Piece::Text(text.xml10_content().into_owned())));
                }
                Ok(Event::CData(text)) => {
                    return Ok(Some(Piece::Text(text.xml10_content().into_owned())));
                }
                Ok(Event::GeneralRef(reference)) => {
                    return Ok(Some(Piece::Text(resolve(&reference))));
                }
                Ok(Event::Eof) if self.open.is_empty() => return Ok(None),
                Ok(Event::Eof) => return Err(truncated(line, sink)),
                Ok(
                    Event::Empty(_)
                    | Event::Comment(_)
                    | Event::Decl(_)
                    | Event::PI(_)
                    | Event::DocType(_),
                ) => {}
                Err(error) => return Err(failure(error, line, sink)),
            }
        }
    }

    /// An end tag: that of an element further out ends those inside it.
    fn end(&mut self, name: &str, line: u64, sink: &mut dyn Sink) {
        let ending = match self.open.iter().rposition(|open| open == name) {
            Some(place) => self.open.len() - place,
            None => 0,
        };
        if ending != 1 {
            let name = crate::feed::cell::printable(name, 60);
            sink.warn(FeedWarning::NotWellFormed {
                line,
                what: format!("</{name}> ends no element that is open just there"),
            });
        }
        self.ending = ending;
    }
}

fn attributes(start: &BytesStart<'_>) -> Vec<(String, String)> {
    let mut attributes = start.attributes();
    attributes
        .with_checks(false)
        .flatten()
        .take(32)
        .map(|attribute| {
            let name = attribute.key.local_name().as_ref().to_owned();
            let value = quick_xml::escape::unescape(&attribute.value);
            // An entity that is not known is meant as it stands.
            let value = value.unwrap_or((&*attribute.value).into());
            (name, value.into_owned())
        })
        .collect()
}

/// The character that a reference stands for; the reference as it is, if it is
/// none that XML itself has.
fn resolve(reference: &BytesRef<'_>) -> String {
    let named = || quick_xml::escape::resolve_predefined_entity(reference);
    match reference.resolve_char_ref() {
        Ok(Some(char)) => char.to_string(),
        _ => named().map_or_else(|| format!("&{};", &**reference), str::to_owned),
    }
}

fn failure(error: Error, line: u64, sink: &dyn Sink) -> FeedError {
    match error {
        Error::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => FeedError::Malformed {
            line,
            what: "a tag or text is longer than 1 MiB".into(),
        },
        Error::Io(error) => FeedError::Io(io::Error::new(error.kind(), error.to_string())),
        // Whatever it was in, the end came first.
        Error::Syntax(_) => truncated(line, sink),
        error => FeedError::Malformed {
            line,
            what: error.to_string().into(),
        },
    }
}

fn truncated(line: u64, sink: &dyn Sink) -> FeedError {
    FeedError::Truncated {
        line,
        rows: sink.rows(),
    }
}
