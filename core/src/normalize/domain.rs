//! Domains, as wildcards, with ports, and out of URLs.

use super::draft::Draft;
use super::{Reading, address, change, trim, untyped, url};
use crate::refang::refang_host;
use crate::value::{self, Kind, Reason, canonical};

pub(super) fn read(text: &str, draft: Draft) -> Result<Reading, Reason> {
    let reason = match canonical(Kind::Domain, text) {
        Ok(name) => return draft.finish(Kind::Domain, text, name),
        Err(reason) => reason,
    };
    // `http__bad.example` is a name, too; only a port or path make it a URL
    if draft.asked && untyped::has_scheme(text) && text.contains([':', '/', '\\']) {
        return from_url(text, draft);
    }
    let reason = match parts(text, draft.clone()) {
        Ok(reading) => return Ok(reading),
        Err(Reason::AddressNotDomain) => Reason::AddressNotDomain,
        Err(_) => reason,
    };
    if !draft.lenience.refangs() {
        return Err(reason);
    }
    let mut draft = draft;
    let inner = address::split_port_word(trim::unwrap(text, &mut draft), &mut draft);
    if inner.len() != text.len()
        && let Ok(reading) = parts(inner, draft.clone())
    {
        return Ok(reading);
    }
    // noise belongs to the host; behind a slash only the host is wanted anyway
    let refanged = refang_host(inner, draft.lenience).ok_or(reason)?;
    if refanged.changes.is_empty() {
        return Err(reason);
    }
    draft.note_all(&refanged.changes);
    parts(&refanged.text, draft).map_err(|_| reason)
}

fn parts(text: &str, mut draft: Draft) -> Result<Reading, Reason> {
    let mut host = text;
    if let Some(name) = host.strip_prefix("*.").or_else(|| host.strip_prefix('.')) {
        draft.subtree = true;
        draft.note(change::WILDCARD_REMOVED);
        host = name;
    }
    if let Some(end) = host.find(['/', '?', '#']) {
        if !draft.asked && &host[end..] != "/" {
            return Err(Reason::BadCharacter);
        }
        draft.note(change::HOST_OF_URL);
        host = &host[..end];
    }
    if let Some((name, other)) = host.split_once('|')
        && value::ip::is_address(other)
    {
        draft.note(change::PART_OF_COMPOSITE);
        host = name;
    }
    let host = address::split_port(host, &mut draft)?;
    if host.is_empty() {
        return Err(Reason::Empty);
    }
    if value::ip::is_address(host) {
        return Err(Reason::AddressNotDomain);
    }
    draft.parse(Kind::Domain, host)
}

fn from_url(text: &str, mut draft: Draft) -> Result<Reading, Reason> {
    let whole = url::read(text, draft.clone())?;
    draft.note_all(&whole.changes);
    draft.note(change::HOST_OF_URL);
    let host = whole.value.as_ref().host().ok_or(Reason::UrlHost)?;
    if value::url::is_address(host) {
        return Err(Reason::AddressNotDomain);
    }
    draft.parse(Kind::Domain, host)
}
