//! The keys about fetching: as written, then checked.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{FeedConfigError, check_percent, duration, invalid};
use crate::feed::expect::Expect;
use crate::feed::fetching::{Auth, AuthKind, SecretPlace};
use crate::value::Kind;

/// By how many percent a share may differ where the contract does not say.
const TOLERANCE: u8 = 10;
/// Pages of articles that are read in one run where the feed does not say.
const PAGES: u32 = 20;
/// Pages of articles that a feed may have read in one run.
const MAX_PAGES: u32 = 200;

/// The table `[auth]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAuth {
    kind: RawAuthKind,
    name: Option<String>,
    user: Option<String>,
    secret_env: Option<String>,
    secret_file: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawAuthKind {
    Bearer,
    Basic,
    Header,
    Query,
}

impl RawAuth {
    pub(super) fn check(self) -> Result<Auth, FeedConfigError> {
        let secret = match (self.secret_env, self.secret_file) {
            (Some(name), None) if is_variable(&name) => SecretPlace::Env(name),
            (None, Some(path)) if !path.is_empty() => SecretPlace::File(path),
            _ => {
                return Err(invalid(
                    "auth",
                    "one of secret_env (a variable of the environment) and secret_file (a file) says where the secret is",
                ));
            }
        };
        let needs = |what: &str| invalid(format!("auth.{what}"), "this kind needs it");
        let named = |name: Option<String>| {
            name.filter(|name| is_token(name))
                .ok_or_else(|| needs("name"))
        };
        let kind = match self.kind {
            RawAuthKind::Bearer => AuthKind::Bearer,
            RawAuthKind::Basic => AuthKind::Basic {
                user: self.user.ok_or_else(|| needs("user"))?,
            },
            RawAuthKind::Header => AuthKind::Header {
                name: named(self.name)?,
            },
            RawAuthKind::Query => AuthKind::Query {
                name: named(self.name)?,
            },
        };
        Ok(Auth { kind, secret })
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A token of RFC 9110, section 5.6.2: what a field may be called.
fn is_token(name: &str) -> bool {
    let is_mark = |byte| b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || is_mark(b))
}

/// The table `[expect]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawExpect {
    rows: Option<(u64, u64)>,
    max_change: Option<u8>,
    types: BTreeMap<String, u8>,
    tolerance: Option<u8>,
    max_refused: Option<u8>,
    fresh: Option<String>,
}

impl RawExpect {
    pub(super) fn check(self) -> Result<Expect, FeedConfigError> {
        if self.rows.is_some_and(|(least, most)| least > most) {
            return Err(invalid("expect.rows", "[at least, at most] is allowed"));
        }
        if self.max_change.is_some_and(|max| !(1..=99).contains(&max)) {
            return Err(invalid(
                "expect.max_change",
                "1 to 99 percent are allowed: 50 is from half to double",
            ));
        }
        let mut types = Vec::with_capacity(self.types.len());
        for (name, share) in self.types {
            let kind: Kind = name.parse().map_err(|_| {
                let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
                invalid(
                    "expect.types",
                    format!("{name:?}: {} are allowed", known.join(", ")),
                )
            })?;
            check_percent("expect.types", share)?;
            types.push((kind, share));
        }
        if types
            .iter()
            .map(|(_, share)| u32::from(*share))
            .sum::<u32>()
            > 100
        {
            return Err(invalid(
                "expect.types",
                "all shares together are at most 100",
            ));
        }
        let tolerance = self.tolerance.unwrap_or(TOLERANCE);
        check_percent("expect.tolerance", tolerance)?;
        check_percent("expect.max_refused", self.max_refused.unwrap_or(0))?;
        Ok(Expect {
            rows: self.rows,
            max_change: self.max_change,
            types,
            tolerance,
            max_refused: self.max_refused,
            fresh: duration("expect.fresh", self.fresh.as_deref())?,
        })
    }
}

/// How many pages of articles a run may read.
pub(super) fn check_pages(
    pages: Option<u32>,
    sites: &[String],
    has_articles: bool,
) -> Result<u32, FeedConfigError> {
    if !has_articles && (pages.is_some() || !sites.is_empty()) {
        let key = if pages.is_some() {
            "pages"
        } else {
            "page_sites"
        };
        return Err(invalid(key, "only articles (connector \"rss\") have pages"));
    }
    let is_host = |site: &String| url::Host::parse(site).is_ok() && !site.contains('/');
    if let Some(site) = sites.iter().find(|site| !is_host(site)) {
        let message = format!("{site:?}: names of hosts are allowed, as \"blog.example.com\"");
        return Err(invalid("page_sites", message));
    }
    let standard = if has_articles { PAGES } else { 0 };
    let pages = pages.unwrap_or(standard);
    if pages > MAX_PAGES {
        let message = format!("{pages}: 0 (none) to {MAX_PAGES} are allowed");
        return Err(invalid("pages", message));
    }
    Ok(pages)
}

