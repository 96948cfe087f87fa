//! `Accept` (RFC 9110, 12.5.1): whether the client takes what we would send.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

use super::code::Code;
use super::error::ApiError;

/// Refuses with 406 where the client says that it does not take `media_type`.
/// Only a plain exclusion counts: a header that makes no sense excludes nothing.
pub(super) fn check_accept(headers: &HeaderMap, media_type: &'static str) -> Result<(), ApiError> {
    if !headers.contains_key(ACCEPT) {
        return Ok(());
    }
    let media_type = media_type.split(';').next().unwrap_or(media_type);
    let ranges = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut best: Option<(u8, bool)> = None;
    let mut said_anything = false;
    for range in ranges.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        if !name.contains('/') && name != "*" {
            continue;
        }
        said_anything = true;
        let taken = !parts.any(is_zero_quality);
        let precision = precision(name, media_type);
        // The most precise range that fits decides.
        if precision > 0 && best.is_none_or(|(other, _)| precision > other) {
            best = Some((precision, taken));
        }
    }
    match best {
        Some((_, true)) => Ok(()),
        None if !said_anything => Ok(()),
        _ => Err(ApiError::new(
            Code::NotAcceptable,
            format!("This answer is {media_type}, which the Accept header does not take."),
        )),
    }
}

fn is_zero_quality(parameter: &str) -> bool {
    parameter
        .split_once('=')
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .and_then(|(_, quality)| quality.trim().parse::<f32>().ok())
        .is_some_and(|quality| quality <= 0.0)
}

/// 3 for the type itself, 2 for `main/*`, 1 for `*/*`, 0 for another type.
fn precision(range: &str, media_type: &str) -> u8 {
    let main = media_type.split('/').next().unwrap_or(media_type);
    if range.eq_ignore_ascii_case(media_type) {
        3
    } else if range
        .strip_suffix("/*")
        .is_some_and(|kind| kind.eq_ignore_ascii_case(main))
    {
        2
    } else {
        u8::from(range == "*/*" || range == "*")
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn takes(accept: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        check_accept(&headers, "application/json").is_ok()
    }

    #[test]
    fn only_an_exclusion_refuses() {
        assert!(check_accept(&HeaderMap::new(), "application/json").is_ok());
        for accept in [
            "*/*",
            "application/json",
            "text/html, application/*;q=0.1",
            "text/html,*/*;q=0.8",
            "Application/JSON; charset=utf-8",
            "",
            "nonsense",
        ] {
            assert!(takes(accept), "{accept}");
        }
        for accept in [
            "text/html",
            "application/xml, text/*",
            "*/*, application/json;q=0",
        ] {
            assert!(!takes(accept), "{accept}");
        }
    }
}
