//! CVE and ATT&CK ids.

use super::draft::Draft;
use super::{Reading, change, trim, url};
use crate::refang::refang_host;
use crate::value::{Kind, Reason, canonical};

pub(super) fn read_cve(text: &str, draft: Draft) -> Result<Reading, Reason> {
    let reason = match canonical(Kind::Cve, text) {
        Ok(id) => return draft.finish(Kind::Cve, text, id),
        Err(reason) => reason,
    };
    let mut draft = draft;
    let mut bare = trim::unwrap(text, &mut draft);
    if draft.asked && draft.lenience.is_question() && bare.contains('/') {
        bare = cve_of_page(bare);
        draft.note(change::ID_OF_URL);
    }
    let (year, number) = cve_parts(bare).ok_or(reason)?;
    let id = format!("CVE-{year}-{number}");
    if !bare.eq_ignore_ascii_case(&id) {
        draft.note(change::SEPARATORS_NORMALIZED);
    } else if bare != id {
        draft.note(change::CASE_FOLDED);
    }
    draft.parse(Kind::Cve, &id)
}

/// What names the CVE in the address of a page: the end of the path
/// (`nvd.nist.gov/vuln/detail/CVE-2021-44228`) or a value of the query
/// (`cve.org/CVERecord?id=CVE-2021-44228`).
fn cve_of_page(address: &str) -> &str {
    let address = address.split('#').next().unwrap_or(address);
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let path = path.trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or(path);
    let values = query.split('&').filter_map(|pair| pair.split_once('='));
    std::iter::once(last)
        .chain(values.map(|(_, value)| value))
        .find(|part| cve_parts(part).is_some())
        .unwrap_or(last)
}

/// Year and number of `CVE 2021-44228`, with any hyphens or blanks between.
fn cve_parts(text: &str) -> Option<(&str, &str)> {
    let between = |c: char| {
        matches!(
            c,
            '-' | '_' | ':' | ' ' | '\t' | '\u{a0}' | '\u{ad}' | '\u{2010}'
                ..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
        )
    };
    let (prefix, rest) = text.split_at_checked(3)?;
    if !prefix.eq_ignore_ascii_case("cve") {
        return None;
    }
    let (year, rest) = rest.trim_start_matches(between).split_at_checked(4)?;
    let number = rest.trim_start_matches(between);
    (number.len() < rest.len()).then_some((year, number))
}

pub(super) fn read_attack(text: &str, draft: Draft) -> Result<Reading, Reason> {
    let reason = match canonical(Kind::MitreAttack, text) {
        Ok(id) => return draft.finish(Kind::MitreAttack, text, id),
        Err(reason) => reason,
    };
    let mut draft = draft;
    let bare = trim::unwrap(text, &mut draft);
    if let Ok(reading) = draft.clone().parse(Kind::MitreAttack, bare) {
        return Ok(reading);
    }
    let ask = draft.asked && draft.lenience.is_question();
    // the address of the page may be defanged
    let whole = if ask && page(bare).is_none() && bare.contains('/') {
        url::read(bare, draft.clone()).ok()
    } else {
        None
    };
    let bare = match &whole {
        Some(whole) if page(whole.value.as_str()).is_some() => {
            draft.note_all(&whole.changes);
            whole.value.as_str()
        }
        _ => bare,
    };
    let path = match page(bare).filter(|_| ask) {
        Some(path) => {
            draft.note(change::ID_OF_URL);
            path
        }
        None => bare,
    };
    // pages write the sub-technique as a path segment
    let id = path.replacen('/', ".", 1);
    if id != path {
        draft.note(change::SEPARATORS_NORMALIZED);
    }
    if let Some(refanged) = refang_host(&id, draft.lenience).filter(|_| draft.lenience.refangs()) {
        draft.note_all(&refanged.changes);
        return draft
            .parse(Kind::MitreAttack, &refanged.text)
            .map_err(|_| reason);
    }
    draft.parse(Kind::MitreAttack, &id).map_err(|_| reason)
}

/// What stands in the path of a page of attack.mitre.org behind the kind of
/// object.
fn page(text: &str) -> Option<&str> {
    const SITE: &str = "attack.mitre.org/";
    let start = memchr::memmem::find(text.as_bytes(), SITE.as_bytes())? + SITE.len();
    let path = text[start..].split(['?', '#']).next()?.trim_matches('/');
    let (object, id) = path.split_once('/')?;
    let known = matches!(
        object,
        "techniques" | "tactics" | "groups" | "software" | "mitigations"
    );
    known.then_some(id)
}
