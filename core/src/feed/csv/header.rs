//! Headers: rows and comments that name the columns.

use super::Csv;
use super::cells::Cell;
use crate::feed::cell::{printable, unquoted};
use crate::feed::outcome::FeedError;
use crate::observation::{ColumnId, Columns};

impl Csv {
    /// A header inside a comment, or one like it again further down.
    pub(super) fn named_header(
        &self,
        columns: &Columns,
        text: &str,
    ) -> Option<Vec<Option<ColumnId>>> {
        if let Some(prefix) = &self.header_prefix {
            return self.header(columns, text.strip_prefix(&**prefix)?);
        }
        let start = self
            .comment
            .iter()
            .find(|start| text.starts_with(&***start))?;
        self.header(columns, text.trim_start_matches(&**start))
    }

    /// Which column is where, if the line names a column of values.
    pub(super) fn header(&self, columns: &Columns, text: &str) -> Option<Vec<Option<ColumnId>>> {
        let mut plan = Vec::new();
        let mut cells = self.cells(text);
        let mut buffer = String::new();
        let mut anchored = false;
        let mut known = 0;
        while let Some(cell) = cells.append(&mut buffer) {
            if cell == Cell::Open {
                return None;
            }
            let name = unquoted(&buffer).to_ascii_lowercase();
            let id = columns.find(&name);
            anchored |= id.is_some_and(|id| columns.is_anchor(id));
            known += usize::from(id.is_some());
            plan.push(id);
            buffer.clear();
            if plan.len() > 1000 {
                return None;
            }
        }
        // Prose in a banner may happen to begin with the name of a column.
        let sure =
            known > 1 || plan.len() <= 2 || self.preamble.is_some() || self.consists_of_names(text);
        (anchored && sure).then_some(plan)
    }

    /// Whether the line consists of names, as neither a data row nor prose does:
    /// a header, maybe of some other list.
    pub(super) fn consists_of_names(&self, text: &str) -> bool {
        let separator = char::from(self.separator);
        text.contains(separator) && text.split(separator).all(|cell| is_name(unquoted(cell)))
    }

    pub(super) fn no_header(&self, columns: &Columns, text: &str) -> FeedError {
        let separator = char::from(self.separator);
        let found: Vec<&str> = text
            .split(separator)
            .take(20)
            .map(|cell| unquoted(cell.trim()))
            .collect();
        FeedError::NotThisFormat {
            expected: format!("columns with one of {}", columns.anchor_names().join(", ")),
            found: printable(&format!("the columns {}", found.join(", ")), 300),
        }
    }
}

/// Whether a cell of a header may be this: a few words, shorter than any hash.
pub(in crate::feed) fn is_name(cell: &str) -> bool {
    cell.len() < 32
        && cell.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && cell
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_ -()".contains(&byte))
        && cell.split_ascii_whitespace().count() <= 3
}
