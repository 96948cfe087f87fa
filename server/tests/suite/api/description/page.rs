//! `GET /openapi.json` and `GET /docs` as they are sent.

use iocd::http::route_table;

use super::super::standing::Stand;
use crate::model::Model;

const ELEMENTS: [&str; 30] = [
    "!doctype", "html", "head", "meta", "title", "style", "body", "header", "nav", "main",
    "section", "article", "h1", "h2", "h3", "h4", "p", "pre", "code", "b", "i", "a", "ul", "li",
    "table", "tr", "th", "td", "details", "summary",
];
const ATTRIBUTES: [&str; 7] = ["lang", "charset", "name", "content", "id", "class", "href"];

#[tokio::test]
async fn both_are_public_and_kept_by_their_tag() {
    let stand = Stand::new();
    for (target, media_type) in [
        ("/openapi.json", "application/json"),
        ("/docs", "text/html; charset=utf-8"),
    ] {
        let reply = stand.get_with(target, &[]).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), media_type);
        assert_eq!(reply.header("cache-control"), "public, max-age=300");
        let tag = reply.header("etag").to_owned();
        assert!(tag.len() > 10 && tag.starts_with('"') && tag.ends_with('"'));
        let again = stand.get_with(target, &[("if-none-match", &tag)]).await;
        assert_eq!((again.status.as_u16(), &*again.text), (304, ""));
        assert_eq!(again.header("etag"), tag);
        let other = stand
            .get_with(target, &[("if-none-match", "\"other\"")])
            .await;
        assert_eq!((other.status.as_u16(), other.text), (200, reply.text));
    }
}

#[tokio::test]
async fn the_page_runs_nothing_and_loads_nothing() {
    let reply = Stand::new().get_with("/docs", &[]).await;
    let policy = reply.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"));
    // Its elements and their attributes are these, and no others.
    for element in reply.text.split('<').skip(1) {
        let element = element.split('>').next().unwrap();
        let (name, rest) = element.split_once(' ').unwrap_or((element, ""));
        assert!(
            ELEMENTS.contains(&name.trim_start_matches('/')),
            "{element}"
        );
        let attributes = rest
            .split("=\"")
            .map(|part| part.rsplit([' ', '"']).next().unwrap());
        let mut attributes: Vec<_> = attributes.collect();
        attributes.pop();
        assert!(
            attributes.iter().all(|name| ATTRIBUTES.contains(name)),
            "{element}"
        );
    }
    let style = reply.text.split("<style>").nth(1).unwrap();
    let style = style.split("</style>").next().unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"));
    let addresses = reply
        .text
        .match_indices("href=\"")
        .map(|(at, _)| &reply.text[at + 6..]);
    for address in addresses {
        assert!(
            address.starts_with(['#', '/']) && !address.starts_with("//"),
            "{address:.40}"
        );
    }
}

#[tokio::test]
async fn the_page_tells_of_every_route_parameter_and_schema() {
    let stand = Stand::new();
    let page = stand.get_with("/docs", &[]).await.text;
    let document = stand.get_with("/openapi.json", &[]).await.ok();
    for route in route_table::<Model>() {
        assert!(page.contains(&format!(
            "<b>{}</b> <code>{}</code>",
            route.method, route.path
        )));
        let method = route.method.as_str().to_ascii_lowercase();
        let described = &document["paths"][route.path][method];
        let id = described["operationId"].as_str().unwrap();
        let start = page.find(&format!("<article id=\"{id}\">")).unwrap();
        let article = page[start..].split("</article>").next().unwrap();
        for parameter in described["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            assert!(
                article.contains(&format!("<code>{name}</code>")),
                "{id} {name}"
            );
        }
        assert!(article.contains("<pre class=\"curl\">curl "), "{id}");
    }
    for name in document["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
    {
        assert!(page.contains(&format!("<article id=\"{name}\">")), "{name}");
    }
    // Every place that is pointed at is there.
    for (at, _) in page.match_indices("href=\"#") {
        let id = page[at + 7..].split('"').next().unwrap();
        assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
    }
}
