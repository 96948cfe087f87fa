//! Hashes of files.

use std::borrow::Cow;

use super::{Kind, Reason};

/// Hexadecimal digits of the right number, in lower case.
pub(crate) fn canonical(kind: Kind, text: &str) -> Result<Cow<'_, str>, Reason> {
    let mut upper = false;
    for b in text.bytes() {
        match b {
            b'0'..=b'9' | b'a'..=b'f' => {}
            b'A'..=b'F' => upper = true,
            _ => return Err(Reason::HashDigits),
        }
    }
    if kind_of_length(text.len()) != Some(kind) {
        return Err(Reason::HashLength);
    }
    Ok(if upper {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    })
}

/// The hash that has this many hexadecimal digits.
pub(crate) const fn kind_of_length(digits: usize) -> Option<Kind> {
    match digits {
        32 => Some(Kind::Md5),
        40 => Some(Kind::Sha1),
        64 => Some(Kind::Sha256),
        128 => Some(Kind::Sha512),
        _ => None,
    }
}

/// Whether a digest could hardly have come out of a hash function: one of 32
/// random digits has fewer than seven different ones once in ten million.
pub(crate) fn is_low_entropy(digest: &str) -> bool {
    let mut seen = 0_u16;
    for b in digest.bytes() {
        let digit = if b.is_ascii_digit() {
            b - b'0'
        } else {
            (b & 0x0f) + 9
        };
        seen |= 1 << (digit & 0x0f);
    }
    seen.count_ones() < 7
}

/// Whether this is the hash of no bytes at all.
pub(crate) fn is_empty_file(digest: &str) -> bool {
    matches!(
        digest,
        "d41d8cd98f00b204e9800998ecf8427e"
            | "da39a3ee5e6b4b0d3255bfef95601890afd80709"
            | "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            | "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_decides() {
        let digits = "0123456789ABCDEF".repeat(8);
        assert_eq!(
            canonical(Kind::Md5, &digits[..32]).unwrap(),
            digits[..32].to_lowercase()
        );
        assert_eq!(canonical(Kind::Md5, &digits[..40]), Err(Reason::HashLength));
        assert_eq!(
            canonical(Kind::Sha512, &digits).unwrap(),
            digits.to_lowercase()
        );
        assert_eq!(canonical(Kind::Md5, "x"), Err(Reason::HashDigits));
    }

    #[test]
    fn entropy() {
        assert!(is_low_entropy(&"a".repeat(32)));
        assert!(is_low_entropy(&"deadbeef".repeat(8)));
        assert!(!is_low_entropy(&"0123456789abcdef".repeat(2)));
    }
}
