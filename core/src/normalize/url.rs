//! URLs.

use std::borrow::Cow;

use super::draft::Draft;
use super::{Reading, address, change, trim};
use crate::refang::{refang_host, refang_path, split_scheme};
use crate::value::{self, Kind, Reason, Value, canonical};

/// The most often that a URL is gone through again.
const ROUNDS: usize = 8;

pub(super) fn read(text: &str, mut draft: Draft) -> Result<Reading, Reason> {
    if is_clean(text) {
        return draft.parse(Kind::Url, text);
    }
    if text
        .bytes()
        .any(|b| b.is_ascii_control() && !matches!(b, b'\t' | b'\n' | b'\r'))
    {
        return Err(Reason::ControlCharacter);
    }
    let text = trim::unquote(text, &mut draft);
    if !draft.lenience.refangs() {
        return read_plain(text, draft);
    }
    // the standard removes these from anywhere
    let text = text.replace(['\t', '\n', '\r'], "");
    let mut reading = read_defanged(&text, draft.clone())?;
    // the standard may bring together what then looks defanged
    for _ in 0..ROUNDS {
        if !reading.value.as_str().contains([']', ')', '}', '\\']) {
            break;
        }
        let again = read_defanged(reading.value.as_str(), draft.clone())?;
        if again.value == reading.value {
            break;
        }
        reading.value = again.value;
        for change in again.changes {
            if !reading.changes.contains(&change) {
                reading.changes.push(change);
            }
        }
    }
    Ok(reading)
}

/// What only a defanged sign in a path makes worth a look.
const CLOSING: [char; 3] = [']', ')', '}'];

fn read_plain(text: &str, mut draft: Draft) -> Result<Reading, Reason> {
    match split_scheme(text, draft.lenience) {
        // nothing but a defanged scheme can be meant by this
        Some(scheme) if scheme.changed => {
            draft.note(change::SCHEME_REFANGED);
            draft.parse(Kind::Url, &format!("{}://{}", scheme.name, scheme.rest))
        }
        Some(_) => draft.parse(Kind::Url, text),
        None => infer(text, draft).unwrap_or_else(|| Err(why_not(text))),
    }
}

fn read_defanged(text: &str, mut draft: Draft) -> Result<Reading, Reason> {
    if let Some(scheme) = split_scheme(text, draft.lenience) {
        if scheme.changed {
            draft.note(change::SCHEME_REFANGED);
        }
        let rest = if draft.lenience.is_question() {
            scheme.rest.trim_start()
        } else {
            scheme.rest
        };
        let before = draft.clone();
        let refanged = refang_rest(rest, &mut draft);
        let url = draft.parse(Kind::Url, &format!("{}://{refanged}", scheme.name));
        // where undoing leads nowhere, nothing may have been defanged
        return url.or_else(|reason| {
            before
                .parse(Kind::Url, &format!("{}://{rest}", scheme.name))
                .map_err(|_| reason)
        });
    }
    if let Some(decoded) = decode_whole(text, &draft) {
        draft.note(change::PERCENT_DECODED);
        return read_defanged(&decoded, draft);
    }
    let rest = refang_rest(text, &mut draft);
    infer(&rest, draft).unwrap_or_else(|| Err(why_not(text)))
}

/// A web URL in which nothing can be defanged.
fn is_clean(text: &str) -> bool {
    let rest = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        let end = authority_end(rest.as_bytes());
        rest[..end].contains('.')
            && rest.bytes().all(|b| {
                !matches!(b, 0..=b' ' | b'"' | b'(' | b')' | b'<' | b'>' | b'[' | b'\\' | b']' | b'^' | b'{' | b'}' | 0x7f..)
            })
    })
}

fn why_not(text: &str) -> Reason {
    match canonical(Kind::Url, text) {
        // `example.com:8080` is a URL of an odd scheme to the standard
        Ok(_) => Reason::MissingScheme,
        Err(reason) => reason,
    }
}

/// Undoes defanging in what follows the scheme.
fn refang_rest<'a>(rest: &'a str, draft: &mut Draft) -> Cow<'a, str> {
    let bytes = rest.as_bytes();
    let end = authority_end(bytes);
    let (mut authority, mut path) = rest.split_at(end);
    let mut changes = Vec::new();
    // `example.com[/]x`
    if let (Some(open), Some(close)) = (authority.chars().next_back(), path.chars().nth(1))
        && path.starts_with('/')
        && matches!((open, close), ('[', ']') | ('(', ')') | ('{', '}'))
    {
        authority = &authority[..authority.len() - 1];
        path = &path[2..];
        changes.push(change::SLASH_REFANGED);
    }
    let slash = if changes.is_empty() { "" } else { "/" };
    let authority = refang_authority(authority, draft, &mut changes);
    let was_defanged = !changes.is_empty() || draft.has(change::SCHEME_REFANGED);
    let (front, query) =
        path.split_at(memchr::memchr2(b'?', b'#', path.as_bytes()).unwrap_or(path.len()));
    let is_marked = |part: &str| part.contains(CLOSING);
    let front = if is_marked(front) || front.contains("\\/") {
        // first the escapes that will be decoded: `[%2E]` is `[.]`
        Cow::Owned(refang_path(&value::url::settle(front), true, &mut changes))
    } else {
        Cow::Borrowed(front)
    };
    // backslashes, commas and brackets in a query are data, unless somebody
    // went through the whole URL
    let query = if was_defanged && is_marked(query) {
        Cow::Owned(refang_path(query, false, &mut changes))
    } else {
        Cow::Borrowed(query)
    };
    if changes.is_empty() {
        return Cow::Borrowed(rest);
    }
    draft.note_all(&changes);
    Cow::Owned(format!("{authority}{slash}{front}{query}"))
}

