//! Character references of XML and HTML.

use std::borrow::Cow;

use quick_xml::escape::resolve_html5_entity;

/// Bytes of the longest name of one.
const MAX_NAME: usize = 32;

/// What the name between `&` and `;` stands for. Publishers use HTML's names
/// in XML, too; a name that stands for nothing is text.
pub(super) fn resolve(name: &str) -> Cow<'static, str> {
    match known(name) {
        Some(text) => text,
        None => Cow::Owned(format!("&{name};")),
    }
}

fn known(name: &str) -> Option<Cow<'static, str>> {
    let Some(number) = name.strip_prefix('#') else {
        return resolve_html5_entity(name).map(Cow::Borrowed);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    let char = match code {
        0 => char::REPLACEMENT_CHARACTER,
        // Windows-1252 by number, as HTML reads it.
        0x80..=0x9f => windows(u8::try_from(code).ok()?),
        _ => char::from_u32(code)?,
    };
    Some(Cow::Owned(char.to_string()))
}

fn windows(byte: u8) -> char {
    let (text, _) =
        encoding_rs::WINDOWS_1252.decode_without_bom_handling(std::slice::from_ref(&byte));
    text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Undoes every reference of a text, once.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let window = &rest.as_bytes()[..rest.len().min(MAX_NAME)];
        let end = memchr::memchr(b';', window);
        match end.and_then(|end| Some((end, known(&rest[..end])?))) {
            Some((end, text)) => {
                out.push_str(&text);
                rest = &rest[end + 1..];
            }
            None => out.push('&'),
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_undone_once() {
        for (text, expected) in [
            ("a &amp;lt; b", "a &lt; b"),
            ("&eacute;&#233;&#xE9;&#150;", "ééé–"),
            ("&nonsense; & &", "&nonsense; & &"),
            ("&#0;&#xD800;&#99999999;", "\u{fffd}&#xD800;&#99999999;"),
        ] {
            assert_eq!(unescape(text), expected);
        }
        assert_eq!(resolve("nonsense"), "&nonsense;");
    }
}
