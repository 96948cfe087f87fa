//! What a list says about its own size.

/// The number of entries that a comment declares: `# Number of entries: 12`,
/// `# END 12 entries`, `# END (12) entries`, `# Entries : 12 subnets, …`.
pub(super) fn declared_count(comment: &str) -> Option<u64> {
    let text = comment.trim_matches(['#', ';', '!', '/', ' ', '\t']);
    let lower = text
        .get(..text.len().min(80))
        .unwrap_or(text)
        .to_ascii_lowercase();
    for start in ["number of entries", "entries"] {
        if let Some(rest) = lower.strip_prefix(start) {
            return leading_number(rest.trim_start().strip_prefix(':')?);
        }
    }
    let rest = lower.strip_prefix("end")?;
    rest.contains("entries").then(|| leading_number(rest))?
}

fn leading_number(text: &str) -> Option<u64> {
    let text = text.trim_start_matches([' ', '\t', '(']);
    let end = text
        .find(|char: char| !char.is_ascii_digit())
        .unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::declared_count;

    #[test]
    fn footers_and_headers() {
        for (comment, count) in [
            ("# END 1 entries", Some(1)),
            ("# END (5522) entries", Some(5522)),
            ("# Number of entries: 3000", Some(3000)),
            ("; Entries: 4875", Some(4875)),
            (
                "# Entries         : 2511 subnets, 618830080 unique IPs",
                Some(2511),
            ),
            ("# Entries below are records of source IP addresses", None),
            ("# END", None),
            ("# Ending entries", None),
        ] {
            assert_eq!(declared_count(comment), count, "{comment}");
        }
    }
}
