//! Articles of which a feed has only the beginning: whether their pages are to
//! be read, and whether what came is such a page.

use std::collections::BTreeSet;

use super::page::{main_text, read_html};
use super::reading::body;
use super::syndication::Item;
use crate::value::domain::registrable;
use crate::value::url;

/// A text shorter than this is only the beginning of an article, in bytes.
const WHOLE: usize = 1_500;
/// A word of a title that is as long as this tells what the article is about,
/// in characters.
const TELLING: usize = 4;
/// Such words of a title that are looked for: longer titles are no titles.
const MAX_WORDS: usize = 32;

/// Why a page is not that of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// A form to sign in, a page about cookies, the remains of a paid article.
    #[error("it says no more than the feed does")]
    SaysNoMore,
    /// A page about something else.
    #[error("it does not have the words of the article's title: it may be a page to sign in on")]
    OfSomethingElse,
}

/// Whether the item has so little text that its page should be read, too.
pub fn wants_page(item: &Item) -> bool {
    !item.link.is_empty() && body(item).text.len() < WHOLE
}

/// Whether the HTML is that of the item's page: it says more than the item,
/// and has at least half of the longer words of its title.
pub fn check_page(item: &Item, html: &str) -> Result<(), PageError> {
    if main_text(html).text.len() <= body(item).text.len() {
        return Err(PageError::SaysNoMore);
    }
    let title = read_html(&item.title).text.to_lowercase();
    let words: BTreeSet<&str> = title
        .split(|char: char| !char.is_alphanumeric())
        .filter(|word| word.chars().count() >= TELLING)
        .take(MAX_WORDS)
        .collect();
    let text = read_html(html).text.to_lowercase();
    let found = words.iter().filter(|word| text.contains(**word)).count();
    if found * 2 < words.len() {
        return Err(PageError::OfSomethingElse);
    }
    Ok(())
}

/// Whether an address is on the site of one of `homes` (addresses, or names of
/// hosts): below the same registered domain, or on the same host where that is
/// an address.
pub fn is_on_site<'h>(link: &str, homes: impl IntoIterator<Item = &'h str>) -> bool {
    let Some(site) = url::host(link).map(site_of) else {
        return false;
    };
    let host = |home: &'h str| url::host(home).unwrap_or(home);
    homes.into_iter().any(|home| site_of(host(home)) == site)
}

fn site_of(host: &str) -> &str {
    let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    let name = (!is_address).then(|| registrable(host)).flatten();
    name.unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::syndication::Markup;

    fn item() -> Item {
        Item {
            title: "Emotet&#8217;s loader returns <b>with</b> a new trick".to_owned(),
            link: "https://news.example.com/a".to_owned(),
            summary: Markup {
                text: "It is back.".to_owned(),
                is_html: true,
            },
            ..Item::default()
        }
    }

    fn page(title: &str, text: &str) -> String {
        format!("<body><h1>{title}</h1><article><p>{text}</p></article></body>")
    }

    #[test]
    fn a_page_is_known_by_the_title_and_says_more() {
        let long = "The loader writes its payload to disk and starts it at once. ".repeat(8);
        for (html, expected) in [
            (page("Emotet’s Loader Returns", &long), Ok(())),
            (
                page("Sign in to go on", &"Please accept everything. ".repeat(20)),
                Err(PageError::OfSomethingElse),
            ),
            (page("It", ""), Err(PageError::SaysNoMore)),
            (String::new(), Err(PageError::SaysNoMore)),
        ] {
            assert_eq!(check_page(&item(), &html), expected, "{html}");
        }
        let untitled = Item {
            title: String::new(),
            ..item()
        };
        assert_eq!(check_page(&untitled, &page("It", &long)), Ok(()));
    }

    #[test]
    fn sites_are_registered_domains_or_hosts() {
        for (link, home, expected) in [
            ("https://a.example.co.uk/x", "https://example.co.uk/", true),
            ("https://a.example.co.uk/x", "https://other.co.uk/", false),
            ("https://a.example.com/x", "example.com", true),
            ("https://a.blogspot.com/x", "https://b.blogspot.com/", false),
            ("http://192.0.2.1:81/x", "http://192.0.2.1/feed", true),
            ("http://192.0.2.1/x", "http://198.51.2.1/", false),
            ("http://[2001:db8::1]/x", "http://[2001:db8::2]/", false),
            ("mailto:a@example.com", "https://example.com/", false),
            (
                "https://example.com.evil.example/",
                "https://example.com/",
                false,
            ),
        ] {
            assert_eq!(is_on_site(link, [home]), expected, "{link} {home}");
        }
    }
}
