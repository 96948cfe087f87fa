//! E-mail addresses.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Reason, domain};

const MAX_MAILBOX: usize = 64;

/// `mailbox@domain` in lower case (RFC 5321, section 4.1.2; letters beyond
/// ASCII in the mailbox as RFC 6531 allows).
pub(crate) fn canonical(text: &str) -> Result<Cow<'_, str>, Reason> {
    // a quoted mailbox may hold an '@', a domain never does
    let at = memchr::memrchr(b'@', text.as_bytes()).ok_or(Reason::EmailSyntax)?;
    let (mailbox, host) = (&text[..at], &text[at + 1..]);
    check_mailbox(mailbox)?;
    let host = canonical_host(host)?;
    if !mailbox
        .bytes()
        .any(|b| b.is_ascii_uppercase() || !b.is_ascii())
        && matches!(&host, Cow::Borrowed(same) if at + 1 + same.len() == text.len())
    {
        return Ok(Cow::Borrowed(text));
    }
    let mut address = mailbox.to_lowercase();
    // The lower case of a letter beyond ASCII may be longer.
    if address.len() > MAX_MAILBOX {
        return Err(Reason::MailboxTooLong);
    }
    address.push('@');
    address.push_str(&host);
    Ok(Cow::Owned(address))
}

/// The domain of a canonical address; `None` if that is an address literal.
pub(crate) fn host(address: &str) -> Option<&str> {
    let at = memchr::memrchr(b'@', address.as_bytes())?;
    let host = &address[at + 1..];
    (!host.starts_with('[')).then_some(host)
}

fn canonical_host(host: &str) -> Result<Cow<'_, str>, Reason> {
    if let Some(literal) = host.strip_prefix('[') {
        let literal = literal.strip_suffix(']').ok_or(Reason::EmailSyntax)?;
        return canonical_literal(literal)
            .map(Cow::Owned)
            .ok_or(Reason::EmailSyntax);
    }
    if host.parse::<Ipv4Addr>().is_ok() || host.parse::<Ipv6Addr>().is_ok() {
        return Err(Reason::EmailAddress);
    }
    domain::canonical(host)
}

fn canonical_literal(literal: &str) -> Option<String> {
    if let Ok(address) = literal.parse::<Ipv4Addr>() {
        return Some(format!("[{address}]"));
    }
    let tag = literal.get(..5)?;
    if !tag.eq_ignore_ascii_case("ipv6:") {
        return None;
    }
    let address = literal[5..].parse::<Ipv6Addr>().ok()?;
    Some(format!("[ipv6:{address}]"))
}

fn check_mailbox(mailbox: &str) -> Result<(), Reason> {
    if mailbox.len() > MAX_MAILBOX {
        return Err(Reason::MailboxTooLong);
    }
    let good = if let Some(quoted) = mailbox.strip_prefix('"') {
        quoted.strip_suffix('"').is_some_and(is_quoted_text)
    } else {
        mailbox
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(is_atom_char))
    };
    if good {
        Ok(())
    } else {
        Err(Reason::EmailSyntax)
    }
}

/// `qtextSMTP` and `quoted-pairSMTP` of RFC 5321.
fn is_quoted_text(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let shown = match c {
            '\\' => chars.next().unwrap_or('"'),
            '"' => return false,
            other => other,
        };
        if shown.is_control() || (c == '\\' && !matches!(shown, ' '..='~')) {
            return false;
        }
    }
    // a lone backslash at the end would escape the closing quote
    !text.ends_with('\\') || text.ends_with("\\\\")
}

fn is_atom_char(c: char) -> bool {
    match c {
        'a'..='z'
        | 'A'..='Z'
        | '0'..='9'
        | '!'
        | '#'
        | '$'
        | '%'
        | '&'
        | '\''
        | '*'
        | '+'
        | '-'
        | '/'
        | '='
        | '?'
        | '^'
        | '_'
        | '`'
        | '{'
        | '|'
        | '}'
        | '~' => true,
        _ => !c.is_ascii() && !c.is_control() && !c.is_whitespace(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("Bob@Example.COM", "bob@example.com"),
            ("a+tag@example.com", "a+tag@example.com"),
            ("\"A@b. \"@example.com", "\"a@b. \"@example.com"),
            ("a@[192.0.2.1]", "a@[192.0.2.1]"),
            ("a@[IPv6:2001:DB8::1]", "a@[ipv6:2001:db8::1]"),
        ] {
            assert_eq!(canonical(text).unwrap(), expected);
            assert_eq!(canonical(expected).unwrap(), expected);
        }
        assert!(matches!(canonical("bob@example.com"), Ok(Cow::Borrowed(_))));
    }

    #[test]
    fn a_mailbox_is_measured_in_lower_case() {
        let grown = format!("{}\u{23e}@example.com", "a".repeat(62));
        assert_eq!(canonical(&grown), Err(Reason::MailboxTooLong));
        let whole = format!("{}\u{23e}@example.com", "a".repeat(61));
        let once = canonical(&whole).unwrap();
        assert_eq!(canonical(&once).unwrap(), once);
    }

    #[test]
    fn addresses_that_are_none() {
        for (text, reason) in [
            ("bob", Reason::EmailSyntax),
            ("@example.com", Reason::EmailSyntax),
            ("a..b@example.com", Reason::EmailSyntax),
            ("a b@example.com", Reason::EmailSyntax),
            ("a@b@example.com", Reason::EmailSyntax),
            ("\"a\\\"@example.com", Reason::EmailSyntax),
            ("a@192.0.2.1", Reason::EmailAddress),
            ("a@example", Reason::SingleLabel),
            ("logo@2x.png", Reason::FileExtension),
        ] {
            assert_eq!(canonical(text), Err(reason), "{text}");
        }
    }
}
