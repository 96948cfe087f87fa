//! A column of a sample, and what its cells are.

use super::role::{Role, role};
use crate::extract::{Options, extract, mentions};
use crate::feed::cell::said;
use crate::feed::date::{DateOrder, read_date};
use crate::feed::text::is_cited_address;
use crate::feed::vocabulary::meaning;

/// Cells of a column that are looked at.
const MAX_CELLS: usize = 200;

/// A column of a table, or a key of objects.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// As rules name it.
    pub(super) name: String,
    /// What its name says it is for.
    pub(super) role: Option<Role>,
    /// Those of the sample that say something.
    pub(super) cells: Vec<String>,
    /// Of these, in percent, how many are values and nothing more,
    pub(super) values: usize,
    /// are words for types,
    pub(super) words: usize,
    /// are dates,
    pub(super) dates: usize,
    /// are addresses of what others wrote.
    pub(super) cited: usize,
}

impl Column {
    pub(super) fn new(name: &str, named: bool, cells: &[&str]) -> Column {
        let cells: Vec<String> = cells
            .iter()
            .filter_map(|cell| said(cell, &[]))
            .take(MAX_CELLS)
            .map(str::to_owned)
            .collect();
        let share = |is: &dyn Fn(&str) -> bool| {
            let count = cells.iter().filter(|cell| is(cell)).count();
            count * 100 / cells.len().max(1)
        };
        let is_date = |cell: &str| read_date(cell, DateOrder::MonthFirst).is_some();
        Column {
            name: name.to_owned(),
            role: named.then(|| role(name)).flatten(),
            values: share(&is_value),
            words: share(&|cell| meaning(cell).is_some()),
            dates: share(&is_date),
            cited: share(&is_cited_address),
            cells,
        }
    }

    /// Whether most cells are values that others did not merely write about.
    pub(super) fn holds_values(&self) -> bool {
        self.values >= 50 && self.cited < 50
    }

    /// Whether its cells mention values, as patterns of STIX do.
    pub(super) fn mentions_values(&self) -> bool {
        let few = self.cells.iter().take(20);
        few.into_iter()
            .any(|cell| !mentions(cell, &Options::default()).is_empty())
    }

    /// Whether its cells are texts for a person.
    pub(super) fn is_prose(&self) -> bool {
        let long = self
            .cells
            .iter()
            .filter(|cell| cell.split_whitespace().nth(1).is_some());
        long.count() * 2 > self.cells.len()
    }
}

/// Whether a cell is one value, or several and nothing else.
pub(super) fn is_value(cell: &str) -> bool {
    let cell = cell.trim();
    if cell.is_empty() || cell.len() > 4096 {
        return false;
    }
    let words = |text: &str| text.chars().filter(|char| char.is_alphanumeric()).count();
    let mut mentioned = 0;
    let options = Options::default();
    extract(cell, &options, &mut |mention| {
        mentioned += words(mention.written(cell));
    });
    mentioned > 0 && mentioned >= words(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_are_values() {
        for cell in [
            "203.0.113[.]7",
            "bad.example.com:443",
            "hxxp://bad.example.com/a",
            "d41d8cd98f00b204e9800998ecf8427e, 203.0.113.8",
            "(203.0.113.7)",
        ] {
            assert!(is_value(cell), "{cell}");
        }
        for cell in ["", "C2", "seen at 203.0.113.7", "setup.exe", "12"] {
            assert!(!is_value(cell), "{cell}");
        }
    }

    #[test]
    fn columns_by_their_cells() {
        let column = Column::new("x", true, &["ip", "domain", "", "Description"]);
        assert_eq!(
            (column.words, column.values, column.cells.len()),
            (100, 0, 3)
        );
        let column = Column::new("Date", true, &["2024-01-02", "20240103", "soon", "never"]);
        assert_eq!((column.role, column.dates), (Some(Role::FirstSeen), 50));
        let column = Column::new("x", true, &["https://twitter.com/a/status/1"]);
        assert!(!column.holds_values());
    }
}
