//! JSON Feed 1.0 and 1.1 (jsonfeed.org).

use serde_json::{Map, Value as Json};

use super::item::{Item, Markup};
use super::{Document, MAX_ITEMS, MAX_TEXT, NoFeed};
use crate::feed::date::{DateOrder, read_date};

/// Tags that are kept of an item.
const MAX_TAGS: usize = 64;

/// Within so many bytes a JSON Feed says that it is one.
const HEAD: usize = 4096;

/// Reads a document. What has no version of JSON Feed is none.
pub(super) fn read(text: &str) -> Result<Document, NoFeed> {
    let whole: Json = serde_json::from_str(text).map_err(|error| {
        // Cut off, any JSON looks alike but for its beginning.
        let may_be_feed = text.len() <= HEAD || text.contains("jsonfeed.org/version/");
        if error.is_eof() && may_be_feed {
            let line = u64::try_from(error.line()).unwrap_or(u64::MAX);
            NoFeed::Cut { line }
        } else {
            NoFeed::Other(format!("a JSON document that is damaged: {error}"))
        }
    })?;
    let version = text_of(&whole, "version");
    let items = whole.get("items").and_then(Json::as_array);
    let (true, Some(items)) = (version.contains("jsonfeed.org/version/"), items) else {
        return Err(NoFeed::Other(
            "a JSON document that is no JSON Feed: it has no version of jsonfeed.org with items"
                .to_owned(),
        ));
    };
    let read = items.iter().take(MAX_ITEMS).filter_map(Json::as_object);
    Ok(Document {
        title: text_of(&whole, "title"),
        home: text_of(&whole, "home_page_url"),
        items: read.map(item).collect(),
        is_cut: items.len() > MAX_ITEMS,
        damage: None,
    })
}

/// Lines say nothing in JSON: an item is of line 1.
fn item(object: &Map<String, Json>) -> Item {
    let text = |name: &str| object.get(name).map(scalar).unwrap_or_default();
    let date = |name: &str| read_date(&text(name), DateOrder::MonthFirst);
    let html = text("content_html");
    let content = if html.is_empty() {
        Markup {
            text: text("content_text"),
            is_html: false,
        }
    } else {
        Markup {
            text: html,
            is_html: true,
        }
    };
    let tags = object.get("tags").and_then(Json::as_array);
    let tags = tags.into_iter().flatten().filter_map(Json::as_str);
    let link = [text("url"), text("external_url")];
    Item {
        line: 1,
        guid: text("id"),
        link: link
            .into_iter()
            .find(|link| !link.is_empty())
            .unwrap_or_default(),
        title: text("title"),
        summary: Markup {
            text: text("summary"),
            is_html: false,
        },
        content,
        published: date("date_published"),
        updated: date("date_modified"),
        tags: tags.take(MAX_TAGS).map(str::to_owned).collect(),
    }
}

fn text_of(object: &Json, name: &str) -> String {
    object.get(name).map(scalar).unwrap_or_default()
}

/// Ids are numbers with some publishers.
fn scalar(value: &Json) -> String {
    match value {
        Json::String(text) => text.chars().take(MAX_TEXT).collect(),
        Json::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read() {
        let document = read(
            r#"{"version": "https://jsonfeed.org/version/1.1", "title": "News", "home_page_url": "https://example.com/",
                "items": [{"id": 7, "url": "https://example.com/7", "content_html": "<p>a</p>", "tags": ["x"],
                "date_published": "2026-01-02T03:04:05Z"}, "no item"]}"#,
        )
        .unwrap();
        assert_eq!(document.items.len(), 1);
        let item = &document.items[0];
        assert_eq!((&*item.guid, &*item.content.text), ("7", "<p>a</p>"));
        assert!(item.content.is_html && item.published.is_some());
    }

    #[test]
    fn other_documents_are_refused() {
        assert!(matches!(read("{\"items\": []}"), Err(NoFeed::Other(_))));
        let other = format!("{{\"Event\": {{\"info\": \"{}", "x".repeat(HEAD));
        assert!(matches!(read(&other), Err(NoFeed::Other(_))));
        assert!(matches!(
            read("{\"version\": \"https://jsonfeed"),
            Err(NoFeed::Cut { .. })
        ));
        assert!(matches!(
            read("{\"version\": nonsense}"),
            Err(NoFeed::Other(_))
        ));
    }
}
