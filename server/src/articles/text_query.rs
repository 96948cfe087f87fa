//! What people type, as an expression of FTS5 that cannot be a wrong one.

/// Words that are looked for; more are left out.
const MAX_WORDS: usize = 32;

/// All words, each as a phrase; `word*` stands for words that begin so. `None`
/// where nothing is left to look for.
pub(super) fn text_query(typed: &str) -> Option<String> {
    let mut query = String::new();
    let is_said = |word: &&str| word.contains(|char: char| char.is_alphanumeric());
    for word in typed.split_whitespace().filter(is_said).take(MAX_WORDS) {
        let bare = word.trim_end_matches('*');
        if !query.is_empty() {
            query.push(' ');
        }
        query.push('"');
        query.extend(bare.chars().filter(|char| !matches!(char, '"' | '\0')));
        query.push('"');
        if bare.len() < word.len() {
            query.push('*');
        }
    }
    (!query.is_empty()).then_some(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_phrases() {
        for (typed, query) in [
            ("emotet", Some("\"emotet\"")),
            (" CVE-2026-0001  bank ", Some("\"CVE-2026-0001\" \"bank\"")),
            ("ransom*", Some("\"ransom\"*")),
            ("a\"b OR NEAR(c", Some("\"ab\" \"OR\" \"NEAR(c\"")),
            ("title:x ^y {z}", Some("\"title:x\" \"^y\" \"{z}\"")),
            ("\" * - ( )", None),
            ("", None),
        ] {
            assert_eq!(text_query(typed).as_deref(), query, "{typed}");
        }
    }
}
