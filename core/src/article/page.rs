//! HTML into readable text.
//!
//! As browsers do it, only coarser: nothing is an error, what is not shown is
//! not read, blocks end lines, and inline elements end nothing, so that
//! `evil<b>[.]</b>example` is one word.

mod readable;
mod token;
mod writer;

pub use self::readable::main_text;

use self::token::{Token, tokens};
use self::writer::Writer;
use super::prose::Prose;

/// Longest page that is read, in bytes; what is behind is left out.
pub const MAX_PAGE: usize = 8 << 20;

/// The text of a piece of HTML.
///
/// ```
/// use iocd_core::article::read_html;
///
/// let prose = read_html("<p>It calls <b>bad[.]</b>example<p>and <a href=/x>more</a>");
/// assert_eq!(prose.text, "It calls bad[.]example\nand more\n");
/// assert_eq!(prose.links[0].target, "/x");
/// ```
pub fn read_html(html: &str) -> Prose {
    let mut writer = Writer::default();
    for token in tokens(bounded(html)) {
        writer.take(&token);
    }
    writer.finish()
}

fn bounded(html: &str) -> &str {
    let mut end = html.len().min(MAX_PAGE);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    &html[..end]
}

/// Whether a text that does not say so is HTML: it has a tag or a reference.
pub(super) fn looks_like_html(text: &str) -> bool {
    tokens(bounded(text)).any(|token| match token {
        Token::Open { name, .. } => KNOWN.contains(&&*name),
        Token::Text(text) => super::reference::unescape(text) != text,
        Token::Close { .. } => false,
    })
}

/// Elements that show that a text is HTML.
const KNOWN: [&str; 22] = [
    "p",
    "br",
    "div",
    "span",
    "a",
    "b",
    "i",
    "em",
    "strong",
    "ul",
    "ol",
    "li",
    "table",
    "img",
    "h1",
    "h2",
    "h3",
    "h4",
    "pre",
    "code",
    "blockquote",
    "figure",
];

#[cfg(test)]
mod tests;
