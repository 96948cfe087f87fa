//! For how long what a feed says holds: one rule, or one for each type.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{FeedConfigError, Types, duration, invalid};
use crate::value::Kind;

/// `expires_after` as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a time such as \"90d\", or a table of times by type"
)]
pub(super) enum RawExpiry {
    /// For all types.
    One(String),
    /// By the name of a type, or of a group of them; `default` for the others.
    ByType(BTreeMap<String, String>),
}

/// The rules, in seconds.
#[derive(Debug, Default)]
pub(super) struct Expiry {
    /// Of types without a rule of their own.
    pub(super) default: Option<u32>,
    pub(super) by_kind: BTreeMap<Kind, u32>,
}

impl RawExpiry {
    pub(super) fn check(&self) -> Result<Expiry, FeedConfigError> {
        let texts = match self {
            RawExpiry::One(text) => {
                let default = duration("expires_after", Some(text))?;
                let by_kind = BTreeMap::new();
                return Ok(Expiry { default, by_kind });
            }
            RawExpiry::ByType(texts) => texts,
        };
        let mut expiry = Expiry::default();
        let mut rules = Vec::with_capacity(texts.len());
        for (name, text) in texts {
            let key = format!("expires_after.{name}");
            let seconds = duration(&key, Some(text))?;
            if name == "default" {
                expiry.default = seconds;
                continue;
            }
            let Some(Types::Kinds(kinds)) = Types::from_name(name) else {
                return Err(invalid(
                    key,
                    "no type: default, ip, host, hash and the types of the API are allowed",
                ));
            };
            rules.extend(seconds.map(|seconds| (kinds, seconds)));
        }
        // What names fewer types says more about each of them.
        rules.sort_by_key(|(kinds, _)| std::cmp::Reverse(kinds.len()));
        for (kinds, seconds) in rules {
            let rules = kinds.into_iter().map(|kind| (kind, seconds));
            expiry.by_kind.extend(rules);
        }
        Ok(expiry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Written {
        expires_after: RawExpiry,
    }

    fn check(text: &str) -> Result<Expiry, FeedConfigError> {
        let written: Written = toml::from_str(&format!("expires_after = {text}")).unwrap();
        written.expires_after.check()
    }

    #[test]
    fn one_time_is_for_all_types() {
        let expiry = check("\"2h\"").unwrap();
        assert_eq!(expiry.default, Some(7_200));
        assert!(expiry.by_kind.is_empty());
    }

    #[test]
    fn the_narrowest_name_counts() {
        let expiry =
            check(r#"{ ipv4 = "1s", host = "3s", ip = "2s", md5 = "4s", hash = "5s" }"#).unwrap();
        assert_eq!(expiry.default, None);
        let seconds = |kind| expiry.by_kind.get(&kind).copied();
        assert_eq!(seconds(Kind::Ipv4), Some(1));
        assert_eq!(seconds(Kind::Ipv6), Some(2));
        assert_eq!(seconds(Kind::Domain), Some(3));
        assert_eq!(seconds(Kind::Md5), Some(4));
        assert_eq!(seconds(Kind::Sha512), Some(5));
        assert_eq!(seconds(Kind::Url), None);
    }

    #[test]
    fn mistakes_name_the_key() {
        for (text, key) in [
            (r#"{ ipv5 = "1d" }"#, "expires_after.ipv5"),
            (r#"{ auto = "1d" }"#, "expires_after.auto"),
            (r#"{ url = "soon" }"#, "expires_after.url"),
            (r#""0d""#, "expires_after"),
        ] {
            let error = check(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{key}: ")), "{error}");
        }
    }
}
