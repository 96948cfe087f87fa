//! Lists of values, one a line.

use super::column::is_value;
use super::role::{Role, role};
use super::sample::Sample;
use crate::feed::toml_text::quoted;

/// Beginnings of lines that hold no value.
const COMMENTS: [&str; 4] = ["#", ";", "!", "//"];

/// The format of a list, if the sample is one.
pub(super) fn format(sample: &Sample) -> Option<String> {
    let is_comment = |line: &&str| COMMENTS.iter().any(|sign| line.starts_with(sign));
    let lines: Vec<&str> = sample.said().filter(|line| !is_comment(line)).collect();
    if lines.is_empty() {
        return None;
    }
    if let Some(syntax) = syntax(&lines) {
        return Some(format_with(
            &format!("{{ syntax = {} }}", quoted(syntax)),
            "",
            false,
        ));
    }
    let headings: Vec<&str> = lines
        .iter()
        .copied()
        .take(1)
        .filter(|line| is_heading(line))
        .collect();
    let values = &lines[headings.len()..];
    let has_comments = values.iter().any(|line| value_of(line).len() < line.len());
    let whole = values
        .iter()
        .filter(|line| is_value(value_of(line)))
        .count();
    let others = values.len() - whole;
    if whole == 0 || others * 10 > whole || values.iter().any(|line| mentions_one(line)) {
        return None;
    }
    let mut settings = Vec::new();
    if has_comments {
        settings.push("inline_comment = \"#\"".to_owned());
    }
    if let [heading] = headings[..] {
        settings.push(format!("headings = [{}]", quoted(heading)));
    }
    let context = if has_comments {
        "context = \"{comment}\"\n"
    } else {
        ""
    };
    Some(format_with(
        &format!("{{ {} }}", settings.join(", ")),
        context,
        sample.defanged,
    ))
}

fn format_with(settings: &str, context: &str, defanged: bool) -> String {
    let defanged = if defanged { "defanged = true\n" } else { "" };
    format!(
        "name = \"text\"\nconnector = \"lines\"\nsettings = {settings}\n\
         value = [{{ column = \"value\", type = \"auto\", several = true }}]\n\
         {context}{defanged}max_refused = 100\n"
    )
}

/// The line without a comment behind its value.
fn value_of(line: &str) -> &str {
    let places = line.match_indices('#').map(|(at, _)| at);
    let comment = places
        .into_iter()
        .find(|at| line[..*at].ends_with([' ', '\t', '\u{a0}']));
    comment.map_or(line, |at| line[..at].trim_end())
}

/// The name of a column that is the only one.
fn is_heading(line: &str) -> bool {
    let named = matches!(
        role(line),
        Some(Role::Value | Role::Indicator | Role::Typed(_))
    );
    named && !is_value(line)
}

/// Whether a line mentions a value among other words: it is no list then.
fn mentions_one(line: &str) -> bool {
    let line = value_of(line);
    let mut any = false;
    crate::extract::extract(line, &crate::extract::Options::default(), &mut |_| {
        any = true;
    });
    any && !is_value(line)
}

/// How block lists for programs are written.
fn syntax(lines: &[&str]) -> Option<&'static str> {
    let most = |is: &dyn Fn(&str) -> bool| {
        lines.iter().filter(|line| is(line)).count() * 10 >= lines.len() * 8
    };
    let is_host = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        matches!(words.next(), Some("0.0.0.0" | "127.0.0.1" | "::1" | "::"))
            && words.next().is_some()
    };
    let is_dnsmasq = |line: &str| {
        ["address=/", "server=/", "local=/"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let is_zone = |line: &str| line.to_ascii_uppercase().contains(" CNAME ");
    if most(&is_host) {
        Some("hosts")
    } else if most(&|line| line.starts_with("||") && line.contains('^')) {
        Some("adguard")
    } else if most(&is_dnsmasq) {
        Some("dnsmasq")
    } else if most(&is_zone) {
        Some("rpz")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        format(&Sample::of(text.as_bytes()))
    }

    #[test]
    fn lists_and_what_is_none() {
        for text in [
            "203.0.113.7\n203.0.113.8\n",
            "# banner\nbad[.]example[.]com\n\nhxxp://bad.example.com/a # seen\n",
            "domain\nbad.example.com\nworse.example.com\n",
        ] {
            assert!(
                of(text).is_some_and(|format| format.contains("\"lines\"")),
                "{text}"
            );
        }
        for text in [
            "",
            "# only words\n",
            "explorer\nsvchost\n",
            "C2 servers\n203.0.113.7\nDroppers\n203.0.113.8\n",
            "203.0.113.7  the first\n203.0.113.8\n",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn lists_for_programs() {
        for (text, syntax) in [
            ("127.0.0.1 localhost\n0.0.0.0 bad.example.com\n", "hosts"),
            ("||bad.example.com^\n", "adguard"),
            ("address=/bad.example.com/0.0.0.0\n", "dnsmasq"),
            (
                "bad.example.com CNAME .\n*.bad.example.com CNAME .\n",
                "rpz",
            ),
        ] {
            assert!(of(text).unwrap().contains(&quoted(syntax)), "{text}");
        }
    }
}
