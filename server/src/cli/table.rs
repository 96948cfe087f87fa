//! Tables for people.

use std::io;

use comfy_table::{ContentArrangement, Table, presets};

/// Prints rows under headings, without lines, as wide as the terminal allows.
pub(super) fn print(
    headings: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> io::Result<()> {
    say!("{}", render(headings, rows));
    Ok(())
}

/// The same as text.
pub(super) fn render(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(headings.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    table.trim_fmt()
}

/// A field of a JSON object as text; empty if it is not there.
pub(super) fn text(object: &serde_json::Value, field: &str) -> String {
    match &object[field] {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => items
            .iter()
            .filter_map(serde_json::Value::as_str)
            .collect::<Vec<_>>()
            .join(" "),
        other => other.to_string(),
    }
}
