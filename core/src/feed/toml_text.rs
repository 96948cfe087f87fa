//! Texts as TOML writes them.

use std::fmt::Write;

/// A basic string of TOML 1.0, on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            _ if char.is_control() => write!(out, "\\u{:04x}", u32::from(char))
                .expect("a String takes all that is written to it"),
            _ => out.push(char),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_is_quoted_is_read_again() {
        for text in [
            "",
            "a\"b\\c",
            "tab\tline\nnul\u{0}del\u{7f}next\u{85}",
            "ünïcödé",
        ] {
            let table: toml::Table = format!("key = {}", quoted(text)).parse().unwrap();
            assert_eq!(table["key"].as_str(), Some(text));
        }
    }
}
