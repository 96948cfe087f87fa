//! Where addresses begin and end.

use super::class::{self, DIGIT, HIGH, LETTER};
use super::sign;

/// Four groups of digits with dots between them, from `start` on; where they
/// end. Whether the numbers are octets, reading tells.
pub(super) fn v4_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    for group in 0..4 {
        if group > 0 {
            at += if bytes.get(at) == Some(&b'.') {
                1
            } else {
                sign::read(bytes, at)
                    .filter(|sign| sign.means == b'.')?
                    .length
            };
        }
        let end = class::run(bytes, at, DIGIT);
        if !(1..=3).contains(&(end - at)) {
            return None;
        }
        at = end;
    }
    Some(at)
}

/// Whether an address may end here: not in a word, a version or a longer
/// number.
pub(super) fn v4_ends(bytes: &[u8], end: usize) -> bool {
    match bytes.get(end) {
        None => true,
        Some(b'-') => {
            !class::at(bytes, end + 1, LETTER | DIGIT) || v4_end(bytes, end + 1).is_some()
        }
        Some(b'_') => false,
        Some(&b) if class::is(b, LETTER | DIGIT) => false,
        Some(_) => match sign::read(bytes, end) {
            Some(sign) if sign.means == b'.' => {
                !class::at(bytes, end + sign.length, LETTER | DIGIT)
            }
            _ => true,
        },
    }
}

/// Where a port ends that begins with a colon at `at`.
pub(super) fn port_end(bytes: &[u8], at: usize) -> Option<usize> {
    let colon = sign::read(bytes, at).filter(|sign| sign.means == b':')?;
    let start = at + colon.length;
    let end = class::run(bytes, start, DIGIT);
    ((1..=5).contains(&(end - start))
        && !class::at(bytes, end, LETTER)
        && bytes.get(end) != Some(&b':'))
    .then_some(end)
}

/// Whether a path may begin here, behind the slash: not a prefix length, a port
/// or another address.
pub(super) fn is_path(bytes: &[u8], at: usize) -> bool {
    let end = class::run(bytes, at, DIGIT);
    end == at || class::at(bytes, end, LETTER)
}

/// Whether the port of a `WebDAV` share follows, as Windows writes it:
/// `\\203.0.113.7@80\share`, `@SSL`.
pub(super) fn is_share(bytes: &[u8], at: usize) -> bool {
    let Some([b'@', rest @ ..]) = bytes.get(at..) else {
        return false;
    };
    let port = rest
        .iter()
        .take(6)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let ssl = rest
        .get(..3)
        .is_some_and(|word| word.eq_ignore_ascii_case(b"ssl"));
    let length = if ssl { 3 } else { port };
    (1..=5).contains(&length) && matches!(rest.get(length), Some(b'/' | b'\\' | b'@'))
}

/// Where a prefix length ends that begins with a slash at `at`.
pub(super) fn prefix_end(bytes: &[u8], at: usize) -> Option<usize> {
    let start = at + 1;
    if bytes.get(at) != Some(&b'/') {
        return None;
    }
    let end = class::run(bytes, start, DIGIT);
    let more = class::at(bytes, end, LETTER | HIGH)
        || matches!(
            bytes.get(end),
            Some(b'/' | b'-' | b'_' | b'?' | b'=' | b'%')
        )
        || bytes.get(end) == Some(&b'.') && class::at(bytes, end + 1, LETTER | DIGIT);
    ((1..=3).contains(&(end - start)) && !more).then_some(end)
}

/// The longest text that is looked at as an IPv6 address, each colon in
/// brackets.
const MAX_V6: usize = 72;

