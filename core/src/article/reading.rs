//! An item of a feed into an article and claims.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::indicators::{Found, find_indicators};
use super::names::{Named, find_names};
use super::page::looks_like_html;
use super::reference::unescape;
use super::sectors::find_sectors;
use super::severity::find_severity;
use super::summary::summarise;
use super::syndication::{Item, Markup, canonical_link};
use super::techniques::find_techniques;
use super::topic::find_topic;
use super::{Article, Indicator, Prose, article_id, main_text, read_html, read_plain};
use crate::attack;
use crate::claim::{ArticleRef, Claim, Scope};
use crate::feed::cell::printable;
use crate::value::domain::registrable;
use crate::value::{Kind, url};

/// Longest title and tag, and longest context, in characters.
const MAX_TITLE: usize = 300;
const MAX_TAG: usize = 60;
const MAX_CONTEXT: usize = 500;
/// Names, tags and ids of a kind that are kept of one article.
const MAX_LISTED: usize = 64;
/// CVEs that are kept of one article: the notes of a release name hundreds.
const MAX_CVES: usize = 1_000;
/// How far ahead of ours a publisher's clock may be.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// How sure claims about doubtful values are, in percent of the source's.
const DOUBT: u16 = 50;

/// Who publishes, and what holds for all that it says.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// Short name of the source: part of ids.
    pub source: &'a str,
    /// Its site: no address on it is an indicator.
    pub home: &'a str,
    /// How sure its claims are, 0-100.
    pub confidence: u8,
    /// What a claim about a domain covers.
    pub scope: Scope,
    /// Of every claim.
    pub tags: &'a [String],
    /// The time: what is dated later is not dated.
    pub now: Timestamp,
}

/// Reads an item, with the HTML of its page where that was fetched. `None` if
/// nothing says what it is.
pub fn read_article(
    item: &Item,
    page: Option<&str>,
    publication: &Publication<'_>,
) -> Option<(Article, Vec<Claim>)> {
    if item.is_empty() {
        return None;
    }
    let link = canonical_link(&item.link, publication.home).unwrap_or_default();
    let mut prose = body(item);
    if let Some(whole) = page.map(main_text)
        && whole.text.len() > prose.text.len()
    {
        prose = whole;
    }
    let title = title_of(item, &prose, &link);
    let own: Vec<&str> = [publication.home, &link]
        .into_iter()
        .filter_map(|address| registrable(url::host(address)?))
        .collect();
    let mut indicators = find_indicators(&prose, &own);
    let heading = read_plain(&title);
    let in_title = find_indicators(&heading, &own);
    indicators.techniques.extend(in_title.techniques);

    let whole = format!("{title}\n{}", prose.text);
    let lower = whole.to_lowercase();
    let names = find_names(&whole);
    let of = |wanted: Named| {
        let names = names.iter().filter(|(named, _)| *named == wanted);
        names
            .map(|(_, name)| (*name).to_owned())
            .take(MAX_LISTED)
            .collect::<Vec<_>>()
    };
    let found = merge(indicators.found, in_title.found, &prose.text, &heading.text);
    let cves: BTreeSet<&str> = found
        .iter()
        .filter(|(found, _)| found.value.kind() == Kind::Cve)
        .map(|(found, _)| found.value.as_str())
        .collect();
    let tags = tags_of(item);
    let has_values = found.len() > cves.len();
    let article = Article {
        id: article_id(publication.source, &name_of(item, &link, &title)),
        url: if link.is_empty() {
            publication.home.to_owned()
        } else {
            link
        },
        published_at: date_of(item, publication.now),
        summary: summarise(&title, &prose),
        topic: find_topic(
            &title.to_lowercase(),
            &tags.join("\n"),
            &lower,
            !cves.is_empty(),
        ),
        severity: find_severity(&lower, has_values),
        tags,
        sectors: find_sectors(&lower),
        actors: of(Named::Actor),
        malware: of(Named::Malware),
        cves: cves.into_iter().take(MAX_CVES).map(str::to_owned).collect(),
        techniques: techniques_of(indicators.techniques, &whole),
        indicators: found
            .iter()
            .filter(|(found, _)| found.value.kind() != Kind::Cve)
            .map(|(found, context)| Indicator {
                kind: found.value.kind().as_str().to_owned(),
                value: found.value.as_str().to_owned(),
                context: context.clone(),
            })
            .collect(),
        title,
    };
    let claims = found
        .into_iter()
        .map(|(found, context)| claim(found, context, &article, publication))
        .collect();
    Some((article, claims))
}

/// The longest text of an item.
pub(super) fn body(item: &Item) -> Prose {
    let text = |markup: &Markup| {
        if markup.is_html || looks_like_html(&markup.text) {
            read_html(&markup.text)
        } else {
            read_plain(&markup.text)
        }
    };
    let (summary, content) = (text(&item.summary), text(&item.content));
    if content.text.len() >= summary.text.len() {
        content
    } else {
        summary
    }
}

