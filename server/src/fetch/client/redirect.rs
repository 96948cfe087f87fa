//! Redirects, one step.

use reqwest::header::LOCATION;
use reqwest::{Response, Url};

use crate::fetch::address::Shown;
use crate::fetch::error::FetchError;

/// Where an answer redirects to.
pub(super) fn next_address(response: &Response, url: &Url) -> Result<Url, FetchError> {
    let refuse = |to: String, problem: &str| FetchError::Redirect {
        from: Shown(url).to_string(),
        to,
        problem: problem.to_owned(),
    };
    let place = response.headers().get(LOCATION);
    let place = place.and_then(|place| place.to_str().ok());
    let next = place.and_then(|place| url.join(place).ok());
    let Some(mut next) = next else {
        return Err(refuse(
            "nowhere".to_owned(),
            "it does not say where the document is",
        ));
    };
    if !matches!(next.scheme(), "http" | "https") {
        let to = format!("{}:…", next.scheme());
        return Err(refuse(to, "http and https are fetched from"));
    }
    if url.scheme() == "https" && next.scheme() == "http" {
        let to = Shown(&next).to_string();
        return Err(refuse(to, "from https to http is not followed"));
    }
    // What a server puts there is its own business.
    let _ = next.set_username("");
    let _ = next.set_password(None);
    next.set_fragment(None);
    Ok(next)
}
