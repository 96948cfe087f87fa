//! URLs.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use ::url::{Host, ParseError};

use super::{MAX_VALUE, Reason, domain};
use crate::refang;

mod escape;

pub(crate) use self::escape::{decode, settle};

/// The longest canonical URL that is taken from anybody but a feed, in bytes.
pub(crate) const MAX_URL: usize = 2048;

/// The longest scheme, in bytes; no registered one is longer.
pub(crate) const MAX_SCHEME: usize = 32;

/// A URL with a host, as the WHATWG URL standard serialises it; without
/// fragment, with `%xx` in upper case and unreserved characters not escaped
/// (RFC 3986, section 6.2.2).
pub(crate) fn canonical(text: &str) -> Result<Cow<'_, str>, Reason> {
    match look(text) {
        Look::Plain => return Ok(Cow::Borrowed(text)),
        Look::Pathless => return Ok(Cow::Owned([text, "/"].concat())),
        Look::Other => {}
    }
    if text
        .bytes()
        .any(|b| b.is_ascii_control() && !matches!(b, b'\t' | b'\n' | b'\r'))
    {
        return Err(Reason::ControlCharacter);
    }
    let mut url = ::url::Url::parse(text).map_err(why_not)?;
    let scheme = url.scheme();
    if scheme == "file" || scheme.len() > MAX_SCHEME || !url.has_authority() {
        return Err(Reason::UrlScheme);
    }
    if !url.is_special() && refang::is_defanged_scheme(scheme) {
        return Err(Reason::DefangedScheme);
    }
    url.set_fragment(None);
    settle_host(&mut url)?;
    let written = escape::settle(url.as_str());
    if written.len() > MAX_VALUE {
        return Err(Reason::TooLong);
    }
    Ok(if written == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(written.into_owned())
    })
}

fn why_not(error: ParseError) -> Reason {
    match error {
        ParseError::EmptyHost => Reason::UrlHost,
        ParseError::InvalidPort => Reason::BadPort,
        ParseError::InvalidIpv4Address => Reason::NotIpv4,
        ParseError::InvalidIpv6Address => Reason::NotIpv6,
        ParseError::IdnaError => Reason::InvalidIdn,
        ParseError::InvalidDomainCharacter => Reason::BadCharacter,
        ParseError::RelativeUrlWithoutBase => Reason::MissingScheme,
        _ => Reason::UrlSyntax,
    }
}

/// The standard leaves a trailing dot, and everything in the host of a scheme
/// that it does not know; both would be other spellings of the same host.
fn settle_host(url: &mut ::url::Url) -> Result<(), Reason> {
    let Some(Host::Domain(written)) = url.host() else {
        return if url.host().is_some() {
            Ok(())
        } else {
            Err(Reason::UrlHost)
        };
    };
    let name = if url.is_special() {
        Cow::Borrowed(written)
    } else {
        Cow::Owned(decode(written).ok_or(Reason::BadCharacter)?)
    };
    if name.is_empty() {
        return Err(Reason::UrlHost);
    }
    if name.parse::<Ipv4Addr>().is_ok() {
        return Ok(());
    }
    let settled = domain::host(&name)?;
    if settled != written {
        let settled = settled.into_owned();
        url.set_host(Some(&settled)).map_err(why_not)?;
    }
    Ok(())
}

/// Whether the text is canonical already, and nobody could have meant another
/// URL by it: decided without the standard's parser, for the usual ones.
pub(crate) fn is_plain(text: &str) -> bool {
    look(text) == Look::Plain
}

#[derive(PartialEq, Eq)]
enum Look {
    Plain,
    /// Plain but for the slash of the empty path.
    Pathless,
    Other,
}

fn look(text: &str) -> Look {
    let (rest, default_port) = if let Some(rest) = text.strip_prefix("http://") {
        (rest, "80")
    } else if let Some(rest) = text.strip_prefix("https://") {
        (rest, "443")
    } else {
        return Look::Other;
    };
    let end = memchr::memchr(b'/', rest.as_bytes()).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = match authority.split_once(':') {
        None => authority,
        Some((host, port)) if is_plain_port(port) && port != default_port => host,
        Some(_) => return Look::Other,
    };
    if !is_plain_path(path.as_bytes()) || !is_plain_host(host) {
        Look::Other
    } else if path.is_empty() {
        Look::Pathless
    } else {
        Look::Plain
    }
}