fn title_of(item: &Item, prose: &Prose, link: &str) -> String {
    let text = if looks_like_html(&item.title) {
        read_html(&item.title).text
    } else {
        unescape(&item.title).into_owned()
    };
    let title = printable(&text, MAX_TITLE);
    if !title.is_empty() {
        return title;
    }
    let first = prose.text.lines().find(|line| !line.trim().is_empty());
    let others = [first.unwrap_or(link), link, &item.guid, "untitled"];
    let mut others = others.into_iter().map(|text| printable(text, 100));
    others.find(|text| !text.is_empty()).unwrap_or_default()
}

/// What the publisher calls it: its guid, or its address.
fn name_of(item: &Item, link: &str, title: &str) -> String {
    let guid = item.guid.trim();
    if let Some(address) = canonical_link(guid, "") {
        address
    } else if !guid.is_empty() {
        guid.to_owned()
    } else if !link.is_empty() {
        link.to_owned()
    } else {
        title.to_owned()
    }
}

fn date_of(item: &Item, now: Timestamp) -> Option<Timestamp> {
    let latest = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
    let dates = [item.published, item.updated];
    dates.into_iter().flatten().find(|date| *date <= latest)
}

fn tags_of(item: &Item) -> Vec<String> {
    let tags = item.tags.iter();
    let tags = tags.map(|tag| printable(&unescape(tag), MAX_TAG).to_lowercase());
    let tags: BTreeSet<String> = tags
        .filter(|tag| !tag.is_empty())
        .take(MAX_LISTED)
        .collect();
    tags.into_iter().collect()
}

/// Techniques that ATT&CK has, no tactics, groups or software.
fn techniques_of(ids: Vec<String>, text: &str) -> Vec<String> {
    let mut found: BTreeSet<String> = ids
        .into_iter()
        .filter(|id| id.starts_with('T') && !id.starts_with("TA") && attack::name(id).is_some())
        .collect();
    found.extend(find_techniques(text).into_iter().map(str::to_owned));
    found.into_iter().take(MAX_LISTED).collect()
}

/// What the text has, then what only the title has, each with its sentence.
fn merge(body: Vec<Found>, title: Vec<Found>, text: &str, heading: &str) -> Vec<(Found, String)> {
    let context = |found: &Found, text: &str| printable(&text[found.sentence.clone()], MAX_CONTEXT);
    let known: BTreeSet<_> = body.iter().map(|found| found.value.clone()).collect();
    let only = title
        .into_iter()
        .filter(|found| !known.contains(&found.value));
    let only: Vec<_> = only
        .map(|found| (context(&found, heading), found))
        .collect();
    let body = body.into_iter().map(|found| (context(&found, text), found));
    body.chain(only)
        .map(|(context, found)| (found, context))
        .collect()
}

fn claim(found: Found, context: String, article: &Article, publication: &Publication<'_>) -> Claim {
    let confidence = u16::from(publication.confidence);
    let confidence = if found.doubtful {
        confidence * DOUBT / 100
    } else {
        confidence
    };
    let mut tags: Vec<String> = publication.tags.to_vec();
    tags.push(article.topic.as_str().to_owned());
    tags.sort_unstable();
    tags.dedup();
    let is_name = found.value.kind() == Kind::Domain;
    let mut claim = Claim::new(found.value, u8::try_from(confidence).unwrap_or(100));
    if is_name {
        claim.scope = publication.scope;
    }
    claim.malware = malware_of(&context, article);
    claim.first_seen = article.published_at;
    claim.last_seen = article.published_at;
    claim.context = (!context.is_empty()).then_some(context);
    claim.tags = tags;
    claim.techniques.clone_from(&article.techniques);
    claim.sectors.clone_from(&article.sectors);
    claim.ports = found.port.into_iter().filter(|port| *port != 0).collect();
    claim.references = vec![article.url.clone()];
    claim.article = Some(ArticleRef {
        id: article.id.clone(),
        title: article.title.clone(),
        url: article.url.clone(),
        // When it was read would be another time at each reading, and news each time.
        published_at: article.published_at.unwrap_or(Timestamp::UNIX_EPOCH),
    });
    claim
}

/// The malware of the sentence, or the only one of the article.
fn malware_of(context: &str, article: &Article) -> Option<String> {
    let names = find_names(context);
    let mut here = names
        .into_iter()
        .filter(|(named, _)| *named == Named::Malware);
    match (here.next(), here.next(), &article.malware[..]) {
        (Some((_, name)), None, _) => Some(name.to_owned()),
        (None, _, [only]) => Some(only.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
