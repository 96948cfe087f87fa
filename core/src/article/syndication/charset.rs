//! Bytes into text, in whatever encoding.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::memmem;

/// Bytes in which an XML declaration stands.
const DECLARATION: usize = 256;
/// Bytes in which the `meta` element stands that names the encoding of a page.
const META: usize = 4096;

/// The text of a document's bytes.
///
/// A byte-order mark counts most. UTF-8 that is valid is UTF-8, whatever the
/// declaration says: it is more often wrong than such bytes are by accident.
/// Then what the XML declaration names, then what the bytes look like. Bytes
/// that make no sense become U+FFFD.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    decode_as(bytes, declared(bytes))
}

/// The text of an HTML page's bytes, as [`decode`] does it: what is declared
/// stands in its media type (`text/html; charset=…`) or in a `meta` element.
pub fn decode_page<'b>(bytes: &'b [u8], media_type: &str) -> Cow<'b, str> {
    let said = charset_in(media_type.as_bytes());
    let head = &bytes[..bytes.len().min(META)];
    decode_as(bytes, said.or_else(|| charset_in(head)))
}

fn decode_as<'b>(bytes: &'b [u8], declared: Option<&'static Encoding>) -> Cow<'b, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    if let Some(encoding) = wide(bytes) {
        return encoding.decode_without_bom_handling(bytes).0;
    }
    // These write all their signs with bytes that are ASCII, too.
    let is_modal = declared.is_some_and(|encoding| encoding == encoding_rs::ISO_2022_JP);
    if !is_modal && let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let encoding = declared
        .filter(|encoding| *encoding != UTF_8)
        .unwrap_or_else(|| detect(bytes));
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    if had_errors && declared.is_some() {
        let (other, still) = detect(bytes).decode_without_bom_handling(bytes);
        if !still {
            return other;
        }
    }
    text
}

/// UTF-16 without a mark: every other byte of `<?` or `<r` is zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<', 0, next, 0, ..] if *next != 0 => Some(UTF_16LE),
        [0, b'<', 0, next, ..] if *next != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// What the XML declaration says.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(DECLARATION)];
    let start = memmem::find(head, b"<?xml")?;
    let head = &head[start..];
    let head = &head[..memmem::find(head, b"?>")?];
    let value = &head[memmem::find(head, b"encoding")? + b"encoding".len()..];
    let value = value.trim_ascii_start().strip_prefix(b"=")?;
    let (quote, value) = value.trim_ascii_start().split_first()?;
    let end = memchr::memchr(*quote, value)?;
    let encoding = Encoding::for_label(&value[..end])?;
    // A document whose declaration could be read is not written so.
    (encoding != UTF_16LE && encoding != UTF_16BE).then_some(encoding)
}

/// What the first `charset=` says, quoted or not.
fn charset_in(text: &[u8]) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let start = memmem::find(&lower, b"charset=")? + b"charset=".len();
    let value = lower[start..].trim_ascii_start();
    let value = value.strip_prefix(b"\"").or(value.strip_prefix(b"'"));
    let value = value.unwrap_or(&lower[start..]);
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\"';,>/".contains(byte);
    let end = value.iter().position(ends).unwrap_or(value.len());
    let encoding = Encoding::for_label(&value[..end])?;
    (encoding != UTF_16LE && encoding != UTF_16BE).then_some(encoding)
}

fn detect(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_count_most_then_what_is_valid_then_what_is_declared() {
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("<a>é</a>".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        for (bytes, expected) in [
            (&utf16[..], "<a>é</a>"),
            (&utf16[2..], "<a>é</a>"),
            ("\u{feff}<a>é</a>".as_bytes(), "<a>é</a>"),
            (
                "<?xml version=\"1.0\" encoding=\"euc-kr\"?><a>é</a>".as_bytes(),
                "<?xml version=\"1.0\" encoding=\"euc-kr\"?><a>é</a>",
            ),
            (
                b"<?xml version='1.0' encoding='koi8-r'?>\xd0\xd2",
                "<?xml version='1.0' encoding='koi8-r'?>пр",
            ),
            (
                b"<?xml encoding=\"shift_jis\"?>\x93\xfa\x96\x7b",
                "<?xml encoding=\"shift_jis\"?>日本",
            ),
            (
                b"<?xml encoding=\"nonsense\"?>a",
                "<?xml encoding=\"nonsense\"?>a",
            ),
        ] {
            assert_eq!(decode(bytes), expected);
        }
    }

    #[test]
    fn a_wrong_declaration_is_seen_through() {
        let text = "<?xml version=\"1.0\" encoding=\"utf-8\"?><a>caf\u{e9} na\u{ef}ve d\u{e9}j\u{e0} vu</a>";
        let bytes: Vec<u8> = text
            .chars()
            .map(|char| u8::try_from(char).unwrap())
            .collect();
        assert_eq!(decode(&bytes), text);
    }

    #[test]
    fn pages_say_it_in_their_media_type_or_in_a_meta_element() {
        let page = |meta: &str| [format!("<head>{meta}</head>").as_bytes(), b"\xd0\xd2"].concat();
        for (media_type, meta) in [
            ("text/html; charset=KOI8-R", ""),
            ("text/html; Charset=\"koi8-r\"", "<meta charset=utf-8>"),
            ("text/html", "<meta charset=\"koi8-r\">"),
            (
                "",
                "<META http-equiv='content-type' content='text/html; charset=koi8-r'>",
            ),
        ] {
            let bytes = page(meta);
            let text = decode_page(&bytes, media_type);
            assert!(text.ends_with("пр"), "{media_type} {meta}: {text}");
        }
        assert_eq!(
            decode_page("é".as_bytes(), "text/html; charset=koi8-r"),
            "é"
        );
    }
}
