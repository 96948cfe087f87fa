//! Many questions at a time, read into buffers that are used again.
//!
//! A question asked alone may allocate for each of its readings; of a hundred
//! thousand, none should. Texts lie one after the other in one buffer, and a
//! value that is written canonically is the question's own text.

use crate::interpret::{canonical, interpret, refanged};
use crate::normalize::{Reading, over_tls};
use crate::value::{Kind, MAX_VALUE, ValueRef};

/// Characters of an unreadable input that are kept to show it.
const MAX_SHOWN: usize = 200;

/// Questions in the order in which they were asked.
#[derive(Clone, Debug, Default)]
pub struct Questions {
    text: String,
    asked: Vec<Asked>,
    meant: Vec<Meant>,
    /// Changes and warnings of all readings.
    notes: Vec<&'static str>,
    /// What [`refanged`] writes into.
    refanged: String,
}

/// From the first byte (or element) up to the one behind the last.
type Span = (usize, usize);

#[derive(Clone, Copy, Debug)]
struct Asked {
    text: Span,
    readings: Span,
    unreadable: Option<Unreadable>,
    place: Option<Place>,
}

/// Where a question was found that nobody asked as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Bytes of the text before it.
    pub offset: u64,
    /// It may be something else: see [`crate::extract::Mention`].
    pub doubtful: bool,
}

#[derive(Clone, Copy, Debug)]
struct Meant {
    kind: Kind,
    value: Span,
    changes: Span,
    warnings: Span,
}

/// Why an input is no question at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// More than [`MAX_VALUE`] bytes.
    TooLong,
    /// Not UTF-8.
    NotUtf8,
    /// No JSON where JSON was announced.
    NotJson,
    /// JSON, but not a string.
    NotAString,
}

impl Unreadable {
    /// What is wrong, for a person.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unreadable::TooLong => "it has more than 4096 bytes",
            Unreadable::NotUtf8 => "it is not UTF-8",
            Unreadable::NotJson => "it is not JSON: write each value as a JSON string",
            Unreadable::NotAString => "it is not a string: write each value as a JSON string",
        }
    }
}

/// One of the questions.
#[derive(Clone, Copy)]
pub struct QuestionRef<'a> {
    all: &'a Questions,
    asked: Asked,
}

/// One reading of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadingRef<'a> {
    /// What was read.
    pub value: ValueRef<'a>,
    /// What was changed, by the names in [`crate::normalize::change`].
    pub changes: &'a [&'static str],
    /// Warnings, by the names in [`crate::warning`].
    pub warnings: &'a [&'static str],
}

impl Questions {
    /// Forgets the questions, and keeps the buffers.
    pub fn clear(&mut self) {
        self.text.clear();
        self.asked.clear();
        self.meant.clear();
        self.notes.clear();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.asked.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// Bytes of text that they hold, readings included.
    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// Adds a question, read as [`interpret`] reads it.
    pub fn ask(&mut self, question: &str, kind: Option<Kind>) {
        if question.len() > MAX_VALUE {
            return self.refuse(question, Unreadable::TooLong);
        }
        let text = self.keep(question);
        let first = self.meant.len();
        let is_wanted = |value: ValueRef<'_>| kind.is_none_or(|kind| kind == value.kind);
        if let Some(value) = canonical(question).filter(|value| is_wanted(*value)) {
            self.mean(value.kind, text, &[], &[]);
        } else {
            let mut buffer = std::mem::take(&mut self.refanged);
            let plain = refanged(question, &mut buffer).filter(|(value, _)| is_wanted(*value));
            if let Some((value, changes)) = plain {
                let span = self.keep(value.text);
                self.mean(value.kind, span, changes, &[]);
            } else {
                for reading in interpret(question, kind).readings {
                    let span = self.keep(reading.value.as_str());
                    self.mean(
                        reading.value.kind(),
                        span,
                        &reading.changes,
                        &reading.warnings,
                    );
                }
            }
            self.refanged = buffer;
        }
        self.asked.push(Asked {
            text,
            readings: (first, self.meant.len()),
            unreadable: None,
            place: None,
        });
    }

    /// Adds what a text mentions: as it is written there, and how it was read.
    /// A URL whose scheme was inferred is asked for with the other one too.
    pub fn mention(&mut self, written: &str, reading: &Reading, place: Place) {
        let text = self.keep(written);
        let first = self.meant.len();
        for reading in [Some(reading), over_tls(reading).as_ref()]
            .into_iter()
            .flatten()
        {
            let value = self.keep(reading.value.as_str());
            self.mean(
                reading.value.kind(),
                value,
                &reading.changes,
                &reading.warnings,
            );
        }
        self.asked.push(Asked {
            text,
            readings: (first, self.meant.len()),
            unreadable: None,
            place: Some(place),
        });
    }

    /// Adds an input that is no question; `input` is kept as far as it takes
    /// to show it.
    pub fn refuse(&mut self, input: &str, why: Unreadable) {
        let end = input
            .char_indices()
            .nth(MAX_SHOWN)
            .map_or(input.len(), |(end, _)| end);
        let text = self.keep(&input[..end]);
        let none = self.meant.len();
        self.asked.push(Asked {
            text,
            readings: (none, none),
            unreadable: Some(why),
            place: None,
        });
    }

    /// The question number `position`, from 0.
    pub fn get(&self, position: usize) -> Option<QuestionRef<'_>> {
        let asked = *self.asked.get(position)?;
        Some(QuestionRef { all: self, asked })
    }

