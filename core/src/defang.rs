//! Printing values so that nothing makes a link of them.

use crate::value::{Kind, Value};

/// A spelling that no program follows and [`crate::normalize::read`] undoes:
/// `hxxp://bad[.]example[.]com/x`, `192[.]0[.]2[.]1`, `a[@]example[.]com`.
/// Hashes and ids stay as they are.
pub fn defang(value: &Value) -> String {
    let text = value.as_str();
    match value.kind() {
        Kind::Ipv4 | Kind::Domain => text.replace('.', "[.]"),
        Kind::Ipv6 => text.replace(':', "[:]"),
        Kind::Email => match text.rsplit_once('@') {
            Some((mailbox, host)) if host.starts_with('[') => format!("{mailbox}[@]{host}"),
            Some((mailbox, host)) => format!("{mailbox}[@]{}", host.replace('.', "[.]")),
            None => text.to_owned(),
        },
        Kind::Url => defang_url(text),
        _ => text.to_owned(),
    }
}

fn defang_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (scheme, colon) = match scheme {
        "http" => ("hxxp", ":"),
        "https" => ("hxxps", ":"),
        "ftp" => ("fxp", ":"),
        other => (other, "[:]"),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (&authority[..=user.len()], host),
        None => ("", authority),
    };
    // brackets around the dots of an address in brackets could not be told
    // from its own
    let host = if host.starts_with('[') {
        host.to_owned()
    } else {
        host.replace('.', "[.]")
    };
    format!("{scheme}{colon}//{user}{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_link() {
        for (kind, text, expected) in [
            (Kind::Ipv4, "192.0.2.0/24", "192[.]0[.]2[.]0/24"),
            (Kind::Ipv6, "2001:db8::1", "2001[:]db8[:][:]1"),
            (Kind::Domain, "a.example.com", "a[.]example[.]com"),
            (
                Kind::Url,
                "http://u@example.com:81/a.b",
                "hxxp://u@example[.]com:81/a.b",
            ),
            (
                Kind::Url,
                "tcp://192.0.2.1:80",
                "tcp[:]//192[.]0[.]2[.]1:80",
            ),
            (Kind::Email, "a.b@example.com", "a.b[@]example[.]com"),
            (Kind::Cve, "CVE-2021-44228", "CVE-2021-44228"),
        ] {
            assert_eq!(defang(&Value::parse(kind, text).unwrap()), expected);
        }
    }
}
