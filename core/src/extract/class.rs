//! What a byte can be part of.

/// Cuts chunks: blanks, control characters, quotes, angle brackets, table bars.
pub(super) const CUT: u8 = 1;
/// A digit.
pub(super) const DIGIT: u8 = 2;
/// `.`
pub(super) const DOT: u8 = 4;
/// `:`
pub(super) const COLON: u8 = 8;
/// `@`
pub(super) const AT: u8 = 16;
/// An opening bracket.
pub(super) const OPEN: u8 = 32;
/// Part of a character beyond ASCII.
pub(super) const HIGH: u8 = 64;
/// A letter.
pub(super) const LETTER: u8 = 128;

/// The class of each byte.
pub(super) const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut b = 0;
    while b < 256 {
        #[allow(clippy::cast_possible_truncation)] // it is below 256
        let byte = b as u8;
        class[b] = match byte {
            0..=b' ' | 0x7f | b'"' | b'`' | b'<' | b'>' | b'|' => CUT,
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'.' => DOT,
            b':' => COLON,
            b'@' => AT,
            b'[' | b'(' | b'{' => OPEN,
            0x80.. => HIGH,
            _ => 0,
        };
        b += 1;
    }
    class
};

/// Whether a byte has one of these classes.
#[inline]
pub(super) const fn is(b: u8, classes: u8) -> bool {
    CLASS[b as usize] & classes != 0
}

/// Whether the byte at this place has one of these classes; no byte has none.
#[inline]
pub(super) fn at(bytes: &[u8], place: usize, classes: u8) -> bool {
    bytes.get(place).is_some_and(|&b| is(b, classes))
}

/// Where a run of bytes of these classes ends that begins at `start`.
#[inline]
pub(super) fn run(bytes: &[u8], start: usize, classes: u8) -> usize {
    let mut end = start;
    while at(bytes, end, classes) {
        end += 1;
    }
    end
}
