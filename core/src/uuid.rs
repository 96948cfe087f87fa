//! UUIDs of version 8 (RFC 9562) that are made from names: the same on every
//! machine.

use std::fmt;

/// The UUID of three texts, from their BLAKE3 hash. None of them may hold NUL:
/// so the triple is unambiguous.
pub(crate) fn of_names(names: [&str; 3]) -> [u8; 16] {
    let [first, second, third] = names;
    let mut hasher = blake3::Hasher::new();
    for part in [first, "\0", second, "\0", third] {
        hasher.update(part.as_bytes());
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    id[6] = (id[6] & 0x0f) | 0x80;
    id[8] = (id[8] & 0x3f) | 0x80;
    id
}

/// Writes it in lower case, hyphenated.
pub(crate) fn write(id: &[u8; 16], f: &mut impl fmt::Write) -> fmt::Result {
    for (position, byte) in id.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            f.write_char('-')?;
        }
        write!(f, "{byte:02x}")?;
    }
    Ok(())
}
