//! IP addresses and networks, with port, zone and range.

use super::draft::Draft;
use super::{Lenience, Reading, change, range, trim, untyped, url};
use crate::refang::refang_host;
use crate::value::{Kind, Reason, Value, canonical};

pub(super) fn read_v4(text: &str, draft: Draft) -> Result<Reading, Reason> {
    let reason = match canonical(Kind::Ipv4, text) {
        Ok(address) => return draft.finish(Kind::Ipv4, text, address),
        Err(reason) => reason,
    };
    let reason = match parts_v4(text, draft.clone()) {
        Ok(reading) => return Ok(reading),
        Err(Reason::BadPort) if has_address(text) => Reason::BadPort,
        Err(_) => reason,
    };
    if let Some(found) = from_url(Kind::Ipv4, text, &draft) {
        return found;
    }
    if !draft.lenience.refangs() {
        return Err(reason);
    }
    let mut draft = draft;
    let inner = split_port_word(trim::unwrap(text, &mut draft), &mut draft);
    let Some(refanged) = refang_host(inner, draft.lenience) else {
        return parts_v4(inner, draft).map_err(|_| reason);
    };
    draft.note_all(&refanged.changes);
    match four_with_commas(&refanged.text, draft.lenience) {
        Some(dotted) => {
            draft.note(change::COMMAS_TO_DOTS);
            draft.parse(Kind::Ipv4, &dotted)
        }
        None => parts_v4(&refanged.text, draft).map_err(|inner| closer(reason, inner)),
    }
}

pub(super) fn read_v6(text: &str, draft: Draft) -> Result<Reading, Reason> {
    let reason = match canonical(Kind::Ipv6, text) {
        Ok(address) => return draft.finish(Kind::Ipv6, text, address),
        Err(reason) => reason,
    };
    if let Ok(reading) = parts_v6(text, draft.clone()) {
        return Ok(reading);
    }
    if let Some(found) = from_url(Kind::Ipv6, text, &draft) {
        return found;
    }
    if !draft.lenience.refangs() {
        return Err(reason);
    }
    let mut draft = draft;
    // a colon at the end belongs to the address, and a bracket at the start may
    // set it apart from its port
    let inner = split_port_word(trim::unquote(text, &mut draft), &mut draft);
    if let Ok(reading) = parts_v6(inner, draft.clone()) {
        return Ok(reading);
    }
    let inner = if inner.starts_with('[') {
        inner
    } else {
        trim::unwrap(inner, &mut draft)
    };
    parts_v6(inner, draft).map_err(|_| reason)
}

/// Whether an address stands before the last colon.
fn has_address(text: &str) -> bool {
    text.rsplit_once(':')
        .is_some_and(|(host, _)| canonical(Kind::Ipv4, host).is_ok())
}

/// What was said first is better unless it only said "no address".
fn closer(first: Reason, second: Reason) -> Reason {
    if first == Reason::NotIpv4 {
        second
    } else {
        first
    }
}

fn parts_v4(text: &str, mut draft: Draft) -> Result<Reading, Reason> {
    let text = strip_slash(text, &mut draft);
    if let Some(network) = range::single(text, Kind::Ipv4)? {
        draft.note(change::RANGE_TO_NETWORK);
        return draft.finish(Kind::Ipv4, network.as_str(), network.as_str().into());
    }
    if let Some((_, address)) = text.rsplit_once('|') {
        // `domain|ip`
        if canonical(Kind::Ipv4, address).is_ok() {
            draft.note(change::PART_OF_COMPOSITE);
            return draft.parse(Kind::Ipv4, address);
        }
    }
    let host = split_port(text, &mut draft)?;
    draft.parse(Kind::Ipv4, host)
}

fn parts_v6(text: &str, mut draft: Draft) -> Result<Reading, Reason> {
    let text = strip_slash(text, &mut draft);
    if let Some(network) = range::single(text, Kind::Ipv6)? {
        draft.note(change::RANGE_TO_NETWORK);
        return draft.finish(Kind::Ipv6, network.as_str(), network.as_str().into());
    }
    // one colon in brackets is a defanged one
    let close = closing_bracket(text).filter(|&close| text[..close].matches(':').count() > 1);
    let (inner, behind) = match close {
        Some(close) => (&text[1..close], &text[close + 1..]),
        None => match text.split_once('|') {
            Some((inner, _)) => (inner, &text[inner.len()..]),
            None => match lost_bracket(text) {
                Some(inner) => (inner, &text[inner.len() + 1..]),
                None => (text, ""),
            },
        },
    };
    let inner = trim::trim(inner);
    let refanged = if draft.lenience.refangs() && canonical(Kind::Ipv6, inner).is_err() {
        refang_host(inner, draft.lenience)
    } else {
        None
    };
    let inner = match &refanged {
        Some(refanged) => {
            draft.note_all(&refanged.changes);
            &refanged.text
        }
        None => inner,
    };
    let mut length = "";
    if behind.starts_with('/') {
        length = behind;
    } else if !behind.is_empty() {
        let behind = behind.replace(['[', ']', '(', ')', ' '], "");
        let port = behind.strip_prefix([':', '|']).ok_or(Reason::NotIpv6)?;
        take_port(port, &mut draft)?;
    }
    let (address, own_length) = inner.split_at(inner.find('/').unwrap_or(inner.len()));
    let address = match address.split_once('%') {
        Some((address, zone)) if is_zone(zone) => {
            draft.note(change::ZONE_REMOVED);
            address
        }
        _ => address,
    };
    if !length.is_empty() && !own_length.is_empty() {
        return Err(Reason::PrefixLength);
    }
    if length.is_empty() && own_length.is_empty() {
        return draft.parse(Kind::Ipv6, address);
    }
    draft.parse(Kind::Ipv6, &format!("{address}{own_length}{length}"))
}

