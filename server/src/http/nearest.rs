//! The name that was probably meant.

/// The allowed name that differs least, if by no more than a third of it.
pub(super) fn nearest<'a>(
    given: &str,
    allowed: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if given.len() > 64 {
        return None;
    }
    allowed
        .into_iter()
        .map(|known| (distance(given.as_bytes(), known.as_bytes()), known))
        .filter(|(distance, known)| *distance <= known.len().div_ceil(3))
        .min()
        .map(|(_, known)| known)
}

/// Levenshtein's distance in bytes.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        const NAMES: [&str; 6] = ["q", "type", "status", "limit", "offset", "include_related"];
        assert_eq!(nearest("limt", NAMES), Some("limit"));
        assert_eq!(nearest("statuses", NAMES), Some("status"));
        assert_eq!(nearest("includerelated", NAMES), Some("include_related"));
        assert_eq!(nearest("zzzzzz", NAMES), None);
    }
}
