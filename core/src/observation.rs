//! Observations: rows as a feed wrote them. Strings; nothing is trusted yet.

use std::ops::Range;

/// A column that a feed's rules mention, by its place in [`Columns`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnId(u16);

/// The names of all columns that a format's rules mention.
///
/// Connectors fill only these; whatever else a row holds is never copied.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    names: Vec<String>,
    anchors: Vec<ColumnId>,
}

impl Columns {
    /// The id of the column called `name`, which is added if it is new.
    /// Letter case does not matter.
    pub fn intern(&mut self, name: &str) -> ColumnId {
        let name = name.trim().to_ascii_lowercase();
        if let Some(id) = self.find(&name) {
            return id;
        }
        self.names.push(name);
        ColumnId(u16::try_from(self.names.len() - 1).unwrap_or(u16::MAX))
    }

    /// The id of a column by its lower-case name.
    pub fn find(&self, name: &str) -> Option<ColumnId> {
        let place = self.names.iter().position(|known| known == name)?;
        u16::try_from(place).ok().map(ColumnId)
    }

    /// Marks a column as one that holds values: of these at least one must be
    /// there, or the input is not in this format.
    pub fn anchor(&mut self, id: ColumnId) {
        if !self.anchors.contains(&id) {
            self.anchors.push(id);
        }
    }

    /// Whether a column may hold values.
    pub fn is_anchor(&self, id: ColumnId) -> bool {
        self.anchors.contains(&id)
    }

    /// Names of the columns that may hold values.
    pub fn anchor_names(&self) -> Vec<String> {
        self.anchors
            .iter()
            .map(|id| self.names[usize::from(id.0)].clone())
            .collect()
    }

    /// Every name with its id.
    pub fn iter(&self) -> impl Iterator<Item = (ColumnId, &str)> {
        self.names
            .iter()
            .enumerate()
            .filter_map(|(place, name)| Some((ColumnId(u16::try_from(place).ok()?), &**name)))
    }
}

/// One row. The buffer is reused from row to row, so reading a row allocates
/// nothing once the buffer has grown to the size of the longest.
#[derive(Debug, Default)]
pub struct Observation {
    text: String,
    cells: Vec<(ColumnId, Range<usize>)>,
    /// How many of the cells stand in the row itself.
    own: Option<usize>,
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The input was not valid UTF-8 here and was read with replacement
    /// characters.
    pub damaged: bool,
}

impl Observation {
    /// Forgets the row, keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
        self.own = None;
        self.damaged = false;
    }

    /// Appends a cell. A column may have several.
    pub fn push(&mut self, column: ColumnId, cell: &str) {
        let start = self.text.len();
        self.text.push_str(cell);
        self.cells.push((column, start..self.text.len()));
    }

    /// Appends a cell if there is something to say.
    pub fn push_some(&mut self, column: ColumnId, cell: Option<&str>) {
        if let Some(cell) = cell {
            self.push(column, cell);
        }
    }

    /// Appends a cell that `write` composes.
    pub fn push_with(&mut self, column: ColumnId, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(&mut self.text);
        self.cells.push((column, start..self.text.len()));
    }

    /// What is appended from here on stands around the row, not in it.
    /// Only the first call counts.
    pub fn end_own(&mut self) {
        self.own.get_or_insert(self.cells.len());
    }

    /// Appends every cell of another row, as one that stands around this one.
    pub fn push_around(&mut self, other: &Observation) {
        self.end_own();
        let offset = self.text.len();
        self.text.push_str(&other.text);
        let moved = |range: &Range<usize>| range.start + offset..range.end + offset;
        self.cells
            .extend(other.cells.iter().map(|(id, range)| (*id, moved(range))));
    }

    /// The cells of a column, in the order of the row.
    pub fn cells(&self, column: ColumnId) -> impl Iterator<Item = &str> {
        self.cells
            .iter()
            .filter(move |(id, _)| *id == column)
            .map(|(_, range)| &self.text[range.clone()])
    }

    /// Whether no column that the rules mention was there.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The row for a person, as far as it was read.
    pub fn preview(&self) -> String {
        let own = self.own.unwrap_or(self.cells.len());
        let mut cells = self.cells[..own]
            .iter()
            .map(|(_, range)| &self.text[range.clone()]);
        let mut preview = cells.next().unwrap_or_default().to_owned();
        for cell in cells {
            preview.push_str(" | ");
            preview.push_str(cell);
            if preview.len() > 1000 {
                break;
            }
        }
        preview
    }
}
