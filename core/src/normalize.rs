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
pub(crate) use self::url::{literal, over_tls};

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
