//! The description of the API as a page for people: no script, no other host.

use std::fmt::Write as _;

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::describe::Tag;
use super::openapi::{self, VERSION};
use super::route::Route;
use markup::{escape, prose};

mod curl;
mod fields;
mod markup;
mod operation;

const STYLE: &str = include_str!("docs/style.css");

/// What a browser may do with the page: show it, in its own style.
pub(super) fn policy() -> HeaderValue {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("ASCII")
}

/// The page about these routes; `document` has the schemas.
pub(super) fn page(routes: &[Route], document: &Json) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>iocd {VERSION}: API</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>iocd {VERSION}</h1>\n"
    );
    prose(&mut page, openapi::DESCRIPTION);
    page.push_str(
        "<p>The command lines on this page begin with the server's address and a key:</p>\n\
         <pre>IOCD=http://127.0.0.1:8080\nKEY=sk_live_…</pre>\n\
         <p>For programs: <a href=\"/openapi.json\">/openapi.json</a>, OpenAPI 3.1.</p>\n</header>\n",
    );
    write_contents(&mut page, routes);
    page.push_str("<main>\n");
    for tag in Tag::ALL {
        let _ = write!(page, "<section>\n<h2>{}</h2>\n", heading(tag));
        prose(&mut page, tag.meaning());
        for route in routes_of(routes, tag) {
            operation::write(&mut page, route);
        }
        page.push_str("</section>\n");
    }
    page.push_str("<section>\n<h2>What answers are made of</h2>\n");
    let schemas = document["components"]["schemas"].as_object();
    for (name, schema) in schemas.into_iter().flatten() {
        let _ = write!(page, "<article id=\"{name}\">\n<h3>{name}</h3>\n");
        fields::write(&mut page, schema);
        page.push_str("</article>\n");
    }
    page.push_str("</section>\n</main>\n</body>\n</html>\n");
    page
}

fn write_contents(page: &mut String, routes: &[Route]) {
    page.push_str("<nav>\n<ul>\n");
    for tag in Tag::ALL {
        for route in routes_of(routes, tag) {
            let _ = writeln!(
                page,
                "<li><a href=\"#{}\"><b>{}</b> <code>{}</code></a> {}</li>",
                route.operation.id,
                route.method,
                route.path,
                escape(route.operation.summary),
            );
        }
    }
    page.push_str("</ul>\n</nav>\n");
}

fn routes_of(routes: &[Route], tag: Tag) -> impl Iterator<Item = &Route> {
    routes
        .iter()
        .filter(move |route| route.operation.tag == tag)
}

fn heading(tag: Tag) -> String {
    let name = tag.as_str();
    name[..1].to_ascii_uppercase() + &name[1..]
}
