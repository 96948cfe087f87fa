//! The article of a whole page, without what surrounds it.
//!
//! Menus and lists of other articles are links; an article is text. Elements
//! that hold text get a weight by how much of it is no link, what they are
//! (`article`, `main`) and what they are called (`post-content`, `sidebar`);
//! the lightest one that holds most of the weight is the article. What is
//! called as what surrounds articles is left out of it (comments, lists of
//! related articles), unless hardly anything would be left.

use std::borrow::Cow;

use super::super::prose::Prose;
use super::token::{Token, attribute, tokens};
use super::{bounded, read_html};

/// Elements that may hold an article.
const CONTAINERS: [&str; 7] = [
    "article",
    "main",
    "section",
    "div",
    "td",
    "body",
    "blockquote",
];

/// Elements that are looked at where they are called as what surrounds articles.
const LISTS: [&str; 2] = ["ul", "ol"];

/// Elements that are looked at.
const MAX_CONTAINERS: usize = 50_000;
/// Elements within each other that are looked at.
const MAX_DEPTH: usize = 512;

/// Names that articles have, and what surrounds them.
const GOOD: [&str; 9] = [
    "article", "content", "post", "entry", "story", "main", "body", "text", "blog",
];
const BAD: [&str; 18] = [
    "comment",
    "sidebar",
    "footer",
    "related",
    "share",
    "social",
    "menu",
    "nav",
    "promo",
    "newsletter",
    "cookie",
    "banner",
    "popup",
    "widget",
    "author-bio",
    "recommend",
    "breadcrumb",
    "subscribe",
];

/// An element of the page.
struct Container {
    /// Byte offsets of its content.
    start: usize,
    end: usize,
    parent: Option<usize>,
    /// Characters of its own text, and of that in links.
    text: usize,
    links: usize,
    paragraphs: usize,
    factor: usize,
    /// Called as what surrounds articles.
    is_aside: bool,
}

/// The article of a page: its text, or all there is where nothing stands out.
pub fn main_text(html: &str) -> Prose {
    let html = bounded(html);
    let containers = containers(html);
    match heaviest(&containers) {
        Some(place) => read_html(&without_asides(html, &containers, place)),
        None => read_html(html),
    }
}

/// The HTML of a container without what in it is called as what surrounds
/// articles; all of it, where such is most of it: names deceive.
fn without_asides<'h>(html: &'h str, containers: &[Container], place: usize) -> Cow<'h, str> {
    let Container { start, end, .. } = containers[place];
    let (mut all, mut kept) = (0, 0);
    let mut parts = Vec::new();
    let mut from = start;
    for inner in &containers[place..] {
        if inner.start >= end {
            break;
        }
        all += inner.text;
        let is_left_out = inner.start < from;
        if inner.is_aside && inner.start > start && !is_left_out {
            parts.push(&html[from..inner.start]);
            from = inner.end.min(end);
        } else if !is_left_out {
            kept += inner.text;
        }
    }
    if parts.is_empty() || kept * LEAST_KEPT < all {
        return Cow::Borrowed(&html[start..end]);
    }
    parts.push(&html[from..end]);
    Cow::Owned(parts.concat())
}

/// What of an element's text is left at least without what surrounds articles:
/// one part in so many.
const LEAST_KEPT: usize = 4;

fn containers(html: &str) -> Vec<Container> {
    let mut found: Vec<Container> = Vec::new();
    let mut open: Vec<(usize, String)> = Vec::new();
    let mut links = 0_usize;
    let mut source = tokens(html);
    while let Some(token) = source.next() {
        let at = html.len() - source.left();
        match token {
            Token::Text(text) => {
                if let Some((place, _)) = open.last() {
                    let length = text.split_whitespace().map(str::len).sum::<usize>();
                    let container = &mut found[*place];
                    if links > 0 {
                        container.links += length;
                    } else {
                        container.text += length;
                    }
                }
            }
            Token::Open { name, attributes } => match &*name {
                "a" => links += 1,
                "p" | "pre" | "li" | "tr" => {
                    if let Some((place, _)) = open.last() {
                        found[*place].paragraphs += 1;
                    }
                }
                _ if found.len() < MAX_CONTAINERS
                    && open.len() < MAX_DEPTH
                    && holds_text(&name, attributes) =>
                {
                    let called = called(attributes);
                    found.push(Container {
                        start: at,
                        end: html.len(),
                        parent: open.last().map(|(place, _)| *place),
                        text: 0,
                        links: 0,
                        paragraphs: 0,
                        factor: factor(&name, &called),
                        is_aside: is_aside(&name, &called),
                    });
                    open.push((found.len() - 1, name));
                }
                _ => {}
            },
            Token::Close { name } => {
                if name == "a" {
                    links = links.saturating_sub(1);
                } else if let Some(place) = open.iter().rposition(|(_, open)| *open == name) {
                    for (container, _) in open.drain(place..) {
                        found[container].end = at;
                    }
                }
            }
        }
    }
    found
}

/// Whether an element may hold an article, or what surrounds one.
fn holds_text(name: &str, attributes: &str) -> bool {
    CONTAINERS.contains(&name) || LISTS.contains(&name) && is_aside(name, &called(attributes))
}

/// Its class and its id.
fn called(attributes: &str) -> String {
    let called = ["class", "id"].map(|name| attribute(attributes, name).unwrap_or_default());
    called.join(" ").to_ascii_lowercase()
}

fn is_aside(name: &str, called: &str) -> bool {
    name != "body" && BAD.iter().any(|word| called.contains(word))
}

/// In hundredths.
fn factor(name: &str, called: &str) -> usize {
    let mut factor = match name {
        "article" => 200,
        "main" => 150,
        "body" => 60,
        _ => 100,
    };
    if GOOD.iter().any(|word| called.contains(word)) {
        factor = factor * 3 / 2;
    }
    if is_aside(name, called) {
        factor /= 10;
    }
    factor
}

/// Which one the article stands in. What an element holds counts for those around it,
/// too, but less the further out they are.
fn heaviest(containers: &[Container]) -> Option<usize> {
    let mut weights = vec![0_usize; containers.len()];
    for container in containers {
        let own = (container.text.saturating_sub(3 * container.links)
            + 25 * container.paragraphs.min(40))
            * container.factor
            / 100;
        let mut place = Some(index_of(containers, container));
        let mut share = own;
        while let Some(at) = place
            && share > 0
        {
            weights[at] += share * containers[at].factor.min(200) / 100;
            share = share * 4 / 5;
            place = containers[at].parent;
        }
    }
    let (place, weight) = weights
        .iter()
        .enumerate()
        .max_by_key(|(place, weight)| (**weight, std::cmp::Reverse(*place)))?;
    (*weight >= LEAST).then_some(place)
}

/// Weight below which a page has no article.
const LEAST: usize = 250;

fn index_of(containers: &[Container], container: &Container) -> usize {
    // They are in the order in which they begin.
    containers.partition_point(|other| other.start < container.start)
}
