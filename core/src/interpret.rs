//! A free-form question → every sensible typed reading.

use crate::normalize::{
    self, Lenience, Reading, candidates, change, literal, over_tls, read_as, read_range, trim,
};
use crate::value::{self, Kind, MAX_VALUE, Value, ValueRef};

/// The readings of a question, in the order of [`Kind`]'s numbers. Of a URL
/// without scheme `http` comes before `https`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interpretation {
    /// No two of the same value. Empty when the question is no indicator.
    pub readings: Vec<Reading>,
}

impl Interpretation {
    fn add(&mut self, reading: Reading) {
        if self
            .readings
            .iter()
            .all(|known| known.value != reading.value)
        {
            self.readings.push(reading);
        }
    }
}

/// The most networks that a range in a question is taken apart into.
const MAX_RANGE: usize = 62;

/// Reads what somebody typed or pasted, as `kind` only if that is given.
pub fn interpret(question: &str, kind: Option<Kind>) -> Interpretation {
    let mut interpretation = Interpretation::default();
    if question.len() > MAX_VALUE || memchr::memchr(0, question.as_bytes()).is_some() {
        return interpretation;
    }
    if let Some(kind) = kind {
        read_one(kind, question, true, &mut interpretation);
        return interpretation;
    }
    if let Some(value) = canonical(question) {
        interpretation
            .readings
            .push(Reading::plain(value.to_value()));
        return interpretation;
    }
    read_all(question, &mut interpretation);
    interpretation
}

/// Asks every type.
fn read_all(question: &str, interpretation: &mut Interpretation) {
    let text = trim(question);
    let mut kinds: Vec<Kind> = candidates(text).collect();
    kinds.sort_unstable();
    for kind in kinds {
        let is_network = interpretation
            .readings
            .first()
            .is_some_and(|reading| reading.value.is_network());
        if !(kind == Kind::Url && is_network) {
            read_one(kind, text, false, interpretation);
        }
    }
}

/// Changes to a URL that may have taken data for defanging.
const REFANGED: [&str; 4] = [
    change::DOT_REFANGED,
    change::SLASH_REFANGED,
    change::COLON_REFANGED,
    change::AT_REFANGED,
];

fn read_one(kind: Kind, text: &str, asked: bool, into: &mut Interpretation) {
    match read_as(kind, text, Lenience::Question, asked) {
        Ok(reading) => {
            let other = over_tls(&reading);
            let refanged = kind == Kind::Url
                && reading
                    .changes
                    .iter()
                    .any(|change| REFANGED.contains(change));
            into.add(reading);
            other.into_iter().for_each(|reading| into.add(reading));
            if refanged {
                literal(trim(text))
                    .into_iter()
                    .for_each(|reading| into.add(reading));
            }
        }
        Err(_) if matches!(kind, Kind::Ipv4 | Kind::Ipv6) && text.contains(['-', '\u{2013}']) => {
            add_range(kind, text, into);
        }
        Err(_) => {}
    }
}

fn add_range(kind: Kind, text: &str, into: &mut Interpretation) {
    let Ok(networks) = read_range(text) else {
        return;
    };
    if networks.len() <= MAX_RANGE && networks.iter().all(|network| network.kind() == kind) {
        networks
            .into_iter()
            .for_each(|network| into.add(normalize::of_range(network)));
    }
}

/// The value that a question is, when it is written canonically already and
/// has no other reading, change or warning: told without allocating. `None`
/// says nothing; [`interpret`] has to be asked.
pub fn canonical(question: &str) -> Option<ValueRef<'_>> {
    let kind = match question.as_bytes() {
        [] => return None,
        [b'h', b't', b't', b'p', b's' | b':', ..] if value::url::is_plain(question) => Kind::Url,
        bytes => match value::hash::kind_of_length(bytes.len()) {
            Some(kind) if !bytes.contains(&b'.') && !bytes.contains(&b':') => kind,
            _ => plain_kind(bytes),
        },
    };
    let value = ValueRef {
        kind,
        text: question,
    };
    is_settled(value).then_some(value)
}

fn plain_kind(bytes: &[u8]) -> Kind {
    match bytes {
        [b'C', b'V', b'E', b'-', ..] => Kind::Cve,
        [.., last] if last.is_ascii_digit() => Kind::Ipv4,
        _ => Kind::Domain,
    }
}

fn is_settled(value: ValueRef<'_>) -> bool {
    if value.kind != Kind::Url {
        let settled = value::canonical(value.kind, value.text);
        if !matches!(settled, Ok(text) if text == value.text) {
            return false;
        }
    }
    let known = || {
        value.host().is_some_and(|host| {
            value::url::is_address(host) || value::domain::has_known_suffix(host)
        })
    };
    let usual = match value.kind {
        Kind::Domain => known(),
        Kind::Url => value.text.len() <= value::url::MAX_URL && known(),
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 => {
            !value::hash::is_low_entropy(value.text) && !value::hash::is_empty_file(value.text)
        }
        _ => true,
    };
    usual && !value::is_non_global(&value)
}

/// The values of the readings, for a store.
impl From<Interpretation> for Vec<Value> {
    fn from(interpretation: Interpretation) -> Vec<Value> {
        interpretation
            .readings
            .into_iter()
            .map(|reading| reading.value)
            .collect()
    }
}
