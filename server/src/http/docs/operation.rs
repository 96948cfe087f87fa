//! One route on the page.

use std::fmt::Write as _;

use super::curl::command;
use super::fields;
use super::markup::{escape, phrase, prose};
use crate::http::code::Code;
use crate::http::describe::{Form, Operation};
use crate::http::openapi::responses::codes;
use crate::http::parameter::{Known, Shape};
use crate::http::route::{Access, Route};

/// Appends all that is said of a route.
pub(super) fn write(page: &mut String, route: &Route) {
    let operation = route.operation;
    let _ = write!(
        page,
        "<article id=\"{}\">\n<h3><b>{}</b> <code>{}</code></h3>\n<p class=\"summary\">{}</p>\n",
        operation.id,
        route.method,
        route.path,
        escape(operation.summary),
    );
    prose(page, operation.description);
    match route.access {
        Access::Everyone => page.push_str("<p>Needs no key.</p>\n"),
        Access::Key { scope, tier } => {
            let scope = scope.as_str();
            let _ = writeln!(
                page,
                "<p>Needs a key with scope <code>{scope}</code>, of tier <code>{tier}</code> or \
                 a higher one.</p>"
            );
        }
    }
    write_parameters(page, operation);
    write_body(page, operation);
    write_examples(page, route);
    write_answer(page, operation);
    write_errors(page, &codes(route));
    page.push_str("</article>\n");
}

fn write_parameters(page: &mut String, operation: &Operation) {
    let query = operation.parameters.iter();
    let mut known = operation.segments.iter().chain(query).peekable();
    if known.peek().is_none() {
        return;
    }
    page.push_str(
        "<h4>Parameters</h4>\n<table>\n<tr><th>name</th><th>is</th><th>default</th>\
         <th>meaning</th></tr>\n",
    );
    for known in known {
        let default = match (known.required, known.default) {
            (true, _) => "required".to_owned(),
            (false, Some(default)) => format!("<code>{default}</code>"),
            (false, None) => String::new(),
        };
        let _ = write!(
            page,
            "<tr><td><code>{}</code></td><td>{}</td><td>{default}</td><td>",
            known.name,
            shape(known),
        );
        phrase(page, known.meaning);
        page.push_str("</td></tr>\n");
    }
    page.push_str("</table>\n");
}

fn shape(known: &Known) -> String {
    match known.shape {
        Shape::Text(most) => format!("text, at most {most} bytes"),
        Shape::Label(most) => format!("text, at most {most} characters"),
        Shape::Pattern(_, meaning) => meaning.to_owned(),
        Shape::Number(least) => format!("whole number from {least} on"),
        Shape::Within(least, most) => format!("whole number from {least} to {most}"),
        Shape::Time => "time (RFC 3339) or date".to_owned(),
        Shape::OneOf(_) | Shape::Switch => {
            let names = known.shape.names();
            let names = names.iter().map(|name| format!("<code>{name}</code>"));
            names.collect::<Vec<_>>().join(" ")
        }
    }
}

fn write_body(page: &mut String, operation: &Operation) {
    if operation.takes.is_empty() {
        return;
    }
    page.push_str("<h4>Body</h4>\n<table>\n<tr><th>Content-Type</th><th>is</th></tr>\n");
    write_forms(page, operation.takes);
    page.push_str("</table>\n");
}

fn write_forms(page: &mut String, forms: &[Form]) {
    for form in forms {
        let schema = (form.schema)();
        let meaning = schema["description"].as_str().unwrap_or("see below");
        let _ = write!(page, "<tr><td><code>{}</code></td><td>", form.media_type);
        phrase(page, meaning);
        page.push_str("</td></tr>\n");
    }
}

fn write_examples(page: &mut String, route: &Route) {
    page.push_str("<h4>Examples</h4>\n");
    for example in route.operation.examples {
        let _ = write!(
            page,
            "<p>{}:</p>\n<pre class=\"curl\">{}</pre>\n",
            escape(example.title),
            escape(&command(route, example)),
        );
    }
}

fn write_answer(page: &mut String, operation: &Operation) {
    let _ = writeln!(page, "<h4>Answer, {}</h4>", operation.status.as_str());
    page.push_str("<table>\n<tr><th>Content-Type</th><th>is</th></tr>\n");
    write_forms(page, operation.gives);
    page.push_str("</table>\n");
    for form in operation.gives {
        fields::write(page, &(form.schema)());
    }
    let mut examples = operation.gives.iter().filter_map(|form| form.example);
    if let Some(example) = examples.next() {
        let _ = write!(
            page,
            "<details><summary>An answer to the first example</summary>\n<pre>{}</pre></details>\n",
            escape(example.trim_end()),
        );
    }
    for header in operation.headers {
        let _ = write!(page, "<p>Header <code>{}</code>: ", header.name);
        phrase(page, header.meaning);
        page.push_str("</p>\n");
    }
    if operation.revalidates {
        page.push_str(
            "<p>Header <code>ETag</code>: sent back as <code>If-None-Match</code>, it is answered \
             with 304 and no body while nothing has changed.</p>\n",
        );
    }
}

fn write_errors(page: &mut String, codes: &[Code]) {
    page.push_str("<h4>Errors</h4>\n<p>");
    for code in codes {
        let _ = write!(
            page,
            "{} <code>{}</code> ",
            code.status().as_str(),
            code.as_str()
        );
    }
    page.push_str("</p>\n");
}
