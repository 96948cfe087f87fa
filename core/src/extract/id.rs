//! Hashes, CVE and ATT&CK ids.

use super::class::{self, DIGIT, LETTER};
use crate::value::{Kind, hash};

/// The hash that a whole run of letters and digits is.
pub(super) fn hash(bytes: &[u8], start: usize, end: usize) -> Option<Kind> {
    let kind = hash::kind_of_length(end - start)?;
    (bytes[start..end].iter().all(u8::is_ascii_hexdigit) && !is_other(bytes, start)).then_some(kind)
}

/// Whether what stands before says that this is no hash of a file.
fn is_other(bytes: &[u8], start: usize) -> bool {
    const NAMES: [&[u8]; 12] = [
        b"imphash",
        b"ssdeep",
        b"tlsh",
        b"ja3",
        b"ja3s",
        b"jarm",
        b"vhash",
        b"pehash",
        b"richpehash",
        b"telfhash",
        b"authentihash",
        b"dhash",
    ];
    let before = &bytes[start.saturating_sub(24)..start];
    let separates = |b: &u8| {
        matches!(
            b,
            b' ' | b':'
                | b'='
                | b'|'
                | b'-'
                | b'\t'
                | b'\n'
                | b'\r'
                | b'"'
                | b'\''
                | b'`'
                | b'*'
                | b'('
                | b'>'
        )
    };
    let Some(last) = before.iter().rposition(|b| !separates(b)) else {
        return false;
    };
    let first = before[..=last]
        .iter()
        .rposition(|b| !b.is_ascii_alphanumeric())
        .map_or(0, |cut| cut + 1);
    let word = &before[first..=last];
    let import = word.eq_ignore_ascii_case(b"hash")
        && before[..first]
            .trim_ascii_end()
            .to_ascii_lowercase()
            .ends_with(b"import");
    import || NAMES.iter().any(|name| word.eq_ignore_ascii_case(name))
}

/// Where a CVE id ends whose `CVE` ends at `at`.
pub(super) fn cve_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let year = skip_hyphen(text, at)?;
    let year_end = class::run(bytes, year, DIGIT);
    if year_end - year != 4 {
        return None;
    }
    let number = skip_hyphen(text, year_end)?;
    let end = class::run(bytes, number, DIGIT);
    ((4..=19).contains(&(end - number)) && !class::at(bytes, end, LETTER)).then_some(end)
}

/// Behind one hyphen of any kind, or one blank.
fn skip_hyphen(text: &str, at: usize) -> Option<usize> {
    let c = text.get(at..)?.chars().next()?;
    let hyphen = matches!(
        c,
        '-' | '_' | ' ' | '\u{a0}' | '\u{ad}' | '\u{2010}'
            ..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
    );
    hyphen.then_some(at + c.len_utf8())
}

/// Where an ATT&CK id ends that a run of letters and digits begins with.
/// Assigned numbers begin with 0 or 1.
pub(super) fn attack_end(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    let letters = 1 + usize::from(matches!(bytes[start..end], [b'T' | b't', b'A' | b'a', ..]));
    if !matches!(bytes[start] | 0x20, b't' | b'g' | b's' | b'm') {
        return None;
    }
    let digits = &bytes[start + letters..end];
    let [b'0' | b'1', _, _, _] = digits else {
        return None;
    };
    if !digits.iter().all(u8::is_ascii_digit) || matches!(bytes.get(end), Some(b'-' | b'_')) {
        return None;
    }
    // `T1059.001`, and as pages write it `T1059/001`
    if matches!(bytes[start], b'T' | b't')
        && end - start == 5
        && matches!(bytes.get(end), Some(b'.' | b'/'))
    {
        let sub = class::run(bytes, end + 1, DIGIT | LETTER);
        if sub - end == 4 && bytes[end + 1..sub].iter().all(u8::is_ascii_digit) {
            return Some(sub);
        }
    }
    Some(end)
}
