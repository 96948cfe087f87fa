//! The `json` connector: documents of rows, read row by row.
//!
//! A document is never held as a whole: [`scan`] finds where each row begins
//! and ends, [`pick`] takes the cells that are wanted out of it.

mod document;
mod group;
mod lines;
mod pick;
pub(super) mod scan;
mod shape;

use std::borrow::Cow;

use serde::Deserialize;

use self::pick::{JsonColumn, Picker, Scalar};
use self::scan::Scanner;
use self::shape::{Shape, Shapes};
use super::connector::{Connector, Sink, Skipped};
use super::input::Input;
use super::outcome::FeedError;
use crate::observation::{ColumnId, Columns, Observation};

/// Longest row of a document, in bytes; what is longer is refused.
const MAX_ROW: usize = 1 << 20;

/// Longest element that holds several rows (`each`), in bytes.
const MAX_GROUP: usize = 16 << 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    shape: Shapes,
    /// Where the array of rows is in a document, or the object of lists: keys
    /// divided by dots.
    #[serde(default)]
    path: Option<String>,
    /// The key in each element whose array holds the rows; columns of the
    /// element itself are then named `^column`.
    #[serde(default)]
    each: Option<String>,
    /// The key of the number of entries: of the document, or of the metadata
    /// record.
    #[serde(default)]
    declared: Option<String>,
    /// Rows need not have columns of values, not even the first.
    #[serde(default)]
    mixed: bool,
    /// Records that are no rows.
    #[serde(default)]
    metadata: Option<Metadata>,
}

/// A record is metadata if this column holds this text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    column: String,
    value: String,
}

pub(super) fn configure(
    settings: toml::Table,
    columns: &mut Columns,
) -> Result<Box<dyn Connector>, String> {
    let settings: Settings = settings
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    let shapes = settings.shape.list();
    let has = |shape| shapes.contains(&shape);
    let objects = [Shape::Document, Shape::Keyed, Shape::Row];
    if shapes.is_empty() || objects.into_iter().filter(|shape| has(*shape)).count() > 1 {
        return Err("shape: at least one, and no two of document, keyed and row".to_owned());
    }
    if has(Shape::Document) && settings.path.is_none() {
        return Err("shape = \"document\" needs a path".to_owned());
    }
    if settings.path.is_some() && !has(Shape::Document) && !has(Shape::Keyed) {
        return Err("path goes with shape = \"document\" and \"keyed\"".to_owned());
    }
    let metadata = settings
        .metadata
        .as_ref()
        .map(|metadata| (columns.intern(&metadata.column), metadata.value.clone()));
    let declared = settings
        .declared
        .as_deref()
        .map(|name| columns.intern(name));
    let picker = Picker::new(columns)?;
    let path = settings
        .path
        .iter()
        .flat_map(|path| path.split('.'))
        .map(str::to_owned)
        .collect();
    Ok(Box::new(Json {
        shapes,
        path,
        each: settings.each,
        mixed: settings.mixed,
        declared_key: settings.declared,
        declared,
        metadata,
        key: columns.find("$key"),
        scalar: columns.find("$value"),
        picker,
    }))
}

#[derive(Debug)]
struct Json {
    shapes: Vec<Shape>,
    path: Vec<String>,
    each: Option<String>,
    mixed: bool,
    declared_key: Option<String>,
    declared: Option<ColumnId>,
    metadata: Option<(ColumnId, String)>,
    key: Option<ColumnId>,
    /// The column of rows that are a text or number and nothing more.
    scalar: Option<ColumnId>,
    picker: Picker,
}

/// Buffers that live as long as one reading.
#[derive(Default)]
struct Buffers {
    raw: Vec<u8>,
    row: Observation,
    parent: Observation,
    key: String,
    /// Sum of what the documents so far said.
    declared: u64,
    /// Whether a row was seen that has a column of values.
    anchored: bool,
}