/// Where an IPv6 address ends that begins at `start`, and whether there is
/// enough of it to be no scope (`std::a`), time or hardware address.
pub(super) fn v6_end(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    let mut at = start;
    let mut end = start;
    let mut colons = 0;
    let mut groups = 0;
    let mut digits = 0;
    let mut double = false;
    let mut defanged = false;
    while at - start < MAX_V6 {
        let group = at
            + bytes[at..]
                .iter()
                .take(5)
                .take_while(|b| b.is_ascii_hexdigit())
                .count();
        if group - at > 4 {
            return None;
        }
        if group > at {
            groups += 1;
            digits += bytes[at..group]
                .iter()
                .filter(|b| b.is_ascii_digit())
                .count();
            end = group;
            // an IPv4 address at the end
            if bytes.get(group) == Some(&b'.')
                && let Some(v4) = v4_end(bytes, at).filter(|_| colons >= 2)
            {
                end = v4;
                groups += 1;
                break;
            }
        }
        at = group;
        let Some(colon) = sign::read(bytes, at).filter(|sign| sign.means == b':') else {
            break;
        };
        defanged |= colon.defanged;
        let next = at + colon.length;
        colons += 1;
        if let Some(second) = sign::read(bytes, next).filter(|sign| sign.means == b':') {
            if double {
                return None;
            }
            double = true;
            colons += 1;
            at = next + second.length;
            end = at;
        } else if bytes.get(next).is_some_and(u8::is_ascii_hexdigit) {
            at = next;
        } else {
            break;
        }
    }
    if colons < 2 || class::at(bytes, end, LETTER | DIGIT | HIGH) || bytes.get(end) == Some(&b'_') {
        return None;
    }
    // what follows is more of the same: a time, a hardware address, a scope
    if bytes.get(end) == Some(&b':')
        && !class::at(bytes, end + 1, class::CUT)
        && end + 1 < bytes.len()
    {
        return None;
    }
    let loopback = double && groups == 1 && &bytes[start..end] == b"::1";
    let enough = if double {
        loopback
            || defanged && groups > 1
            || groups >= 3 && digits > 0
            || is_usual(&bytes[start..end])
    } else {
        groups == 8 || groups == 7 && bytes.get(end.wrapping_sub(1)) != Some(&b':')
    };
    Some((end, enough))
}

/// Two groups are enough where they begin as addresses that are in use do.
fn is_usual(written: &[u8]) -> bool {
    let head: &[u8] = &written[..written.len().min(5)];
    match head {
        [b'2' | b'3', a, b, c, b':'] => [a, b, c].iter().all(|b| b.is_ascii_hexdigit()),
        [b'f' | b'F', b'c'..=b'f' | b'C'..=b'F', a, b, b':'] => {
            a.is_ascii_hexdigit() && b.is_ascii_digit()
        }
        [b':', b':', rest @ ..] => rest.eq_ignore_ascii_case(b"fff"),
        _ => false,
    }
}

/// Where zone and prefix length of an IPv6 address end.
pub(super) fn v6_tail(bytes: &[u8], end: usize) -> usize {
    let mut end = end;
    if bytes.get(end) == Some(&b'%') {
        let zone = class::run(bytes, end + 1, LETTER | DIGIT);
        if zone > end + 1 && zone - end <= 16 {
            end = zone;
        }
    }
    prefix_end(bytes, end).unwrap_or(end)
}

/// Whether what precedes an address says that it is the number of a version:
/// a word as `version`, or a product and a slash.
pub(super) fn is_version(text: &str, start: usize) -> bool {
    const WORDS: [&str; 15] = [
        "version", "versions", "ver", "ver.", "v", "v.", "vers", "build", "release", "revision",
        "rev", "rev.", "firmware", "patch", "sdk",
    ];
    let bytes = text.as_bytes();
    let from = start.saturating_sub(24);
    let Some(before) = bytes.get(from..start) else {
        return false;
    };
    if let [.., product, b'/'] = before {
        return class::is(*product, LETTER);
    }
    let trimmed = before
        .iter()
        .rposition(|b| !matches!(b, b' ' | b':' | b'=' | b'#' | b'(' | b'\t' | b'"' | b'\''))
        .map_or(&[][..], |last| &before[..=last]);
    let word = trimmed
        .iter()
        .rposition(|b| !(b.is_ascii_alphabetic() || *b == b'.'))
        .map_or(trimmed, |cut| &trimmed[cut + 1..]);
    WORDS
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v6() {
        for (text, end) in [
            ("2001:db8::1 x", Some((11, true))),
            ("2001:db8::ff00:42:8329", Some((22, true))),
            ("::1", Some((3, true))),
            ("::ffff:192.0.2.1", Some((16, true))),
            ("2001[:]db8[:][:]1", Some((17, true))),
            ("std::a", None),
            ("a::b", Some((4, false))),
            ("12:30:45", Some((8, false))),
            ("aa:bb:cc:dd:ee:ff", Some((17, false))),
        ] {
            assert_eq!(v6_end(text.as_bytes(), 0), end, "{text}");
        }
    }

    #[test]
    fn versions() {
        for text in [
            "version 1.2.3.4",
            "build: 1.2.3.4",
            "Chrome/1.2.3.4",
            "(v. 1.2.3.4",
        ] {
            assert!(is_version(text, text.len() - 7), "{text}");
        }
        for text in [
            "server 1.2.3.4",
            "1.2.3.4",
            "/1.2.3.4",
            "subversion9 1.2.3.4",
        ] {
            assert!(!is_version(text, text.len() - 7), "{text}");
        }
    }
}
