//! `%xx` and `+` of query strings (`application/x-www-form-urlencoded`).

use std::borrow::Cow;

/// The bytes that were escaped are not UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotUtf8;

/// Undoes `%xx` and `+`.
pub(super) fn decode(raw: &str) -> Result<Cow<'_, str>, NotUtf8> {
    let bytes = raw.as_bytes();
    let Some(first) = bytes.iter().position(|byte| matches!(byte, b'%' | b'+')) else {
        return Ok(Cow::Borrowed(raw));
    };
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(&bytes[..first]);
    let mut position = first;
    while let Some(&byte) = bytes.get(position) {
        let escaped = match byte {
            b'%' => bytes
                .get(position + 1)
                .zip(bytes.get(position + 2))
                .and_then(|(high, low)| Some(hex_digit(*high)? << 4 | hex_digit(*low)?)),
            _ => None,
        };
        out.push(match (byte, escaped) {
            (_, Some(escaped)) => escaped,
            (b'+', None) => b' ',
            (byte, None) => byte,
        });
        position += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).map(Cow::Owned).map_err(|_| NotUtf8)
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Appends text so that a query string carries it.
pub(crate) fn encode_into(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_encoded_decodes(text in any::<String>()) {
            let mut encoded = String::new();
            encode_into(&mut encoded, &text);
            prop_assert_eq!(decode(&encoded).unwrap(), text);
        }

        #[test]
        fn nothing_panics(raw in "[%+a-fA-F0-9\\PC]*") {
            decode(&raw).ok();
        }
    }

    #[test]
    fn escapes_are_undone_and_what_is_none_stays() {
        for (raw, text) in [
            ("plain", "plain"),
            ("a+b%2Bc", "a b+c"),
            ("%C3%BC", "ü"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%00", "\0"),
            ("", ""),
        ] {
            assert_eq!(decode(raw).as_deref(), Ok(text), "{raw}");
        }
        assert_eq!(decode("%ff"), Err(NotUtf8));
        let mut encoded = String::new();
        encode_into(&mut encoded, "a b&c=ü:");
        assert_eq!(encoded, "a%20b%26c%3D%C3%BC:");
    }
}