impl Connector for Json {
    fn read(
        &self,
        columns: &Columns,
        input: &mut Input<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), FeedError> {
        let mut buffers = Buffers::default();
        let shape = self.shape_of(input, &mut buffers)?;
        if shape == Shape::Lines {
            return self.read_lines(columns, input, sink, &mut buffers);
        }
        let mut scanner = Scanner::new(input);
        let result = self.read_documents(shape, columns, &mut scanner, sink, &mut buffers);
        match result {
            // The scanner does not know how many rows there were.
            Err(FeedError::Truncated { line, .. }) => Err(FeedError::Truncated {
                line,
                rows: sink.rows(),
            }),
            other => other,
        }
    }
}

impl Json {
    /// The row in `buffers.raw`; true if it ends too early.
    fn read_row(
        &self,
        columns: &Columns,
        line: u64,
        damaged: bool,
        sink: &mut dyn Sink,
        buffers: &mut Buffers,
    ) -> Result<bool, FeedError> {
        let Buffers {
            raw,
            row,
            parent,
            key,
            anchored,
            ..
        } = buffers;
        let text =
            std::str::from_utf8(raw).map_or_else(|_| String::from_utf8_lossy(raw), Cow::Borrowed);
        let damaged = damaged || matches!(text, Cow::Owned(_));
        let text = &*text;
        for buffer in [&mut *row, &mut *parent] {
            buffer.clear();
            buffer.line = line;
            buffer.damaged = damaged;
        }
        if let Some(id) = self.scalar
            && !text.starts_with(['{', '['])
        {
            match serde_json::from_str::<Scalar<'_>>(text) {
                Ok(Scalar(value)) => row.push(id, &value),
                Err(error) => {
                    sink.refused(line, text, &bad_json(&error));
                    return Ok(error.is_eof());
                }
            }
            if let Some(id) = self.key {
                row.push(id, key);
            }
            *anchored = true;
            sink.row(row);
            return Ok(false);
        }
        if !text.starts_with('{') {
            sink.refused(line, text, "the row is no JSON object");
            return Ok(false);
        }
        if let Some(each) = &self.each {
            match self
                .picker
                .pick_each(text, each, parent, row, &mut |row| sink.row(row))
            {
                Ok(true) => *anchored = true,
                Ok(false) if !*anchored && !self.mixed => return Err(missing(columns, text)),
                Ok(false) => sink.refused(line, text, "the group of rows has no rows"),
                Err(error) => sink.refused(line, text, &bad_json(&error)),
            }
            return Ok(false);
        }
        let seen = match self.picker.pick(text, row) {
            // A key may be the value itself.
            Ok(seen) => seen || self.key.is_some_and(|id| columns.is_anchor(id)),
            Err(error) => {
                sink.refused(line, text, &bad_json(&error));
                return Ok(error.is_eof());
            }
        };
        if let Some((column, value)) = &self.metadata
            && row.cells(*column).any(|cell| cell == value)
        {
            if let Some(count) = self
                .declared
                .and_then(|id| row.cells(id).next()?.parse().ok())
            {
                sink.declared(count);
            }
            sink.skipped(Skipped::Envelope);
            return Ok(false);
        }
        if !seen && !*anchored && !self.mixed {
            if self.shapes.contains(&Shape::Keyed) {
                sink.skipped(Skipped::Envelope);
                return Ok(false);
            }
            return Err(missing(columns, text));
        }
        *anchored |= seen;
        if let Some(id) = self.key {
            row.push(id, key);
        }
        sink.row(row);
        Ok(false)
    }
}

fn bad_json(error: &serde_json::Error) -> String {
    format!("the row is no valid JSON: {error}")
}

fn not_json(expected: &str, found: u8) -> FeedError {
    let found = match found {
        b'{' => "a JSON object",
        b'[' => "a JSON array",
        _ => "text that is not JSON",
    };
    FeedError::NotThisFormat {
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

fn missing(columns: &Columns, row: &str) -> FeedError {
    FeedError::NotThisFormat {
        expected: format!("rows with one of {}", columns.anchor_names().join(", ")),
        found: super::cell::printable(&format!("the keys {}", pick::keys(row).join(", ")), 300),
    }
}

/// The columns as paths into a row.
fn json_columns(columns: &Columns) -> Vec<JsonColumn> {
    columns
        .iter()
        .filter(|(_, name)| !matches!(*name, "$key" | "$value"))
        .map(|(id, name)| JsonColumn::new(id, name, columns.is_anchor(id)))
        .collect()
}
