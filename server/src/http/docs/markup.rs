//! Text as HTML.

use std::borrow::Cow;

/// The text with what HTML would read otherwise escaped, quotes included.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

/// Appends a text in which backquotes mark code and empty lines begin a
/// paragraph.
pub(super) fn prose(page: &mut String, text: &str) {
    for paragraph in text.split("\n\n") {
        page.push_str("<p>");
        phrase(page, paragraph);
        page.push_str("</p>\n");
    }
}

/// Appends a text in which backquotes mark code.
pub(super) fn phrase(page: &mut String, text: &str) {
    for (position, part) in text.split('`').enumerate() {
        let is_code = position % 2 == 1;
        page.push_str(if is_code { "<code>" } else { "" });
        page.push_str(&escape(part));
        page.push_str(if is_code { "</code>" } else { "" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(escape("a"), "a");
        assert_eq!(
            escape("<a href='x'>\"&\"</a>"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;"
        );
        let mut page = String::new();
        prose(&mut page, "one `<b>` two\n\nthree");
        assert_eq!(
            page,
            "<p>one <code>&lt;b&gt;</code> two</p>\n<p>three</p>\n"
        );
    }
}
