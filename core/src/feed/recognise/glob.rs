//! Patterns for file names.

/// Whether a glob (`*`: any text, `?`: one character) is all of the text.
/// Linear but for the product of the two lengths, both of which are short.
pub(super) fn matches(glob: &str, text: &str) -> bool {
    let (glob, text) = (glob.as_bytes(), text.as_bytes());
    let (mut g, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if glob
            .get(g)
            .is_some_and(|byte| *byte == b'?' || (*byte == text[t] && *byte != b'*'))
        {
            g += 1;
            t += 1;
        } else if glob.get(g) == Some(&b'*') {
            star = Some((g, t));
            g += 1;
        } else if let Some((at, from)) = star {
            g = at + 1;
            t = from + 1;
            star = Some((at, t));
        } else {
            return false;
        }
    }
    glob[g..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn globs() {
        for (glob, text, expected) in [
            ("*urlhaus*", "my_urlhaus_copy.csv", true),
            ("*.intel", "a.intel", true),
            ("*.intel", "a.intel.txt", false),
            ("feed?.txt", "feed1.txt", true),
            ("a*b*c", "abxbc", true),
            ("", "", true),
            ("a", "", false),
        ] {
            assert_eq!(matches(glob, text), expected, "{glob} {text}");
        }
    }
}
