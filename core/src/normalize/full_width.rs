//! The wide forms of ASCII that East Asian input methods write.

use std::borrow::Cow;

/// The ASCII character that U+FF01 to U+FF5E is a wide form of.
pub(crate) fn ascii(c: char) -> Option<char> {
    // the block repeats ASCII from '!' on
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xff01 + u32::from('!')),
        _ => None,
    }
}

/// A text with these characters as ASCII.
pub(super) fn narrow(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(|c| ascii(c).is_some()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| ascii(c).unwrap_or(c)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_wide_forms_of_ascii() {
        assert_eq!(narrow("\u{ff23}\u{ff36}\u{ff25}\u{ff0d}2021"), "CVE-2021");
        assert_eq!(narrow("\u{ff5e}\u{ff61}\u{e4}a"), "~\u{ff61}\u{e4}a");
        assert!(matches!(narrow("\u{e4}"), Cow::Borrowed(_)));
    }
}
