//! Paths and queries of URLs.

use super::{change_for, sign_of_word};

/// Undoes a sign or a word for one in a pair of brackets (`[.]`, `(dot)`,
/// `[/]`), and with `slashes` a JSON-escaped slash (`\/`). Only these exact
/// forms: brackets may be data here.
pub(crate) fn refang_path(path: &str, slashes: bool, changes: &mut Vec<&'static str>) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        let sign = match c {
            ']' | ')' | '}' => marked(&out, c),
            '/' if slashes && out.ends_with('\\') => Some((out.len() - 1, '/')),
            _ => None,
        };
        let Some((start, sign)) = sign else {
            out.push(c);
            continue;
        };
        out.truncate(start);
        // escaped more than once
        while slashes && sign == '/' && out.ends_with('\\') {
            out.pop();
        }
        out.push(sign);
        changes.push(change_for(sign));
    }
    out
}

/// Where a bracketed sign begins that ends with `close` behind `written`. What
/// is written is looked at again, so that the result holds none any more.
fn marked(written: &str, close: char) -> Option<(usize, char)> {
    let open = match close {
        ']' => b'[',
        ')' => b'(',
        _ => b'{',
    };
    let bytes = written.as_bytes();
    // the longest word and its bracket
    let first = bytes.len().saturating_sub(7);
    let start = first + bytes[first..].iter().rposition(|&b| b == open)?;
    let inner = written.get(start + 1..)?;
    match inner {
        "." => Some((start, '.')),
        "/" | "\\" => Some((start, '/')),
        ":" => Some((start, ':')),
        "@" => Some((start, '@')),
        _ if inner.len() > 2 => sign_of_word(inner)
            .filter(|&sign| sign == '.')
            .map(|sign| (start, sign)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_forms() {
        for (path, expected) in [
            ("/a[.]php", "/a.php"),
            ("(/)a[dot]b", "/a.b"),
            ("/[[.]]", "/."),
            ("\\/a\\/b", "/a/b"),
            ("/a[0].b", "/a[0].b"),
            ("/(a.b)", "/(a.b)"),
        ] {
            assert_eq!(refang_path(path, true, &mut Vec::new()), expected);
        }
    }
}
