//! One row a line.

use super::{Buffers, Json, not_json, scan};
use crate::feed::connector::{Sink, Skipped};
use crate::feed::input::{Input, LineState, TOO_LONG};
use crate::feed::outcome::FeedError;
use crate::observation::Columns;

impl Json {
    pub(super) fn read_lines(
        &self,
        columns: &Columns,
        input: &mut Input<'_>,
        sink: &mut dyn Sink,
        buffers: &mut Buffers,
    ) -> Result<(), FeedError> {
        let mut cut = false;
        loop {
            let state = input.next_line()?;
            let (line, text) = (input.line(), input.text().trim());
            match state {
                LineState::End if cut => {
                    return Err(FeedError::Truncated {
                        line,
                        rows: sink.rows(),
                    });
                }
                LineState::End => return Ok(()),
                LineState::TooLong => {
                    sink.refused(line, text, TOO_LONG);
                    continue;
                }
                LineState::Whole | LineState::Damaged => {}
            }
            if text.is_empty() {
                sink.skipped(Skipped::Blank);
                continue;
            }
            if !buffers.anchored && sink.rows() == 0 && !text.starts_with('{') {
                return Err(not_json("one JSON object a line", text.as_bytes()[0]));
            }
            for row in rows_of(text) {
                buffers.raw.clear();
                buffers.raw.extend_from_slice(row.as_bytes());
                cut = self.read_row(columns, line, state == LineState::Damaged, sink, buffers)?;
            }
        }
    }
}

/// The objects that stand on one line: one, unless a line end was lost. What
/// follows an object and is none stays with it, for the reason of a refusal.
fn rows_of(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (row, behind) = rest
            .split_at_checked(scan::end_of_value(rest.as_bytes()))
            .unwrap_or((rest, ""));
        let next = behind.trim_start();
        let next = next.strip_prefix(',').unwrap_or(next).trim_start();
        let row = if row.starts_with('{') && (next.is_empty() || next.starts_with('{')) {
            rest = next;
            row
        } else {
            std::mem::take(&mut rest)
        };
        Some(row)
    })
}

#[cfg(test)]
mod tests {
    use super::rows_of;

    #[test]
    fn nothing_on_a_line_is_passed_over() {
        for (line, rows) in [
            ("{\"a\":1}", &["{\"a\":1}"][..]),
            ("{\"a\":1},", &["{\"a\":1}"]),
            (
                "{\"a\":1}{\"b\":\"}\"} , {}",
                &["{\"a\":1}", "{\"b\":\"}\"}", "{}"],
            ),
            ("{\"a\":1} x", &["{\"a\":1} x"]),
            ("{}{\"a\":1} ]", &["{}", "{\"a\":1} ]"]),
            ("{\"a\":", &["{\"a\":"]),
            ("nope nope", &["nope nope"]),
            ("}", &["}"]),
        ] {
            assert_eq!(rows_of(line).collect::<Vec<_>>(), rows, "{line}");
        }
    }
}
