//! E-mail addresses.

use std::borrow::Cow;

use super::draft::Draft;
use super::{Reading, change, trim};
use crate::refang::{refang_host, refang_mail};
use crate::value::{Kind, Reason, canonical};

pub(super) fn read(text: &str, draft: Draft) -> Result<Reading, Reason> {
    let reason = match canonical(Kind::Email, text) {
        Ok(address) => return draft.finish(Kind::Email, text, address),
        Err(reason) => reason,
    };
    let mut draft = draft;
    let bare = strip_link(text, &mut draft);
    if bare.len() != text.len()
        && let Ok(reading) = draft.clone().parse(Kind::Email, bare)
    {
        return Ok(reading);
    }
    if !draft.lenience.refangs() {
        return Err(reason);
    }
    let bare = strip_display_name(bare, &mut draft);
    // a mailbox may begin with what looks like a quote
    if bare.contains('@') {
        let mut draft = draft.clone();
        if let Some(Ok(reading)) =
            refang(bare, &mut draft).map(|text| draft.parse(Kind::Email, &text))
        {
            return Ok(reading);
        }
    }
    let bare = strip_link(trim::unwrap(bare, &mut draft), &mut draft);
    if let Ok(reading) = draft.clone().parse(Kind::Email, bare) {
        return Ok(reading);
    }
    let address = refang(bare, &mut draft).ok_or(reason)?;
    draft.parse(Kind::Email, &address).map_err(|inner| {
        if reason == Reason::EmailSyntax {
            inner
        } else {
            reason
        }
    })
}

/// `mailto:a@example.com?subject=x`.
fn strip_link<'a>(text: &'a str, draft: &mut Draft) -> &'a str {
    match text.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("mailto:") => {
            draft.note(change::PREFIX_REMOVED);
            match rest.rsplit_once('?') {
                // a question mark before the '@' is part of the mailbox
                Some((address, query)) if !query.contains('@') || address.contains('@') => address,
                _ => rest,
            }
        }
        _ => text,
    }
}

/// `Some Body <a@example.com>`.
fn strip_display_name<'a>(text: &'a str, draft: &mut Draft) -> &'a str {
    let inner = text
        .strip_suffix('>')
        .and_then(|text| text.rsplit_once('<'));
    match inner {
        Some((name, address)) if !name.is_empty() => {
            draft.note(change::COMMENT_REMOVED);
            trim::trim(address)
        }
        _ => text,
    }
}

fn refang(text: &str, draft: &mut Draft) -> Option<String> {
    let Some(at) = text.rfind(['@', '\u{ff20}', '\u{fe6b}']) else {
        let refanged = refang_mail(text, draft.lenience)?;
        draft.note_all(&refanged.changes);
        return Some(refanged.text);
    };
    let sign = text[at..].chars().next()?;
    let (before, after) = (&text[..at], &text[at + sign.len_utf8()..]);
    let opens = |c: char| matches!(c, '[' | '(' | '{') || c.is_whitespace();
    let closes = |c: char| matches!(c, ']' | ')' | '}') || c.is_whitespace();
    let loose = draft.lenience.is_loose();
    let (before, host) = if encloses(before, after) {
        (&before[..before.len() - 1], &after[1..])
    } else if loose {
        (
            before.trim_end_matches(opens),
            after.trim_start_matches(closes),
        )
    } else {
        (before, after)
    };
    if sign != '@' {
        draft.note(change::FULL_WIDTH);
    }
    if before.len() != at || host.len() != after.len() {
        draft.note(change::AT_REFANGED);
    }
    let host = host.trim_start();
    let mailbox = strip_comment(before.trim_end(), draft);
    let mailbox = refang_mailbox(mailbox, draft);
    let host = match canonical(Kind::Domain, host) {
        Ok(_) => Cow::Borrowed(host),
        Err(_) if host.starts_with('[') => Cow::Borrowed(host),
        Err(_) => {
            let refanged = refang_host(host, draft.lenience)?;
            draft.note_all(&refanged.changes);
            Cow::Owned(refanged.text)
        }
    };
    Some(format!("{mailbox}@{host}"))
}

fn encloses(before: &str, after: &str) -> bool {
    matches!(
        (before.chars().next_back(), after.chars().next()),
        (Some('['), Some(']')) | (Some('('), Some(')')) | (Some('{'), Some('}'))
    )
}

/// `john(comment)@…` and `(comment)john@…` (RFC 5322, section 3.2.2).
fn strip_comment<'a>(mailbox: &'a str, draft: &mut Draft) -> &'a str {
    let stripped = match mailbox
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
    {
        Some((mailbox, _)) => mailbox,
        None => match mailbox
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'))
        {
            Some((_, mailbox)) => mailbox,
            None => return mailbox,
        },
    };
    draft.note(change::COMMENT_REMOVED);
    trim::trim(stripped)
}

/// Only where the mailbox is none as it stands: `{in|fo}` is one.
fn refang_mailbox<'a>(mailbox: &'a str, draft: &mut Draft) -> Cow<'a, str> {
    if canonical(Kind::Email, &format!("{mailbox}@example.com")).is_ok() {
        return Cow::Borrowed(mailbox);
    }
    match refang_host(mailbox, draft.lenience) {
        Some(refanged) => {
            draft.note_all(&refanged.changes);
            Cow::Owned(refanged.text)
        }
        None => Cow::Borrowed(mailbox),
    }
}
