//! Secrets to ask with.

use std::fs;

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use iocd_core::feed::fetching::{Auth, AuthKind, SecretPlace};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName};

use super::error::FetchError;

/// Bytes of a file that holds a secret, at most.
const MAX_SECRET: u64 = 64 << 10;

/// Puts what proves who asks into a request. Read anew each time, so that a
/// secret can be replaced while the server runs.
pub(super) fn apply(auth: &Auth, url: &mut Url, fields: &mut HeaderMap) -> Result<(), FetchError> {
    let secret = read(&auth.secret)?;
    let (name, value) = match &auth.kind {
        AuthKind::Query { name } => {
            url.query_pairs_mut().append_pair(name, &secret);
            return Ok(());
        }
        AuthKind::Bearer => (AUTHORIZATION, format!("Bearer {secret}")),
        AuthKind::Basic { user } => {
            let pair = BASE64_STANDARD.encode(format!("{user}:{secret}"));
            (AUTHORIZATION, format!("Basic {pair}"))
        }
        AuthKind::Header { name } => {
            let name = HeaderName::try_from(name.as_str());
            let name = name.map_err(|_| problem("its header field has no name that is one"))?;
            (name, secret)
        }
    };
    let value = HeaderValue::try_from(value);
    let mut value = value.map_err(|_| problem("there are characters in it that cannot be sent"))?;
    value.set_sensitive(true);
    fields.insert(name, value);
    Ok(())
}

fn read(place: &SecretPlace) -> Result<String, FetchError> {
    let text = match place {
        SecretPlace::Env(name) => std::env::var(name).map_err(|_| {
            problem(&format!(
                "the variable {name} of the environment is not set"
            ))
        })?,
        SecretPlace::File(path) => {
            let size = fs::metadata(path).map(|file| file.len());
            let read = size.and_then(|size| match size {
                0..=MAX_SECRET => fs::read_to_string(path),
                _ => Err(std::io::Error::other("it is too large to hold a secret")),
            });
            read.map_err(|error| problem(&format!("{path}: {error}")))?
        }
    };
    let secret = text.trim();
    if secret.is_empty() {
        return Err(problem("it is empty"));
    }
    Ok(secret.to_owned())
}

fn problem(what: &str) -> FetchError {
    FetchError::Secret(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_travels_its_way_and_none_is_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        fs::write(&path, " s3cret\n").unwrap();
        let secret = SecretPlace::File(path.to_str().unwrap().to_owned());
        let name = "X-Key".to_owned();
        for (kind, field, value) in [
            (AuthKind::Bearer, "authorization", "Bearer s3cret"),
            (
                AuthKind::Basic { user: "me".into() },
                "authorization",
                "Basic bWU6czNjcmV0",
            ),
            (AuthKind::Header { name: name.clone() }, "x-key", "s3cret"),
        ] {
            let mut url = Url::parse("https://a.example/").unwrap();
            let mut fields = HeaderMap::new();
            let secret = secret.clone();
            apply(&Auth { kind, secret }, &mut url, &mut fields).unwrap();
            assert_eq!(fields[field], value);
            assert!(!format!("{fields:?}").contains("s3cret"));
            assert_eq!(url.query(), None);
        }
        let mut url = Url::parse("https://a.example/?a=b").unwrap();
        let kind = AuthKind::Query { name };
        apply(&Auth { kind, secret }, &mut url, &mut HeaderMap::new()).unwrap();
        assert_eq!(url.query(), Some("a=b&X-Key=s3cret"));
    }

    #[test]
    fn a_secret_that_is_not_there_is_named_by_its_place() {
        for place in [
            SecretPlace::Env("A_VARIABLE_THAT_NOBODY_SETS".into()),
            SecretPlace::File("/no/such/file".into()),
        ] {
            let error = read(&place).unwrap_err().to_string();
            assert!(
                error.contains("A_VARIABLE_THAT_NOBODY_SETS") || error.contains("/no/such/file"),
                "{error}"
            );
        }
    }
}
