//! One spelling of one type → its canonical value, or why not.
//!
//! The same door for feeds, questions and prose, so that what a feed wrote
//! and what an analyst pastes meet at the same key. A plain spelling is taken
//! as it is; only where it is none is anything undone.

use crate::value::{self, Kind, MAX_VALUE, Reason, Value, ValueError};
use crate::warning;

mod address;
pub mod change;
mod domain;
mod draft;
mod email;
pub(crate) mod full_width;
mod hash;
mod id;
mod range;
mod trim;
mod untyped;
mod url;

pub use self::range::read_range;
pub(crate) use self::trim::trim;
pub(crate) use self::untyped::candidates;
pub use self::untyped::read_any;
pub(crate) use self::url::over_tls;

/// Why a text was not read.
pub type Refusal = ValueError;

/// How much is undone before a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lenience {
    /// A question, which is one value: everything that has one sensible reading.
    Question,
    /// A cell of a feed.
    Feed {
        /// Whether the feed writes its values defanged.
        defanged: bool,
    },
    /// A piece of prose: only what cannot mean anything else.
    Prose,
}

impl Lenience {
    /// Whether defanging is undone at all.
    fn refangs(self) -> bool {
        self != Lenience::Feed { defanged: false }
    }

    /// Whether brackets may be one-sided or stand anywhere.
    fn is_loose(self) -> bool {
        matches!(self, Lenience::Question | Lenience::Feed { defanged: true })
    }

    /// Whether blanks, words and commas may stand for signs.
    fn is_question(self) -> bool {
        self == Lenience::Question
    }
}

/// A value and what had to be done to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What was read.
    pub value: Value,
    /// What was changed, by the names in [`change`], in the order it was done.
    pub changes: Vec<&'static str>,
    /// A port that stood behind the host.
    pub port: Option<u16>,
    /// Written as `*.example.com` or `.example.com`: the subdomains are meant.
    pub subtree: bool,
    /// What is worth knowing about the value, by the names in [`crate::warning`].
    pub warnings: Vec<&'static str>,
    /// The canonical form lost something worth keeping: a fragment, host bits,
    /// the letter case of a mailbox, or the URL is longer than usual.
    pub raw: bool,
    /// The file name of a `filename|hash` composite.
    pub file_name: Option<String>,
}

impl Reading {
    /// A value that was written canonically and says nothing more.
    pub(crate) fn plain(value: Value) -> Reading {
        Reading {
            value,
            changes: Vec::new(),
            port: None,
            subtree: false,
            warnings: Vec::new(),
            raw: false,
            file_name: None,
        }
    }
}

/// Reads one spelling of one type.
///
/// Where another type contains the one asked for, that part is taken: the
/// host of a URL for a domain (in a question also for an address), the id in
/// the address of an ATT&CK or CVE page.
pub fn read(kind: Kind, input: &str, lenience: Lenience) -> Result<Reading, Refusal> {
    read_as(kind, input, lenience, true).map_err(|reason| Refusal::new(Some(kind), input, reason))
}

/// As [`read`]; `asked` tells whether this type was asked for, so that a part
/// of another type's value may be taken.
pub(crate) fn read_as(
    kind: Kind,
    input: &str,
    lenience: Lenience,
    asked: bool,
) -> Result<Reading, Reason> {
    if input.len() > MAX_VALUE {
        return Err(Reason::TooLong);
    }
    let mut draft = draft::Draft::new(lenience, asked);
    let visible = trim::remove_invisible(trim(input), &mut draft);
    let text: &str = trim(&visible);
    if text.is_empty() {
        return Err(Reason::Empty);
    }
    let narrow = match kind {
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 | Kind::Cve | Kind::MitreAttack => {
            full_width::narrow(text)
        }
        _ => text.into(),
    };
    if *narrow != *text {
        draft.note(change::FULL_WIDTH);
    }
    let text = &*narrow;
    // to IDNA typographic quotes are letters like others
    let text = match kind {
        Kind::Domain | Kind::Email if !text.is_ascii() && lenience.refangs() => {
            trim::unquote(text, &mut draft)
        }
        _ => text,
    };
    match kind {
        Kind::Ipv4 => address::read_v4(text, draft),
        Kind::Ipv6 => address::read_v6(text, draft),
        Kind::Domain => domain::read(text, draft),
        Kind::Url => url::read(text, draft),
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => hash::read(kind, text, draft),
        Kind::Cve => id::read_cve(text, draft),
        Kind::MitreAttack => id::read_attack(text, draft),
        Kind::Email => email::read(text, draft),
    }
}

/// The part of the value's host that somebody registered: the public suffix
/// (ICANN and private sections) and one label more. `None` for a public
/// suffix itself, and where there is no domain.
pub fn registrable(value: &Value) -> Option<String> {
    let host = value.as_ref().host()?;
    let is_domain = match value.kind() {
        Kind::Domain | Kind::Email => true,
        Kind::Url => !value::url::is_address(host),
        _ => false,
    };
    if is_domain {
        value::domain::registrable(host).map(str::to_owned)
    } else {
        None
    }
}

