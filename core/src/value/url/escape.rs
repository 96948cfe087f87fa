//! Percent-escapes.

use std::borrow::Cow;

/// Brings the escapes of a URL into one spelling: digits in upper case,
/// unreserved characters (RFC 3986, section 2.3) as themselves. Never decodes
/// what it has decoded.
pub(crate) fn settle(url: &str) -> Cow<'_, str> {
    let bytes = url.as_bytes();
    let Some(first) = memchr::memchr(b'%', bytes) else {
        return Cow::Borrowed(url);
    };
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(&bytes[..first]);
    // Where a '%' that escapes nothing was written last: a digit decoded right
    // behind it would make an escape that nobody wrote.
    let mut stray = None::<usize>;
    let mut at = first;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        let Some(byte) = escaped(bytes, at) else {
            stray = Some(out.len());
            out.push(b'%');
            at += 1;
            continue;
        };
        let completes = byte.is_ascii_hexdigit() && stray.is_some_and(|at| out.len() <= at + 2);
        if is_unreserved(byte) && !completes {
            out.push(byte);
        } else {
            out.extend([
                b'%',
                bytes[at + 1].to_ascii_uppercase(),
                bytes[at + 2].to_ascii_uppercase(),
            ]);
        }
        at += 3;
    }
    // ASCII was exchanged for ASCII only
    String::from_utf8(out).map_or(Cow::Borrowed(url), Cow::Owned)
}

/// Undoes every escape, once. `None` when the result is no UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if let Some(byte) = escaped(bytes, at) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).ok()
}

/// The byte of the escape that begins at this place.
fn escaped(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    match bytes.get(at..at + 3)? {
        [b'%', high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}

/// Whether the escape at this place is one, and stays as it is.
pub(super) fn is_settled(bytes: &[u8], at: usize) -> bool {
    escaped(bytes, at).is_some_and(|byte| !is_unreserved(byte))
        && !bytes[at + 1..at + 3].iter().any(u8::is_ascii_lowercase)
}

const fn is_unreserved(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_settle_once() {
        for (text, expected) in [
            ("/%7e%41%2f", "/~A%2F"),
            ("/%257e", "/%257e"),
            ("/%%34%31", "/%%341"),
            ("/%4%31", "/%4%31"),
            ("/%zz%41%", "/%zzA%"),
        ] {
            assert_eq!(settle(text), expected);
            assert_eq!(settle(expected), expected);
        }
    }

    #[test]
    fn decoding() {
        assert_eq!(decode("a%2Fb%").as_deref(), Some("a/b%"));
        assert_eq!(decode("%ff"), None);
    }
}
