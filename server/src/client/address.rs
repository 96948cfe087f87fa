//! Where a server is.

use std::fmt;
use std::str::FromStr;

use super::ClientError;
use crate::http::encode_into;

/// The address of a server: `http` or `https`, a host, perhaps a port, and the
/// path under which a proxy has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// A path there with those of the parameters that are given.
    pub(super) fn target(&self, path: &str, parameters: &[(&str, Option<&str>)]) -> String {
        let mut target = format!("{}{path}", self.0);
        let mut separator = '?';
        for (name, value) in parameters {
            if let Some(value) = value {
                target.push(separator);
                target.push_str(name);
                target.push('=');
                encode_into(&mut target, value);
                separator = '&';
            }
        }
        target
    }

    /// Whether a key that is sent there can be read on its way.
    pub fn is_in_the_clear(&self) -> bool {
        let Some(rest) = self.0.strip_prefix("http://") else {
            return false;
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        let address: Option<std::net::IpAddr> = host.parse().ok();
        host != "localhost" && !address.is_some_and(|address| address.is_loopback())
    }
}

impl FromStr for Address {
    type Err = ClientError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ClientError::Address(text.chars().take(200).collect());
        let url = reqwest::Url::parse(text.trim()).map_err(|_| refused())?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.host().is_some()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !is_plain {
            return Err(refused());
        }
        Ok(Address(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_targets_escaped() {
        let address: Address = "HTTP://LocalHost:8080/".parse().unwrap();
        assert_eq!(address.to_string(), "http://localhost:8080");
        let target = address.target(
            "/x",
            &[("q", Some("a b&c=ü")), ("t", None), ("l", Some("5"))],
        );
        assert_eq!(target, "http://localhost:8080/x?q=a%20b%26c%3D%C3%BC&l=5");
        let behind: Address = "https://soc.example.com/ti/".parse().unwrap();
        assert_eq!(behind.target("/x", &[]), "https://soc.example.com/ti/x");
        for wrong in [
            "",
            "soc.example.com",
            "soc.example.com:8080",
            "ftp://soc.example.com",
            "https://u:p@soc.example.com",
            "https://soc.example.com/?a=b",
        ] {
            let error = wrong.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains("http://127.0.0.1:8080"), "{error}");
        }
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear_without_a_word() {
        for (text, expected) in [
            ("https://soc.example.com", false),
            ("http://127.0.0.1:8080", false),
            ("http://[::1]:8080", false),
            ("http://localhost", false),
            ("http://localhost.example.com", true),
            ("http://192.0.2.1:8080/ti", true),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.is_in_the_clear(), expected, "{text}");
        }
    }
}
