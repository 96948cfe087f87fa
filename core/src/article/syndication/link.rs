//! The one address of an article, whatever a link to it carries along.

use url::Url;

/// Longest link that is kept, in bytes.
const MAX_LINK: usize = 2048;

/// Parameters that say where a reader came from, and nothing of the article.
const TRACKING: [&str; 12] = [
    "fbclid", "gclid", "mc_cid", "mc_eid", "mkt_tok", "igshid", "ref_src", "cmpid", "ncid", "cmp",
    "s_cid", "yclid",
];

/// The link without fragment and without what only traces readers (`utm_*` and
/// the like); `None` if it is no address of the web. `home` is what a relative
/// link is relative to.
pub fn canonical_link(link: &str, home: &str) -> Option<String> {
    let link = link.trim();
    if link.is_empty() || link.len() > MAX_LINK {
        return None;
    }
    let mut url = match Url::parse(link) {
        Ok(url) => url,
        Err(_) => Url::parse(home.trim()).ok()?.join(link).ok()?,
    };
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return None;
    }
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if url.query().is_some() {
        let traces = |pair: &str| {
            let name = pair
                .split('=')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            name.starts_with("utm_") || TRACKING.contains(&&*name)
        };
        let query = url.query().unwrap_or_default();
        let kept: Vec<&str> = query.split('&').filter(|pair| !traces(pair)).collect();
        let kept = kept.join("&");
        url.set_query((!kept.is_empty()).then_some(&kept));
    }
    let text = String::from(url);
    (text.len() <= MAX_LINK).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lose_what_traces_readers() {
        let home = "https://example.com/news/";
        for (link, expected) in [
            (
                " https://example.com/a?utm_source=rss&id=7&UTM_medium=x#top ",
                Some("https://example.com/a?id=7"),
            ),
            (
                "https://example.com/a?fbclid=1",
                Some("https://example.com/a"),
            ),
            ("HTTP://Example.COM", Some("http://example.com/")),
            ("../b.html", Some("https://example.com/b.html")),
            ("https://user:pw@example.com/", Some("https://example.com/")),
            ("mailto:a@example.com", None),
            ("javascript:alert(1)", None),
            ("", None),
        ] {
            assert_eq!(canonical_link(link, home).as_deref(), expected, "{link}");
        }
        assert_eq!(canonical_link("b.html", ""), None);
    }
}
