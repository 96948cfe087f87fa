//! Text and Markdown into blocks.

use super::heading::Section;
use super::prose::{Block, Place, Prose};

/// Longest line that can be a heading by its form alone, in bytes.
const MAX_HEADING: usize = 100;
/// Blocks that are noted.
const MAX_BLOCKS: usize = 100_000;

/// Finds headings, lists, tables and code of a text by the signs that Markdown,
/// `AsciiDoc` and writers of plain notes use. The text stays as it is.
pub fn read_plain(text: &str) -> Prose {
    let mut prose = Prose {
        text: text.to_owned(),
        ..Prose::default()
    };
    let mut is_code = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let trimmed = line.trim();
        if trimmed.is_empty() {
            continue;
        }
        if prose.blocks.len() >= MAX_BLOCKS {
            break;
        }
        if ["```", "~~~", "----"]
            .iter()
            .any(|sign| trimmed.starts_with(sign))
        {
            is_code = !is_code && !trimmed.starts_with("----");
            continue;
        }
        if is_code {
            note(&mut prose, start, trimmed, Place::Code);
        } else if trimmed.starts_with('|') {
            note_row(&mut prose, start, trimmed);
        } else {
            note(&mut prose, start, trimmed, place_of(trimmed));
        }
    }
    prose.section();
    prose
}

fn note(prose: &mut Prose, start: usize, text: &str, place: Place) {
    prose.blocks.push(Block {
        span: start..start + text.len(),
        place,
        section: Section::Other,
    });
}

/// Each cell of a row is a block.
fn note_row(prose: &mut Prose, start: usize, row: &str) {
    let mut at = start;
    for cell in row.split('|') {
        let trimmed = cell.trim();
        if !trimmed.is_empty() {
            let inside = cell.len() - cell.trim_start().len();
            note(prose, at + inside, trimmed, Place::Cell);
        }
        at += cell.len() + 1;
    }
}

fn place_of(line: &str) -> Place {
    let marks = line
        .bytes()
        .take_while(|byte| matches!(byte, b'#' | b'='))
        .count();
    if (1..=6).contains(&marks) && line.as_bytes().get(marks) == Some(&b' ') {
        return Place::Heading(u8::try_from(marks).unwrap_or(6));
    }
    if is_item(line) {
        return Place::Item;
    }
    let is_loud = line.bytes().any(|byte| byte.is_ascii_uppercase())
        && !line
            .bytes()
            .any(|byte| byte.is_ascii_lowercase() || byte == b'.');
    let announces = line.ends_with(':') && !line.contains("://");
    if line.len() <= MAX_HEADING && (announces || is_loud && line.contains(' ')) {
        return Place::Heading(6);
    }
    Place::Sentence
}

/// Whether a line begins as items of lists do: `- `, `* `, `1. `, `2) `.
fn is_item(line: &str) -> bool {
    if ["- ", "* ", "+ ", "• ", "– "]
        .iter()
        .any(|sign| line.starts_with(sign))
    {
        return true;
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let behind = &line.as_bytes()[digits..];
    (1..=3).contains(&digits) && matches!(behind, [b'.' | b')', b' ', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_have_headings_lists_tables_and_code() {
        let text = "# Title\nA sentence.\n\nINFECTION CHAIN:\n- one\n1. two\n\n## IOCs\n| a | `b` |\n```\ncode\n```\nREFERENCES:\n- https://example.com/\n";
        let prose = read_plain(text);
        let told: Vec<_> = prose
            .blocks
            .iter()
            .map(|block| (&text[block.span.clone()], block.place, block.section))
            .collect();
        let (other, iocs) = (Section::Other, Section::Indicators);
        assert_eq!(
            told,
            [
                ("# Title", Place::Heading(1), other),
                ("A sentence.", Place::Sentence, other),
                ("INFECTION CHAIN:", Place::Heading(6), other),
                ("- one", Place::Item, other),
                ("1. two", Place::Item, other),
                ("## IOCs", Place::Heading(2), iocs),
                ("a", Place::Cell, iocs),
                ("`b`", Place::Cell, iocs),
                ("code", Place::Code, iocs),
                ("REFERENCES:", Place::Heading(6), Section::References),
                ("- https://example.com/", Place::Item, Section::References),
            ]
        );
    }
}