    /// The questions in order.
    pub fn iter(&self) -> impl Iterator<Item = QuestionRef<'_>> {
        self.asked
            .iter()
            .map(|&asked| QuestionRef { all: self, asked })
    }

    fn keep(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        (start, self.text.len())
    }

    fn note(&mut self, notes: &[&'static str]) -> Span {
        let start = self.notes.len();
        self.notes.extend_from_slice(notes);
        (start, self.notes.len())
    }

    fn mean(
        &mut self,
        kind: Kind,
        value: Span,
        changes: &[&'static str],
        warnings: &[&'static str],
    ) {
        let meant = Meant {
            kind,
            value,
            changes: self.note(changes),
            warnings: self.note(warnings),
        };
        self.meant.push(meant);
    }

    fn reading(&self, meant: &Meant) -> ReadingRef<'_> {
        ReadingRef {
            value: ValueRef {
                kind: meant.kind,
                text: &self.text[meant.value.0..meant.value.1],
            },
            changes: &self.notes[meant.changes.0..meant.changes.1],
            warnings: &self.notes[meant.warnings.0..meant.warnings.1],
        }
    }
}

impl<'a> QuestionRef<'a> {
    /// As it was asked; an unreadable one is cut to 200 characters.
    pub fn text(self) -> &'a str {
        &self.all.text[self.asked.text.0..self.asked.text.1]
    }

    /// Why it is no question, where it is none.
    pub fn unreadable(self) -> Option<Unreadable> {
        self.asked.unreadable
    }

    /// Where it was found, of one that a text mentions.
    pub fn place(self) -> Option<Place> {
        self.asked.place
    }

    /// Its readings, in the order of [`interpret`].
    pub fn readings(self) -> impl ExactSizeIterator<Item = ReadingRef<'a>> {
        let (from, to) = self.asked.readings;
        self.all.meant[from..to]
            .iter()
            .map(move |meant| self.all.reading(meant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_read_as_one_by_one() {
        let inputs = [
            "example.com",
            "EXAMPLE[.]com",
            "hxxp://bad[.]example[.]com/a",
            "example.com/x",
            "192.0.2.1",
            "no value",
            "",
            "a\0.example.com",
        ];
        let mut questions = Questions::default();
        // The second round finds buffers that were used before.
        for _ in 0..2 {
            questions.clear();
            for kind in [None, Some(Kind::Domain), Some(Kind::Url)] {
                for input in inputs {
                    questions.ask(input, kind);
                    let last = questions.get(questions.len() - 1).unwrap();
                    assert_eq!((last.text(), last.unreadable()), (input, None));
                    let expected = interpret(input, kind).readings;
                    assert_eq!(last.readings().len(), expected.len(), "{input}");
                    for (one, other) in last.readings().zip(&expected) {
                        assert_eq!(one.value, other.value.as_ref());
                        assert_eq!(one.changes, other.changes, "{input}");
                        assert_eq!(one.warnings, other.warnings, "{input}");
                    }
                }
            }
        }
        assert_eq!(questions.iter().count(), 3 * inputs.len());
    }

    #[test]
    fn mentions_keep_their_reading_and_place() {
        let mut questions = Questions::default();
        for (offset, mention) in (0..).zip(crate::extract::mentions(
            "example[.]com/x and version 192.0.2.1:80",
            &crate::extract::Options::default(),
        )) {
            let place = Place {
                offset,
                doubtful: mention.doubtful,
            };
            questions.mention("as written", &mention.reading, place);
        }
        let told: Vec<_> = questions
            .iter()
            .map(|question| {
                let values: Vec<&str> = question
                    .readings()
                    .map(|reading| reading.value.text)
                    .collect();
                let place = question.place().unwrap();
                (
                    question.text(),
                    place.offset,
                    place.doubtful,
                    values.join(" "),
                )
            })
            .collect();
        let urls = "http://example.com/x https://example.com/x".to_owned();
        let address = "192.0.2.1".to_owned();
        assert_eq!(
            told,
            [
                ("as written", 0, false, urls),
                ("as written", 1, true, address)
            ]
        );
        questions.ask("example.com", None);
        assert_eq!(questions.get(2).unwrap().place(), None);
    }

    #[test]
    fn what_is_no_question_is_shown_in_part() {
        let mut questions = Questions::default();
        questions.ask(&"\u{e9}".repeat(MAX_VALUE), None);
        questions.refuse("17", Unreadable::NotAString);
        let long = questions.get(0).unwrap();
        assert_eq!(long.unreadable(), Some(Unreadable::TooLong));
        assert_eq!(long.text(), "\u{e9}".repeat(MAX_SHOWN));
        assert_eq!(questions.get(1).unwrap().text(), "17");
        assert_eq!(questions.get(1).unwrap().readings().len(), 0);
        assert!(questions.get(2).is_none());
    }
}
