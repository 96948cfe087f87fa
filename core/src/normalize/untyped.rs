//! Cells of feeds that do not say what they hold.

use super::{Lenience, Reading, Refusal, full_width, read_as, trim};
use crate::refang::split_scheme;
use crate::value::{Kind, MAX_VALUE, Reason};

/// Reads a text of any type as the single most sensible one: `host/path` is a
/// URL, `address:port` an address.
pub fn read_any(input: &str, lenience: Lenience) -> Result<Reading, Refusal> {
    most_sensible(input, lenience).map_err(|reason| Refusal::new(None, input, reason))
}

fn most_sensible(input: &str, lenience: Lenience) -> Result<Reading, Reason> {
    if input.len() > MAX_VALUE {
        return Err(Reason::TooLong);
    }
    let text = trim(input);
    if text.is_empty() {
        return Err(Reason::Empty);
    }
    let traits = Traits::of(text);
    if text.starts_with('/') && !traits.scheme && !text.starts_with("//") {
        return Err(Reason::BarePath);
    }
    let mut why = Reason::NoReading;
    for kind in traits.candidates() {
        match read_as(kind, text, lenience, false) {
            Ok(reading) => return Ok(reading),
            Err(reason) if kind == traits.likeliest() => why = reason,
            Err(_) => {}
        }
    }
    Err(why)
}

/// Whether a text begins like a URL.
pub(crate) fn has_scheme(text: &str) -> bool {
    split_scheme(text, Lenience::Question).is_some()
}

/// The types that a text may be of, the likeliest first.
pub(crate) fn candidates(text: &str) -> impl Iterator<Item = Kind> {
    Traits::of(text).candidates()
}

const ORDER: [Kind; 11] = [
    Kind::Md5,
    Kind::Sha1,
    Kind::Sha256,
    Kind::Sha512,
    Kind::Cve,
    Kind::MitreAttack,
    Kind::Ipv4,
    Kind::Ipv6,
    Kind::Email,
    Kind::Url,
    Kind::Domain,
];

/// What one pass over a text tells.
#[derive(Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // independent observations, not a state
struct Traits {
    scheme: bool,
    digits: usize,
    letters: usize,
    /// Letters from g on.
    late_letters: usize,
    colons: usize,
    at: bool,
    /// `AT`, which may stand for an `@`.
    word_at: bool,
    slash: bool,
    /// Brackets, blanks or characters beyond ASCII: signs may be hidden.
    veiled: bool,
    length: usize,
}

impl Traits {
    fn of(text: &str) -> Traits {
        let mut traits = Traits {
            scheme: has_scheme(text),
            digits: 0,
            letters: 0,
            late_letters: 0,
            colons: 0,
            at: false,
            word_at: memchr::memmem::find(text.as_bytes(), b"AT").is_some(),
            slash: false,
            veiled: !text.is_ascii(),
            length: text.len(),
        };
        let text = full_width::narrow(text);
        // a question mark at the end is punctuation
        traits.slash |= memchr::memchr(b'?', text.as_bytes())
            .is_some_and(|at| (1..text.len() - 1).contains(&at));
        for b in text.bytes() {
            match b {
                b'0'..=b'9' => traits.digits += 1,
                b'a'..=b'f' | b'A'..=b'F' => traits.letters += 1,
                b'g'..=b'z' | b'G'..=b'Z' => {
                    traits.letters += 1;
                    traits.late_letters += 1;
                }
                b':' => traits.colons += 1,
                b'@' => traits.at = true,
                b'/' | b'\\' => traits.slash = true,
                b'[' | b'(' | b'{' | b' ' | b'^' | 0x80.. => traits.veiled = true,
                b'%' => traits.slash |= traits.length > 12,
                _ => {}
            }
        }
        traits
    }

    fn candidates(self) -> impl Iterator<Item = Kind> {
        ORDER.into_iter().filter(move |&kind| self.allow(kind))
    }

    /// What a text that is no value at all was most likely meant to be.
    fn likeliest(&self) -> Kind {
        if self.scheme || self.slash {
            Kind::Url
        } else if self.at {
            Kind::Email
        } else if self.colons >= 2 {
            Kind::Ipv6
        } else if self.letters == 0 {
            Kind::Ipv4
        } else {
            Kind::Domain
        }
    }

    fn allow(&self, kind: Kind) -> bool {
        if self.scheme {
            // `http__bad.example` is a name, too
            let bare = self.colons == 0 && !self.slash;
            return kind == Kind::Url || kind == Kind::Domain && bare;
        }
        match kind {
            Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => {
                self.digits + self.letters - self.late_letters.min(self.letters) >= digits(kind)
            }
            Kind::Cve => {
                self.digits >= 8 && self.late_letters > 0 && self.length < 64 || self.veiled
            }
            Kind::MitreAttack => self.length < 32 && (4..=7).contains(&self.digits),
            Kind::Ipv4 => self.digits >= 4 || self.veiled,
            Kind::Ipv6 => self.colons >= 2,
            Kind::Email => self.at || self.veiled || self.word_at,
            Kind::Url => self.slash || self.veiled,
            Kind::Domain => self.letters >= 2 || self.veiled,
        }
    }
}

const fn digits(kind: Kind) -> usize {
    match kind {
        Kind::Md5 => 32,
        Kind::Sha1 => 40,
        Kind::Sha256 => 64,
        _ => 128,
    }
}
