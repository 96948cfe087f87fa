//! The beginning of a text, line by line.

use crate::feed::input::{Input, LineState};
use crate::feed::read::HEAD;

/// Spellings that nobody uses who does not defang.
const DEFANGED: [&str; 8] = ["[.]", "hxxp", "hXXp", "(.)", "[:]", "[@]", "[dot]", "[at]"];

/// Lines of a document, without their ends.
pub(super) struct Sample {
    pub(super) lines: Vec<String>,
    /// Whether values are written so that nobody follows them.
    pub(super) defanged: bool,
}

impl Sample {
    /// The lines of a document's beginning. One that the end of it cuts is
    /// left out.
    pub(super) fn of(head: &[u8]) -> Sample {
        let mut source = head;
        let mut lines = Vec::new();
        if let Ok(mut input) = Input::new(&mut source) {
            while let Ok(state) = input.next_line()
                && state != LineState::End
            {
                lines.push(input.text().to_owned());
            }
        }
        if head.len() >= HEAD && lines.len() > 1 {
            lines.pop();
        }
        let has = |sign: &str| lines.iter().any(|line| line.contains(sign));
        let defanged = DEFANGED.iter().any(|sign| has(sign));
        Sample { lines, defanged }
    }

    /// Lines that say something.
    pub(super) fn said(&self) -> impl Iterator<Item = &str> {
        let lines = self.lines.iter().map(|line| line.trim());
        lines.filter(|line| !line.is_empty())
    }
}

/// Whether any of these texts is defanged.
pub(super) fn is_defanged<'t>(texts: impl IntoIterator<Item = &'t str>) -> bool {
    let has = |text: &str| DEFANGED.iter().any(|sign| text.contains(sign));
    texts.into_iter().any(has)
}