fn is_plain_host(host: &str) -> bool {
    if is_address(host) {
        return host.parse::<Ipv4Addr>().is_ok();
    }
    matches!(domain::host(host), Ok(Cow::Borrowed(same)) if same.len() == host.len())
}

fn is_plain_port(port: &str) -> bool {
    port.bytes().all(|b| b.is_ascii_digit())
        && !port.starts_with('0')
        && port.parse::<u16>().is_ok()
}

/// Characters that neither the standard's parser nor refanging changes,
/// escapes that stay, and no segment that begins with a dot.
fn is_plain_path(path: &[u8]) -> bool {
    let mut before = 0;
    for (at, &b) in path.iter().enumerate() {
        let plain = match b {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'~'
            | b'/'
            | b'?'
            | b'='
            | b'&'
            | b'+'
            | b':'
            | b'@'
            | b'!'
            | b'$'
            | b'*'
            | b','
            | b';' => true,
            b'.' => before != b'/',
            b'%' => escape::is_settled(path, at),
            _ => false,
        };
        if !plain {
            return false;
        }
        before = b;
    }
    true
}

/// The host of a canonical URL, an IPv6 literal without its brackets.
pub(crate) fn host(url: &str) -> Option<&str> {
    let colon = memchr::memchr(b':', url.as_bytes())?;
    let rest = url[colon..].strip_prefix("://")?;
    let end = rest
        .bytes()
        .position(|b| matches!(b, b'/' | b'?' | b'#'))
        .unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    if let Some(literal) = host.strip_prefix('[') {
        return literal.split_once(']').map(|(address, _)| address);
    }
    Some(host.split_once(':').map_or(host, |(host, _)| host))
}

/// Whether the host of a canonical URL is an IP address.
pub(crate) fn is_address(host: &str) -> bool {
    // the last label of a domain is never a number
    host.contains(':') || domain::last_label(host).bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_what_the_standard_writes() {
        for text in [
            "http://example.com/",
            "https://example.com:8443/a/b.php?x=1&y=2@3",
            "http://198.51.100.7:8080/x;y",
            "http://a_b.example/",
            "http://example.com/a%20b%2Fc?d=%C3%A4",
        ] {
            assert!(is_plain(text), "{text}");
            assert_eq!(::url::Url::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "http://example.com",
            "http://example.com:80/",
            "http://example.com:080/",
            "http://example.com/../x",
            "http://EXAMPLE.com/",
            "http://example.com./",
            "http://198.51.100/",
            "http://198.51.100.07/",
            "http://u@example.com/",
            "http://example.com/a%2fb",
            "http://example.com/a%41b",
            "http://example.com/a%b",
            "http://example/",
        ] {
            assert!(!is_plain(text), "{text}");
        }
    }

    #[test]
    fn urls_that_are_none() {
        for (text, reason) in [
            ("example.com/x", Reason::MissingScheme),
            ("file:///etc/passwd", Reason::UrlScheme),
            ("mailto:a@example.com", Reason::UrlScheme),
            ("http://", Reason::UrlHost),
            ("tcp:///x", Reason::UrlHost),
            ("http:///x", Reason::SingleLabel),
            ("http://example.com:99999/", Reason::BadPort),
            ("http://a\0.example/", Reason::ControlCharacter),
            ("hxxp://example.com/", Reason::DefangedScheme),
            ("http://a.test/", Reason::SpecialUseName),
        ] {
            assert_eq!(canonical(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn hosts_of_every_scheme_are_settled() {
        for (text, expected) in [
            ("tcp://EXAMPLE.com.:80/x", "tcp://example.com:80/x"),
            ("tcp://b%C3%A4d.example:80", "tcp://xn--bd-via.example:80"),
            ("http://example.com./x#y", "http://example.com/x"),
            (
                "http://u:p@[2001:DB8::1]:80/%7e%2f",
                "http://u:p@[2001:db8::1]/~%2F",
            ),
        ] {
            assert_eq!(canonical(text).unwrap(), expected);
            assert_eq!(canonical(expected).unwrap(), expected);
        }
    }

    #[test]
    fn the_host_is_found() {
        assert_eq!(host("http://u:p@example.com:8080/@x"), Some("example.com"));
        assert_eq!(host("http://[2001:db8::1]:8080/"), Some("2001:db8::1"));
        assert_eq!(host("tcp://192.0.2.1:80"), Some("192.0.2.1"));
    }
}
