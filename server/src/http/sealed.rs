//! Bytes that clients hand back unread, as text: base64url (RFC 4648, section
//! 5, no padding) of the bytes and the first 4 of their BLAKE3 hash. The hash
//! is against accidents: it keeps nobody from making up a text of their own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Bytes of the hash.
const CHECK: usize = 4;
/// Longest text that is looked at.
pub(super) const MAX_TEXT: usize = 16 << 10;

/// The bytes as text.
pub(super) fn seal(mut bytes: Vec<u8>) -> String {
    let check = check(&bytes);
    bytes.extend_from_slice(&check);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of a text; `None` if it is not one that was sealed here.
pub(super) fn unseal(text: &str) -> Option<Vec<u8>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (content, sum) = bytes.split_last_chunk::<CHECK>()?;
    let length = content.len();
    if check(content) != *sum {
        return None;
    }
    bytes.truncate(length);
    Some(bytes)
}

fn check(bytes: &[u8]) -> [u8; CHECK] {
    let mut check = [0; CHECK];
    check.copy_from_slice(&blake3::hash(bytes).as_bytes()[..CHECK]);
    check
}