/// `64m`: a number and k, m or g, in bytes (1024 each).
pub(super) fn size(key: &str, text: Option<&str>) -> Result<Option<u64>, FeedConfigError> {
    let Some(text) = text else { return Ok(None) };
    let wrong = || {
        invalid(
            key,
            format!("{text:?}: a number and k, m or g is allowed, as 64m"),
        )
    };
    let unit = match text.chars().last() {
        Some('k') => 1 << 10,
        Some('m') => 1 << 20,
        Some('g') => 1 << 30,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let bytes = number.checked_mul(unit).filter(|bytes| *bytes > 0);
    bytes.map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Feed;

    const FEED: &str = r#"
        name = "a"
        title = "A"
        publisher = "P"
        category = "vendor"
        confidence = 50
        extent = "snapshot"
        KEYS
        [[format]]
        name = "text"
        url = "https://list.example.com/"
        connector = "lines"
        value = [{ column = "value", type = "ip" }]
    "#;

    fn feed(keys: &str) -> Result<Feed, FeedConfigError> {
        FEED.replace("KEYS", keys).parse()
    }

    #[test]
    fn keys_about_fetching_are_read() {
        let keys = "max_size = \"2m\"\nallow_private = true\non_request = true
            [auth]\nkind = \"header\"\nname = \"Auth-Key\"\nsecret_env = \"FEED_KEY\"
            [expect]\nrows = [1, 9]\nmax_change = 60\ntypes = { ipv4 = 95 }\nmax_refused = 3\nfresh = \"2d\"";
        let fetching = feed(keys).unwrap().fetching;
        assert_eq!(fetching.max_size, Some(2 << 20));
        assert!(fetching.allow_private && fetching.on_request);
        assert_eq!(
            fetching.auth,
            Some(Auth {
                kind: AuthKind::Header {
                    name: "Auth-Key".into()
                },
                secret: SecretPlace::Env("FEED_KEY".into())
            })
        );
        assert_eq!(
            fetching.expect,
            Expect {
                rows: Some((1, 9)),
                max_change: Some(60),
                types: vec![(Kind::Ipv4, 95)],
                tolerance: TOLERANCE,
                max_refused: Some(3),
                fresh: Some(2 * 86_400),
            }
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_key() {
        for (keys, key) in [
            ("max_size = \"2\"", "max_size"),
            ("max_size = \"0k\"", "max_size"),
            ("max_size = \"99999999999999999999g\"", "max_size"),
            ("auth = { kind = \"bearer\" }", "auth"),
            (
                "auth = { kind = \"bearer\", secret_env = \"A\", secret_file = \"b\" }",
                "auth",
            ),
            (
                "auth = { kind = \"basic\", secret_env = \"A\" }",
                "auth.user",
            ),
            (
                "auth = { kind = \"header\", secret_env = \"A\", name = \"a b\" }",
                "auth.name",
            ),
            ("expect = { rows = [3, 2] }", "expect.rows"),
            ("expect = { max_change = 100 }", "expect.max_change"),
            ("expect = { types = { ip = 3 } }", "expect.types"),
            (
                "expect = { types = { ipv4 = 60, ipv6 = 60 } }",
                "expect.types",
            ),
            ("expect = { fresh = \"soon\" }", "expect.fresh"),
            ("pages = 3", "pages"),
            ("page_sites = [\"blog.example.com\"]", "page_sites"),
        ] {
            match feed(keys) {
                Err(FeedConfigError::Invalid { key: found, .. }) => {
                    assert_eq!(found, key, "{keys}");
                }
                other => panic!("{keys}: {other:?}"),
            }
        }
    }

    #[test]
    fn articles_have_pages() {
        let of = |extent: &str, keys: &str| {
            let lines =
                "connector = \"lines\"\n        value = [{ column = \"value\", type = \"ip\" }]";
            let text = FEED.replace(lines, "connector = \"rss\"");
            let text = text.replace("snapshot", extent);
            text.replace("KEYS", keys).parse::<Feed>()
        };
        let articles = |keys: &str| of("events", keys);
        let error = of("snapshot", "").unwrap_err().to_string();
        assert!(error.contains("extent"), "{error}");
        let standard = articles("").unwrap();
        assert_eq!(standard.fetching.pages, PAGES);
        assert!(standard.owns_page("https://www.list.example.com/a"));
        assert!(!standard.owns_page("https://blog.example.net/a"));
        let own = articles("pages = 0\npage_sites = [\"example.net\"]").unwrap();
        assert_eq!(own.fetching.pages, 0);
        assert!(own.owns_page("https://blog.example.net/a"));
        for keys in ["pages = 201", "page_sites = [\"https://a.example/\"]"] {
            assert!(articles(keys).is_err(), "{keys}");
        }
    }
}
