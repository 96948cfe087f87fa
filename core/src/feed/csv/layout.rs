//! Which cell of a row belongs to which column, where no header says so.

use serde::Deserialize;

use super::cells::Cells;
use crate::observation::{ColumnId, Columns};

/// Names by position: of one layout, or of several with different numbers of
/// cells.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a list of names or a list of such lists"
)]
pub(super) enum RawLayouts {
    One(Vec<String>),
    Several(Vec<Vec<String>>),
}

impl Default for RawLayouts {
    fn default() -> RawLayouts {
        RawLayouts::Several(Vec::new())
    }
}

impl RawLayouts {
    pub(super) fn check(self, columns: &Columns) -> Result<Vec<Layout>, String> {
        let lists = match self {
            RawLayouts::One(names) if names.is_empty() => Vec::new(),
            RawLayouts::One(names) => vec![names],
            RawLayouts::Several(lists) => lists,
        };
        lists
            .iter()
            .map(|names| Layout::new(names, columns))
            .collect()
    }
}

/// The columns of rows with a certain number of cells.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) columns: Vec<Option<ColumnId>>,
    /// Cells that every row has; those behind may be missing.
    least: usize,
}

impl Layout {
    fn new(names: &[String], columns: &Columns) -> Result<Layout, String> {
        let least = names
            .iter()
            .position(|name| name.ends_with('?'))
            .unwrap_or(names.len());
        if let Some(name) = names[least..].iter().find(|name| !name.ends_with('?')) {
            return Err(format!(
                "columns: {name:?} stands behind one that may be missing (\"?\"), so it may be, too"
            ));
        }
        let ids: Vec<Option<ColumnId>> = names
            .iter()
            .map(|name| columns.find(&name.trim_end_matches('?').trim().to_lowercase()))
            .collect();
        if !ids.iter().flatten().any(|id| columns.is_anchor(*id)) {
            return Err(format!(
                "columns: none of them holds values ({})",
                columns.anchor_names().join(", ")
            ));
        }
        Ok(Layout {
            columns: ids,
            least,
        })
    }
}

/// The number of cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    all: usize,
    /// Without the empty ones at the end.
    filled: usize,
}

impl Count {
    /// Counts; `None` if a quote is still open at the end.
    pub(super) fn of(mut cells: Cells<'_>) -> Option<Count> {
        let mut count = Count { all: 0, filled: 0 };
        let mut cell = String::new();
        while let Some(state) = cells.append(&mut cell) {
            if state == super::Cell::Open {
                return None;
            }
            count.all += 1;
            if !cell.is_empty() {
                count.filled = count.all;
            }
            cell.clear();
        }
        Some(count)
    }

    /// The layout that a row with so many cells has: cells in the wrong columns
    /// are worse than a refused row.
    pub(super) fn layout(self, layouts: &[Layout]) -> Option<&Layout> {
        layouts
            .iter()
            .find(|layout| layout.columns.len() == self.all)
            .or_else(|| {
                layouts.iter().find(|layout| {
                    (layout.least..=layout.columns.len()).contains(&self.filled)
                        || (self.filled..=self.all).contains(&layout.least)
                })
            })
    }

    /// Why a row of so many cells is refused.
    pub(super) fn refusal(self, layouts: &[Layout]) -> String {
        let known: Vec<String> = layouts
            .iter()
            .map(|layout| match layout.columns.len() {
                most if most == layout.least => most.to_string(),
                most => format!("{} to {most}", layout.least),
            })
            .collect();
        format!(
            "the row has {} cells, and no header says what they are: without one {} are known",
            self.all,
            known.join(" or ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(names: &[&str]) -> Result<Layout, String> {
        let mut columns = Columns::default();
        let id = columns.intern("ip");
        columns.anchor(id);
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Layout::new(&names, &columns)
    }

    fn count(text: &str) -> Count {
        Count::of(Cells {
            rest: Some(text),
            separator: b',',
            quotes: true,
        })
        .unwrap()
    }

    #[test]
    fn a_row_has_the_layout_with_its_number_of_cells() {
        let layouts = [
            layout(&["ip", "b", "c", "d?", "e?"]).unwrap(),
            layout(&["a", "ip"]).unwrap(),
        ];
        for (row, expected) in [
            ("1,2,3,4,5", Some(5)),
            ("1,2,3", Some(5)),
            ("1,2,3,,,,", Some(5)),
            ("1,,,", Some(5)),
            ("1,2", Some(2)),
            ("1,2,3,4,5,6", None),
            ("1", None),
        ] {
            let found = count(row).layout(&layouts);
            assert_eq!(found.map(|layout| layout.columns.len()), expected, "{row}");
        }
        assert!(
            count("1")
                .refusal(&layouts)
                .contains("1 cells, and no header says what they are: without one 3 to 5 or 2")
        );
    }

    #[test]
    fn bad_layouts_are_told() {
        assert!(layout(&["ip", "b?", "c"]).unwrap_err().contains("\"c\""));
        assert!(layout(&["a", "b"]).unwrap_err().contains("ip"));
    }
}