/// The reading of one network of a range.
pub(crate) fn of_range(network: Value) -> Reading {
    let warnings = if value::is_non_global(&network.as_ref()) {
        vec![warning::NON_GLOBAL]
    } else {
        Vec::new()
    };
    Reading {
        changes: vec![change::RANGE_TO_NETWORK],
        warnings,
        ..Reading::plain(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEED: Lenience = Lenience::Feed { defanged: false };
    const DEFANGED: Lenience = Lenience::Feed { defanged: true };

    #[test]
    fn how_much_is_undone_depends_on_who_wrote() {
        for (kind, text, takers) in [
            (Kind::Domain, "example.com", "question feed defanged prose"),
            (
                Kind::Domain,
                "example.com:80",
                "question feed defanged prose",
            ),
            (Kind::Domain, "example[.]com", "question defanged prose"),
            (Kind::Domain, "example[dot]com", "question defanged prose"),
            (Kind::Domain, "example[.com", "question defanged"),
            (Kind::Domain, "example dot com", "question"),
            (Kind::Domain, "exampleDOTcom", "question"),
            (Kind::Domain, "example . com", "question"),
            (Kind::Domain, "example.nope", "question feed defanged"),
            (Kind::Ipv4, "9,10,11,12", "question"),
            (Kind::Email, "a[@]example.com", "question defanged prose"),
            (Kind::Email, "a AT example.com", "question"),
            (
                Kind::Url,
                "hxxp://example.com/",
                "question feed defanged prose",
            ),
            (
                Kind::Url,
                "hxxp[:]//example[.]com/",
                "question defanged prose",
            ),
            (Kind::Url, "http//example.com/", "question"),
        ] {
            let taken: Vec<_> = [
                (Lenience::Question, "question"),
                (FEED, "feed"),
                (DEFANGED, "defanged"),
                (Lenience::Prose, "prose"),
            ]
            .into_iter()
            .filter(|&(lenience, _)| read(kind, text, lenience).is_ok())
            .map(|(_, name)| name)
            .collect();
            assert_eq!(taken.join(" "), takers, "{text}");
        }
    }

    #[test]
    fn what_else_was_said() {
        let reading = |kind, text: &str| read(kind, text, FEED).unwrap();
        let address = reading(Kind::Ipv4, "192.0.2.1:8443");
        assert_eq!(address.port, Some(8443));
        assert_eq!(address.warnings, [warning::NON_GLOBAL]);
        assert_eq!(reading(Kind::Ipv4, "192.0.2.1:0").port, None);
        assert!(reading(Kind::Ipv4, "192.0.2.1/24").raw);
        assert!(!reading(Kind::Ipv4, "192.0.2.0/24").raw);
        assert!(reading(Kind::Domain, "*.example.com").subtree);
        assert!(reading(Kind::Url, "http://example.com/a#b").raw);
        assert!(reading(Kind::Email, "Bob@example.com").raw);
        assert!(!reading(Kind::Email, "bob@EXAMPLE.com").raw);
        let digest = "0123456789abcdef0123456789abcdef";
        let file = reading(Kind::Md5, &format!("a.exe|{digest}"));
        assert_eq!(file.file_name.as_deref(), Some("a.exe"));
        let long = format!("http://example.com/{}", "a".repeat(2_100));
        let long_url = reading(Kind::Url, &long);
        assert_eq!(
            (long_url.raw, &long_url.warnings[..]),
            (true, &[warning::LONG_URL][..])
        );
        assert_eq!(
            reading(Kind::Domain, "example.nope").warnings,
            [warning::UNKNOWN_TLD]
        );
        assert_eq!(
            reading(Kind::MitreAttack, "G0007").warnings,
            [warning::NOT_A_TECHNIQUE]
        );
        assert_eq!(
            reading(Kind::Md5, &"a".repeat(32)).warnings,
            [warning::LOW_ENTROPY_HASH]
        );
    }

    #[test]
    fn cells_without_type() {
        for (text, expected) in [
            ("bad.example.com", "domain bad.example.com"),
            ("192.0.2.1:443", "ipv4 192.0.2.1"),
            ("192.0.2.0/24", "ipv4 192.0.2.0/24"),
            ("2001:db8::1", "ipv6 2001:db8::1"),
            ("bad.example.com/x/", "url http://bad.example.com/x/"),
            ("http://192.0.2.1", "url http://192.0.2.1/"),
            ("bob@example.com", "email bob@example.com"),
            ("CVE-2021-44228", "cve CVE-2021-44228"),
            ("T1059", "mitre-attack T1059"),
            ("/x.php", "bare_path"),
            ("192.0.2", "too_few_parts"),
            ("bad", "single_label"),
            ("bad/x", "missing_scheme"),
        ] {
            let read = match read_any(text, FEED) {
                Ok(reading) => format!("{} {}", reading.value.kind(), reading.value),
                Err(refusal) => refusal.code().to_owned(),
            };
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn a_refusal_says_what_was_given_and_why() {
        let refusal = read(Kind::Ipv4, "192.0.2", FEED).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "cannot read \"192.0.2\" as ipv4: the address has fewer than four parts; write all four"
        );
    }
}
