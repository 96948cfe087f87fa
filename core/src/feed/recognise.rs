//! Which feed is this file?

use memchr::memmem;
use serde::Deserialize;

use super::Feed;
use super::fit::{Fit, fit, is_better, reject_foreign};
use super::input::{Input, LineState};

/// Bytes of the head in which signatures are looked for.
const SIGNATURE: usize = 16 * 1024;

/// How files of a feed are known, as its TOML says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recognition {
    /// Globs (`*`, `?`) for the file name, in lower case.
    #[serde(default)]
    names: Vec<String>,
    /// Names of the folder that the file is in.
    #[serde(default)]
    folders: Vec<String>,
    /// Texts in the comments or the header of a list, or in a document.
    #[serde(default)]
    contains: Vec<String>,
    /// Texts that show that it is something else.
    #[serde(default)]
    excludes: Vec<String>,
    /// Only if no other feed is it.
    #[serde(default)]
    fallback: bool,
}

impl Recognition {
    pub(super) fn lower_case(mut self) -> Recognition {
        for name in self.names.iter_mut().chain(&mut self.folders) {
            name.make_ascii_lowercase();
        }
        self
    }

    /// How strongly the file seems to be of this feed: by content before name
    /// before folder, then by the length of what agreed. `None`: not at all.
    fn score(&self, file: &File<'_>) -> Option<Score> {
        let has =
            |text: &&String| memmem::find(file.envelope.as_bytes(), text.as_bytes()).is_some();
        if self.excludes.iter().any(|text| has(&text)) {
            return None;
        }
        let content = self.contains.iter().filter(has).map(String::len).max();
        let name = self
            .names
            .iter()
            .filter(|glob| matches(glob, &file.name))
            .map(|glob| {
                glob.bytes()
                    .filter(|byte| !matches!(byte, b'*' | b'?'))
                    .count()
            })
            .max();
        let folder = self.folders.contains(&file.folder).then_some(0);
        let grade = match (content, name, folder) {
            (Some(_), ..) => 3,
            (None, Some(_), _) => 2,
            (None, None, Some(_)) => 1,
            (None, None, None) => return None,
        };
        Some(Score {
            own: !self.fallback,
            grade,
            length: content.unwrap_or(0) + name.unwrap_or(0),
            folder: folder.is_some(),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    own: bool,
    grade: u8,
    length: usize,
    folder: bool,
}

/// What is looked at of a file.
struct File<'a> {
    name: String,
    folder: String,
    envelope: String,
    head: &'a [u8],
}

/// Tells which of `feeds` a file is, and in which of its formats.
///
/// `path` may have any form, its last two parts count; `head` is the
/// decompressed beginning of the file, at most [`HEAD`](super::HEAD) bytes of
/// it. A file is of a feed if content, name or folder say so *and* it reads as
/// one of the feed's formats; so a page, a document or a list of something
/// else under a feed's name is `None`.
pub fn recognise<'f>(feeds: &'f [Feed], path: &str, head: &[u8]) -> Option<(&'f Feed, usize)> {
    let lower = path.to_lowercase();
    let mut parts = lower.rsplit(['/', '\\']);
    let mut name = parts.next().unwrap_or_default();
    for end in [".gz", ".zst", ".zip", ".xz", ".bz2"] {
        name = name.strip_suffix(end).unwrap_or(name);
    }
    let head = &head[..head.len().min(super::HEAD)];
    let file = File {
        name: name.to_owned(),
        folder: parts.next().unwrap_or_default().to_owned(),
        envelope: envelope(head),
        head,
    };
    let mut candidates: Vec<(Score, &Feed)> = feeds
        .iter()
        .filter_map(|feed| Some((feed.recognition.score(&file)?, feed)))
        .collect();
    candidates.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    candidates.into_iter().find_map(|(score, feed)| {
        let format = best_format(feed, file.head, score.grade > 1)?;
        Some((feed, format))
    })
}

fn best_format(feed: &Feed, head: &[u8], known: bool) -> Option<usize> {
    if reject_foreign(head).is_err() {
        return None;
    }
    let mut best: Option<(usize, Fit)> = None;
    for (index, format) in feed.formats.iter().enumerate() {
        let Ok(fit) = fit(feed, format, head) else {
            continue;
        };
        if fit.agrees(format, known) && best.is_none_or(|(_, other)| is_better(fit, other)) {
            best = Some((index, fit));
        }
        if fit.is_perfect() {
            break;
        }
    }
    best.map(|(index, _)| index)
}

/// The part of the head that is the publisher's own words: comments and the
/// first line of a list, so that no value in it can pose as a signature; of a
/// JSON document all, where a signature names a key.
fn envelope(head: &[u8]) -> String {
    let head = &head[..head.len().min(SIGNATURE)];
    let mut source = head;
    let Ok(mut input) = Input::new(&mut source) else {
        return String::new();
    };
    let mut text = String::new();
    let mut first = true;
    while let Ok(state) = input.next_line() {
        if state == LineState::End {
            break;
        }
        let line = input.text().trim();
        if line.is_empty() {
            continue;
        }
        if first && line.starts_with(['{', '[']) {
            return String::from_utf8_lossy(head).into_owned();
        }
        let comment = ["#", ";", "!", "//"]
            .iter()
            .any(|sign| line.starts_with(sign));
        if comment || first {
            text.push_str(line);
            text.push('\n');
        }
        first &= comment;
    }
    text
}

/// Whether a glob (`*`: any text, `?`: one character) is all of the text.
/// Linear but for the product of the two lengths, both of which are short.
fn matches(glob: &str, text: &str) -> bool {
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
