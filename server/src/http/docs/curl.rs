//! Examples as lines for a shell.

use axum::http::Method;

use crate::http::describe::Example;
use crate::http::escape::encode_into;
use crate::http::route::{Access, Route};

/// The example of a route as a line for any POSIX shell. `$IOCD` is where the
/// server is, `$KEY` a key.
pub(super) fn command(route: &Route, example: &Example) -> String {
    let mut line = String::from("curl -s");
    let in_target = example.body.is_some();
    if !example.query.is_empty() && !in_target {
        line.push('G');
    }
    // With data, curl asks by POST of itself.
    if route.method != Method::GET && !(route.method == Method::POST && in_target) {
        line.push_str(" -X ");
        line.push_str(route.method.as_str());
    }
    line.push_str(" \"$IOCD");
    line.push_str(&target(route, example, in_target));
    line.push('"');
    if matches!(route.access, Access::Key { .. }) {
        line.push_str(" -H \"Authorization: Bearer $KEY\"");
    }
    if let Some((media_type, body)) = example.body {
        for part in [" -H 'Content-Type: ", media_type, "' --data-binary "] {
            line.push_str(part);
        }
        line.push_str(&quote(body));
    } else {
        for (name, value) in example.query {
            line.push_str(" --data-urlencode ");
            line.push_str(&quote(&format!("{name}={value}")));
        }
    }
    line
}

/// The path, with the query where the body has another use.
fn target(route: &Route, example: &Example, with_query: bool) -> String {
    let mut target = route.path.to_owned();
    for segment in route.operation.segments {
        let value = segment.example.unwrap_or_default();
        target = target.replace(&format!("{{{}}}", segment.name), value);
    }
    let query = if with_query { example.query } else { &[] };
    for (position, (name, value)) in query.iter().enumerate() {
        target.push(if position == 0 { '?' } else { '&' });
        target.push_str(name);
        target.push('=');
        encode_into(&mut target, value);
    }
    target
}

/// One word, whatever is in it.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
