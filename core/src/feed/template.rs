//! Sentences with holes: `Certificate of {reason}[, listed by {reporter}]`.

use crate::observation::{ColumnId, Columns, Observation};

/// A sentence that a row fills in.
///
/// `{column}` is the column's text, `{a|b}` the first of several that is not
/// empty. What stands in `[…]` is left out when one of its columns is empty;
/// a template with an empty column outside of brackets gives nothing.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Column(Vec<ColumnId>),
    Optional(Vec<Piece>),
}

impl Template {
    /// Reads a template; the message says what is wrong with it.
    pub(crate) fn parse(text: &str, columns: &mut Columns) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find('[') {
            let end = rest[start..]
                .find(']')
                .ok_or_else(|| format!("unclosed [ in {text:?}"))?;
            parse_pieces(&rest[..start], columns, &mut pieces)?;
            let mut inner = Vec::new();
            parse_pieces(&rest[start + 1..start + end], columns, &mut inner)?;
            pieces.push(Piece::Optional(inner));
            rest = &rest[start + end + 1..];
        }
        parse_pieces(rest, columns, &mut pieces)?;
        Ok(Template { pieces })
    }

    /// The columns, if the template is nothing but one hole.
    pub(crate) fn sole_columns(&self) -> Option<&[ColumnId]> {
        match &self.pieces[..] {
            [Piece::Column(ids)] => Some(ids),
            _ => None,
        }
    }

    /// Every column in it.
    pub(crate) fn columns(&self) -> Vec<ColumnId> {
        fn collect(pieces: &[Piece], ids: &mut Vec<ColumnId>) {
            for piece in pieces {
                match piece {
                    Piece::Text(_) => {}
                    Piece::Column(column) => ids.extend(column),
                    Piece::Optional(inner) => collect(inner, ids),
                }
            }
        }
        let mut ids = Vec::new();
        collect(&self.pieces, &mut ids);
        ids
    }

    /// Fills `out`; false, with `out` empty, if a column it needs is empty.
    /// `read` cleans a cell, `None` means that it says nothing.
    pub(crate) fn render(
        &self,
        row: &Observation,
        read: &dyn Fn(&str) -> Option<&str>,
        out: &mut String,
    ) -> bool {
        out.clear();
        if render_pieces(&self.pieces, row, read, out) {
            return true;
        }
        out.clear();
        false
    }
}

fn parse_pieces(text: &str, columns: &mut Columns, pieces: &mut Vec<Piece>) -> Result<(), String> {
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let end = rest[start..]
            .find('}')
            .ok_or_else(|| format!("unclosed {{ in {text:?}"))?;
        if start > 0 {
            pieces.push(Piece::Text(rest[..start].to_owned()));
        }
        let names = &rest[start + 1..start + end];
        if names.trim().is_empty() {
            return Err(format!("an empty {{}} in {text:?}"));
        }
        pieces.push(Piece::Column(
            names.split('|').map(|name| columns.intern(name)).collect(),
        ));
        rest = &rest[start + end + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Ok(())
}

fn render_pieces(
    pieces: &[Piece],
    row: &Observation,
    read: &dyn Fn(&str) -> Option<&str>,
    out: &mut String,
) -> bool {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Column(ids) => {
                let cell = ids.iter().flat_map(|id| row.cells(*id)).find_map(read);
                let Some(cell) = cell else { return false };
                out.push_str(cell);
            }
            Piece::Optional(inner) => {
                let length = out.len();
                if !render_pieces(inner, row, read, out) {
                    out.truncate(length);
                }
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &str, cells: &[(&str, &str)]) -> Option<String> {
        let mut columns = Columns::default();
        let template = Template::parse(template, &mut columns).unwrap();
        let mut row = Observation::default();
        for (name, cell) in cells {
            row.push(columns.intern(name), cell);
        }
        let mut out = String::new();
        template
            .render(&row, &|cell| (!cell.is_empty()).then_some(cell), &mut out)
            .then_some(out)
    }

    #[test]
    fn optional_parts_go_with_their_columns() {
        let template = "Seen as {a|b}[ on {port}][ by {who}]";
        assert_eq!(
            fill(template, &[("b", "x"), ("who", "me")]).as_deref(),
            Some("Seen as x by me")
        );
        assert_eq!(fill(template, &[("a", ""), ("port", "1")]), None);
    }

    #[test]
    fn mistakes_are_told() {
        for bad in ["{a", "[x", "{}"] {
            assert!(
                Template::parse(bad, &mut Columns::default()).is_err(),
                "{bad}"
            );
        }
    }
}