/// Where path, query or fragment begin. A backslash is a slash to the
/// standard, but one before a dot is defanging.
fn authority_end(bytes: &[u8]) -> usize {
    let ends = |at: usize| match bytes[at] {
        b'/' | b'?' | b'#' => true,
        b'\\' => bytes.get(at + 1) != Some(&b'.'),
        _ => false,
    };
    (0..bytes.len()).find(|&at| ends(at)).unwrap_or(bytes.len())
}

fn refang_authority<'a>(
    authority: &'a str,
    draft: &mut Draft,
    changes: &mut Vec<&'static str>,
) -> Cow<'a, str> {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) if !host.starts_with([']', ')', '}']) => (Some(user), host),
        _ => (None, authority),
    };
    if is_literal(host) || !needs_refanging(host) {
        return Cow::Borrowed(authority);
    }
    let literal = address::closing_bracket(host)
        .and_then(|close| {
            // the colon of the port may be defanged, too
            Some((
                refang_host(&host[1..close], draft.lenience)?,
                refang_host(&host[close + 1..], draft.lenience)?,
            ))
        })
        .filter(|(inner, _)| canonical(Kind::Ipv6, &inner.text).is_ok());
    let refanged = match literal {
        Some((inner, behind)) => {
            changes.extend(inner.changes);
            changes.extend(behind.changes);
            format!("[{}]{}", inner.text, behind.text)
        }
        None => match refang_host(host, draft.lenience) {
            Some(refanged) => {
                changes.extend(refanged.changes);
                refanged.text
            }
            None => return Cow::Borrowed(authority),
        },
    };
    match user {
        Some(user) => Cow::Owned(format!("{user}@{refanged}")),
        None => Cow::Owned(refanged),
    }
}

/// An IPv6 address in brackets, with or without port.
fn is_literal(host: &str) -> bool {
    host.strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .is_some_and(|(inner, behind)| {
            canonical(Kind::Ipv6, inner).is_ok() && (behind.is_empty() || behind.starts_with(':'))
        })
}

fn needs_refanging(host: &str) -> bool {
    !host.contains('.')
        || host.bytes().any(|b| {
            matches!(
                b,
                b'[' | b']' | b'(' | b')' | b'{' | b'}' | b'\\' | b'^' | b' '
            )
        })
}

/// A URL of which even the separators are escaped.
fn decode_whole(text: &str, draft: &Draft) -> Option<String> {
    if draft.has(change::PERCENT_DECODED) || !text.contains('%') || text.contains(['/', ':', ' ']) {
        return None;
    }
    let decoded = value::url::decode(text)?;
    split_scheme(&decoded, draft.lenience)
        .is_some()
        .then_some(decoded)
}

/// `host/path` or `host?query` without a scheme, where both are clear. `None`
/// where they are not.
fn infer(text: &str, mut draft: Draft) -> Option<Result<Reading, Reason>> {
    let text = text.strip_prefix("//").unwrap_or(text);
    let (authority, rest) = text.split_at(memchr::memchr2(b'/', b'?', text.as_bytes())?);
    // a question mark at the end is punctuation
    if rest == "?" {
        return None;
    }
    let host = match authority.split_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        Some(_) if is_literal(authority) => "",
        Some(_) => return None,
        None => authority,
    };
    let clear = host.is_empty()
        || canonical(Kind::Ipv4, host).is_ok()
        || canonical(Kind::Domain, host).is_ok();
    if authority.is_empty() || !clear {
        return None;
    }
    draft.note(change::SCHEME_INFERRED);
    Some(draft.parse(Kind::Url, &format!("http://{text}")))
}

/// The other scheme of a reading whose scheme was inferred.
pub(crate) fn over_tls(reading: &Reading) -> Option<Reading> {
    if !reading.changes.contains(&change::SCHEME_INFERRED) {
        return None;
    }
    let rest = reading.value.as_str().strip_prefix("http://")?;
    let value = Value::parse(Kind::Url, &format!("https://{rest}")).ok()?;
    Some(Reading {
        value,
        ..reading.clone()
    })
}
