//! The shapes of documents, and telling them apart.

use serde::Deserialize;

use super::{Buffers, Json, scan};
use crate::feed::input::{Input, MAX_LINE};
use crate::feed::outcome::FeedError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Shape {
    /// `[row, …]`
    Array,
    /// One row a line.
    Lines,
    /// The whole document is one row.
    Row,
    /// `{"path": {"to": [row, …]}}`
    Document,
    /// `{"id": [row, …], …}` or `{"id": row, …}`; the id is the column `$key`.
    Keyed,
}

/// One shape or several, told apart by their beginnings.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected array, lines, row, document, keyed or a list of these"
)]
pub(super) enum Shapes {
    One(Shape),
    Several(Vec<Shape>),
}

impl Shapes {
    pub(super) fn list(self) -> Vec<Shape> {
        match self {
            Shapes::One(shape) => vec![shape],
            Shapes::Several(shapes) => shapes,
        }
    }
}

impl Json {
    /// Which of the shapes the input has.
    pub(super) fn shape_of(
        &self,
        input: &mut Input<'_>,
        buffers: &mut Buffers,
    ) -> Result<Shape, FeedError> {
        let [first, others @ ..] = &self.shapes[..] else {
            return Ok(Shape::Array);
        };
        if others.is_empty() {
            return Ok(*first);
        }
        let ahead = input.ahead(MAX_LINE as u64)?;
        let start = ahead.trim_ascii_start();
        let wanted = if start.first() == Some(&b'[') {
            [Shape::Array].as_slice()
        } else if self.is_row(start, buffers) {
            &[Shape::Lines, Shape::Row, Shape::Keyed, Shape::Document]
        } else {
            &[Shape::Keyed, Shape::Document, Shape::Row, Shape::Lines]
        };
        let known = |shape: &&Shape| self.shapes.contains(shape);
        Ok(*wanted.iter().find(known).unwrap_or(first))
    }

    /// Whether the object that comes first has columns of values of its own.
    fn is_row(&self, start: &[u8], buffers: &mut Buffers) -> bool {
        let object = &start[..scan::end_of_value(start)];
        buffers.row.clear();
        self.picker
            .pick(&String::from_utf8_lossy(object), &mut buffers.row)
            .unwrap_or(false)
    }
}
