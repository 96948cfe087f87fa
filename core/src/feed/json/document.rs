//! The way through a document to its rows.

use super::scan::{Capture, Scanner};
use super::{Buffers, Json, MAX_GROUP, MAX_ROW, Shape, not_json};
use crate::feed::connector::{Sink, Skipped};
use crate::feed::outcome::FeedError;
use crate::observation::Columns;

impl Json {
    /// Reads the document, and all that follow it: files get put together.
    pub(super) fn read_documents(
        &self,
        shape: Shape,
        columns: &Columns,
        scanner: &mut Scanner<'_, '_>,
        sink: &mut dyn Sink,
        buffers: &mut Buffers,
    ) -> Result<(), FeedError> {
        let (opening, expected) = match shape {
            Shape::Array => (b'[', "a JSON array"),
            _ => (b'{', "a JSON object"),
        };
        match scanner.next()? {
            Some(byte) if byte == opening => {}
            None => return Err(FeedError::Empty),
            Some(byte) => return Err(not_json(expected, byte)),
        }
        while let Some(byte) = scanner.next()? {
            if byte != opening {
                return Err(scanner.malformed("something else follows the document"));
            }
            sink.skipped(Skipped::Envelope);
            match shape {
                Shape::Array => self.read_array(columns, scanner, sink, buffers)?,
                Shape::Row => self.read_element(columns, scanner, sink, buffers)?,
                Shape::Keyed if self.path.is_empty() => {
                    self.read_keyed(columns, scanner, sink, buffers)?;
                }
                Shape::Keyed | Shape::Document | Shape::Lines => {
                    if !self.read_path(columns, scanner, sink, buffers, 0)? {
                        let what = if shape == Shape::Keyed {
                            "object"
                        } else {
                            "array"
                        };
                        return Err(FeedError::NotThisFormat {
                            expected: format!(
                                "a document with an {what} at {}",
                                self.path.join(".")
                            ),
                            found: "a JSON object without it".to_owned(),
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// The elements of the array that the scanner stands before.
    fn read_array(
        &self,
        columns: &Columns,
        scanner: &mut Scanner<'_, '_>,
        sink: &mut dyn Sink,
        buffers: &mut Buffers,
    ) -> Result<(), FeedError> {
        scanner.open()?;
        while scanner.element(b']')? {
            self.read_element(columns, scanner, sink, buffers)?;
        }
        Ok(())
    }

    fn read_keyed(
        &self,
        columns: &Columns,
        scanner: &mut Scanner<'_, '_>,
        sink: &mut dyn Sink,
        buffers: &mut Buffers,
    ) -> Result<(), FeedError> {
        // `{}` is a list without entries; `{"error": "…"}` is no list.
        let (mut lists, mut scalars) = (false, false);
        scanner.open()?;
        while scanner.element(b'}')? {
            scanner.key(&mut buffers.key)?;
            match scanner.next()? {
                Some(b'[') => {
                    lists = true;
                    self.read_array(columns, scanner, sink, buffers)?;
                }
                Some(b'{') => {
                    lists = true;
                    self.read_element(columns, scanner, sink, buffers)?;
                }
                _ => {
                    scalars = true;
                    self.read_scalar(scanner, sink, buffers)?;
                }
            }
        }
        if scalars && !lists {
            return Err(FeedError::NotThisFormat {
                expected: "an object of lists of rows".to_owned(),
                found: "a JSON object without a list".to_owned(),
            });
        }
        Ok(())
    }

    /// Walks down to the array, or the object of lists; true once it was read.
    fn read_path(
        &self,
        columns: &Columns,
        scanner: &mut Scanner<'_, '_>,
        sink: &mut dyn Sink,
        buffers: &mut Buffers,
        depth: usize,
    ) -> Result<bool, FeedError> {
        let Some(wanted) = self.path.get(depth) else {
            return Ok(false);
        };
        let keyed = self.shapes.contains(&Shape::Keyed);
        let mut found = false;
        scanner.open()?;
        while scanner.element(b'}')? {
            scanner.key(&mut buffers.key)?;
            let next = scanner.next()?;
            let here = buffers.key == *wanted;
            let last = depth + 1 == self.path.len();
            match next {
                Some(b'[') if here && last && !keyed => {
                    self.read_array(columns, scanner, sink, buffers)?;
                    found = true;
                }
                Some(b'{') if here && last && keyed => {
                    self.read_keyed(columns, scanner, sink, buffers)?;
                    found = true;
                }
                Some(b'{') if here && !last => {
                    found |= self.read_path(columns, scanner, sink, buffers, depth + 1)?;
                }
                Some(b'{' | b'[') => scanner.skip()?,
                _ => self.read_scalar(scanner, sink, buffers)?,
            }
        }
        Ok(found)
    }

    /// A number or text of the envelope.
    fn read_scalar(
        &self,
        scanner: &mut Scanner<'_, '_>,
        sink: &mut dyn Sink,
        buffers: &mut Buffers,
    ) -> Result<(), FeedError> {
        let capture = scanner.capture(&mut buffers.raw, MAX_ROW)?;
        if capture == Capture::Whole && self.declared_key.as_ref() == Some(&buffers.key) {
            let text = std::str::from_utf8(&buffers.raw).unwrap_or_default();
            if let Ok(count) = text.trim_matches('"').parse::<u64>() {
                // Of all documents, where several follow one another.
                buffers.declared = buffers.declared.saturating_add(count);
                sink.declared(buffers.declared);
            }
        }
        Ok(())
    }

    fn read_element(
        &self,
        columns: &Columns,
        scanner: &mut Scanner<'_, '_>,
        sink: &mut dyn Sink,
        buffers: &mut Buffers,
    ) -> Result<(), FeedError> {
        let line = scanner.line();
        let cap = if self.each.is_some() || self.shapes.contains(&Shape::Row) {
            MAX_GROUP
        } else {
            MAX_ROW
        };
        if scanner.capture(&mut buffers.raw, cap)? == Capture::TooLong {
            buffers.raw.truncate(1000);
            let text = String::from_utf8_lossy(&buffers.raw);
            sink.refused(line, &text, "the row is longer than a row may be");
            return Ok(());
        }
        self.read_row(columns, line, false, sink, buffers)?;
        Ok(())
    }
}