/// Whether this names an interface, as `eth0`, `25eth0` of a URL, `12`,
/// `veth0@if3`: a sign at the end would be taken for punctuation elsewhere.
fn is_zone(zone: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"-._~@:+".contains(&b);
    !zone.is_empty() && zone.bytes().all(is_part)
}

/// What stands before `]:443` where the opening bracket was lost. As defanging
/// of the colon it would make the port a part of the address.
fn lost_bracket(text: &str) -> Option<&str> {
    let (before, port) = text.rsplit_once(':')?;
    let is_port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let inner = before.strip_suffix([']', ')', '}'])?;
    let opened = inner.matches(['[', '(', '{']).count();
    let closed = inner.matches([']', ')', '}']).count();
    (is_port && opened == closed).then_some(inner)
}

/// Takes the slash off `192.0.2.1/`, which in a question may be the address as
/// well as a URL. A feed means the URL.
fn strip_slash<'a>(text: &'a str, draft: &mut Draft) -> &'a str {
    match text.strip_suffix('/') {
        Some(host) if draft.lenience.is_question() && !host.contains('/') => {
            draft.note(change::HOST_OF_URL);
            host
        }
        _ => text,
    }
}

/// Where the bracket closes that opens the text, brackets inside counted.
pub(super) fn closing_bracket(text: &str) -> Option<usize> {
    if !text.starts_with('[') {
        return None;
    }
    let mut depth = 0_usize;
    for (position, b) in text.bytes().enumerate() {
        match b {
            b'[' => depth += 1,
            b']' if depth == 1 => return Some(position),
            b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Takes a port off a host: `:443`, `|443`, `:443/tcp`.
pub(super) fn split_port<'a>(text: &'a str, draft: &mut Draft) -> Result<&'a str, Reason> {
    let Some(position) = memchr::memrchr2(b':', b'|', text.as_bytes()) else {
        return Ok(text);
    };
    take_port(trim::trim(&text[position + 1..]), draft)?;
    Ok(trim::trim(&text[..position]))
}

/// Takes ` port 443` off a host, as reports write it.
pub(super) fn split_port_word<'a>(text: &'a str, draft: &mut Draft) -> &'a str {
    let is_blank = |c: char| matches!(c, ' ' | ',' | ':');
    let Some((before, port)) = text.rsplit_once(is_blank) else {
        return text;
    };
    let before = before.trim_end_matches(is_blank);
    let Some((host, word)) = before.rsplit_once(is_blank) else {
        return text;
    };
    if !word.eq_ignore_ascii_case("port") || take_port(port, draft).is_err() {
        return text;
    }
    host.trim_end_matches(is_blank)
}

fn take_port(written: &str, draft: &mut Draft) -> Result<(), Reason> {
    let digits = written
        .strip_suffix("/tcp")
        .or_else(|| written.strip_suffix("/udp"))
        .unwrap_or(written);
    if !digits.bytes().all(|b| b.is_ascii_digit()) || digits.is_empty() {
        return Err(Reason::BadPort);
    }
    let port: u16 = digits.parse().map_err(|_| Reason::BadPort)?;
    // feeds write 0 where they know none
    draft.port = (port != 0).then_some(port);
    draft.note(change::PORT_REMOVED);
    Ok(())
}

/// The address that is a URL's host, where an address was asked for.
fn from_url(kind: Kind, text: &str, draft: &Draft) -> Option<Result<Reading, Reason>> {
    if !draft.asked || draft.lenience != Lenience::Question || !untyped::has_scheme(text) {
        return None;
    }
    let mut draft = draft.clone();
    let whole: Value = url::read(text, draft.clone()).ok()?.value;
    draft.note(change::HOST_OF_URL);
    Some(draft.parse(kind, whole.as_ref().host()?))
}

/// `9,10,11,12`, which is an address only when there is nothing else.
fn four_with_commas(text: &str, lenience: Lenience) -> Option<String> {
    let commas = text.bytes().filter(|&b| b == b',').count();
    (lenience.is_question() && commas == 3 && !text.contains('.')).then(|| text.replace(',', "."))
}
