//! Values that contain a text.

use std::borrow::Cow;

use crate::normalize;
use crate::value::ValueRef;

mod needle;

use needle::Needle;

/// The least characters that are looked for.
pub const MIN_PART: usize = 3;

/// A text to be found anywhere in values, whatever its ASCII letter case: as
/// it was written, and, where it has the marks of defanging, without them.
#[derive(Clone, Debug)]
pub struct Part {
    needles: Vec<Needle>,
}

impl Part {
    /// Reads what somebody looks for; `None` for fewer than [`MIN_PART`]
    /// characters between the blanks at its ends.
    pub fn read(text: &str) -> Option<Part> {
        let written = normalize::trim(text).to_ascii_lowercase();
        if written.chars().count() < MIN_PART {
            return None;
        }
        let mut needles = vec![Needle::new(&written)];
        if let Cow::Owned(refanged) = refang(&written)
            && refanged.chars().count() >= MIN_PART
        {
            needles.push(Needle::new(&refanged));
        }
        Some(Part { needles })
    }

    /// The texts of which one is in every value that answers: ASCII letters in
    /// lower case, one or two of them.
    pub fn needles(&self) -> impl Iterator<Item = &[u8]> {
        self.needles.iter().map(Needle::text)
    }

    /// Whether the value contains it.
    pub fn is_in(&self, value: ValueRef<'_>) -> bool {
        let bytes = value.text.as_bytes();
        self.needles
            .iter()
            .any(|needle| needle.find(bytes).is_some())
    }

    /// Visits places in some bytes where it is, in order for each of its
    /// texts; `visit` says from where on there is reason to look further.
    pub fn visit_places(&self, bytes: &[u8], mut visit: impl FnMut(usize) -> usize) {
        for needle in &self.needles {
            let mut from = 0;
            while let Some(place) = bytes.get(from..).and_then(|rest| needle.find(rest)) {
                let place = from + place;
                from = visit(place).max(place + 1);
            }
        }
    }
}

/// What is put in pairs of brackets to break a value, and what it stands for.
const SIGNS: [(&str, &str); 9] = [
    (".", "."),
    (":", ":"),
    ("/", "/"),
    ("//", "//"),
    ("://", "://"),
    ("@", "@"),
    ("dot", "."),
    ("at", "@"),
    (",", "."),
];

/// Undoes what nobody writes for another reason: a sign alone in brackets, and
/// `hxxp`.
fn refang(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    for (at, opening) in text.match_indices(['[', '(', '{']) {
        let closing = match opening {
            "[" => ']',
            "(" => ')',
            _ => '}',
        };
        let inner = &text[at + 1..];
        let sign = SIGNS.iter().find(|(written, _)| {
            inner
                .strip_prefix(written)
                .is_some_and(|rest| rest.starts_with(closing))
        });
        if let Some((written, sign)) = sign {
            out.push_str(&text[copied..at]);
            out.push_str(sign);
            copied = at + written.len() + 2;
        }
    }
    out.push_str(&text[copied..]);
    for (scheme, meant) in [("hxxp:", "http:"), ("hxxps:", "https:")] {
        if let Some(rest) = out.strip_prefix(scheme) {
            out = [meant, rest].concat();
        }
    }
    if out == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Kind;

    fn is_in(part: &str, text: &str) -> bool {
        let value = ValueRef {
            kind: Kind::Url,
            text,
        };
        Part::read(part).unwrap().is_in(value)
    }

    #[test]
    fn letter_case_and_blanks_do_not_matter() {
        let url = "http://example.com/Gate.php?ID=7";
        for part in ["gate.php", "GATE.PHP", " te.php?id ", "://exam", "?id=7"] {
            assert!(is_in(part, url), "{part}");
        }
        for part in [
            "gate_php",
            "gate.*",
            "com.example",
            "http://example.com/gate.php?id=70",
        ] {
            assert!(!is_in(part, url), "{part}");
        }
    }

    #[test]
    fn a_part_has_three_characters() {
        for part in ["", "  ", "ab", " ab ", "\u{e4}\u{e4}"] {
            assert!(Part::read(part).is_none(), "{part}");
        }
        assert!(Part::read("abc").is_some());
        assert!(Part::read("\u{e4}\u{e4}\u{e4}").is_some());
    }

    #[test]
    fn marks_of_defanging_are_undone_and_stay() {
        for part in [
            "evil[.]com",
            "evil(dot)com",
            "hxxp[:]//evil.com",
            "hxxp://evil{.}com",
            "://evil[.]c",
        ] {
            assert!(is_in(part, "http://evil.com/"), "{part}");
        }
        assert!(is_in("a[.]b", "http://example.com/a[.]b"));
        assert!(!is_in("a(x)b", "http://example.com/axb"));
        let count = |part| Part::read(part).unwrap().needles().count();
        assert_eq!((count("evil.com"), count("evil[.]com")), (1, 2));
    }
}
