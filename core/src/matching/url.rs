//! What a URL names besides itself: its host, its prefixes, its siblings.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::value::url::is_address;

/// Levels of a path that are asked for, from its end: longer paths than this
/// are made by machines. The root is asked for always.
pub(super) const MAX_LEVELS: u16 = 64;

/// The parts of a canonical URL, each with the sign that sets it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    url: &'a str,
    /// `http`
    pub(super) scheme: &'a str,
    /// `user:password@`, or nothing.
    pub(super) user: &'a str,
    /// An IPv6 address in its brackets.
    written_host: &'a str,
    /// `:8080`, or nothing.
    pub(super) port: &'a str,
    /// `/a/b`; nothing only where the scheme is none of the standard's.
    path: &'a str,
    /// `?x=1`, or nothing.
    query: &'a str,
}

/// What stands where a URL has its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host<'a> {
    Domain(&'a str),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl<'a> Host<'a> {
    /// Reads a host without the brackets of an IPv6 address.
    pub(super) fn of(text: &'a str) -> Host<'a> {
        // Of the names in feeds few can be addresses.
        if is_address(text) {
            if let Ok(address) = text.parse() {
                return Host::V4(address);
            }
            if let Ok(address) = text.parse() {
                return Host::V6(address);
            }
        }
        Host::Domain(text)
    }
}

impl<'a> Parts<'a> {
    /// `None` for what is no canonical URL.
    pub(super) fn of(url: &'a str) -> Option<Parts<'a>> {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (user, host) = match authority.rfind('@') {
            Some(at) => authority.split_at(at + 1),
            None => ("", authority),
        };
        let colon = if host.starts_with('[') {
            host.find(']')? + 1
        } else {
            host.find(':').unwrap_or(host.len())
        };
        let (written_host, port) = host.split_at(colon);
        let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        Some(Parts {
            url,
            scheme,
            user,
            written_host,
            port,
            path,
            query,
        })
    }

    pub(super) fn host(&self) -> Host<'a> {
        let bare = self.written_host.strip_prefix('[');
        Host::of(
            bare.and_then(|bare| bare.strip_suffix(']'))
                .unwrap_or(self.written_host),
        )
    }

    /// What follows the authority: path and query.
    pub(super) fn target(&self) -> &'a str {
        &self.url[self.url.len() - self.path.len() - self.query.len()..]
    }

    /// The URL without query and without the slash at its end, if there is one.
    fn stem(&self) -> &'a str {
        let base = &self.url[..self.url.len() - self.query.len()];
        match self.path.strip_suffix('/') {
            Some(_) => &base[..base.len() - 1],
            None => base,
        }
    }

    fn authority_end(&self) -> usize {
        self.url.len() - self.path.len() - self.query.len()
    }

    fn has_query(&self) -> u16 {
        u16::from(!self.query.is_empty())
    }

    /// Steps from the URL to its host: segments of the path, the query, and one.
    pub(super) fn steps_to_host(&self) -> u16 {
        let path = &self.stem()[self.authority_end()..];
        let segments = path.bytes().filter(|&byte| byte == b'/').count();
        u16::try_from(segments).unwrap_or(u16::MAX - 512) + self.has_query() + 1
    }

    /// `https` for `http` and the reverse; no other scheme has another.
    pub(super) fn other_scheme(&self) -> Option<String> {
        let (scheme, default_port) = match self.scheme {
            "http" => ("https", ":443"),
            "https" => ("http", ":80"),
            _ => return None,
        };
        let port = if self.port == default_port {
            ""
        } else {
            self.port
        };
        Some(
            [
                scheme,
                "://",
                self.user,
                self.written_host,
                port,
                self.target(),
            ]
            .concat(),
        )
    }

    /// The URL without its query, then without one segment of the path after
    /// the other, each with and without a slash at the end; with the steps.
    pub(super) fn visit_prefixes(&self, visit: &mut dyn FnMut(&str, u16)) {
        let base = &self.url[..self.url.len() - self.query.len()];
        let root = self.authority_end();
        let mut prefix = self.stem();
        let mut removed = 0;
        loop {
            let is_root = prefix.len() == root;
            if removed <= MAX_LEVELS || is_root {
                let slashed = match base.get(..=prefix.len()) {
                    Some(slashed) => Cow::Borrowed(slashed),
                    None => Cow::Owned([prefix, "/"].concat()),
                };
                for text in [&slashed, prefix] {
                    if text != self.url {
                        visit(text, (removed + self.has_query()).max(1));
                    }
                }
            }
            if is_root {
                return;
            }
            // A path begins with a slash.
            let cut = prefix[root..].rfind('/').unwrap_or(0);
            prefix = &prefix[..root + cut];
            removed += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixes(url: &str) -> Vec<(String, u16)> {
        let mut prefixes = Vec::new();
        Parts::of(url)
            .unwrap()
            .visit_prefixes(&mut |text, steps| prefixes.push((text.to_owned(), steps)));
        prefixes
    }

    #[test]
    fn parts_make_the_whole() {
        for (url, host, steps) in [
            ("http://example.com/", Host::Domain("example.com"), 1),
            ("http://example.com/a/b", Host::Domain("example.com"), 3),
            (
                "http://example.com/a/b/?x=/y",
                Host::Domain("example.com"),
                4,
            ),
            (
                "https://u:p@192.0.2.1:8080/a//b",
                Host::V4([192, 0, 2, 1].into()),
                4,
            ),
            (
                "http://[2001:db8::1]:81/x?",
                Host::V6("2001:db8::1".parse().unwrap()),
                3,
            ),
            ("tcp://example.com:80", Host::Domain("example.com"), 1),
            ("tcp://example.com?x", Host::Domain("example.com"), 2),
        ] {
            let parts = Parts::of(url).unwrap();
            assert_eq!(
                (parts.host(), parts.steps_to_host()),
                (host, steps),
                "{url}"
            );
            let whole = [
                parts.scheme,
                "://",
                parts.user,
                parts.written_host,
                parts.port,
                parts.target(),
            ];
            assert_eq!(whole.concat(), url);
        }
    }

    #[test]
    fn prefixes_with_and_without_slash() {
        let expected = |list: &[(&str, u16)]| -> Vec<(String, u16)> {
            list.iter()
                .map(|&(text, steps)| (text.to_owned(), steps))
                .collect()
        };
        assert_eq!(
            prefixes("http://h.example/a/b?x"),
            expected(&[
                ("http://h.example/a/b/", 1),
                ("http://h.example/a/b", 1),
                ("http://h.example/a/", 2),
                ("http://h.example/a", 2),
                ("http://h.example/", 3),
                ("http://h.example", 3),
            ])
        );
        assert_eq!(
            prefixes("http://h.example/a/"),
            expected(&[
                ("http://h.example/a", 1),
                ("http://h.example/", 1),
                ("http://h.example", 1),
            ])
        );
        assert_eq!(
            prefixes("http://h.example/"),
            expected(&[("http://h.example", 1)])
        );
        let deep = format!("http://h.example{}", "/a".repeat(1_000));
        let all = prefixes(&deep);
        assert_eq!(all.len(), 2 * usize::from(MAX_LEVELS) + 3);
        assert_eq!(all.last().unwrap(), &("http://h.example".to_owned(), 1_000));
    }

    #[test]
    fn the_other_scheme() {
        let other = |url| Parts::of(url).unwrap().other_scheme();
        assert_eq!(
            other("http://h.example:8080/a?b").as_deref(),
            Some("https://h.example:8080/a?b")
        );
        assert_eq!(
            other("https://h.example:80/").as_deref(),
            Some("http://h.example/")
        );
        assert_eq!(other("ftp://h.example/"), None);
    }
}
