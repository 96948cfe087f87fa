//! Addresses as they may be shown and compared.

use std::fmt;

use reqwest::Url;

use super::error::FetchError;

/// An address as it may be shown: without user, password, query and fragment,
/// all of which may hold secrets.
pub(super) struct Shown<'a>(pub(super) &'a Url);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0;
        write!(f, "{}://{}", url.scheme(), host(url))?;
        f.write_str(url.path())?;
        if url.query().is_some() {
            f.write_str("?…")?;
        }
        Ok(())
    }
}

/// Host and port as the address has them.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// An address that is only to be shown, without what may be secret.
pub(crate) fn shown(text: &str) -> String {
    Url::parse(text).map_or_else(
        |_| "the feed's address".to_owned(),
        |url| Shown(&url).to_string(),
    )
}

/// Host and port of an address that is only to be shown.
pub(crate) fn shown_host(text: &str) -> String {
    Url::parse(text).map_or_else(|_| "the feed's server".to_owned(), |url| host(&url))
}

/// Whether what is for one of them is for the other, too.
pub(super) fn is_same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// Reads an address that the operator wrote.
pub(super) fn read(text: &str) -> Result<Url, FetchError> {
    let wrong = |problem: &str| FetchError::Address {
        // What cannot be read is not shown: who knows what is in it.
        url: text.split(['?', '@']).next().unwrap_or_default().to_owned(),
        problem: problem.to_owned(),
    };
    let mut url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("http and https are fetched from"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let shown = Shown(&url).to_string();
        return Err(FetchError::Address {
            url: shown,
            problem: "there is a user or a password in it: say so under [auth] in the feed's TOML"
                .to_owned(),
        });
    }
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let url = Url::parse("https://u:p@feed.example:8443/a/b?key=s3cret#f").unwrap();
        assert_eq!(Shown(&url).to_string(), "https://feed.example:8443/a/b?…");
        let error = read("https://u:p4ss@feed.example/a?k=s3cret").unwrap_err();
        let text = error.to_string();
        assert!(!text.contains("p4ss") && !text.contains("s3cret"), "{text}");
        assert!(text.contains("[auth]"), "{text}");
        for bad in [
            "ftp://a.example/",
            "file:///etc/passwd",
            "gopher:a",
            "//a",
            "",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_in_odd_spellings_are_what_they_mean() {
        for text in ["http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/"] {
            assert_eq!(read(text).unwrap().host_str(), Some("127.0.0.1"), "{text}");
        }
    }
}
